//! Can a runner run here, and does it wait with what its name promises?
//!
//! First what it needs of the machine is looked at ([`Runner::missing`]), for a reason and a remedy that
//! help; then it is started, and does a little work over loopback, of which each reply is held back until
//! the kernel has been asked who waits for it ([`crate::backend`]). Must run in a process of its own: some
//! runtimes panic where they cannot start, and all leave threads. It must not know who asks.

#[cfg(all(feature = "io-uring", target_os = "linux"))]
pub mod io_uring;

use crate::{
    Runner,
    backend::{self, Backend, Sighting},
};
use serde::{Deserialize, Serialize};
use simul_workloads::{Buffer, Runtime, Stream};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    num::NonZeroUsize,
    sync::mpsc,
    thread,
    time::Duration,
};

/// Whether a runner can be measured on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Availability {
    /// It runs, and waits with what its name promises.
    Available {
        /// What that is, as looked up; `None` where this system does not show it.
        backend: Option<Backend>,
    },
    /// It does not run here.
    Unavailable(Missing),
    /// It runs, but waits with something else.
    Degraded {
        /// What it waits with here.
        backend: Backend,
        /// What its name promises.
        promised: Backend,
    },
}

/// What a runner lacks here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Why it cannot run, in a few words.
    pub reason: String,
    /// What the user can do about it.
    pub remedy: String,
}

impl Availability {
    /// Why it is not measured under its name, and what can be done; `None` when it is.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Available { .. } => None,
            Self::Unavailable(Missing { reason, remedy }) => Some(format!("{reason}; {remedy}")),
            Self::Degraded { backend, promised } => {
                let (found, promised) = (backend.name(), promised.name());
                Some(format!(
                    "it would wait with {found} here, and its name promises {promised}; a fallback is \
                     not measured under the name of what it replaces"
                ))
            }
        }
    }
}

/// Tries a runner out, with one worker.
#[must_use]
pub fn probe<R: Runner>() -> Availability {
    if let Some(missing) = R::missing() {
        return Availability::Unavailable(missing);
    }
    let failed = |what: &str, error: io::Error| {
        Availability::Unavailable(Missing {
            reason: format!("{what}: {error}"),
            remedy: "see: strace -f simul probe RUNNER".replace("RUNNER", R::PROFILE.name),
        })
    };
    let runner = match R::start(NonZeroUsize::MIN) {
        Ok(runner) => runner,
        Err(error) => return failed("it does not start", error),
    };
    let promised = R::PROFILE.backend;
    match look_up(&runner) {
        Ok(Some(backend)) if backend != promised => Availability::Degraded { backend, promised },
        Ok(backend) => Availability::Available { backend },
        Err(error) => failed("its probe failed", error),
    }
}

/// How many replies are held back. Each must show the same.
const REPLIES: usize = 4;

/// What is waited for at most, at each step of the probe.
const PATIENCE: Duration = Duration::from_secs(10);

/// Has the runner, which has started in this process, wait for replies that are held back; returns what it
/// waits with, or `None` where the system does not show it.
///
/// # Errors
/// The work failed or did not end.
pub fn look_up<R: Runner>(runner: &R) -> io::Result<Option<Backend>> {
    let mut peer = Peer::start()?;
    let (ended, end) = mpsc::channel();
    let (runtime, address) = (runner.runtime(), peer.address);
    runner.launch(0, async move {
        // Nobody listens any more when the probe was given up.
        let _ = ended.send(exchange(runtime, address).await);
    });
    let mut sightings = Vec::with_capacity(REPLIES);
    let mut completions = Vec::with_capacity(REPLIES);
    let mut rests = true;
    for _ in 0..REPLIES {
        let local = match peer.asked.recv_timeout(PATIENCE) {
            Ok(local) => local,
            Err(_) => break,
        };
        if !sightings.is_empty() {
            completions.push(backend::completions().unwrap_or(0));
        }
        // Where one never rests, it is not waited for again.
        rests = rests && settle();
        sightings.push(Sighting::of(local, address).ok().filter(|_| rests));
        peer.answer();
    }
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "its work does not end");
    end.recv_timeout(PATIENCE).map_err(late)??;
    completions.push(backend::completions().unwrap_or(0));
    let verdicts = sightings.into_iter().zip(completions);
    let mut verdicts = verdicts.filter_map(|(seen, after)| seen?.verdict(after));
    let first = verdicts.next();
    // Replies that were waited for in different ways show nothing.
    Ok(first.filter(|first| verdicts.all(|other| other == *first)))
}

/// What the runner does: asks and waits for the reply, some times.
async fn exchange<R: Runtime>(runtime: R, peer: SocketAddr) -> io::Result<()> {
    let mut connection = runtime.connect(peer).await?;
    let mut buffer = Buffer::filled(b'?', 1);
    for _ in 0..REPLIES {
        buffer = connection.write_all(buffer).await?;
        buffer = connection.read_exact(buffer).await?;
    }
    Ok(())
}

/// Looks until every other thread waits for something: then so does the worker, for its reply. `false` where
/// one never rests.
fn settle() -> bool {
    // Twice, since a worker may be between two calls.
    let mut quiet = 0;
    for _ in 0..10_000 {
        quiet = if backend::all_others_wait().unwrap_or(true) { quiet + 1 } else { 0 };
        if quiet == 2 {
            return true;
        }
        thread::sleep(Duration::from_micros(200));
    }
    false
}

/// The other end: reads a byte, says so, and answers only when it is told to.
struct Peer {
    address: SocketAddr,
    /// The runner's end of the connection, for each byte that has come.
    asked: mpsc::Receiver<SocketAddr>,
    answers: mpsc::Sender<()>,
}

impl Peer {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (ask, asked) = mpsc::channel();
        let (answers, told) = mpsc::channel();
        let serve = move || -> io::Result<()> {
            let (mut connection, from) = listener.accept()?;
            connection.set_nodelay(true)?;
            let mut byte = [0];
            // It ends when the runner closes, or when the probe has been given up.
            while connection.read_exact(&mut byte).is_ok() && ask.send(from).is_ok() {
                if told.recv().is_err() {
                    break;
                }
                connection.write_all(&byte)?;
            }
            Ok(())
        };
        thread::Builder::new().name("probe-peer".into()).spawn(serve)?;
        Ok(Self { address, asked, answers })
    }

    fn answer(&mut self) {
        // If the peer is gone, the runner's work fails, and that is noticed.
        let _ = self.answers.send(());
    }
}
