//! Do the loops that bypass the port do the same work as the runners?
//!
//! They are given turns as by the harness, twice each, and their digests are compared with the workload's
//! oracle.

use crate::{MOST_ACTORS, OPERATIONS, SEED, peer};
use simul_runners::{
    Turn,
    bare::{self, Profile, Site},
    turn::Opener,
};
use simul_workloads::{
    Digest, Parameters, Workload,
    ledger::Lap,
    registry::{self, Visitor},
};
use std::{
    io,
    num::NonZeroUsize,
    sync::mpsc::{self, Sender},
    time::{Duration, Instant},
};

/// Turns for each actor: what an actor kept from the last one must not harm the next.
const TURNS: u64 = 2;

/// How many operations a check covers.
pub(crate) fn checked(profile: &Profile) -> u64 {
    let workload = registry::find(profile.workload).expect("a loop has a workload");
    u64::from(workload.actors.min(MOST_ACTORS)) * TURNS * OPERATIONS
}

/// Runs the loop and compares all that it did.
pub(crate) fn check(name: &str) -> u64 {
    let profile = bare::find(name).expect("it is listed");
    registry::visit(profile.workload, Loop(profile)).expect("a loop has a workload")
}

struct Loop(&'static Profile);

/// One operation: its digest, what it asked for, and how long it took.
struct Done {
    digest: Digest,
    asked: Duration,
    took: Duration,
}

/// A turn for a fixed number of operations.
struct Counted {
    left: u64,
    since: Instant,
    done: Sender<Result<Done, io::Error>>,
}

impl Counted {
    fn refuse(&self, reason: &str) {
        let _ = self.done.send(Err(io::Error::other(reason)));
    }
}

impl Turn for Counted {
    fn next(&mut self) -> bool {
        let more = self.left > 0;
        self.left = self.left.saturating_sub(1);
        self.since = Instant::now();
        more
    }

    fn done(&mut self, digest: Digest, asked: Duration) {
        let _ = self.done.send(Ok(Done { digest, asked, took: self.since.elapsed() }));
    }

    fn done_on_schedule(&mut self, _: Digest, _: Lap) {
        self.refuse("a loop keeps no schedule");
    }

    fn failed(self, error: io::Error) {
        let _ = self.done.send(Err(error));
    }
}

impl Visitor for Loop {
    type Output = u64;

    fn visit<W: Workload>(self) -> u64 {
        let parameters = Parameters::parse(&W::PROFILE, std::iter::empty()).unwrap();
        let workload = W::new(&parameters, SEED).unwrap();
        let actors = W::PROFILE.actors.min(MOST_ACTORS);
        let folder = crate::drive::folder().unwrap();
        let surroundings = peer::start(workload.needs(actors).peer, folder.path()).unwrap();
        let site = Site {
            workers: NonZeroUsize::MIN,
            actors,
            parameters: &parameters,
            seed: SEED,
            surroundings: &surroundings,
        };
        let mut openers: Vec<Opener<Counted>> = self.0.start(&site).unwrap();
        assert_eq!(openers.len(), actors as usize);
        let mut count = 0;
        for turn in 0..TURNS {
            // All at once, as at a gate.
            let outcomes: Vec<_> = openers.iter_mut().map(open).collect();
            for (actor, outcomes) in (0..).zip(outcomes) {
                let mut index = turn * OPERATIONS;
                for outcome in outcomes {
                    let Done { digest, asked, took } = outcome.unwrap();
                    assert_eq!(digest, workload.expected(actor, index), "{actor} at {index}");
                    assert_eq!(asked, workload.asked(actor, index), "{actor} at {index}");
                    assert!(took >= asked, "{actor} at {index}: asked {asked:?}, took {took:?}");
                    index += 1;
                    count += 1;
                }
                assert_eq!(index, (turn + 1) * OPERATIONS, "of actor {actor}");
            }
        }
        count
    }
}

/// Gives an actor its turn; the outcomes end when it has dropped it.
fn open(opener: &mut Opener<Counted>) -> mpsc::Receiver<Result<Done, io::Error>> {
    let (done, outcomes) = mpsc::channel();
    assert!(opener(Counted { left: OPERATIONS, since: Instant::now(), done }));
    outcomes
}
