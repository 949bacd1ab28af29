//! Which request stands for an operation of a workload?
//!
//! Each workload says so itself ([`crate::Workload::call`]), or why there is none; here is what such a request
//! consists of, and the look-up by name. What it is sent with, and when, is the generator's affair.

use super::{
    Route,
    routes::{hash, pattern},
};
use crate::{
    Parameters, Workload,
    registry::{self, Visitor},
};
use std::time::Duration;

/// A request, and what a right answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The route.
    pub route: Route,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query, from the slash on.
    pub path: String,
    /// What is sent; empty for `GET`.
    pub body: Vec<u8>,
    /// The body of a right answer, byte for byte.
    pub expected: Vec<u8>,
    /// An answer that comes sooner after the request is wrong: it cannot have waited.
    pub least: Duration,
}

impl Call {
    /// The request for a route; `body` is for [`Route::Echo`] alone.
    #[must_use]
    pub fn new(route: Route, body: Vec<u8>) -> Self {
        let expected = match route {
            Route::Echo => body.clone(),
            Route::Sleep { .. } | Route::Health => b"ok".to_vec(),
            Route::Sha256 { kib } | Route::Mixed { kib, .. } => hash(kib).to_vec(),
            Route::File { bytes } => pattern(bytes as usize),
        };
        let least = match route {
            Route::Sleep { us } | Route::Mixed { us, .. } => Duration::from_micros(us),
            _ => Duration::ZERO,
        };
        Self { route, method: route.method(), path: route.target(), body, expected, least }
    }
}

/// The request that stands for a workload as cells print it, such as `echo:64`.
///
/// # Errors
/// Why there is none, in a line that can be a cell's reason: no such workload or parameter, or no route.
pub fn call_of(workload: &str) -> Result<Call, String> {
    let mut parts = workload.split(':');
    let name = parts.next().unwrap_or_default();
    let found = registry::visit(name, Ask(parts));
    found.unwrap_or_else(|| Err(format!("no workload '{name}'; see: simul list workloads")))
}

struct Ask<'a>(std::str::Split<'a, char>);

impl Visitor for Ask<'_> {
    type Output = Result<Call, String>;

    fn visit<W: Workload>(self) -> Self::Output {
        let parameters =
            Parameters::parse(&W::PROFILE, self.0).map_err(|error| error.to_string())?;
        // The seed decides nothing here: a server is asked the same each time.
        W::new(&parameters, 0).map_err(|error| error.to_string())?.call()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_asked_for_as_they_are_printed() {
        for (workload, method, path, body, expected, us) in [
            ("echo:64", "POST", "/echo", 64, 64, 0),
            ("sha256:16384", "GET", "/sha256?kib=16", 0, 64, 0),
            ("sleep:500", "GET", "/sleep?us=1250", 0, 2, 1250),
            ("sleep:700:longest_us=700", "GET", "/sleep?us=700", 0, 2, 700),
            ("mixed:4", "GET", "/mixed?us=1000&kib=4", 0, 64, 1000),
            ("mixed:8:rounds=3", "GET", "/mixed?us=1000&kib=24", 0, 64, 1000),
            ("file-read:32", "GET", "/file?bytes=4096", 0, 4096, 0),
        ] {
            let call = call_of(workload).unwrap();
            assert_eq!((call.method, &*call.path), (method, path), "{workload}");
            assert_eq!((call.body.len(), call.expected.len()), (body, expected), "{workload}");
            assert_eq!(call.least, Duration::from_micros(us), "{workload}");
            assert_eq!(Route::find(method, path, None), Ok(call.route), "{workload}");
        }
    }

    #[test]
    fn what_has_no_route_says_why() {
        for (workload, reason) in [
            ("spawn", "no route of the servers does the work of 'spawn'"),
            ("ping-pong", "no route of the servers does the work of 'ping-pong'"),
            ("sha256:1000", "1000 bytes have no route"),
            ("sha256:1024:offload=true", "offload=true has no route"),
            ("mixed:4:offload=true", "offload=true has no route"),
            ("mixed:4:bytes=65", "bytes has no route"),
            ("mixed:65536:rounds=2", "131072 KiB are more than"),
            ("file-read:33", "mib has no route"),
            ("echo:1", "is not a whole number"),
            ("ecoh", "no workload 'ecoh'"),
        ] {
            let refused = call_of(workload).unwrap_err();
            assert!(refused.contains(reason), "{workload}: {refused}");
        }
    }
}
