//! Monoio over epoll: its `LegacyDriver`, a thread per core, readiness, no stealing.
//!
//! What monoio is without io_uring, under a name of its own. Files block the worker. The port is
//! [`crate::monoio_io`].

use crate::{
    Backend, Capabilities, FairnessCard, How, Intake, Profile, Runner,
    discipline::Tasks,
    monoio_io::{self, Monoio as Port},
    thread_per_core::{Inbox, Workers},
};
use monoio::LegacyDriver;
use std::{future::Future, io, num::NonZeroUsize};

/// See the module's documentation.
#[derive(Debug)]
pub struct MonoioLegacy(Workers);

impl Runner for MonoioLegacy {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "monoio-legacy",
        describes: "monoio, a thread per core, over its epoll driver",
        package: Some("monoio"),
        backend: Backend::Epoll,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities {
            files: How::Blocking,
            processes: How::Absent("monoio has none"),
            intake: Intake::PerWorker,
            ..Capabilities::READINESS
        }
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        Workers::start("monoio-legacy", workers, serve).map(Self)
    }

    fn card(&self) -> FairnessCard {
        let files = "pread on the worker's own thread, which waits meanwhile";
        monoio_io::card(self.0.count(), Self::PROFILE.backend.name(), files)
    }

    fn runtime(&self) -> Port {
        Port
    }

    fn dealt(&self) -> usize {
        self.0.count()
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.0.hand(index, || monoio_io::launch(task));
    }
}

fn serve(inbox: Inbox) {
    monoio_io::serve!(LegacyDriver, inbox);
}
