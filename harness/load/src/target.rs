//! Who is asked, and for what?
//!
//! One address, one request, and what a right answer to it is.

use crate::error::Error;
use std::{
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

/// What stands in a path where the number of the request is to stand.
pub const NUMBER: &str = "{id}";

/// One request to one server, and what its right answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What the `Host` header says.
    pub host: String,
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query. `{id}` in it becomes the number of the request, ten digits, from 0 on: where each
    /// request must be another one, or be found again in the server's log.
    pub path: String,
    /// The body, which may be empty.
    pub body: Vec<u8>,
    /// The whole body of a right answer; otherwise any answer with a status of 2xx is right.
    pub expected: Option<Vec<u8>>,
    /// An answer that comes earlier than this after its request was sent is wrong.
    pub least_service: Duration,
}

impl Target {
    /// A `GET` of `http://HOST[:PORT][/PATH]`. A name is looked up, and its first address is taken.
    ///
    /// # Errors
    /// Text that is no such address, `https`, or a name that cannot be looked up.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Url { text: text.into(), reason: reason.into() };
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => {
                return Err(wrong("only plain HTTP is spoken here, not TLS"));
            }
            _ => return Err(wrong("it does not begin with http://")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (host, path) = match rest.find(['/', '?']) {
            None => (rest, "/".to_owned()),
            Some(at) if rest[at..].starts_with('?') => (&rest[..at], format!("/{}", &rest[at..])),
            Some(at) => (&rest[..at], rest[at..].to_owned()),
        };
        if host.is_empty() || host.contains('@') {
            return Err(wrong("it names no host"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("spaces and such must be written as %20"));
        }
        Ok(Self {
            address: look_up(host).map_err(|reason| wrong(&reason))?,
            host: host.to_owned(),
            method: "GET".into(),
            path,
            body: Vec::new(),
            expected: None,
            least_service: Duration::ZERO,
        })
    }
}

fn look_up(host: &str) -> Result<SocketAddr, String> {
    // The last colon is that of the port, unless it stands within the brackets of an IPv6 address.
    let has_port = host.rfind(':') > host.rfind(']') && host.contains(':');
    let found =
        if has_port { host.to_socket_addrs() } else { format!("{host}:80").to_socket_addrs() };
    let mut found = found.map_err(|error| format!("its host cannot be looked up ({error})"))?;
    found.next().ok_or_else(|| "its host has no address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, address, host, path) in [
            ("http://127.0.0.1:8080/echo", "127.0.0.1:8080", "127.0.0.1:8080", "/echo"),
            ("HTTP://127.0.0.1", "127.0.0.1:80", "127.0.0.1", "/"),
            ("http://127.0.0.1:1?us=5", "127.0.0.1:1", "127.0.0.1:1", "/?us=5"),
            ("http://[::1]:99/a?b=/c#d", "[::1]:99", "[::1]:99", "/a?b=/c"),
            ("http://[::1]/", "[::1]:80", "[::1]", "/"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.address, address.parse().unwrap(), "{text}");
            assert_eq!((target.host.as_str(), target.path.as_str()), (host, path));
            assert_eq!((target.method.as_str(), target.body.len()), ("GET", 0));
        }
    }

    #[test]
    fn other_text_is_refused_with_an_example() {
        for (text, reason) in [
            ("localhost:80", "does not begin"),
            ("https://127.0.0.1/", "not TLS"),
            ("ftp://127.0.0.1/", "does not begin"),
            ("http://", "no host"),
            ("http:///x", "no host"),
            ("http://a@127.0.0.1/", "no host"),
            ("http://127.0.0.1:99999/", "looked up"),
            ("http://127.0.0.1:/", "looked up"),
            ("http://127.0.0.1/a b", "%20"),
            ("http://127.0.0.1/\r\nx:", "%20"),
        ] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains("such as http://"), "{text}: {error}");
        }
    }
}
