//! Which work stands behind which path, and what is the answer?
//!
//! The same routes in every server of the suite, whatever its language. It must not know HTTP's framing
//! ([`super::http`]) nor how a connection gets here. Work that computes does so where the request is handled, as
//! in `sha256` and `mixed` without `offload`.

use super::{
    Site,
    http::{Status, digits},
};
use crate::{Buffer, File as _, Runtime};
use sha2::{Digest as _, Sha256};
use std::{io, sync::LazyLock, time::Duration};

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `POST /echo`: the body back.
    Echo,
    /// `GET /sleep?us=N`: `ok` after N microseconds.
    Sleep {
        /// How long, at most [`MOST_US`].
        us: u64,
    },
    /// `GET /sha256?kib=N`: the SHA-256 of the first N KiB of the [`pattern`], in hexadecimal digits.
    Sha256 {
        /// How much, at most [`MOST_KIB`].
        kib: u64,
    },
    /// `GET /mixed?us=N&kib=K`: both, one after the other.
    Mixed {
        /// How long, at most [`MOST_US`].
        us: u64,
        /// How much, at most [`MOST_KIB`].
        kib: u64,
    },
    /// `GET /file?bytes=N`: the first N bytes of a file that holds the [`pattern`].
    File {
        /// How many, at most [`FILE_BYTES`].
        bytes: u64,
    },
    /// `GET /health`: `ok`.
    Health,
}

/// The routes in one line, for those who are told where a server listens.
pub const IN_WORDS: &str =
    "POST /echo, GET /sleep?us= /sha256?kib= /mixed?us=&kib= /file?bytes= /health";

/// A minute, as in the `sleep` workload.
pub const MOST_US: u64 = 60_000_000;
/// 64 MiB, as in the `sha256` workload.
pub const MOST_KIB: u64 = 64 << 10;
/// The length of the file.
pub const FILE_BYTES: u64 = 1 << 20;

/// The answer where there is nothing else to say.
const OK: &[u8] = b"ok";
/// Two for each byte of a SHA-256.
pub const HASH_DIGITS: usize = 64;

/// Byte i of the pattern is i modulo this: a prime, so that no page of a file equals another.
const PERIOD: usize = 251;
/// A piece of the pattern that can be put behind itself: whole periods, and whole KiB.
static PIECE: LazyLock<Vec<u8>> = LazyLock::new(|| pattern(PERIOD << 10));

/// The first bytes of what is hashed and read: byte i is i modulo 251.
#[must_use]
pub fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % PERIOD) as u8).collect()
}

impl Route {
    /// The route of a path with its query; `root` is what stands at `/`.
    ///
    /// # Errors
    /// The status that says what is wrong with it.
    pub fn find(method: &str, target: &str, root: Option<Self>) -> Result<Self, Status> {
        let target = origin_form(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if let Some(root) = root.filter(|_| target == "/") {
            let wanted = root.method();
            return if method == wanted { Ok(root) } else { Err(Status::MethodNotAllowed(wanted)) };
        }
        let wanted = match path {
            "/echo" => "POST",
            "/sleep" | "/sha256" | "/mixed" | "/file" | "/health" => "GET",
            _ => return Err(Status::NotFound),
        };
        if method != wanted {
            return Err(Status::MethodNotAllowed(wanted));
        }
        Ok(match path {
            "/sleep" => {
                let [us] = numbers(query, [("us", MOST_US)])?;
                Self::Sleep { us }
            }
            "/sha256" => {
                let [kib] = numbers(query, [("kib", MOST_KIB)])?;
                Self::Sha256 { kib }
            }
            "/mixed" => {
                let [us, kib] = numbers(query, [("us", MOST_US), ("kib", MOST_KIB)])?;
                Self::Mixed { us, kib }
            }
            "/file" => {
                let [bytes] = numbers(query, [("bytes", FILE_BYTES)])?;
                Self::File { bytes }
            }
            other => {
                let [] = numbers(query, [])?;
                if other == "/echo" { Self::Echo } else { Self::Health }
            }
        })
    }

    /// The method that it wants.
    #[must_use]
    pub fn method(self) -> &'static str {
        if self == Self::Echo { "POST" } else { "GET" }
    }

    /// Its path and query.
    #[must_use]
    pub fn target(self) -> String {
        match self {
            Self::Echo => "/echo".into(),
            Self::Sleep { us } => format!("/sleep?us={us}"),
            Self::Sha256 { kib } => format!("/sha256?kib={kib}"),
            Self::Mixed { us, kib } => format!("/mixed?us={us}&kib={kib}"),
            Self::File { bytes } => format!("/file?bytes={bytes}"),
            Self::Health => "/health".into(),
        }
    }

    /// How long its answer is, for a request with a body of so many bytes.
    #[must_use]
    pub fn answer_bytes(self, body_bytes: usize) -> usize {
        match self {
            Self::Echo => body_bytes,
            Self::Health | Self::Sleep { .. } => OK.len(),
            Self::Sha256 { .. } | Self::Mixed { .. } => HASH_DIGITS,
            Self::File { bytes } => bytes as usize,
        }
    }

