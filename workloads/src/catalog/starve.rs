//! What happens to a heartbeat while others compute beside it?
//!
//! A session: each operation waits `every_us`, and what is recorded is how much later it came back. Beside it run
//! `hogs` tasks, each of which hashes one chunk of `kib` KiB after the other and gives way between them; with
//! `offload=true` chunks are hashed the way the runner wants heavy work run. On one event loop a beat waits for
//! every chunk that stands before it: the blocked event loop, measured.
//!
//! Hogs live as long as the actor. With each beat they are allowed a few chunks more, beyond what a beat on time
//! leaves room for, so that they compute all the while; after the last beat of a slice they come to rest by
//! themselves. Every chunk is checked by the hog that hashed it, and counted.
//!
//! It cannot tell how many cores were free: a beat on a core of its own is not disturbed by anything. Compare
//! placements, and workers with hogs.

use super::sha256::Sha256Block;
use crate::{
    Class, Digest, Erased, Figure, Ledger, Measure, Needs, ParameterError, Parameters, Profile,
    Receiver, Runtime, Sender, Shape, Surroundings, Workload,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Starve {
    every: Duration,
    hogs: u32,
    hashing: Arc<Sha256Block>,
}

/// The heart, and the hogs beside it.
#[derive(Debug)]
pub struct State<S, J> {
    hogs: Vec<Hog<S, J>>,
    ledger: Ledger,
    actor: u32,
    next: u64,
    /// Chunks of all hogs up to the last beat.
    chunks: u64,
}

/// A hog as the heart sees it.
#[derive(Debug)]
pub struct Hog<S, J> {
    lease: Arc<Lease>,
    wake: S,
    join: J,
}

/// How far a hog has come, and how far it may go.
#[derive(Debug, Default)]
struct Lease {
    done: AtomicU64,
    until: AtomicU64,
    /// The hog waits to be woken, or is about to.
    resting: AtomicBool,
}

/// How many chunks a hog may hash beyond those it has when a beat comes. Enough to last until the next one, few
/// enough that hogs rest soon after a slice.
const CHUNKS_A_BEAT: u64 = 4;

const CHUNKS: Figure = Figure {
    name: "chunks",
    unit: "1",
    describes: "Chunks that all hogs together have hashed from one beat to the next",
};

type HogOf<R> = Hog<<R as Runtime>::Sender<()>, <R as Runtime>::Join<io::Result<u64>>>;

impl Workload for Starve {
    type State<R: Runtime> = State<R::Sender<()>, R::Join<io::Result<u64>>>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "starve",
        question: "How late is a heartbeat while others compute beside it?",
        class: Class::Mixed,
        shape: Shape::Session,
        measure: Measure::Lateness,
        // Hashing a MiB takes most of a millisecond: longer than a loop may be away, not long enough to be rare.
        parameters: &[("hogs", "2"), ("offload", "false"), ("kib", "1024"), ("every_us", "1000")],
        actors: 1,
        figures: &[CHUNKS],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let kib = parameters.number("kib", 1, 1 << 16)? as usize;
        let hashing = Sha256Block::with_bytes(kib << 10, parameters.flag("offload")?, seed);
        Ok(Self {
            every: Duration::from_micros(parameters.number("every_us", 1, 1_000_000)?),
            // None is the undisturbed heart.
            hogs: parameters.number("hogs", 0, 1024)? as u32,
            hashing: Arc::new(hashing),
        })
    }

    fn needs(&self, actors: u32) -> Needs {
        // Without hogs, hearts merely take turns. A hog rests until a beat wakes it.
        let waiting = if self.hogs == 0 { 0 } else { self.hogs + 1 };
        Needs { waiting_tasks: waiting.saturating_mul(actors), ..Needs::default() }
    }

    /// What the chunks must give is computed before anything runs, and not by the first hog.
    fn prepare(&self, _surroundings: &Surroundings) -> io::Result<()> {
        let _ = self.hashing.answer(0);
        Ok(())
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let hog = |number| self.hog(runtime, actor.wrapping_add(number));
        let hogs = (0..self.hogs).map(hog).collect();
        Ok(State { hogs, ledger: surroundings.ledger.clone(), actor, next: 0, chunks: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        for hog in &mut state.hogs {
            // The one who ends the rest wakes it, so there is always room for the message.
            if hog.lease.extend() && !hog.wake.send(()).await {
                return Err(gone());
            }
        }
        runtime.sleep(self.every).await;
        let chunks = state.hogs.iter().map(|hog| hog.lease.done.load(SeqCst)).sum();
        state.ledger.enter(&CHUNKS, (chunks - state.chunks) as f64);
        state.chunks = chunks;
        let beat = beat(state.actor, state.next, self.every);
        state.next += 1;
        Ok(beat)
    }

    async fn close<R: Runtime>(&self, _runtime: R, state: Self::State<R>) -> io::Result<()> {
        let mut idle = 0;
        for Hog { lease, wake, join } in state.hogs {
            drop(wake);
            let chunks = join.await?;
            if chunks != lease.done.load(SeqCst) {
                return Err(io::Error::other("a hog has counted wrong"));
            }
            idle += u32::from(chunks == 0);
        }
        // Hogs that never ran would leave a heart that nobody disturbs, and a flattering number.
        if idle > 0 && state.next > 0 {
            return Err(io::Error::other(format!("{idle} of {} hogs have never run", self.hogs)));
        }
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        beat(actor, index, self.every)
    }

    #[inline]
    fn asked(&self, _actor: u32, _index: u64) -> Duration {
        self.every
    }
}

impl Starve {
    /// Starts a hog, which rests until the first beat.
    fn hog<R: Runtime>(&self, runtime: R, first: u32) -> HogOf<R> {
        let (wake, woken) = runtime.channel(1);
        let lease = Arc::new(Lease { resting: true.into(), ..Lease::default() });
        let work = hog(runtime, Arc::clone(&self.hashing), Arc::clone(&lease), woken, first.into());
        Hog { lease, wake, join: runtime.spawn(work) }
    }
}

impl Lease {
    /// A beat: allows more chunks. `true` when the hog rests and must be woken.
    fn extend(&self) -> bool {
        self.until.store(self.done.load(SeqCst) + CHUNKS_A_BEAT, SeqCst);
        self.resting.swap(false, SeqCst)
    }

    /// Whether the hog may go on.
    fn is_open(&self) -> bool {
        self.done.load(SeqCst) < self.until.load(SeqCst)
    }

    /// Says that the hog rests. `false` when a beat came in between, and it goes on.
    fn rest(&self) -> bool {
        self.resting.store(true, SeqCst);
        // If the beat saw the rest, it wakes us, and the message must be taken.
        !(self.is_open() && self.resting.swap(false, SeqCst))
    }
}

/// Hashes as long as it may, and rests. The number of chunks, all of them right.
async fn hog<R: Runtime>(
    runtime: R,
    hashing: Arc<Sha256Block>,
    lease: Arc<Lease>,
    mut woken: R::Receiver<()>,
    first: u64,
) -> io::Result<u64> {
    let mut block = hashing.block();
    let mut chunks = 0;
    while woken.receive().await.is_some() {
        loop {
            while lease.is_open() {
                let digest = hashing.hash_on(runtime, &mut block, first + chunks).await;
                if digest != hashing.answer(first + chunks) {
                    return Err(io::Error::other(format!("chunk {chunks} was hashed wrong")));
                }
                chunks += 1;
                lease.done.store(chunks, SeqCst);
                runtime.yield_now().await;
            }
            if lease.rest() {
                break;
            }
        }
    }
    Ok(chunks)
}

/// What a beat has done.
fn beat(actor: u32, index: u64, every: Duration) -> Digest {
    let place = Digest::of_number((u64::from(actor) << 32) ^ index);
    place.plus(Digest::of_number(every.as_micros() as u64))
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "a hog has ended before its time")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starve(parts: &str) -> Result<Starve, ParameterError> {
        Starve::new(&Parameters::parse(&Starve::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn a_lease_ends_and_whoever_ends_the_rest_wakes() {
        let lease = Lease { resting: true.into(), ..Lease::default() };
        assert!(!lease.is_open());
        assert!(lease.extend(), "it rested");
        assert!(!lease.extend(), "it was woken already");
        lease.done.store(CHUNKS_A_BEAT - 1, SeqCst);
        assert!(lease.is_open());
        assert!(!lease.rest(), "it may go on, and nobody has sent a message");
        lease.done.store(CHUNKS_A_BEAT, SeqCst);
        assert!(lease.rest());
        assert!(lease.extend());
    }

    #[test]
    fn a_heart_alone_needs_no_other_task() {
        assert_eq!(starve("0").unwrap().needs(8), Needs::default());
        assert_eq!(starve("3").unwrap().needs(2).waiting_tasks, 8);
    }

    #[test]
    fn beats_differ_and_ask_for_their_time() {
        let starve = starve("1:every_us=250").unwrap();
        assert_eq!(starve.asked(0, 0), Duration::from_micros(250));
        assert_ne!(starve.expected(0, 0), starve.expected(0, 1));
        assert_ne!(starve.expected(0, 0), starve.expected(1, 0));
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for parts in ["1025", "1:kib=0", "1:every_us=0", "1:offload=perhaps"] {
            assert!(starve(parts).is_err(), "{parts}");
        }
    }
}
