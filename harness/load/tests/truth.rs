//! Are the response times true? Against a server that stalls, and that writes down when each answer left.
//!
//! The oracle does not depend on the machine: a request's answer cannot be there before it has left the server,
//! so every quantile of the response time is at least that of departure − intended. And it exceeds it by no more
//! than what lies between departure and arrival: if that is m on average, at most the share m/A of all requests
//! has more than A of it (Markov), so Q(q) ≤ oracle(q + m/A) + A. On a machine that is slow or stopped for a
//! while, m grows, and so does what is allowed.

mod support;

use simul_load::{Arrivals, Outcome};
use std::time::Duration;
use support::{drive, generator, open, stalling::Stalling, target};

const PERIOD: Duration = Duration::from_millis(500);
const STALL: Duration = Duration::from_millis(150);
const SLICE: Duration = Duration::from_secs(2);
const RATE: f64 = 1000.0;

/// To three digits, as histograms have it.
const ROUNDING: f64 = 0.0011;

/// Departure − intended of every request, in order.
fn measure(connections: u32, arrivals: Arrivals) -> (Outcome, Vec<u64>) {
    let schedule = arrivals.draw(RATE, SLICE, 1).unwrap();
    let server = Stalling::start(PERIOD, STALL, schedule.len());
    let mut generator = generator(target(server.address), connections, support::PATIENCE);
    generator.connect().unwrap();
    let outcome = drive(&mut generator, open(RATE, arrivals), SLICE);
    let log = server.finish();
    assert!(log.stalls > 0, "the server has stalled");
    let times = schedule.iter().zip(&log.departures_ns);
    let mut oracle: Vec<_> = times
        .map(|(intended, departure)| departure.checked_sub(outcome.started_ns + intended).unwrap())
        .collect();
    oracle.sort_unstable();
    (outcome, oracle)
}

fn at(sorted: &[u64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1] as f64
}

fn assert_true(connections: u32, arrivals: Arrivals) {
    let (outcome, oracle) = measure(connections, arrivals);
    assert_eq!((outcome.sent, outcome.completed), (outcome.drawn, outcome.drawn));
    assert_eq!(outcome.drawn as usize, oracle.len());
    assert!(outcome.is_clean(), "{:?}", outcome.errors);
    let response = outcome.response.as_ref().unwrap();
    let mean = oracle.iter().sum::<u64>() as f64 / oracle.len() as f64;
    let between = (response.values.mean() * (1.0 + ROUNDING) - mean).max(0.0);
    // A hundredth of the stall.
    let allowance = STALL.as_nanos() as f64 / 100.0;
    for q in [0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
        let found = response.quantile(q).unwrap().value().unwrap() as f64;
        let least = at(&oracle, q);
        assert!(found * (1.0 + ROUNDING) >= least, "{q}: {found} is less than {least}");
        let shifted = q + between / allowance;
        if shifted <= 1.0 {
            let most = at(&oracle, shifted) + allowance;
            assert!(found <= most * (1.0 + ROUNDING), "{q}: {found} is more than {most}");
        }
    }
    // The stalls are in it: a request intended at the beginning of one waits for all of it.
    assert!(at(&oracle, 1.0) >= 0.9 * STALL.as_nanos() as f64);
}

#[test]
fn response_times_contain_the_stalls_with_one_connection() {
    assert_true(1, Arrivals::Constant);
}

#[test]
fn response_times_contain_the_stalls_with_ten_connections() {
    assert_true(10, Arrivals::Poisson);
}

#[test]
fn response_times_contain_the_stalls_with_many_connections() {
    assert_true(300, Arrivals::Constant);
}

#[test]
fn response_times_contain_the_stalls_under_bursts() {
    assert_true(10, Arrivals::Burst(7));
}

/// The same run by service time: with few connections, a stall catches few requests, and the rest waits in the
/// generator, unseen. If this did not fail to see them, the tests above would prove nothing.
#[test]
fn service_times_miss_the_stalls() {
    let (outcome, oracle) = measure(2, Arrivals::Constant);
    let service = outcome.service.quantile(0.95).unwrap().bound() as f64;
    assert!(service < at(&oracle, 0.95) / 2.0, "{service}, truth {}", at(&oracle, 0.95));
    // What service misses is in wait.
    let wait = outcome.wait.quantile(0.95).unwrap().bound() as f64;
    assert!(wait > at(&oracle, 0.95) / 2.0, "{wait}");
}
