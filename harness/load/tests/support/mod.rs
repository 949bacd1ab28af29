//! What the tests share: servers of known behaviour, and a generator for them.
#![expect(unreachable_pub, reason = "examples share a part of it")]

pub mod server;
pub mod stalling;

use simul_load::{Arrivals, Generator, Mode, Outcome, Pacing, Settings, Target};
use std::{net::SocketAddr, time::Duration};

/// Far beyond anything that a healthy machine needs.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn target(address: SocketAddr) -> Target {
    Target::parse(&format!("http://{address}/{{id}}")).unwrap()
}

pub fn generator(target: Target, connections: u32, timeout: Duration) -> Generator {
    let (pacing, grace, lag) = (Pacing::Hybrid, PATIENCE, Duration::ZERO);
    Generator::new(Settings { target, connections, pacing, timeout, grace, lag }).unwrap()
}

pub fn open(rate_per_sec: f64, arrivals: Arrivals) -> Mode {
    Mode::Open { rate_per_sec, arrivals }
}

/// A slice, of which nothing is dropped.
pub fn drive(generator: &mut Generator, mode: Mode, duration: Duration) -> Outcome {
    generator.drive(&mode, duration, Duration::ZERO, 1).unwrap()
}
