//! What is measured when nobody says what?
//!
//! A suite says which workloads, on which runners and for how long. To add a suite, add a line to [`ALL`]. Workloads
//! are taken by class where that says it, so that a new one is in its suites at once. It must not know how long
//! anything takes: that is computed in [`super::estimate`].

use super::lengths::LEAST_OPERATIONS;
use simul_results::{Arrivals, Load, Placement};
use simul_workloads::{Class, Profile, registry};
use std::time::Duration;

/// A named selection.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub purpose: &'static str,
    /// The workloads that it has at their defaults.
    pub holds: Holds,
    /// Contests besides these.
    pub extra: &'static [Extra],
    /// How often each runner has its turn, about, when nobody names runners or workloads; `None`: always. See
    /// [`super::rotation`].
    pub rotating: Option<usize>,
    /// Fresh processes for every trial, so many times.
    pub blocks: u32,
    /// Slices of each trial.
    pub rounds: u32,
    /// The least length of a slice.
    pub slice: Duration,
    /// Operations that a slice is to hold, if need be by being longer.
    pub least_operations: u64,
    /// Warm-up of each trial.
    pub warm_up: Duration,
    /// Whether each measured cell is audited in the end.
    pub audit: bool,
}

/// Which workloads a suite has.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// All that there are.
    Everything,
    /// Those of these classes.
    Classes(&'static [Class]),
    /// These, in the order of the registry.
    Named(&'static [&'static str]),
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

/// A round of the default suite takes, for each trial, a slice and what lies between two; a block its warm-ups, its
/// rounds, and what processes need to start and to end; a contest six blocks. Blocks are what intervals are made
/// of, so they stay six, and rounds are fewer than the 12 to 20 that a pair deserves. That leaves room for seven
/// contests in eight minutes, which a test computes.
const USUAL: Suite = Suite {
    name: DEFAULT,
    purpose: "the telling ones: each asks something that no other does, of nearly every runner",
    holds: Holds::Named(TELLING),
    extra: &[],
    rotating: None,
    blocks: 6,
    rounds: 5,
    slice: Duration::from_millis(40),
    least_operations: LEAST_OPERATIONS,
    warm_up: Duration::from_millis(50),
    audit: false,
};

/// The shortest look that is one.
const GLANCE: Suite = Suite {
    blocks: 1,
    rounds: 1,
    slice: Duration::from_millis(25),
    least_operations: 1,
    warm_up: Duration::from_millis(25),
    ..USUAL
};

/// All suites, from the shortest.
pub const ALL: &[Suite] = &[
    Suite {
        name: "smoke",
        purpose: "every workload and every runner at least once: does everything work? No numbers to rely on",
        holds: Holds::Everything,
        rotating: Some(2),
        ..GLANCE
    },
    Suite {
        name: "every",
        purpose: "every workload on every runner once: which pairs work? No numbers to rely on",
        holds: Holds::Everything,
        ..GLANCE
    },
    USUAL,
    Suite {
        name: "io",
        purpose: "waiting for sockets, files, services and processes, alone and with work in between",
        holds: Holds::Classes(&[Class::Io, Class::Mixed]),
        ..USUAL
    },
    Suite { name: "cpu", purpose: "computing", holds: Holds::Classes(&[Class::Cpu]), ..USUAL },
    Suite {
        name: "sync",
        purpose: "tasks that wait for one another, or for time",
        holds: Holds::Classes(&[Class::Sync]),
        ..USUAL
    },
    Suite {
        name: "realtime",
        purpose: "being on time: timers, fixed rates, time limits, messages to many, and hogs beside them",
        holds: Holds::Named(REALTIME),
        ..USUAL
    },
    GATE,
    Suite {
        name: "full",
        purpose: "everything, also at other loads and placements and under an open load, with twice the blocks \
                  and four times the rounds, and audited",
        holds: Holds::Everything,
        extra: CONDITIONS,
        blocks: 12,
        rounds: 20,
        slice: Duration::from_millis(50),
        warm_up: Duration::from_millis(200),
        audit: true,
        ..USUAL
    },
];

