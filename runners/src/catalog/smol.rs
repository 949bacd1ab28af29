//! Smol: one `async-executor` on as many threads as there are workers, each of which also polls the
//! `async-io` reactor when it has nothing else to do.
//!
//! The executor is one of our own, not `smol::spawn`'s global one, whose number of threads is read from
//! the environment. Sockets and timers are `async-io`, files and heavy work go to the `blocking` pool, and
//! channels are `async-channel`: all of them smol's own parts under its re-exports
//! ([`crate::smol_io`]).

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner,
    discipline::Tasks,
    smol_io::{self, Spawning},
};
use smol::{Executor, Task};
use std::{future::Future, io, num::NonZeroUsize, thread};

/// See the module's documentation.
#[derive(Debug)]
pub struct Smol {
    executor: Shared,
    workers: usize,
}

/// The executor of all workers.
#[derive(Clone, Copy, Debug)]
pub struct Shared(&'static Executor<'static>);

impl Spawning for Shared {
    fn spawn<F>(self, task: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(task)
    }
}

impl Runner for Smol {
    type Runtime = smol_io::Smol<Shared>;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "smol",
        describes: "smol's work-stealing executor over the async-io reactor",
        package: Some("smol"),
        backend: Backend::Epoll,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities::READINESS
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let workers = workers.get();
        // The threads run it until the process ends.
        let executor: &'static Executor<'static> = Box::leak(Box::new(Executor::new()));
        for number in 0..workers {
            let run = || smol::block_on(executor.run(std::future::pending::<()>()));
            thread::Builder::new().name(format!("smol-{number}")).spawn(run)?;
        }
        Ok(Self { executor: Shared(executor), workers })
    }

    fn card(&self) -> FairnessCard {
        smol_io::card(self.workers)
    }

    fn runtime(&self) -> Self::Runtime {
        smol_io::Smol(self.executor)
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.executor.0.spawn(task).detach();
    }
}
