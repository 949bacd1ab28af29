//! How is a runner put behind a port, and taken away again?
//!
//! The server's half of a trial, and all of `simul serve`: one workload at `/`, every route beside it, one runner.
//! Nothing is measured in here; whoever asks has the clock. It must not know who that is. Next:
//! `simul_runners::server` for the sockets, `simul_workloads::server` for what is done with a request.

use super::{CLOSING, Costs, Refusal, costs, failed, finished, in_words};
use crate::protocol::{Order, Ready, Reply, Spec};
use nix::{
    sys::memfd::{MFdFlags, memfd_create},
    unistd::Pid,
};
use signal_hook::{consts::SIGTERM, iterator::Signals};
use simul_results::State;
use simul_runners::{
    FairnessCard, Intake, Receipt, Runner,
    server::{self, Serving},
};
use simul_workloads::server::{
    Route, Site,
    call::call_of,
    routes::{FILE_BYTES, pattern},
};
use std::{
    fs::File,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    os::fd::AsRawFd,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// A runner that serves.
pub struct Server {
    serving: Serving,
    /// Threads that run tasks.
    pub workers: usize,
    /// How connections come to the runner.
    pub intake: Intake,
    receipt: Receipt,
    card: FairnessCard,
    one_worker: bool,
    /// The file that is served, in memory, and gone with this process however that ends.
    _file: File,
}

/// What to serve, and how.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The workload at `/`, with its parameters.
    pub workload: &'a str,
    /// Who serves.
    pub runner: &'a str,
    /// Threads that may run tasks.
    pub workers: NonZeroUsize,
    /// Where.
    pub on: SocketAddr,
}

/// Why there is no server.
#[derive(Debug)]
pub enum Trouble {
    /// This runner cannot serve, or no route does this work.
    NotApplicable(String),
    /// The runner does not start here.
    Unavailable(String),
    /// The address cannot be had.
    Address(io::Error),
    /// Something broke.
    Failed(String),
}

/// Descriptors that a server needs besides one for each connection.
const OWN_DESCRIPTORS: u64 = 64;
/// So long nothing may be in hand before a signal ends a server: what lies in the sockets' buffers must get to a
/// task.
const QUIET: Duration = Duration::from_millis(100);
/// How often it is looked whether all is answered.
const LOOK: Duration = Duration::from_millis(1);

/// Starts to serve.
///
/// # Errors
/// See [`Trouble`].
pub fn start(offer: &Offer<'_>) -> Result<Server, Trouble> {
    let route = call_of(offer.workload).map_err(Trouble::NotApplicable)?.route;
    let name = offer.runner;
    simul_runners::registry::visit(name, OnRunner { offer, route })
        .unwrap_or_else(|| Err(Trouble::Failed(format!("no runner '{name}'"))))
}

struct OnRunner<'a> {
    offer: &'a Offer<'a>,
    route: Route,
}

impl simul_runners::registry::Visitor for OnRunner<'_> {
    type Output = Result<Server, Trouble>;

    fn visit<R: Runner>(self) -> Self::Output {
        let Offer { workers, on, .. } = *self.offer;
        let intake = R::capabilities(workers).intake;
        if let Intake::Absent(reason) = intake {
            return Err(Trouble::NotApplicable(reason.into()));
        }
        if let Some(missing) = R::missing() {
            return Err(Trouble::Unavailable(format!("{}; {}", missing.reason, missing.remedy)));
        }
        crate::descriptors::raise();
        let receipt = R::PROFILE.receipt().map_err(Trouble::Failed)?;
        let (file, path) = pattern_file()
            .map_err(|error| Trouble::Failed(format!("no file in memory: {error}")))?;
        let runner = R::start(workers).map_err(|error| Trouble::Unavailable(error.to_string()))?;
        let card = runner.card();
        let site = Site::new(Some(self.route), path.into());
        let serving = server::start(runner, workers, site, on).map_err(Trouble::Address)?;
        Ok(Server {
            serving,
            workers: card.workers,
            intake,
            receipt,
            card,
            one_worker: R::PROFILE.one_worker,
            _file: file,
        })
    }
}

