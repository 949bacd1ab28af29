//! Monoio over io_uring: a thread per core, completions, no stealing.
//!
//! The driver is named, never `FusionDriver`, which would fall back to epoll where io_uring is missing and
//! still be called monoio. Tasks stay on the worker that they were dealt to. The port is
//! [`crate::monoio_io`].

use crate::{
    Backend, Capabilities, FairnessCard, How, Intake, Profile, Runner,
    discipline::Tasks,
    monoio_io::{self, Monoio as Port},
    probe::{Missing, io_uring},
    thread_per_core::{Inbox, Workers},
};
use monoio::IoUringDriver;
use std::{future::Future, io, num::NonZeroUsize};

/// See the module's documentation.
#[derive(Debug)]
pub struct Monoio(Workers);

impl Runner for Monoio {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "monoio",
        describes: "monoio, a thread per core, over io_uring",
        package: Some("monoio"),
        backend: Backend::IoUring,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities {
            processes: How::Absent("monoio has none"),
            intake: Intake::PerWorker,
            ..Capabilities::COMPLETION
        }
    }

    fn missing() -> Option<Missing> {
        io_uring::missing(io_uring::PLAIN)
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        Workers::start("monoio", workers, serve).map(Self)
    }

    fn card(&self) -> FairnessCard {
        let files = "completions of the ring";
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
    monoio_io::serve!(IoUringDriver, inbox);
}
