//! Smol's executor for one thread: no stealing, no synchronisation between workers.
//!
//! `smol::LocalExecutor` on a thread of its own, which polls the reactor when it has nothing else to do.
//! Its tasks stay on that thread, so whoever spawns finds the executor there, in a thread-local. All else
//! is as in [`super::smol`].

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner,
    discipline::Tasks,
    smol_io::{self, Spawning},
    thread_per_core::{Inbox, Workers},
};
use smol::{LocalExecutor, Task};
use std::{cell::OnceCell, future::Future, io, num::NonZeroUsize};

/// See the module's documentation.
#[derive(Debug)]
pub struct SmolLocal(Workers);

/// The executor of this thread.
#[derive(Clone, Copy, Debug)]
pub struct OfThisThread;

thread_local! {
    /// Leaked: it serves until the process ends.
    static EXECUTOR: OnceCell<&'static LocalExecutor<'static>> = const { OnceCell::new() };
}

impl Spawning for OfThisThread {
    fn spawn<F>(self, task: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let executor = EXECUTOR.with(|executor| executor.get().copied());
        executor.expect("tasks are spawned by tasks, on the worker").spawn(task)
    }
}

impl Runner for SmolLocal {
    type Runtime = smol_io::Smol<OfThisThread>;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "smol-local",
        describes: "smol's executor for one thread over the async-io reactor",
        package: Some("smol"),
        backend: Backend::Epoll,
        one_worker: true,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities::READINESS
    }

    fn start(_workers: NonZeroUsize) -> io::Result<Self> {
        Workers::start("smol-local", NonZeroUsize::MIN, serve).map(Self)
    }

    fn card(&self) -> FairnessCard {
        smol_io::card(self.0.count())
    }

    fn runtime(&self) -> Self::Runtime {
        smol_io::Smol(OfThisThread)
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.0.hand(index, || OfThisThread.spawn(task).detach());
    }
}

fn serve(inbox: Inbox) {
    let executor: &'static LocalExecutor<'static> = Box::leak(Box::default());
    EXECUTOR.with(|place| {
        place.get_or_init(|| executor);
    });
    executor.spawn(inbox.serve()).detach();
    smol::block_on(executor.run(std::future::pending::<()>()));
}