/// A file that holds the pattern, and where runners find it. It has no name in any folder, so nothing can be left
/// behind; and it is in memory, so no disk is measured.
fn pattern_file() -> io::Result<(File, String)> {
    let mut file = File::from(memfd_create(c"simul-served", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(&pattern(FILE_BYTES as usize))?;
    // Not `self`: a ring's kernel threads are not this process everywhere.
    let path = format!("/proc/{}/fd/{}", Pid::this(), file.as_raw_fd());
    Ok((file, path))
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.serving.address
    }

    /// Stops accepting and waits until all is answered: for `quiet` nothing may be in hand, since what lies in the
    /// sockets' buffers must first get to a task. The number of requests that are not answered within
    /// `patience`.
    #[must_use]
    pub fn stop(&self, quiet: Duration, patience: Duration) -> usize {
        self.serving.stop();
        let begun = Instant::now();
        let mut quiet_since = None;
        loop {
            let (busy, now) = (self.serving.site().busy(), Instant::now());
            match (busy, quiet_since) {
                (0, None) => quiet_since = Some(now),
                (0, Some(since)) if now.duration_since(since) >= quiet => return 0,
                (0, Some(_)) => {}
                _ => quiet_since = None,
            }
            if begun.elapsed() >= patience {
                return busy;
            }
            thread::sleep(LOOK);
        }
    }

    pub(super) fn ready(&self) -> Ready {
        let Receipt { package, version, source } = self.receipt.clone();
        let mut card = in_words(&self.card);
        card.insert("intake".into(), self.intake.in_words().into());
        Ready {
            pid: std::process::id() as i32,
            receipt: Some((package, version, source)),
            card,
            one_worker: self.one_worker,
            actors_anonymous_bytes: None,
            address: Some(self.address()),
        }
    }

    pub(super) fn obey(&self, order: Order) -> Reply {
        if order != Order::Finish {
            return failed("a server works when it is asked, not when it is ordered".into());
        }
        let (costs, backend) = (Costs::read(), costs::backend());
        match self.stop(Duration::ZERO, CLOSING) {
            0 => Reply::Finished(finished(&costs, backend, 0)),
            left => failed(format!("{left} requests were not answered when the server was to end")),
        }
    }
}

/// The server of a trial, on a port of its own.
pub(super) fn for_trial(spec: &Spec) -> Result<Arc<Server>, Refusal> {
    let (wanted, most) = (u64::from(spec.actors) + OWN_DESCRIPTORS, crate::descriptors::raise());
    if wanted > most {
        let reason = format!(
            "{} connections need {wanted} descriptors, and this process may have {most}; raise the limit \
             with ulimit -n",
            spec.actors
        );
        return Err(Refusal { state: State::Unavailable, reason });
    }
    let offer = Offer {
        workload: &spec.workload,
        runner: &spec.runner,
        workers: super::workers(spec)?,
        on: (Ipv4Addr::LOCALHOST, 0).into(),
    };
    let server = start(&offer).map_err(|trouble| match trouble {
        Trouble::NotApplicable(reason) => Refusal { state: State::NotApplicable, reason },
        Trouble::Unavailable(reason) => Refusal { state: State::Unavailable, reason },
        Trouble::Address(error) => Refusal::failed(format!("no port: {error}")),
        Trouble::Failed(reason) => Refusal::failed(reason),
    })?;
    let server = Arc::new(server);
    end_by_signal(Arc::clone(&server))
        .map_err(|error| Refusal::failed(format!("signals cannot be caught: {error}")))?;
    Ok(server)
}

/// Ends the process by SIGTERM, once what is in flight has been answered.
fn end_by_signal(server: Arc<Server>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        if signals.forever().next().is_some() {
            let left = server.stop(QUIET, CLOSING);
            std::process::exit(i32::from(left > 0));
        }
    })?;
    Ok(())
}
