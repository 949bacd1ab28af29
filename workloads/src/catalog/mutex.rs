//! What does a lock cost that everybody wants?
//!
//! A session: all actors share one lock of the runner's own. One operation takes it, reads a counter, gives way
//! to the others while it holds the lock (`yields` times), writes the counter back one higher, and unlocks. The
//! counter lies beside the lock, so that two holders at once would lose an update.
//!
//! It cannot tell how long a lock is waited for (the whole operation is timed), nor which of its waiters a lock
//! prefers; and on one worker, where nobody could come between, nothing of what a lock costs across cores.

use crate::{
    Class, Digest, DirectSession, Measure, Mutex, Needs, ParameterError, Parameters, Profile,
    Runtime, Shape, Surroundings, Workload, meeting::Meeting,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

/// See the module's documentation.
#[derive(Debug)]
pub struct ContendedMutex {
    yields: u32,
    meeting: Meeting,
}

/// The lock, and what only its holder may touch although anybody could.
#[derive(Debug)]
pub struct Shared<M> {
    lock: M,
    count: AtomicU64,
    held: AtomicBool,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State<M> {
    shared: Arc<Shared<M>>,
    actor: u32,
    next: u64,
}

impl Workload for ContendedMutex {
    type State<R: Runtime> = State<R::Mutex<u64>>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "mutex",
        question: "What does a lock cost that eight tasks want at the same time?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("yields", "1")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        let yields = parameters.number("yields", 0, 1000)? as u32;
        Ok(Self { yields, meeting: Meeting::default() })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs { alternating: self.yields > 0, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let shared = self.meeting.join(|| Shared {
            lock: runtime.mutex(0),
            count: AtomicU64::new(0),
            held: AtomicBool::new(false),
        });
        Ok(State { shared, actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let shared = &*state.shared;
        let mut guard = shared.lock.lock().await;
        if shared.held.swap(true, Relaxed) {
            return Err(io::Error::other("two tasks hold the lock at the same time"));
        }
        // Read and written in two steps on purpose: what comes between is lost.
        let before = shared.count.load(Relaxed);
        let behind = *guard;
        for _ in 0..self.yields {
            runtime.yield_now().await;
        }
        *guard = before + 1;
        shared.count.store(before + 1, Relaxed);
        let gained = *guard - behind;
        shared.held.store(false, Relaxed);
        drop(guard);
        if self.yields == 0 {
            // Nobody would ever come to wait on one worker, nor to run.
            runtime.yield_now().await;
        }
        let digest = taken(state.actor, state.next, gained);
        state.next += 1;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, state: Self::State<R>) -> io::Result<()> {
        self.meeting.leave(state.next, || state.shared.count.load(Relaxed))
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        taken(actor, index, 1)
    }
}

/// An operation, and by how much the value behind the lock grew in it.
fn taken(actor: u32, index: u64, gained: u64) -> Digest {
    Digest::of_number((u64::from(actor) << 32) ^ index).plus(Digest::of_number(gained))
}
