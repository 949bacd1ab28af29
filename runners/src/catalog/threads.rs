//! One operating-system thread for each task, blocking calls: the model before all others.
//!
//! Stacks have the standard library's default size (2 MiB of address space, touched as needed), since that
//! is what a program gets that asks for nothing.

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner,
    blocking_io::{Blocking, BlockingJoin, Place, poll_once},
    discipline::Tasks,
    runner::blocking_card,
};
use std::{future::Future, io, num::NonZeroUsize, thread};

/// See the module's documentation.
#[derive(Debug)]
pub struct Threads {
    workers: usize,
}

/// Starts a thread for a task.
#[derive(Clone, Copy, Debug)]
pub struct OwnThread;

impl Place for OwnThread {
    fn place<T: Send + 'static>(
        self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> BlockingJoin<T> {
        let thread = thread::spawn(task);
        BlockingJoin::new(move || match thread.join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    fn place_detached(self, task: impl FnOnce() + Send + 'static) {
        // Without a thread the task is dropped, which whoever waits for it notices: a client, for instance, whose
        // connection closes. A panic would take the accept loop of a server along.
        if let Err(error) = thread::Builder::new().spawn(task) {
            eprintln!("no thread for a task: {error}");
        }
    }
}

impl Runner for Threads {
    type Runtime = Blocking<OwnThread>;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "threads",
        describes: "one operating-system thread for each task, blocking calls",
        package: None,
        backend: Backend::Blocking,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities::BLOCKING
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        // Threads start with their tasks; the cores that they may use are the process's affinity.
        Ok(Self { workers: workers.get() })
    }

    fn card(&self) -> FairnessCard {
        blocking_card(self.workers, "runs at once, on the task's own thread")
    }

    fn runtime(&self) -> Self::Runtime {
        Blocking(OwnThread)
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        OwnThread.place_detached(move || poll_once(task));
    }
}
