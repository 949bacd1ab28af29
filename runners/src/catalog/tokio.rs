//! Tokio's multi-threaded, work-stealing scheduler.

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner,
    discipline::Tasks,
    tokio_io::{self, OfThisRuntime},
};
use std::{future::Future, io, num::NonZeroUsize};
use tokio::runtime::Builder;

/// See the module's documentation.
#[derive(Debug)]
pub struct Tokio {
    runtime: tokio::runtime::Runtime,
    workers: usize,
}

impl Runner for Tokio {
    type Runtime = tokio_io::Tokio<OfThisRuntime>;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "tokio",
        describes: "tokio's multi-threaded scheduler, with work stealing",
        package: Some("tokio"),
        backend: Backend::Epoll,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities::READINESS
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let workers = workers.get();
        let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
        Ok(Self { runtime, workers })
    }

    fn card(&self) -> FairnessCard {
        tokio_io::card(self.workers)
    }

    fn runtime(&self) -> Self::Runtime {
        tokio_io::Tokio(OfThisRuntime)
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(task));
    }
}
