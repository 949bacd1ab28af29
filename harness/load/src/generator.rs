//! How is a load driven? The public face: settings, connections, slices.

use crate::{
    arrivals::Arrivals,
    clock,
    error::Error,
    http::{reply::Reader, request::Request},
    outcome::Outcome,
    poller::Poller,
    pool::Pool,
    slice::{Plan, Slice, Tools},
    target::Target,
    verdict::Verdict,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::{
    fmt, io,
    str::FromStr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// How the generator waits for the next intended time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pacing {
    /// Sleeps until 150 µs before it, then spins.
    #[default]
    Hybrid,
    /// Spins all the time: for a core of its own.
    Spin,
    /// Sleeps until it: late by what a wake-up takes, but frugal.
    Sleep,
}

impl FromStr for Pacing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "hybrid" => Ok(Self::Hybrid),
            "spin" => Ok(Self::Spin),
            "sleep" => Ok(Self::Sleep),
            _ => Err(format!("'{text}' is none of hybrid, spin, sleep")),
        }
    }
}

impl fmt::Display for Pacing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Hybrid => "hybrid",
            Self::Spin => "spin",
            Self::Sleep => "sleep",
        })
    }
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "lowercase")]
pub enum Mode {
    /// At their intended times, whatever the server does.
    Open {
        /// So many a second on average.
        rate_per_sec: f64,
        /// The law of the intended times.
        arrivals: Arrivals,
    },
    /// Each connection at full speed, one request after the other.
    Closed,
}

/// What is the same for all slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whom to ask, and for what.
    pub target: Target,
    /// How many connections, from 1 on.
    pub connections: u32,
    /// How to wait for intended times.
    pub pacing: Pacing,
    /// A request that is not answered so long after it was sent has failed; the same for connecting.
    pub timeout: Duration,
    /// How long after the end of a slice its last requests are awaited, sent or not. What has not ended then
    /// is unfinished.
    pub grace: Duration,
    /// So long after its intended time a request is sent, at the earliest. Zero, but where somebody tries whether the
    /// lateness of a generator is noticed.
    pub lag: Duration,
}

/// A load generator with its connections. One thread drives it: the one that calls.
pub struct Generator {
    settings: Settings,
    stop: Arc<AtomicBool>,
    pool: Pool,
    poller: Poller,
    request: Request,
    reader: Reader,
    buffer: Vec<u8>,
}

/// What is read at a time. Longer answers take several reads.
const BUFFER_BYTES: usize = 64 << 10;

/// Open files that we may need besides the connections.
const OTHER_FILES: u64 = 64;

