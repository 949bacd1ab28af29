//! How long will a suite take?
//!
//! Computed, before anything has run, from what is planned and from what a trial costs besides its slices. It knows
//! no operation's length: where operations are so long that slices must be longer, a run takes longer than this
//! says. It must not know how a trial is measured.

use super::suites::Suite;
use std::time::Duration;

/// Between two slices: the answer, the looks at strangers and at those that rest, the next order. Slices of 50 ms took
/// 55 ms with it.
const BETWEEN: Duration = Duration::from_millis(5);
/// What starting, setting up and ending a trial takes. Between the last slice of a block and the first of the
/// next one, of 19 to 24 trials with warm-ups of 50 ms each, there were 2.3 to 3.7 s, on two cores, programs in Python
/// among them.
const PROCESS: Duration = Duration::from_millis(100);

/// What the audit of a cell takes: one trial that counts, and two that are traced. Thirteen cells of echo, spawn and
/// sleep took 0.77 s each; where traced operations are long it is up to three seconds more.
const AUDIT: Duration = Duration::from_millis(1000);

/// What a suite holds, and how long it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Contests.
    pub contests: u32,
    /// Trials of one block, null arms and floors included, without those that cannot work.
    pub trials: u32,
    /// If no round is disturbed.
    pub least: Duration,
    /// If every round is disturbed that may be run again: a quarter.
    pub most: Duration,
}

impl Estimate {
    /// Of a suite whose contests have so many trials that can work.
    #[must_use]
    pub fn of(suite: &Suite, trials: &[u32]) -> Self {
        let sum: u32 = trials.iter().sum();
        let round = (suite.slice + BETWEEN) * sum;
        let least = (round * suite.rounds + (suite.warm_up + PROCESS) * sum) * suite.blocks;
        let least = least + if suite.audit { AUDIT * sum } else { Duration::ZERO };
        let rerun = round * (suite.rounds / 4) * suite.blocks;
        Self { contests: trials.len() as u32, trials: sum, least, most: least + rerun }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        plan::Plan,
        programs::Programs,
        selection::Request,
        suites::{self, find},
    };
    use super::*;
    use simul_results::Role;
    use std::collections::BTreeSet;

    /// The plan of a suite on two cores, programs in other languages included.
    fn plan(suite: &str) -> (Plan, Programs) {
        let programs = Programs::of(&[]).unwrap();
        let request = Request {
            suite: Some(suite.into()),
            null_arms: 1,
            seed: Some(1),
            ..Request::default()
        };
        (Plan::make(&request, &[0, 1], &programs).unwrap(), programs)
    }

    fn estimate(suite: &str) -> Estimate {
        Estimate::of(find(suite).unwrap(), &plan(suite).0.trials())
    }

    #[test]
    fn suites_end_in_the_time_that_they_promise() {
        for (suite, most_s) in [("smoke", 90), ("every", 720), (suites::DEFAULT, 480)] {
            let estimate = estimate(suite);
            assert!(estimate.most <= Duration::from_secs(most_s), "{suite}: {estimate:?}");
        }
    }

    #[test]
    fn smoke_has_every_workload_and_every_runner() {
        let (plan, programs) = plan("smoke");
        let mut seen = BTreeSet::new();
        let listed = simul_runners::registry::ALL.iter().map(|runner| runner.name);
        let listed: Vec<&str> = listed.chain(programs.names()).collect();
        let all = listed.len();
        for profile in simul_workloads::registry::ALL {
            let contest = plan.contests.iter().find(|it| it.profile.name == profile.name);
            let arms = &contest.unwrap_or_else(|| panic!("{} is missing", profile.name)).arms;
            let of = |role| arms.iter().filter(move |arm| arm.cell.role == role);
            // The baseline and those whose turn it is: none that cannot do it.
            let runners = of(Role::Runner).count();
            assert!(runners >= 2 && runners < all / 2, "{runners} of {}", profile.name);
            assert_eq!((of(Role::Null).count(), of(Role::Floor).count()), (1, 1));
            seen.extend(of(Role::Runner).map(|arm| arm.cell.runner.clone()));
        }
        for runner in listed {
            assert!(seen.contains(runner), "{runner} has no turn");
        }
    }

    #[test]
    fn every_has_every_pair() {
        let (plan, programs) = plan("every");
        assert_eq!(plan.contests.len(), simul_workloads::registry::ALL.len());
        let runners = simul_runners::registry::ALL.len() + programs.names().count();
        for contest in &plan.contests {
            let arms = contest.arms.iter().filter(|arm| arm.cell.role == Role::Runner);
            assert_eq!(arms.count(), runners, "{}", contest.contest);
        }
    }

    #[test]
    fn the_estimate_adds_up() {
        let suite = Suite { rounds: 4, blocks: 2, ..*find(suites::DEFAULT).unwrap() };
        let estimate = Estimate::of(&suite, &[2, 3]);
        // Five trials: 4 × 45 ms, 50 ms to warm up and 100 ms for the process, twice.
        assert_eq!(estimate.least, Duration::from_millis(5 * (4 * 45 + 50 + 100) * 2));
        assert_eq!(estimate.most - estimate.least, Duration::from_millis(5 * 45 * 2));
        assert_eq!((estimate.contests, estimate.trials), (2, 5));
    }
}
