//! How will an open contest be measured?
//!
//! Which request stands for the work, how long slices are, how many connections there are, and which rates a
//! sweep goes through. It must not know processes. Next: [`super::open`].

use super::{external::External, selection::Request};
use crate::clock;
use simul_results::{
    Arrivals, Load,
    record::{ObjectiveRecord, OpenPlanRecord},
};
use simul_workloads::server::Call;
use std::time::Duration;

/// Connections of the generator unless told otherwise: as many as the comparisons that people cite use, and
/// several times what one core can work on.
pub const CONNECTIONS: u32 = 64;
/// The most connections that can be asked for: the ports of one loopback address.
pub const MOST_CONNECTIONS: u32 = 20_000;

/// Queues must have time to grow, and stalls to happen.
const SLICE: Duration = Duration::from_secs(2);
/// Percentiles up to p99 need twenty arrivals above them.
const LEAST_ARRIVALS: u64 = 2_000;
/// Nobody waits for a rate so low that this is not enough; its cells are marked `few-arrivals`.
const LONGEST_SLICE: Duration = Duration::from_secs(60);
/// Slices are forty times as long as those of closed loads, so there are fewer.
pub const ROUNDS: u32 = 3;
/// A sweep visits many rates in each block.
const ROUNDS_OF_A_RUNG: u32 = 1;
/// Time to fill caches, and for a just-in-time compiler to begin.
const WARM_UP: Duration = Duration::from_millis(500);

/// The highest rung: one core of ours sends no more.
pub const TOP_PER_SEC: u32 = 200_000;
/// The steps within a power of ten: each at most one and a half times the one before, but for the second.
const STEPS: [f64; 6] = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0];

/// The plan of an open contest.
#[derive(Clone, Debug)]
pub struct OpenPlan {
    /// As recorded.
    pub record: OpenPlanRecord,
    /// When requests come.
    pub arrivals: Arrivals,
    /// The rate, or the first of a sweep, in requests per second.
    pub rate_per_sec: u32,
    /// Whether the rate is raised.
    pub is_sweep: bool,
    /// How much later than intended the generator sends.
    pub lag_ns: u64,
    /// Whether slices have exactly the length that was asked for.
    exact: bool,
    /// The request that stands for the work.
    pub call: Call,
}

impl OpenPlan {
    /// The plan for a load; `None` if it is closed.
    #[must_use]
    pub fn of(load: Load, call: Call, request: &Request) -> Option<Self> {
        let (rate_per_sec, arrivals) = match load {
            Load::Closed(_) => return None,
            Load::Open { rate_per_sec, arrivals } => (rate_per_sec, arrivals),
            Load::Sweep { from_per_sec, arrivals } => (from_per_sec, arrivals),
        };
        let rounds = if load.is_sweep() { ROUNDS_OF_A_RUNG } else { ROUNDS };
        let servers = request.servers.iter();
        let servers = servers.map(|server| (server.name.clone(), server.text().to_owned()));
        let record = OpenPlanRecord {
            connections: request.connections.unwrap_or(CONNECTIONS),
            rounds: request.rounds.unwrap_or(rounds),
            slice_ns: clock::to_ns(request.slice.unwrap_or(SLICE)),
            least_arrivals: LEAST_ARRIVALS,
            warm_up_ns: clock::to_ns(WARM_UP),
            objective: request.objective.filter(|_| load.is_sweep()),
            servers: servers.collect(),
        };
        Some(Self {
            record,
            arrivals,
            rate_per_sec,
            is_sweep: load.is_sweep(),
            lag_ns: clock::to_ns(request.generator_lag),
            exact: request.slice.is_some(),
            call,
        })
    }

    /// How long slices at this rate are, and which part of that is dropped: the first tenth.
    #[must_use]
    pub fn lengths_ns(&self, rate_per_sec: u32) -> [u64; 2] {
        let asked_ns = self.record.slice_ns;
        let window_ns = self.record.least_arrivals * 1_000_000_000 / u64::from(rate_per_sec.max(1));
        let enough_ns = (window_ns * 10 / 9).min(clock::to_ns(LONGEST_SLICE));
        let length_ns = if self.exact { asked_ns } else { asked_ns.max(enough_ns) };
        [length_ns, length_ns / 10]
    }
}

