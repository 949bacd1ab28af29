//! What does the machine cost without any runner, and what does the port cost?
//!
//! Hand-written loops for one workload each, that bypass the port: the *floor* (the least that the
//! machine can do the work with) and *native* counterparts of runners (the same work as one would write
//! it for that runtime alone). They get their turns like every actor and are measured by the same
//! instrument, in processes of their own.

mod floor_epoll;
mod floor_futex;
mod floor_timerfd;
#[cfg(all(feature = "compio", target_os = "linux"))]
mod native_compio;
#[cfg(all(feature = "glommio", target_os = "linux"))]
mod native_glommio;
#[cfg(all(feature = "monoio", target_os = "linux"))]
mod native_monoio;
#[cfg(feature = "smol")]
mod native_smol;
mod native_threads;
#[cfg(feature = "tokio")]
mod native_tokio;
#[cfg(feature = "tokio")]
mod native_tokio_local;
#[cfg(all(feature = "tokio-uring", target_os = "linux"))]
mod native_tokio_uring;

use crate::{Receipt, registry, turn::Opener, turn::Turn};
use simul_workloads::{Parameters, Surroundings};
use std::{io, num::NonZeroUsize};

/// A loop that bypasses the port.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its name in cells.
    pub name: &'static str,
    /// The one workload that it can do.
    pub workload: &'static str,
    /// The runner whose hand-written counterpart it is; `None`: it is the workload's floor.
    pub counterpart_of: Option<&'static str>,
}

/// What a loop gets to know when it is set up.
#[derive(Debug)]
pub struct Site<'a> {
    /// Threads that may work.
    pub workers: NonZeroUsize,
    /// How many actors it drives.
    pub actors: u32,
    /// The workload's parameters, already accepted by the workload.
    pub parameters: &'a Parameters,
    /// Decides everything random, as for the workload.
    pub seed: u64,
    /// Peer and folder.
    pub surroundings: &'a Surroundings,
}

/// All loops.
pub const ALL: &[Profile] = &[
    Profile { name: "floor-epoll", workload: "echo", counterpart_of: None },
    Profile { name: "floor-epoll-hash", workload: "mixed", counterpart_of: None },
    Profile { name: "floor-timerfd", workload: "sleep", counterpart_of: None },
    Profile { name: "floor-futex", workload: "ping-pong", counterpart_of: None },
    Profile { name: "native-threads", workload: "echo", counterpart_of: Some("threads") },
    #[cfg(feature = "tokio")]
    Profile { name: "native-tokio", workload: "echo", counterpart_of: Some("tokio") },
    #[cfg(feature = "tokio")]
    Profile { name: "native-tokio-local", workload: "echo", counterpart_of: Some("tokio-local") },
    #[cfg(feature = "smol")]
    Profile { name: "native-smol", workload: "echo", counterpart_of: Some("smol") },
    #[cfg(all(feature = "monoio", target_os = "linux"))]
    Profile { name: "native-monoio", workload: "echo", counterpart_of: Some("monoio") },
    #[cfg(all(feature = "compio", target_os = "linux"))]
    Profile { name: "native-compio", workload: "echo", counterpart_of: Some("compio") },
    #[cfg(all(feature = "glommio", target_os = "linux"))]
    Profile { name: "native-glommio", workload: "echo", counterpart_of: Some("glommio") },
    #[cfg(all(feature = "tokio-uring", target_os = "linux"))]
    Profile { name: "native-tokio-uring", workload: "echo", counterpart_of: Some("tokio-uring") },
];

/// The loop of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Profile> {
    ALL.iter().find(|profile| profile.name == name)
}

/// The name of a workload's floor: its bare loop, or the runner without concurrency.
#[must_use]
pub fn floor_of(workload: &str) -> &'static str {
    let bare = ALL.iter().find(|bare| bare.workload == workload && bare.counterpart_of.is_none());
    bare.map_or("floor-inline", |bare| bare.name)
}

impl Profile {
    /// The version of what it is written with.
    ///
    /// # Errors
    /// When no version can be found: without one, nothing is measured.
    pub fn receipt(&self) -> Result<Receipt, String> {
        let name = self.counterpart_of.unwrap_or("threads");
        let runner =
            registry::find(name).ok_or_else(|| format!("no runner '{name}' is built in"))?;
        runner.receipt()
    }

    /// Sets the actors up; each waits for its turn.
    ///
    /// # Errors
    /// Whatever the operating system says while connections are opened.
    pub fn start<T: Turn>(&self, site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
        match self.name {
            "floor-epoll" | "floor-epoll-hash" => floor_epoll::start(site, self.workload),
            "floor-timerfd" => floor_timerfd::start(site),
            "floor-futex" => floor_futex::start(site),
            "native-threads" => native_threads::start(site),
            #[cfg(feature = "tokio")]
            "native-tokio" => native_tokio::start(site),
            #[cfg(feature = "tokio")]
            "native-tokio-local" => native_tokio_local::start(site),
            #[cfg(feature = "smol")]
            "native-smol" => native_smol::start(site),
            #[cfg(all(feature = "monoio", target_os = "linux"))]
            "native-monoio" => native_monoio::start(site),
            #[cfg(all(feature = "compio", target_os = "linux"))]
            "native-compio" => native_compio::start(site),
            #[cfg(all(feature = "glommio", target_os = "linux"))]
            "native-glommio" => native_glommio::start(site),
            #[cfg(all(feature = "tokio-uring", target_os = "linux"))]
            "native-tokio-uring" => native_tokio_uring::start(site),
            other => Err(io::Error::other(format!("no bare loop '{other}'"))),
        }
    }
}

/// The size of the messages of `echo`.
fn echo_bytes(site: &Site<'_>) -> io::Result<usize> {
    let bytes = site.parameters.number("bytes", 16, 1 << 20).map_err(io::Error::other)?;
    Ok(bytes as usize)
}

/// Whether an actor's task, which is on a worker's thread, has connected.
#[cfg(any(
    feature = "tokio",
    all(target_os = "linux", any(feature = "compio", feature = "glommio", feature = "monoio"))
))]
fn connection_of(outcome: &std::sync::mpsc::Receiver<io::Result<()>>) -> io::Result<()> {
    outcome.recv().unwrap_or_else(|_| Err(io::Error::other("an actor ended while it connected")))
}