impl Generator {
    /// Prepares everything but the connections. Raises the soft limit of open files where needed.
    ///
    /// # Errors
    /// Settings that cannot be, a hard limit of open files that is too low, or a system that refuses.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let Settings { target, connections, timeout, .. } = &settings;
        if *connections == 0 || timeout.is_zero() {
            return Err(Error::BadInput(format!(
                "{connections} connections and a time-out of {timeout:?}: neither can be 0"
            )));
        }
        allow_open_files(*connections)?;
        Ok(Self {
            stop: Arc::new(AtomicBool::new(false)),
            pool: Pool::new(target.address, *connections),
            poller: Poller::new().map_err(io::Error::from)?,
            request: Request::new(target)?,
            reader: Reader::new(&target.method, target.expected.clone()),
            buffer: vec![0; BUFFER_BYTES],
            settings,
        })
    }

    /// When this becomes true, a running slice ends soon with what was seen, and following ones at their
    /// beginning.
    #[must_use]
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Opens the connections that are not open, and those anew that the server has closed or that still owe
    /// an answer. To be called before every slice. Returns how many were opened again.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub fn connect(&mut self) -> Result<u32, Error> {
        self.pool.open_all(&mut self.poller, self.settings.timeout, &self.stop)
    }

    /// One slice: sends what `mode` says for `duration`, then awaits the rest for at most the grace. Requests
    /// intended (closed: sent) in the first `drop` of it are sent and do not count. Connections that are not
    /// open are opened as requests need them.
    ///
    /// # Errors
    /// A rate that cannot be, a `drop` that is not below `duration`, or a system that refuses.
    pub fn drive(
        &mut self,
        mode: &Mode,
        duration: Duration,
        drop: Duration,
        seed: u64,
    ) -> Result<Outcome, Error> {
        if drop >= duration {
            return Err(Error::BadInput(format!(
                "{drop:?} cannot be dropped of a slice of {duration:?}; choose a longer one"
            )));
        }
        let schedule = match mode {
            Mode::Open { rate_per_sec, arrivals } => {
                Some(arrivals.draw(*rate_per_sec, duration, seed)?)
            }
            Mode::Closed => None,
        };
        let plan = Plan {
            schedule: schedule.as_deref(),
            duration_ns: to_ns(duration),
            drop_ns: to_ns(drop),
            grace_ns: to_ns(self.settings.grace),
            timeout_ns: to_ns(self.settings.timeout),
            least_service_ns: to_ns(self.settings.target.least_service),
            pacing: self.settings.pacing,
            lag_ns: to_ns(self.settings.lag),
        };
        let tools = Tools {
            pool: &mut self.pool,
            poller: &mut self.poller,
            request: &mut self.request,
            reader: &mut self.reader,
            buffer: &mut self.buffer,
            stop: &self.stop,
        };
        let cpu_before_ns = clock::thread_cpu_ns();
        let mut slice = Slice::new(tools, plan);
        let ended_ns = slice.run()?;
        let cpu_ns = clock::thread_cpu_ns() - cpu_before_ns;
        let asked = Asked { mode: *mode, seed, connections: self.settings.connections };
        Ok(outcome(asked, slice, ended_ns, cpu_ns))
    }
}

/// What a slice was asked to be.
struct Asked {
    mode: Mode,
    seed: u64,
    connections: u32,
}

fn outcome(asked: Asked, slice: Slice<'_>, ended_ns: u64, cpu_ns: u64) -> Outcome {
    let Asked { mode, seed, connections } = asked;
    let started_ns = slice.started_ns;
    let interrupted = slice.interrupted;
    let tally = slice.tally;
    let window_ns = tally.end_ns.saturating_sub(tally.drop_ns);
    let drawn = tally.completed + tally.failed + tally.unfinished;
    let is_open = matches!(mode, Mode::Open { .. });
    let per_sec = |count: u64| count as f64 * 1e9 / window_ns.max(1) as f64;
    let busy = 1.0 - tally.idle_ns as f64 / ended_ns.max(1) as f64;
    let verdict = Verdict::of(is_open, drawn, busy, &tally);
    Outcome {
        mode,
        seed,
        connections,
        started_ns,
        ended_ns: started_ns + ended_ns,
        window_ns,
        interrupted,
        offered_per_sec: per_sec(if is_open { drawn } else { tally.sent }),
        achieved_per_sec: per_sec(tally.in_window),
        dropped: tally.dropped,
        drawn,
        sent: tally.sent,
        completed: tally.completed,
        failed: tally.failed,
        unfinished: tally.unfinished,
        errors: tally.errors,
        reconnects: tally.reconnects,
        cpu_ns,
        busy: busy.clamp(0.0, 1.0),
        response: is_open.then_some(tally.response),
        service: tally.service,
        wait: tally.wait,
        lag: tally.lag,
        generator_limited: verdict.generator_limited,
        saturated: verdict.saturated,
    }
}

/// Raises the soft limit of open files, if these connections need it.
fn allow_open_files(connections: u32) -> Result<(), Error> {
    let needed = u64::from(connections) + OTHER_FILES;
    let limits = getrlimit(Resource::Nofile);
    // `None` is no limit.
    if limits.current.is_none_or(|soft| soft >= needed) {
        return Ok(());
    }
    if let Some(limit) = limits.maximum.filter(|hard| *hard < needed) {
        return Err(Error::OpenFiles { connections, needed, limit });
    }
    let raised = Rlimit { current: Some(needed), maximum: limits.maximum };
    setrlimit(Resource::Nofile, raised).map_err(|error| Error::System(error.into()))
}

fn to_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