/// How long a block of one trial takes at this rate, unless told otherwise but for the rounds.
#[must_use]
pub fn usual_block(rate_per_sec: u32, rounds: u32) -> Duration {
    let window = Duration::from_secs_f64(LEAST_ARRIVALS as f64 / f64::from(rate_per_sec.max(1)));
    let slice = SLICE.max((window * 10 / 9).min(LONGEST_SLICE));
    slice * rounds + WARM_UP
}

/// Requests that each slice draws at least, but for rates so low that it would take too long.
#[must_use]
pub fn usual_arrivals(rate_per_sec: u32) -> u64 {
    LEAST_ARRIVALS.max(u64::from(rate_per_sec) * SLICE.as_secs() * 9 / 10)
}

/// The rate of a rung, from 0; `None` beyond [`TOP_PER_SEC`].
#[must_use]
pub fn rung_per_sec(from_per_sec: u32, rung: u32) -> Option<u32> {
    let steps = STEPS.len() as u32;
    let power = 10.0_f64.powi(i32::try_from(rung / steps).ok()?);
    let rate = (f64::from(from_per_sec) * STEPS[(rung % steps) as usize] * power).round();
    // The first is what was asked for, however high.
    (rung == 0 || rate <= f64::from(TOP_PER_SEC)).then_some(rate as u32)
}

/// Reads `p99=10ms`.
///
/// # Errors
/// Something else; says what is right.
pub fn objective(text: &str) -> Result<ObjectiveRecord, String> {
    let wrong = || {
        format!(
            "objective '{text}' is not a percentile and a time from 1us to 60s, such as p99=10ms or \
             p99.9=25ms"
        )
    };
    let (percentile, limit) = text.split_once('=').ok_or_else(wrong)?;
    let percent = percentile.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
    let percent = percent.filter(|percent| (1.0..100.0).contains(percent)).ok_or_else(wrong)?;
    let limit = limit.parse::<jiff::SignedDuration>().ok();
    let limit = limit.and_then(|limit| Duration::try_from(limit).ok());
    let range = Duration::from_micros(1)..=Duration::from_secs(60);
    let limit = limit.filter(|limit| range.contains(limit)).ok_or_else(wrong)?;
    Ok(ObjectiveRecord { quantile: percent / 100.0, limit_ns: clock::to_ns(limit) })
}

/// What is wrong with a set of servers, if anything: names must be new, and not a runner's.
///
/// # Errors
/// A name that is taken; says by whom.
pub fn check_names(servers: &[External], taken: &[&str]) -> Result<(), String> {
    for (at, server) in servers.iter().enumerate() {
        let name = server.name.as_str();
        if taken.contains(&name) {
            return Err(format!(
                "server name '{name}' is that of a runner; choose another, such as {name}-server"
            ));
        }
        if servers[..at].iter().any(|other| other.name == name) {
            return Err(format!(
                "server name '{name}' is given twice; choose another for one of them"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_rises_in_round_steps() {
        let rungs: Vec<u32> = (0..).map_while(|rung| rung_per_sec(1000, rung)).collect();
        assert_eq!(
            rungs,
            [
                1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 20_000, 30_000, 50_000, 70_000,
                100_000, 150_000, 200_000
            ]
        );
        assert_eq!((rung_per_sec(500_000, 0), rung_per_sec(500_000, 1)), (Some(500_000), None));
        assert!((0..40).map_while(|rung| rung_per_sec(1, rung)).is_sorted());
    }

    #[test]
    fn objectives_have_a_percentile_and_a_unit() {
        let read = objective("p99.9=2500us").unwrap();
        assert!((read.quantile - 0.999).abs() < 1e-12);
        assert_eq!(read.limit_ns, 2_500_000);
        for bad in ["p99", "99=10ms", "p0=1ms", "p100=1ms", "p99=10", "p99=0ms", "px=1ms", "p99=2m"]
        {
            assert!(objective(bad).unwrap_err().contains("such as p99=10ms"), "{bad}");
        }
    }
}
