//! How many descriptors may a process have?
//!
//! Many systems begin with 1024, fewer than the connections of a usual test, and let every process raise that by
//! itself. It is raised once, by the guardian of a trial, so that it is the same for all runners. It must not know
//! what the descriptors are for.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More is not asked for: a million connections are more than loopback has ports for, and some programs walk
/// through all descriptors that they might have.
const ENOUGH: u64 = 1 << 20;

/// What this process and its children can have once it is raised.
#[must_use]
pub fn attainable() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, hard)| raised(soft, hard))
}

/// Asks for as many as this process may have, and says how many that are.
pub fn raise() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return u64::MAX };
    let wanted = raised(soft, hard);
    // If it is refused, the limit stays where it was, and what lies beyond it fails with its own error.
    match setrlimit(Resource::RLIMIT_NOFILE, wanted, hard) {
        Ok(()) => wanted,
        Err(_) => soft,
    }
}

fn raised(soft: u64, hard: u64) -> u64 {
    hard.min(ENOUGH).max(soft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_raised_as_far_as_it_may_and_never_lowered() {
        assert_eq!(raised(1024, 4096), 4096);
        assert_eq!(raised(1024, u64::MAX), ENOUGH);
        assert_eq!(raised(u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(raised(2_000_000, 3_000_000), 2_000_000);
        assert_eq!(raise(), attainable());
    }
}
