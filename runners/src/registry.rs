//! Which runners are there?
//!
//! To add one: its file in `catalog/`, its `mod` line there, one line in the list below, and its
//! dependency as a feature in `runners/Cargo.toml`. Conformance tests, lists, suites and reports read
//! this list; nothing else changes.

use crate::{Profile, Runner, canary, catalog};
use std::num::NonZeroUsize;

/// Does something with a runner's type, chosen by name at run time.
pub trait Visitor {
    /// What comes of it.
    type Output;
    /// Called with the type that was found.
    fn visit<R: Runner>(self) -> Self::Output;
}

/// Expands one list into the table of profiles and the dispatch by name, so that they cannot differ.
macro_rules! runners {
    ($all:ident, $visit:ident: $($(#[$gate:meta])? $runner:ty),+ $(,)?) => {
        /// The profiles, in the order of reports.
        pub const $all: &[Profile] = &[$($(#[$gate])? <$runner as Runner>::PROFILE),+];

        /// Calls the visitor with the runner of this name; gives it back if this list has none.
        ///
        /// # Errors
        /// The visitor, who may look elsewhere.
        pub fn $visit<V: Visitor>(name: &str, visitor: V) -> Result<V::Output, V> {
            $($(#[$gate])? if name == <$runner as Runner>::PROFILE.name {
                return Ok(visitor.visit::<$runner>());
            })+
            Err(visitor)
        }
    };
}

runners![ALL, visit_listed:
    catalog::inline::Inline,
    catalog::threads::Threads,
    catalog::thread_pool::ThreadPool,
    #[cfg(feature = "rayon")] catalog::rayon::Rayon,
    #[cfg(feature = "tokio")] catalog::tokio::Tokio,
    #[cfg(feature = "tokio")] catalog::tokio_current::TokioCurrent,
    #[cfg(feature = "tokio")] catalog::tokio_local::TokioLocal,
    #[cfg(feature = "smol")] catalog::smol::Smol,
    #[cfg(feature = "smol")] catalog::smol_local::SmolLocal,
    #[cfg(feature = "async-std")] catalog::async_std::AsyncStd,
    #[cfg(feature = "futures")] catalog::futures::Futures,
    #[cfg(feature = "may")] catalog::may::May,
    #[cfg(all(feature = "monoio", target_os = "linux"))] catalog::monoio_legacy::MonoioLegacy,
    #[cfg(all(feature = "monoio", target_os = "linux"))] catalog::monoio::Monoio,
    #[cfg(all(feature = "compio", target_os = "linux"))] catalog::compio::Compio,
    #[cfg(all(feature = "glommio", target_os = "linux"))] catalog::glommio::Glommio,
    #[cfg(all(feature = "tokio-uring", target_os = "linux"))] catalog::tokio_uring::TokioUring,
];

/// What the others are compared with, where it can run: what most people know.
pub const USUAL_BASELINE: &str = "tokio";

/// Calls the visitor with the runner of this name, a canary included; `None` if there is none.
pub fn visit<V: Visitor>(name: &str, visitor: V) -> Option<V::Output> {
    visit_listed(name, visitor).or_else(|visitor| canary::visit(name, visitor)).ok()
}

/// The profile of this name, a canary's included.
#[must_use]
pub fn find(name: &str) -> Option<&'static Profile> {
    ALL.iter().find(|profile| profile.name == name).or_else(|| canary::find(name))
}

/// Environment variables that a runner's process must be started with.
#[must_use]
pub fn environment(name: &str, workers: NonZeroUsize) -> Vec<(&'static str, String)> {
    struct Ask(NonZeroUsize);
    impl Visitor for Ask {
        type Output = Vec<(&'static str, String)>;
        fn visit<R: Runner>(self) -> Self::Output {
            R::environment(self.0)
        }
    }
    visit(name, Ask(workers)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_legal() {
        let all: Vec<&Profile> = ALL.iter().chain(canary::profiles()).collect();
        for (at, profile) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.name != profile.name), "{}", profile.name);
            let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-:".contains(c);
            assert!(profile.name.chars().all(legal), "{}", profile.name);
        }
    }

    #[test]
    fn every_runner_has_a_version_receipt() {
        for profile in ALL.iter().chain(canary::profiles()) {
            let receipt = profile.receipt().unwrap();
            assert!(receipt.version.starts_with(|c: char| c.is_ascii_digit()), "{receipt:?}");
        }
    }
}
