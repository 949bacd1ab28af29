//! What is measured when nobody says what?
//!
//! A suite names contests and how long they are looked at; the runners are all that there are. To add a
//! suite, add a line to [`ALL`].

use simul_results::{Arrivals, Load, Placement};
use simul_workloads::registry;
use std::time::Duration;

/// A named selection.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub purpose: &'static str,
    /// Fresh processes for every trial, so many times.
    pub blocks: u32,
    /// Slices of each trial.
    pub rounds: u32,
    /// The least length of a slice.
    pub slice: Duration,
    /// Warm-up of each trial.
    pub warm_up: Duration,
    /// Contests besides one of each workload at its defaults.
    pub extra: &'static [Extra],
}

/// A contest beyond a workload's defaults.
#[derive(Clone, Copy, Debug)]
pub struct Extra {
    /// The workload, with parameters.
    pub workload: &'static str,
    /// Its load, unless the default.
    pub load: Option<Load>,
    /// Its placement, unless the default.
    pub placement: Option<Placement>,
}

const fn loaded(workload: &'static str, actors: u32) -> Extra {
    Extra { workload, load: Some(Load::Closed(actors)), placement: None }
}

const fn placed(workload: &'static str, placement: Placement) -> Extra {
    Extra { workload, load: None, placement: Some(placement) }
}

/// All suites; the second is the default.
pub const ALL: &[Suite] = &[
    Suite {
        name: "smoke",
        purpose: "every workload on every runner once: does everything work? No numbers to rely on",
        blocks: 1,
        rounds: 2,
        slice: Duration::from_millis(25),
        warm_up: Duration::from_millis(25),
        extra: &[],
    },
    Suite {
        name: DEFAULT,
        purpose: "every workload at its defaults, and echo under other loads and placements",
        blocks: 6,
        // Fewer than the 12 to 20 that a pair deserves: eleven contests of ten arms must end within 8
        // minutes. Blocks are what the intervals are made of, and they stay six.
        rounds: 7,
        slice: Duration::from_millis(50),
        warm_up: Duration::from_millis(80),
        extra: TELLING,
    },
    Suite {
        name: "full",
        purpose: "the default suite with twice the blocks and more rounds, and echo under an open load",
        blocks: 12,
        rounds: 20,
        slice: Duration::from_millis(50),
        warm_up: Duration::from_millis(200),
        extra: ALL_TELLING,
    },
];

/// The name of the suite that runs unless told otherwise.
pub const DEFAULT: &str = "default";

const TELLING: &[Extra] = &[
    loaded("echo", 1),
    loaded("echo", 1000),
    placed("echo", Placement::OneCore),
    placed("ping-pong", Placement::AllCores),
];

/// With slices of seconds, an open contest takes too long for the default suite, and for a smoke test.
const ALL_TELLING: &[Extra] = &[
    loaded("echo", 1),
    loaded("echo", 1000),
    placed("echo", Placement::OneCore),
    placed("ping-pong", Placement::AllCores),
    Extra {
        workload: "echo",
        // Far below what any runner serves on one core: it is the latency that is asked for.
        load: Some(Load::Open { rate_per_sec: 2000, arrivals: Arrivals::Poisson }),
        placement: None,
    },
];

/// The suite of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Suite> {
    ALL.iter().find(|suite| suite.name == name)
}

impl Suite {
    /// The contests of the suite: each workload at its defaults, then the extra ones.
    pub fn contests(&self) -> impl Iterator<Item = Extra> {
        let defaults = registry::ALL.iter();
        let defaults =
            defaults.map(|profile| Extra { workload: profile.name, load: None, placement: None });
        defaults.chain(self.extra.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_name_workloads_that_exist() {
        assert!(find(DEFAULT).is_some());
        for suite in ALL {
            for contest in suite.contests() {
                assert!(registry::find(contest.workload).is_some(), "{}", contest.workload);
            }
        }
    }
}
