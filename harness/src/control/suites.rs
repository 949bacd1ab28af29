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
        purpose: "every workload at its defaults",
        blocks: 6,
        // A contest has twenty-five arms: seventeen runners, six programs in other languages, a null arm and
        // a floor. A block of it is, for each arm, a warm-up and five slices that take 55 ms with what lies
        // between them, and one to two seconds in which processes start and end: 9.6 s. Seven contests of six
        // blocks are 6.7 minutes, and 7.9 where every contaminated round is re-run that may be; eight are
        // allowed. Blocks are what the intervals are made of, so they stay six, and rounds are fewer than the
        // 12 to 20 that a pair deserves. Other loads and placements are for the full suite.
        rounds: 5,
        slice: Duration::from_millis(50),
        warm_up: Duration::from_millis(50),
        extra: &[],
    },
    Suite {
        name: "full",
        purpose: "also other loads and placements, an open load, twice the blocks and four times the rounds",
        blocks: 12,
        rounds: 20,
        slice: Duration::from_millis(50),
        warm_up: Duration::from_millis(200),
        extra: TELLING,
    },
];

/// The name of the suite that runs unless told otherwise.
pub const DEFAULT: &str = "default";

/// What the default suite has no time for: one connection and a thousand, tasks on several cores, and an open load,
/// whose slices take seconds.
const TELLING: &[Extra] = &[
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

    /// As computed where the default suite is described; who adds a runner or a workload computes again.
    #[test]
    fn the_default_suite_ends_within_eight_minutes() {
        let suite = find(DEFAULT).unwrap();
        let folder = tempfile::tempdir().unwrap();
        simul_runners::bundle::unpack(folder.path()).unwrap();
        let programs = simul_runners::bundle::programs(folder.path()).unwrap();
        // The null arm and the floor come to them.
        let arms = (simul_runners::registry::ALL.len() + programs.len()) as u32 + 2;
        let between = Duration::from_millis(5);
        let round = (suite.slice + between) * arms;
        let block = suite.warm_up * arms + round * suite.rounds + Duration::from_millis(1500);
        let rerun = round * suite.rounds / 4;
        let contests = suite.contests().count() as u32;
        assert!(suite.blocks >= 6 && suite.rounds >= 5, "the least that intervals are made of");
        let whole = (block + rerun) * suite.blocks * contests;
        assert!(whole <= Duration::from_secs(480), "{whole:?}");
    }

    #[test]
    fn the_full_suite_has_what_the_default_one_has() {
        let names = |suite: &str| -> Vec<String> {
            find(suite).unwrap().contests().map(|contest| format!("{contest:?}")).collect()
        };
        let full = names("full");
        assert!(names(DEFAULT).iter().all(|contest| full.contains(contest)));
    }
}
