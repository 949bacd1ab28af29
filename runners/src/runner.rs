//! What does a runner owe to whoever starts it?
//!
//! It says what it is (profile, capabilities, version receipt), starts its workers, states how it does
//! things on this machine (fairness card), and places top-level tasks on its workers, never on the
//! thread that started it. Next: one file of [`crate::catalog`].

use crate::{Backend, Capabilities, Discipline, probe::Missing};
use serde::{Deserialize, Serialize};
use simul_workloads::Runtime;
use std::{future::Future, io, num::NonZeroUsize};

include!(concat!(env!("OUT_DIR"), "/locked.rs"));

/// One concurrency model.
pub trait Runner: Sized + Send + Sync + 'static {
    /// Its implementation of the port.
    type Runtime: Runtime;
    /// How actors come to their operations on it: `Tasks`, `Jobs` or `InTurn`.
    type Discipline: Discipline;

    /// What it is, for lists and reports.
    const PROFILE: Profile;

    /// What it can do with this many workers.
    fn capabilities(workers: NonZeroUsize) -> Capabilities;

    /// Environment variables that the process must have had when it began, for runtimes that can be
    /// told the number of their threads in no other way. Whoever starts the process sets them; it cannot
    /// do so itself, since changing the environment of a running process is unsafe.
    #[must_use]
    fn environment(_workers: NonZeroUsize) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// What it lacks on this machine, if anything, as far as that shows without starting it. Asked in a
    /// process of its own ([`crate::probe`]).
    #[must_use]
    fn missing() -> Option<Missing> {
        None
    }

    /// Starts the workers. Called once in a process, from its main thread, which stays outside.
    ///
    /// # Errors
    /// Whatever the operating system says: no thread, no descriptor left. `InvalidInput` when a variable
    /// of [`Runner::environment`] is not what it must be.
    fn start(workers: NonZeroUsize) -> io::Result<Self>;

    /// How it does things here and now.
    fn card(&self) -> FairnessCard;

    /// The handle that tasks use.
    fn runtime(&self) -> Self::Runtime;

    /// Over how many workers top-level tasks are dealt out by their index, to stay there; 1 where it is the
    /// runtime's business which worker runs what.
    fn dealt(&self) -> usize {
        1
    }

    /// Starts a top-level task where this runner would put it, and lets it run to its end. May be called
    /// from any thread. `index` counts the top-level tasks, for runners that deal them out.
    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static);
}

/// What a runner is.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its name on the command line and in cells.
    pub name: &'static str,
    /// The model in one sentence.
    pub describes: &'static str,
    /// The crate that it stands on; `None`: the standard library.
    pub package: Option<&'static str>,
    /// What its name promises that it waits with.
    pub backend: Backend,
    /// Whether it has one worker by design, however many cores there are.
    pub one_worker: bool,
    /// A warning that belongs to its name, such as "discontinued upstream".
    pub caveat: Option<&'static str>,
}

impl Profile {
    /// Which version is built in, and how that is known.
    ///
    /// # Errors
    /// When no version can be found: without one, nothing is measured.
    pub fn receipt(&self) -> Result<Receipt, String> {
        let (name, version, source) = match self.package {
            None => ("std", RUSTC, "rustc --version"),
            Some(package) => {
                let locked = LOCKED.iter().find(|locked| locked.0 == package);
                (package, locked.map_or("", |locked| locked.1), "Cargo.lock")
            }
        };
        if version.is_empty() {
            return Err(format!(
                "{source} names no version of '{name}'; build from the repository"
            ));
        }
        Ok(Receipt { package: name.into(), version: version.into(), source: source.into() })
    }
}

/// Proof of the version that was built in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The crate, or `std`.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Where the version was read.
    pub source: String,
}

/// What still differs between runners although the work is the same. Printed with the results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FairnessCard {
    /// Threads that run tasks.
    pub workers: usize,
    /// What it promises to wait with: `blocking`, `epoll`, `io_uring`. What it really uses is looked up.
    pub backend: String,
    /// Where its timers come from, and their grain.
    pub timers: String,
    /// How it reads files.
    pub files: String,
    /// Its sockets and their options.
    pub sockets: String,
    /// Its channels.
    pub channels: String,
    /// Its locks, semaphores, and queues of many takers; and how it forks.
    pub locks: String,
    /// How it runs heavy or blocking work.
    pub offload: String,
    /// Parts that come from another crate than the runtime's own.
    pub borrowed: Vec<String>,
}

impl FairnessCard {
    /// The card of a loop that bypasses the port: it has what its code has.
    #[must_use]
    pub fn of_bare_loop(workers: usize) -> Self {
        let bare = || "hand-written for this workload alone".to_owned();
        Self {
            workers,
            backend: bare(),
            timers: bare(),
            files: bare(),
            sockets: bare(),
            channels: bare(),
            locks: bare(),
            offload: bare(),
            borrowed: Vec::new(),
        }
    }
}

/// How a runner over [`crate::blocking_io`] forks, unless it has a way of its own.
pub(crate) const FORK: &str = "fork: left as a task, right here";

/// The card of a runner over [`crate::blocking_io`].
pub(crate) fn blocking_card(workers: usize, offload: &str) -> FairnessCard {
    FairnessCard {
        workers,
        backend: "blocking".into(),
        timers: "std::thread::sleep, with the thread's timer slack".into(),
        files: "pread on the task's thread".into(),
        sockets: "std::net, blocking, TCP_NODELAY".into(),
        channels: "std::sync::mpsc::sync_channel".into(),
        locks: format!(
            "std::sync::Mutex; semaphore: a Mutex and a Condvar; queue: an mpsc receiver behind a Mutex; {FORK}"
        ),
        offload: offload.into(),
        borrowed: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_is_not_locked_has_no_receipt() {
        let profile = Profile {
            name: "nothing",
            describes: "",
            package: Some("no-such-crate"),
            backend: Backend::Blocking,
            one_worker: false,
            caveat: None,
        };
        assert_eq!(
            profile.receipt().unwrap_err(),
            "Cargo.lock names no version of 'no-such-crate'; build from the repository"
        );
    }
}
