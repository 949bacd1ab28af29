//! What does a workload owe to whoever drives it?
//!
//! It opens a state for each actor, does one operation at a time on it, and closes it; it says what each
//! operation must have done ([`Workload::expected`]). It never loops, and never sees a clock: loop, gate,
//! deadline and recorder are the driver's (`harness/src/trial/`).

use crate::{
    Digest, Figure, Ledger, Needs, ParameterError, Parameters, Port, Runtime, ServiceAccess,
    ledger::Lap, server::Call,
};
use serde::{Deserialize, Serialize};
use std::{future::Future, io, net::SocketAddr, path::Path, path::PathBuf, time::Duration};

/// One kind of operation, written once for all runners.
pub trait Workload: Sized + Send + Sync + 'static {
    /// What an actor keeps between its operations: a connection, a buffer.
    type State<R: Runtime>: Send + 'static;

    /// Which way its calls take to the runner: [`DirectSession`](crate::DirectSession),
    /// [`DirectBatch`](crate::DirectBatch) or [`Erased`](crate::Erased).
    type Port: Port;

    /// What it is, for lists and reports.
    const PROFILE: Profile;

    /// Builds the workload from checked parameters; `seed` decides everything that is random.
    ///
    /// # Errors
    /// A parameter out of its range.
    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError>;

    /// What a trial with this many actors needs.
    fn needs(&self, actors: u32) -> Needs;

    /// Puts up what the actors share, once in a trial and before any of them opens: files, for instance.
    /// Ordinary blocking code; no runner is involved.
    ///
    /// # Errors
    /// Whatever the operating system says; `Unsupported`, with what is to be done, where the machine lacks something.
    fn prepare(&self, _surroundings: &Surroundings) -> io::Result<()> {
        Ok(())
    }

    /// Proves, after everything has been measured, that what `prepare` put up was there to the end. For whoever
    /// prepares on behalf of a program that is not this one; actors of the port prove it when they close.
    ///
    /// # Errors
    /// Why the measurement cannot be relied on.
    fn verify(&self, _surroundings: &Surroundings) -> io::Result<()> {
        Ok(())
    }

    /// Sets up one actor, before anything is measured.
    fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> impl Future<Output = io::Result<Self::State<R>>> + Send;

    /// Readies one actor at the beginning of a slice, before its first operation, outside of what is measured.
    fn begin<R: Runtime>(
        &self,
        _runtime: R,
        _state: &mut Self::State<R>,
    ) -> impl Future<Output = io::Result<()>> + Send {
        async { Ok(()) }
    }

    /// Does one operation, and tells what it did.
    fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> impl Future<Output = io::Result<Digest>> + Send;

    /// Takes one actor down, after everything has been measured.
    fn close<R: Runtime>(
        &self,
        runtime: R,
        state: Self::State<R>,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// The oracle: what the `index`th operation (from 0) of an actor must have done. Must not reuse the
    /// code that did it where an independent way is at hand.
    fn expected(&self, actor: u32, index: u64) -> Digest;

    /// The request that stands for an operation where the runner is the server.
    ///
    /// # Errors
    /// Why there is none: no route does this work, or none with these parameters.
    fn call(&self) -> Result<Call, String> {
        Err(format!("no route of the servers does the work of '{}'", Self::PROFILE.name))
    }

    /// The time that this operation asks to wait; by default none. An operation that ends sooner is wrong work. For
    /// [`Measure::Lateness`] it is taken off what is recorded.
    #[inline]
    fn asked(&self, _actor: u32, _index: u64) -> Duration {
        Duration::ZERO
    }

    /// For [`Measure::Lateness`] against a schedule that goes on whatever operations take: when the last operation
    /// on this state was due. One that ends before it is wrong work. `None`: there is no schedule, and
    /// [`Workload::asked`] holds.
    #[inline]
    fn due<R: Runtime>(&self, _state: &Self::State<R>) -> Option<Lap> {
        None
    }

    /// For [`Measure::Makespan`]: how long an operation would take if waiting overlapped perfectly and nothing
    /// else cost anything; `None` where that cannot be said.
    fn ideal(&self) -> Option<Duration> {
        None
    }

    /// For operations that take longer than a second where nothing overlaps: about how long that is. They are awaited
    /// so much longer at the end of a slice.
    fn at_worst(&self) -> Duration {
        Duration::ZERO
    }

    /// The computing whose amount is to be measured out before a run, if its parameters leave that open.
    fn calibration(&self) -> Option<Calibration> {
        None
    }
}

