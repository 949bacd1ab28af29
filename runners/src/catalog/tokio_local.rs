//! Tokio, a thread per core: each worker has a current-thread scheduler and a `LocalSet` of its own.
//!
//! Tasks stay on the worker that they were dealt to, with all that they spawn: no stealing, no
//! synchronisation between workers. All parts are tokio's ([`crate::tokio_io`]).

use crate::{
    Backend, Capabilities, FairnessCard, Intake, Profile, Runner,
    discipline::Tasks,
    thread_per_core::{Inbox, Workers},
    tokio_io::{self, OfThisThread, Spawning},
};
use std::{future::Future, io, num::NonZeroUsize};
use tokio::{runtime::Builder, task::LocalSet};

/// See the module's documentation.
#[derive(Debug)]
pub struct TokioLocal(Workers);

impl Runner for TokioLocal {
    type Runtime = tokio_io::Tokio<OfThisThread>;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "tokio-local",
        describes: "a current-thread tokio with a LocalSet on each core, no stealing",
        package: Some("tokio"),
        backend: Backend::Epoll,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities { intake: Intake::PerWorker, ..Capabilities::READINESS }
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        Workers::start("tokio-local", workers, serve).map(Self)
    }

    fn card(&self) -> FairnessCard {
        tokio_io::card(self.0.count())
    }

    fn runtime(&self) -> Self::Runtime {
        tokio_io::Tokio(OfThisThread)
    }

    fn dealt(&self) -> usize {
        self.0.count()
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.0.hand(index, || drop(OfThisThread.spawn(task)));
    }
}

fn serve(inbox: Inbox) {
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let tasks = LocalSet::new();
            tasks.spawn_local(inbox.serve());
            tasks.block_on(&runtime, std::future::pending::<()>());
        }
        Err(error) => inbox.refuse(error),
    }
}
