//! Which workloads are there?
//!
//! To add one: its file in `catalog/`, its `mod` line there, and one line in the list below. Conformance
//! tests, lists, suites and reports read this list; nothing else changes.

use crate::{Profile, Workload, catalog};

/// Does something with a workload's type, chosen by name at run time.
pub trait Visitor {
    /// What comes of it.
    type Output;
    /// Called with the type that was found.
    fn visit<W: Workload>(self) -> Self::Output;
}

/// Expands one list into the table of profiles and the dispatch by name, so that they cannot differ.
macro_rules! workloads {
    ($($workload:ty),+ $(,)?) => {
        /// All profiles, in the order of reports.
        pub const ALL: &[Profile] = &[$(<$workload as Workload>::PROFILE),+];

        /// Calls the visitor with the workload of this name; `None` if there is none.
        pub fn visit<V: Visitor>(name: &str, visitor: V) -> Option<V::Output> {
            $(if name == <$workload as Workload>::PROFILE.name {
                return Some(visitor.visit::<$workload>());
            })+
            None
        }
    };
}

workloads![
    catalog::echo::Echo,
    catalog::unix_echo::UnixEcho,
    catalog::udp_echo::UdpEcho,
    catalog::connect::Connect,
    catalog::tls_echo::TlsEcho,
    catalog::tls_connect::TlsConnect,
    catalog::http_get::HttpGet,
    catalog::crawl::Crawl,
    catalog::download::Download,
    catalog::chat::Chat,
    catalog::postgres::Postgres,
    catalog::sqlite::Sqlite,
    catalog::file_read::FileRead,
    catalog::file_write::FileWrite,
    catalog::subprocess::Subprocess,
    catalog::mixed::Mixed,
    catalog::pipeline::Pipeline,
    catalog::sleep::Sleep,
    catalog::tick::Tick,
    catalog::timeout::Timeout,
    catalog::gather::Gather,
    catalog::exhibition::Exhibition,
    catalog::failures::Failures,
    catalog::footprint::Footprint,
    catalog::spawn::Spawn,
    catalog::yielding::Yield,
    catalog::ping_pong::PingPong,
    catalog::mutex::ContendedMutex,
    catalog::semaphore::BoundedPermits,
    catalog::queue::SharedQueue,
    catalog::uneven::Uneven,
    catalog::sha256::Sha256Block,
    catalog::json::Json,
    catalog::fib::Fib,
    catalog::sort::MergeSort,
    catalog::matmul::Matmul,
    catalog::starve::Starve,
];

/// The profile of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Profile> {
    ALL.iter().find(|profile| profile.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, Port};

    #[test]
    fn names_are_unique_and_legal() {
        for (at, profile) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.name != profile.name), "{}", profile.name);
            let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(profile.name.chars().all(legal), "{}", profile.name);
            assert!(profile.question.ends_with('?'), "{} asks a question", profile.name);
        }
    }

    #[test]
    fn what_is_compiled_for_every_runner_is_compiled_for_its_shape() {
        struct Agree;
        impl Visitor for Agree {
            type Output = bool;
            fn visit<W: Workload>(self) -> bool {
                <W::Port as Port>::SHAPE.is_none_or(|shape| shape == W::PROFILE.shape)
            }
        }
        for profile in ALL {
            assert_eq!(visit(profile.name, Agree), Some(true), "{}", profile.name);
        }
    }

    #[test]
    fn defaults_are_accepted() {
        struct Build;
        impl Visitor for Build {
            type Output = ();
            fn visit<W: Workload>(self) {
                let parameters = Parameters::parse(&W::PROFILE, std::iter::empty()).unwrap();
                W::new(&parameters, 1).unwrap();
            }
        }
        for profile in ALL {
            assert!(visit(profile.name, Build).is_some());
        }
        assert!(visit("no-such-workload", Build).is_none());
    }
}