    /// Does the work, and returns `reply` with the answer behind what it held. The file is opened when it is
    /// first asked for, and kept in `file`.
    ///
    /// # Errors
    /// Whatever the operating system says of the file.
    pub(super) async fn answer<R: Runtime>(
        self,
        runtime: R,
        site: &Site,
        file: &mut Option<R::File>,
        body: &[u8],
        mut reply: Vec<u8>,
    ) -> io::Result<Vec<u8>> {
        if let Self::Sleep { us } | Self::Mixed { us, .. } = self {
            runtime.sleep(Duration::from_micros(us)).await;
        }
        match self {
            Self::Echo => reply.extend_from_slice(body),
            Self::Health | Self::Sleep { .. } => reply.extend_from_slice(OK),
            Self::Sha256 { kib } | Self::Mixed { kib, .. } => reply.extend_from_slice(&hash(kib)),
            Self::File { bytes } => {
                let mut open = match file.take() {
                    Some(open) => open,
                    None => runtime.open(site.file()).await?,
                };
                let mut buffer = Buffer::from(reply);
                buffer.skip_to_end();
                let length = buffer.whole().len() + bytes as usize;
                buffer.resize(length);
                reply = open.read_exact_at(buffer, 0).await?.into_bytes();
                *file = Some(open);
            }
        }
        Ok(reply)
    }
}

/// The SHA-256 of the first KiB of the pattern, in lower-case hexadecimal digits.
#[must_use]
pub fn hash(kib: u64) -> [u8; HASH_DIGITS] {
    let mut left = (kib as usize) << 10;
    let mut hasher = Sha256::new();
    while left > 0 {
        let piece = left.min(PIECE.len());
        hasher.update(&PIECE[..piece]);
        left -= piece;
    }
    let hash = hasher.finalize();
    std::array::from_fn(|at| {
        let half = if at % 2 == 0 { hash[at / 2] >> 4 } else { hash[at / 2] & 15 };
        b"0123456789abcdef"[usize::from(half)]
    })
}

/// The target without scheme and host, which proxies put before it.
fn origin_form(target: &str) -> &str {
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => {
            rest.find('/').map_or("/", |start| &rest[start..])
        }
        _ => target,
    }
}

/// Just these parameters, each once, each a number from 0 up to its most.
fn numbers<const N: usize>(query: &str, wanted: [(&str, u64); N]) -> Result<[u64; N], Status> {
    let mut found = [None; N];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(Status::BadRequest)?;
        let place = wanted.iter().position(|known| known.0 == name).ok_or(Status::BadRequest)?;
        let value = digits(value.as_bytes()).filter(|value| *value <= wanted[place].1);
        if value.is_none() || found[place].is_some() {
            return Err(Status::BadRequest);
        }
        found[place] = value;
    }
    let mut numbers = [0; N];
    for (number, value) in numbers.iter_mut().zip(found) {
        *number = value.ok_or(Status::BadRequest)?;
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_by_its_own_target() {
        for route in [
            Route::Echo,
            Route::Sleep { us: 7 },
            Route::Sha256 { kib: MOST_KIB },
            Route::Mixed { us: 0, kib: 3 },
            Route::File { bytes: FILE_BYTES },
            Route::Health,
        ] {
            assert_eq!(Route::find(route.method(), &route.target(), None), Ok(route));
            let absolute = format!("http://localhost:80{}", route.target());
            assert_eq!(Route::find(route.method(), &absolute, None), Ok(route));
            let other = if route == Route::Echo { "GET" } else { "HEAD" };
            let refused = Err(Status::MethodNotAllowed(route.method()));
            assert_eq!(Route::find(route.method(), "/", Some(route)), Ok(route));
            assert_eq!(Route::find(other, "http://h", Some(route)), refused);
            assert_eq!(Route::find(other, &route.target(), None), refused);
        }
        assert_eq!(
            Route::find("GET", "/mixed?kib=3&us=9", None),
            Ok(Route::Mixed { us: 9, kib: 3 })
        );
    }

    #[test]
    fn other_paths_and_malformed_queries_are_refused() {
        for (target, status) in [
            ("/", Status::NotFound),
            ("/sleep/", Status::NotFound),
            ("*", Status::NotFound),
            ("/sleep", Status::BadRequest),
            ("/sleep?us", Status::BadRequest),
            ("/sleep?us=", Status::BadRequest),
            ("/sleep?us=-1", Status::BadRequest),
            ("/sleep?us=1.5", Status::BadRequest),
            ("/sleep?us=60000001", Status::BadRequest),
            ("/sleep?us=1&us=1", Status::BadRequest),
            ("/sleep?us=1&kib=1", Status::BadRequest),
            ("/mixed?us=1", Status::BadRequest),
            ("/sha256?kib=65537", Status::BadRequest),
            ("/file?bytes=1048577", Status::BadRequest),
            ("/file?bytes=18446744073709551617", Status::BadRequest),
            ("/health?x=1", Status::BadRequest),
        ] {
            assert_eq!(Route::find("GET", target, None), Err(status), "{target}");
        }
    }

    #[test]
    fn hashes_are_those_of_sha256sum() {
        // for k in 0 1 4 300; do python3 -c "import sys; sys.stdout.buffer.write(bytes(i % 251 for i in
        // range($k << 10)))" | sha256sum; done
        for (kib, expected) in HASHES {
            assert_eq!(hash(kib), *expected.as_bytes(), "{kib} KiB");
        }
    }

    const HASHES: [(u64, &str); 4] = [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "2bce1ba628720664be4b9fdd77aae0678e5f0f3f02fc6ff641ec879094f6a404"),
        (4, "d67c656e01756650d77717b0839985a056ec28ffe174601d690fc407a2ceffca"),
        (300, "10a6169813fcc0410b3d72574ff2dd1997936b90db821427136315967cff2bb9"),
    ];
}