/// What old and new code are compared by: everything on one core, where costs show most surely.
///
/// Many short slices are worth more than few long ones: what disturbs a machine disturbs some of them, which the
/// trimmed mean over a block then leaves out, and where its times wander from one slice to its neighbour, only more
/// pairs make a block's mean better. On such a machine, in turn with the same seeds, 48 of 5 ms passed identical code in
/// 42 of 42 comparisons and 12 of 20 ms in 28, the longer ones in 38 s, the shorter ones in 26 (echo, sha256, spawn;
/// 2026-11-22, METHODOLOGY.md). Still shorter ones would be shorter than what lies between two.
const GATE: Suite = Suite {
    name: GATES,
    purpose: "what simul ab compares unless told otherwise: a message, computing, a task and a timer, on one core",
    holds: Holds::Named(&[]),
    extra: &[
        placed("echo", Placement::OneCore),
        // With several jobs outstanding it is chance on one core whether they are handed in one by one or together:
        // the median was 19 or 152 µs from slice to slice.
        Extra {
            workload: "sha256",
            load: Some(Load::Closed(1)),
            placement: Some(Placement::OneCore),
        },
        placed("spawn", Placement::OneCore),
        // With the default, 32, the core is idle nearly all the time, and what waking costs is the host's affair: CPU time
        // per operation varied by a third from slice to slice, and twelve blocks of 288 slices of 20 ms, five minutes,
        // did not pass identical code.
        Extra {
            workload: "sleep",
            load: Some(Load::Closed(1024)),
            placement: Some(Placement::OneCore),
        },
    ],
    rounds: 48,
    slice: Duration::from_millis(5),
    // Several thousand messages.
    warm_up: Duration::from_millis(100),
    ..USUAL
};

/// The suite of `simul ab`.
pub const GATES: &str = "gate";

/// The name of the suite that runs unless told otherwise.
pub const DEFAULT: &str = "default";

/// Of each kind of work the plainest: a round trip through sockets (`echo`), a file (`file-read`), a timer
/// (`sleep`), what a task costs (`spawn`), a lock that all want (`mutex`), computing in equal parts (`sha256`) and
/// in unequal ones (`uneven`). `exhibition`, after which the project is named, is not here: one operation takes as
/// long as a dozen of the usual slices.
const TELLING: &[&str] = &["echo", "file-read", "sleep", "spawn", "mutex", "sha256", "uneven"];

const REALTIME: &[&str] = &["chat", "sleep", "tick", "timeout", "starve"];

/// What the default suite has no time for: one connection and a thousand, tasks on several cores, and an open load,
/// whose slices take seconds.
const CONDITIONS: &[Extra] = &[
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
    /// The contests of the suite: its workloads at their defaults, then the extra ones.
    pub fn contests(&self) -> impl Iterator<Item = Extra> {
        let held = registry::ALL.iter().filter(|profile| self.holds(profile));
        let defaults =
            held.map(|profile| Extra { workload: profile.name, load: None, placement: None });
        defaults.chain(self.extra.iter().copied())
    }

    fn holds(&self, profile: &Profile) -> bool {
        match self.holds {
            Holds::Everything => true,
            Holds::Classes(classes) => classes.contains(&profile.class),
            Holds::Named(names) => names.contains(&profile.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The catalogue grows workload by workload; once it has all of these, no suite may name another.
    const WORKLOADS: usize = 37;

    fn names(suite: &str) -> Vec<&'static str> {
        find(suite).unwrap().contests().map(|contest| contest.workload).collect()
    }

    #[test]
    fn suites_name_workloads_that_exist() {
        assert!(find(DEFAULT).is_some());
        for suite in ALL {
            assert!(suite.contests().count() > 0, "{}", suite.name);
            for contest in suite.contests() {
                assert!(registry::find(contest.workload).is_some(), "{}", contest.workload);
            }
            let Holds::Named(names) = suite.holds else { continue };
            let found = names.iter().filter(|name| registry::find(name).is_some()).count();
            assert!(found == names.len() || registry::ALL.len() < WORKLOADS, "{}", suite.name);
        }
    }

    #[test]
    fn suites_that_promise_everything_have_it() {
        for suite in ["smoke", "every", "full"] {
            let held = names(suite);
            assert!(registry::ALL.iter().all(|profile| held.contains(&profile.name)), "{suite}");
        }
        // Every workload is in one of the suites by class.
        let held: Vec<&str> = ["io", "cpu", "sync"].into_iter().flat_map(names).collect();
        assert_eq!(held.len(), registry::ALL.len());
    }

    #[test]
    fn the_full_suite_has_what_the_default_one_has() {
        let full = names("full");
        assert!(names(DEFAULT).iter().all(|name| full.contains(name)));
    }

    #[test]
    fn the_default_suite_has_what_intervals_are_made_of() {
        let suite = find(DEFAULT).unwrap();
        assert!(suite.blocks >= 6 && suite.rounds >= 5);
    }
}
