//! A fixed number of threads and one global queue, first in, first out; blocking calls.
//!
//! The queue is a `VecDeque` behind a `Mutex`, with a `Condvar` for the idle: what one writes without a
//! crate, and what most small pools are. A job that waits holds its thread, so no more tasks can wait for
//! one another than there are threads.

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner,
    blocking_io::{Blocking, BlockingJoin, Place, poll_once},
    discipline::Jobs,
    job::{Job, isolated, with_outcome},
    runner::blocking_card,
};
use std::{
    collections::VecDeque,
    future::Future,
    io,
    num::NonZeroUsize,
    sync::{Condvar, Mutex, PoisonError},
    thread,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct ThreadPool {
    queue: &'static Queue,
    workers: usize,
}

/// The global queue, which lives as long as the process.
#[derive(Default)]
pub struct Queue {
    jobs: Mutex<VecDeque<Job>>,
    filled: Condvar,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    fn push(&self, job: Job) {
        // Jobs run outside of the lock, so no panic leaves the queue half changed.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        self.filled.notify_one();
    }

    fn pop(&self) -> Job {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match jobs.pop_front() {
                Some(job) => return job,
                None => jobs = self.filled.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Puts a task at the tail of the queue.
#[derive(Clone, Copy, Debug)]
pub struct Queued(&'static Queue);

impl Place for Queued {
    fn place<T: Send + 'static>(
        self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> BlockingJoin<T> {
        let (job, outcome) = with_outcome(task);
        self.0.push(job);
        BlockingJoin::new(move || outcome.wait())
    }

    fn place_detached(self, task: impl FnOnce() + Send + 'static) {
        self.0.push(isolated(task));
    }
}

impl Runner for ThreadPool {
    type Runtime = Blocking<Queued>;
    type Discipline = Jobs;

    const PROFILE: Profile = Profile {
        name: "thread-pool",
        describes: "a fixed number of threads and one global queue, blocking calls",
        package: None,
        backend: Backend::Blocking,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(workers: NonZeroUsize) -> Capabilities {
        Capabilities::blocking_pool(workers)
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let workers = workers.get();
        // The threads serve it until the process ends.
        let queue: &'static Queue = Box::leak(Box::default());
        for _ in 0..workers {
            let serve = || loop {
                queue.pop()();
            };
            thread::Builder::new().name("thread-pool".into()).spawn(serve)?;
        }
        Ok(Self { queue, workers })
    }

    fn card(&self) -> FairnessCard {
        let offload = "runs at once, on the job's thread of the pool (one FIFO queue of a Mutex and a \
                       Condvar)";
        blocking_card(self.workers, offload)
    }

    fn runtime(&self) -> Self::Runtime {
        Blocking(Queued(self.queue))
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        Queued(self.queue).place_detached(move || poll_once(task));
    }
}