/// Computing that is given as a time, but must be the same amount for all: it is measured out once, before anything
/// is measured, and the amount put in the place of a parameter. A loop that looks at the clock would do less work
/// the more it is disturbed.
#[derive(Clone, Copy, Debug)]
pub struct Calibration {
    /// The parameter that says how many rounds of it are done.
    pub parameter: &'static str,
    /// Does so many rounds on the calling thread.
    pub work: fn(u64),
    /// How long they are to last.
    pub lasts: Duration,
}

/// What a workload is, for lists and reports.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its name on the command line and in cells.
    pub name: &'static str,
    /// The question that it answers, in one sentence.
    pub question: &'static str,
    /// What it mostly exercises.
    pub class: Class,
    /// Whether actors keep a connection or operations are independent jobs.
    pub shape: Shape,
    /// What is recorded per operation.
    pub measure: Measure,
    /// Its parameters with defaults, the one that cells show first.
    pub parameters: &'static [(&'static str, &'static str)],
    /// How many actors take part unless told otherwise.
    pub actors: u32,
    /// What it reports besides its times.
    pub figures: &'static [Figure],
}

/// What a workload mostly exercises; decides the default placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Waiting for a peer or a disk.
    Io,
    /// Computing.
    Cpu,
    /// Tasks that wait for one another, or for time.
    Sync,
    /// Both I/O and CPU.
    Mixed,
}

impl Class {
    /// Its name in lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Cpu => "cpu",
            Self::Sync => "sync",
            Self::Mixed => "mixed",
        }
    }
}

/// How operations reach the runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Actors live through the whole trial, with their connections, and do one operation after the other.
    Session,
    /// Each operation is a job of its own, so many outstanding at a time. Right for work that can finish
    /// without suspending: looping actors would starve one another (measured: 2 of 32 ran on tokio).
    Batch,
}

/// What is recorded per operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// From the end of the same actor's previous operation (its first: from the opening of the gate) to
    /// completion, so that waits in every queue count.
    Service,
    /// How much longer it took than the time that was asked for.
    Lateness,
    /// The whole duration of a compound operation.
    Makespan,
}

impl Measure {
    /// Its name in cells and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Lateness => "lateness",
            Self::Makespan => "makespan",
        }
    }
}

/// What the harness has put up around a trial.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Surroundings {
    /// Where the peer listens, if the workload needs one.
    pub peer: Option<SocketAddr>,
    /// Where the peer listens, if that is a Unix socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// A temporary folder of this trial alone, if the workload needs files.
    pub folder: Option<PathBuf>,
    /// How many actors there are, for those who meet one another.
    #[serde(default)]
    pub actors: u32,
    /// The service, if the workload needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceAccess>,
    /// Where a workload enters figures of its own.
    #[serde(skip)]
    pub ledger: Ledger,
}

impl Surroundings {
    /// The peer's address.
    ///
    /// # Errors
    /// `NotConnected` when no peer was started, which is a fault of the plan.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        self.peer.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotConnected,
                "this workload needs a peer, and none was given",
            )
        })
    }

    /// The service.
    ///
    /// # Errors
    /// `NotConnected` when none was started, which is a fault of the plan.
    pub fn service(&self) -> io::Result<&ServiceAccess> {
        self.service.as_ref().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotConnected,
                "this workload needs a service, and none was given",
            )
        })
    }

    /// The peer's Unix socket.
    ///
    /// # Errors
    /// `NotConnected` when no such peer was started, which is a fault of the plan.
    pub fn socket(&self) -> io::Result<&Path> {
        self.socket.as_deref().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotConnected,
                "this workload needs a peer at a Unix socket, and none was given",
            )
        })
    }

    /// The trial's own folder.
    ///
    /// # Errors
    /// `NotFound` when none was made, which is a fault of the plan.
    pub fn folder(&self) -> io::Result<&Path> {
        self.folder.as_deref().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "this workload needs a folder, and none was given",
            )
        })
    }
}
