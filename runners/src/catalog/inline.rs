//! No concurrency at all: one thread does one thing after the other.
//!
//! What every other runner is compared with when the question is whether concurrency pays. A spawned task runs to its end where it is spawned.

use crate::{
    Backend, Capabilities, FairnessCard, Intake, Profile, Runner,
    blocking_io::{Blocking, BlockingJoin, Place, poll_once},
    discipline::InTurn,
    job::{Job, isolated, with_outcome},
    runner::{FORK, blocking_card},
};
use std::{future::Future, io, num::NonZeroUsize, sync::mpsc};

/// See the module's documentation.
#[derive(Debug)]
pub struct Inline {
    jobs: mpsc::Sender<Job>,
}

/// Runs a task at once.
#[derive(Clone, Copy, Debug)]
pub struct Here;

impl Place for Here {
    fn place<T: Send + 'static>(
        self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> BlockingJoin<T> {
        // A panic belongs to whoever awaits the task, not to whoever starts it.
        let (job, outcome) = with_outcome(task);
        job();
        BlockingJoin::new(move || outcome.wait())
    }

    fn place_detached(self, task: impl FnOnce() + Send + 'static) {
        isolated(task)();
    }
}

impl Runner for Inline {
    type Runtime = Blocking<Here>;
    type Discipline = InTurn;

    const PROFILE: Profile = Profile {
        name: "inline",
        describes: "one thread, one thing after the other",
        package: None,
        backend: Backend::Blocking,
        one_worker: true,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities {
            waiting_tasks: Some(1),
            intake: Intake::Absent(
                "its only thread would serve one connection to its end, and all others would wait for that",
            ),
            ..Capabilities::BLOCKING
        }
    }

    fn start(_workers: NonZeroUsize) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new().name("inline".into()).spawn(move || {
            for job in queue {
                job();
            }
        })?;
        Ok(Self { jobs })
    }

    fn card(&self) -> FairnessCard {
        let mut card = blocking_card(1, "runs at once, on the only thread");
        card.locks = card.locks.replace(FORK, "fork: left, then right");
        card
    }

    fn runtime(&self) -> Self::Runtime {
        Blocking(Here)
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        // The thread lives as long as this sender, so there is always a receiver.
        let _ = self.jobs.send(isolated(move || poll_once(task)));
    }
}
