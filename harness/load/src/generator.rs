//! How is a load driven? The public face: settings, connections, slices.

use crate::{arrivals::Arrivals, error::Error, outcome::Outcome, target::Target};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
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
}

/// A load generator with its connections.
pub struct Generator {
    settings: Settings,
    stop: Arc<AtomicBool>,
}

impl Generator {
    /// Prepares everything but the connections. Raises the soft limit of open files where needed.
    ///
    /// # Errors
    /// Settings that cannot be, a hard limit of open files that is too low, or a system that refuses.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Ok(Self { settings, stop: Arc::new(AtomicBool::new(false)) })
    }

    /// When this becomes true, a running slice ends at once with what was seen, and following ones at their
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
    #[expect(clippy::todo, reason = "the types come first, so that others can build on them")]
    pub fn connect(&mut self) -> Result<u32, Error> {
        todo!("{:?}", self.settings)
    }

    /// One slice: sends what `mode` says for `duration`, then awaits the rest for at most the grace. Requests
    /// intended (closed: sent) in the first `drop` of it are sent and do not count.
    ///
    /// # Errors
    /// A rate that cannot be, a `drop` that is not below `duration`, or a system that refuses.
    #[expect(clippy::todo, reason = "the types come first, so that others can build on them")]
    pub fn drive(
        &mut self,
        mode: &Mode,
        duration: Duration,
        drop: Duration,
        seed: u64,
    ) -> Result<Outcome, Error> {
        todo!("{:?} {mode:?} {duration:?} {drop:?} {seed}", self.settings)
    }
}
