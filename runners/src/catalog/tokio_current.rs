//! Tokio's current-thread scheduler: one thread, no stealing, no synchronisation between workers.
//!
//! The runtime lives on a thread of its own; the process's main thread only hands tasks over, as for
//! every runner.

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner,
    discipline::Tasks,
    tokio_io::{self, OfThisRuntime},
};
use std::{future::Future, io, num::NonZeroUsize};
use tokio::{runtime::Builder, runtime::Handle, sync::oneshot};

/// See the module's documentation.
#[derive(Debug)]
pub struct TokioCurrent {
    handle: Handle,
    /// The runtime's thread goes when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Runner for TokioCurrent {
    type Runtime = tokio_io::Tokio<OfThisRuntime>;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "tokio-current",
        describes: "tokio's current-thread scheduler, on one thread",
        package: Some("tokio"),
        backend: Backend::Epoll,
        one_worker: true,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities::READINESS
    }

    fn start(_workers: NonZeroUsize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("tokio-current".into()).spawn(move || {
            // An error is the other half being dropped: the same signal.
            runtime.block_on(async { stopped.await.unwrap_or(()) });
        })?;
        Ok(Self { handle, _stop: stop })
    }

    fn card(&self) -> FairnessCard {
        tokio_io::card(1)
    }

    fn runtime(&self) -> Self::Runtime {
        tokio_io::Tokio(OfThisRuntime)
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(task));
    }
}
