//! Which faults must be found, in which work, and under which name?
//!
//! One line a canary. The work is the smallest in which the fault shows, at lengths that leave room for a machine
//! that is busy and a build that is not optimised. Next: `findings.rs`, what is found.

use super::findings::{SET_ASIDE, Wanted};
use simul_results::{Arrivals, Load, State, record::mark};
use std::time::Duration;

/// A canary, and what is to be found.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What it is called in the table and by `--only`.
    pub name: &'static str,
    /// The runner.
    pub runner: &'static str,
    /// What must be found.
    pub wanted: Wanted,
    /// The work in which it shows.
    pub(super) work: Work,
}

/// A tiny run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// The workload, with parameters.
    pub(super) workload: &'static str,
    pub(super) load: Load,
    pub(super) blocks: u32,
    pub(super) rounds: u32,
    pub(super) slice: Duration,
    /// Whether the healthy twin works in the same rounds, and is compared with.
    pub(super) beside_twin: bool,
    /// Whether the runner works a second time.
    pub(super) null_arm: bool,
    /// How late the generator of an open load sends on purpose.
    pub(super) lag: Duration,
    /// Whether a stranger burns CPU during one of its slices.
    pub(super) burst: bool,
}

/// The healthy twin of all canaries.
pub(super) const TWIN: &str = "canary:none";

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Messages to a peer and back, one block.
const ECHO: Work = Work {
    workload: "echo",
    load: Load::Closed(4),
    blocks: 1,
    rounds: 3,
    slice: ms(100),
    beside_twin: false,
    null_arm: false,
    lag: Duration::ZERO,
    burst: false,
};

/// Waits of some milliseconds: a thousand operations a second, whatever the machine, so that what leaks with each of
/// them neither drowns it nor goes unseen.
const SLEEP: Work =
    Work { workload: "sleep:2000:longest_us=4000", load: Load::Closed(4), rounds: 6, ..ECHO };

/// Requests that take forty milliseconds: a generator that is late by a turn of somebody else, as on any busy
/// machine, is not late beside that.
const OPEN: Work = Work {
    workload: "sleep:40000:longest_us=40000",
    load: Load::Open { rate_per_sec: 200, arrivals: Arrivals::Constant },
    rounds: 2,
    slice: ms(500),
    ..ECHO
};

/// Blocks enough for a verdict: with eight, a difference that is twice its standard deviation between blocks is found.
/// Many short slices are paired better than few long ones.
const JUDGED: Work = Work { blocks: 8, rounds: 8, slice: ms(30), beside_twin: true, ..ECHO };

const fn faulty(name: &'static str, runner: &'static str, wanted: Wanted, work: Work) -> Case {
    Case { name, runner, wanted, work }
}

const fn healthy(name: &'static str, work: Work) -> Case {
    Case { name, runner: TWIN, wanted: Wanted::Nothing, work }
}

const UNFINISHED: Wanted = Wanted::Ending(State::TimedOut, "had not ended");
const WRONG_WORK: Wanted = Wanted::Ending(State::Discarded, "did other work");
const TOO_EARLY: Wanted = Wanted::Ending(State::Discarded, "ended before the time");
const DEATH: Wanted = Wanted::Ending(State::Failed, "canary:die ends as it was asked to");

/// All of them, in the order in which they are looked at.
pub const ALL: &[Case] = &[
    // What a busy machine hides best stands first: there is time to look again.
    faulty("slow=10", "canary:slow=10", Wanted::Worse, JUDGED),
    // Who stands still does so more often than others in the same rounds.
    faulty(
        "freeze",
        "canary:freeze",
        Wanted::Finding(&["stall"]),
        Work { slice: ms(250), rounds: 4, beside_twin: true, ..ECHO },
    ),
    healthy("none (messages)", ECHO),
    healthy("none (waits)", SLEEP),
    healthy("none (requests)", OPEN),
    healthy(
        "none (compared)",
        Work { blocks: 4, rounds: 4, null_arm: true, beside_twin: false, ..JUDGED },
    ),
    faulty("drop", "canary:drop", UNFINISHED, ECHO),
    faulty("lie", "canary:lie", WRONG_WORK, ECHO),
    faulty("early", "canary:early", TOO_EARLY, SLEEP),
    faulty("leak-threads", "canary:leak-threads", Wanted::Finding(&["grows-threads"]), SLEEP),
    faulty("grow", "canary:grow", Wanted::Finding(&["grows-memory"]), SLEEP),
    // Who spins is noticed while others work, several times.
    faulty(
        "spin",
        "canary:spin",
        Wanted::Finding(&["parked", "burns-idle"]),
        Work { beside_twin: true, rounds: 6, slice: ms(60), ..ECHO },
    ),
    faulty("die", "canary:die", DEATH, ECHO),
    faulty("hang", "canary:hang", UNFINISHED, ECHO),
    faulty(
        "lagging pacer",
        TWIN,
        Wanted::Finding(&["generator", mark::GENERATOR_LIMITED]),
        Work { lag: ms(12), ..OPEN },
    ),
    faulty(
        "foreign burst",
        TWIN,
        Wanted::Finding(&[mark::CONTAMINATED, SET_ASIDE]),
        Work { rounds: 8, burst: true, ..ECHO },
    ),
    faulty("pretend", "canary:pretend", Wanted::Finding(&["backend", mark::OTHER_BACKEND]), ECHO),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_case_and_every_case_a_canary() {
        for case in ALL {
            assert!(simul_runners::canary::find(case.runner).is_some(), "{}", case.name);
            assert_eq!(ALL.iter().filter(|other| other.name == case.name).count(), 1);
        }
        // A stray is ended by the guardian, and nobody's numbers tell of it.
        let known = simul_runners::canary::profiles().filter(|one| one.name != "canary:stray");
        for profile in known {
            let looked_at = |case: &&Case| {
                simul_runners::canary::find(case.runner).is_some_and(|one| one.name == profile.name)
            };
            assert!(ALL.iter().any(|case| looked_at(&case)), "{}", profile.name);
        }
    }
}
