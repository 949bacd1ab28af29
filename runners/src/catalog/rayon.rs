//! Rayon's work-stealing pool, used for jobs; blocking calls.
//!
//! Top-level jobs come from outside of the pool, always: a job that is submitted from a worker goes to
//! that worker's own deque, and whoever submits its next one there keeps the worker (measured with `spawn`
//! and `spawn_fifo` alike: of 32 actors, 2 ran). So a launch from a worker is handed to a feeder thread,
//! whose submissions go to the pool's global queue; a launch from any other thread goes there directly.
//!
//! A task that awaits its child runs other jobs meanwhile (`rayon::yield_now`), its child among them.
//! Channels and sockets block the worker; rayon has none of its own.

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner,
    blocking_io::{Blocking, BlockingJoin, Place, poll_once},
    discipline::Jobs,
    job::{Job, Outcome, isolated, with_outcome},
    runner::{FORK, blocking_card},
};
use rayon::Yield;
use std::{future::Future, io, num::NonZeroUsize, sync::mpsc, thread};

/// See the module's documentation.
#[derive(Debug)]
pub struct Rayon {
    pool: &'static rayon::ThreadPool,
    feeder: mpsc::Sender<Job>,
    workers: usize,
}

/// Puts a task into the pool; from a worker, into that worker's own deque.
#[derive(Clone, Copy, Debug)]
pub struct Pooled(&'static rayon::ThreadPool);

impl Place for Pooled {
    fn place<T: Send + 'static>(
        self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> BlockingJoin<T> {
        let (job, outcome) = with_outcome(task);
        self.0.spawn(job);
        BlockingJoin::new(move || stealing(outcome))
    }

    fn place_detached(self, task: impl FnOnce() + Send + 'static) {
        self.0.spawn(isolated(task));
    }

    fn fork<A: Send + 'static, B: Send + 'static>(
        self,
        left: impl FnOnce() -> A + Send + 'static,
        right: impl FnOnce() -> B + Send + 'static,
    ) -> (A, B) {
        self.0.join(left, right)
    }

    fn yield_now(self) {
        // Nothing to run here, or not on a worker: let other threads run.
        if !matches!(rayon::yield_now(), Some(Yield::Executed)) {
            thread::yield_now();
        }
    }
}

/// Waits for a child and runs other jobs meanwhile.
fn stealing<T>(outcome: Outcome<T>) -> T {
    loop {
        if let Some(value) = outcome.ready() {
            return value;
        }
        match rayon::yield_now() {
            Some(Yield::Executed) => {}
            // The child is on another worker.
            Some(Yield::Idle) => thread::yield_now(),
            // Not on a worker: nothing can be run here.
            None => return outcome.wait(),
        }
    }
}

impl Runner for Rayon {
    type Runtime = Blocking<Pooled>;
    type Discipline = Jobs;

    const PROFILE: Profile = Profile {
        name: "rayon",
        describes: "rayon's work-stealing pool, one job an operation, blocking calls",
        package: Some("rayon"),
        backend: Backend::Blocking,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(workers: NonZeroUsize) -> Capabilities {
        Capabilities {
            nested_join: true,
            fork_join: true,
            // What `rayon::yield_now` runs, it runs inside of itself.
            alternating: Err(
                "whoever a task gives way to runs on top of it, and would wait for what lies below",
            ),
            ..Capabilities::blocking_pool(workers)
        }
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let workers = workers.get();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(workers)
            .thread_name(|number| format!("rayon-{number}"))
            .build()
            .map_err(io::Error::other)?;
        // Dropping it would end the workers; they serve until the process ends.
        let pool: &'static rayon::ThreadPool = Box::leak(Box::new(pool));
        let (feeder, jobs) = mpsc::channel::<Job>();
        thread::Builder::new().name("rayon-feeder".into()).spawn(move || {
            for job in jobs {
                pool.spawn(job);
            }
        })?;
        Ok(Self { pool, feeder, workers })
    }

    fn card(&self) -> FairnessCard {
        let offload = "runs at once, on the job's worker; a task that awaits a child runs other jobs \
                       meanwhile (rayon::yield_now), and spins between them";
        let mut card = blocking_card(self.workers, offload);
        card.locks = card.locks.replace(FORK, "fork: rayon::join");
        card.borrowed = vec![
            "sockets, timers, files, channels, locks: std, blocking the worker".into(),
            "a feeder thread that submits what workers launch: an mpsc hop and a wake-up a job"
                .into(),
        ];
        card
    }

    fn runtime(&self) -> Self::Runtime {
        Blocking(Pooled(self.pool))
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        let job = isolated(move || poll_once(task));
        if self.pool.current_thread_index().is_none() {
            self.pool.spawn(job);
        } else {
            // The feeder lives as long as this sender.
            let _ = self.feeder.send(job);
        }
    }
}
