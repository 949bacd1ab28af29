//! What does it cost to wait for one of few permits?
//!
//! A session: all actors share one semaphore of `permits` permits. One operation takes a permit, gives way to
//! the others while it holds it (`yields` times), and gives it back. Whoever holds a permit is counted.
//!
//! It cannot tell how a semaphore behaves that hardly anybody waits for, nor whom it prefers.

use crate::{
    Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Profile, Runtime,
    Semaphore, Shape, Surroundings, Workload, meeting::Meeting,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// See the module's documentation.
#[derive(Debug)]
pub struct BoundedPermits {
    permits: u64,
    yields: u32,
    meeting: Meeting,
}

/// The semaphore, who is inside, and how often somebody was.
#[derive(Debug)]
pub struct Shared<S> {
    semaphore: S,
    inside: AtomicU64,
    entries: AtomicU64,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State<S> {
    shared: Arc<Shared<S>>,
    actor: u32,
    next: u64,
}

impl Workload for BoundedPermits {
    type State<R: Runtime> = State<R::Semaphore>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "semaphore",
        question: "What does it cost to wait for one of two permits that eight tasks want?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("permits", "2"), ("yields", "1")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        Ok(Self {
            permits: parameters.number("permits", 1, 1_000_000)?,
            // Without one nobody would come to wait.
            yields: parameters.number("yields", 1, 1000)? as u32,
            meeting: Meeting::default(),
        })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs { alternating: true, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let shared = self.meeting.join(|| Shared {
            semaphore: runtime.semaphore(self.permits as usize),
            inside: AtomicU64::new(0),
            entries: AtomicU64::new(0),
        });
        Ok(State { shared, actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let shared = &*state.shared;
        let permit = shared.semaphore.acquire().await;
        let inside = shared.inside.fetch_add(1, Relaxed) + 1;
        if inside > self.permits {
            let permits = self.permits;
            return Err(io::Error::other(format!("{inside} tasks hold {permits} permits")));
        }
        shared.entries.fetch_add(1, Relaxed);
        for _ in 0..self.yields {
            runtime.yield_now().await;
        }
        shared.inside.fetch_sub(1, Relaxed);
        drop(permit);
        let digest = entered(state.actor, state.next);
        state.next += 1;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, state: Self::State<R>) -> io::Result<()> {
        self.meeting.leave(state.next, || state.shared.entries.load(Relaxed))
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        entered(actor, index)
    }
}

fn entered(actor: u32, index: u64) -> Digest {
    Digest::of_number((u64::from(actor) << 32) ^ index)
}
