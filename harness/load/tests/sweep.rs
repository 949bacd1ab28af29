//! Does a sweep find what is there? On servers that are formulas.

use simul_load::{
    Arrivals, Distribution, Mode, Outcome, Saturated,
    sweep::{Objective, Stage, Sweep},
};
use std::time::Duration;

/// A server that takes 100 µs a request, with a queue (M/M/1), so it is saturated at 10,000 a second; judged by
/// its median alone.
fn queue(rate: f64) -> Outcome {
    let mut outcome =
        Outcome::empty(Mode::Open { rate_per_sec: rate, arrivals: Arrivals::Poisson }, 1, 1);
    let left = (1.0 - rate / 10_000.0).max(1e-3);
    let mut times = Distribution::new();
    for share in 0..1000 {
        let q = (f64::from(share) + 0.5) / 1000.0;
        times.values.record((-(1.0 - q).ln() * 100_000.0 / left) as u64).unwrap();
    }
    outcome.response = Some(times);
    outcome.achieved_per_sec = rate.min(10_000.0);
    if rate > 10_000.0 {
        outcome.saturated = Saturated::Server;
    }
    outcome
}

fn sweep(objective: Option<Objective>, server: impl Fn(f64, usize) -> Outcome) -> Sweep {
    let mut sweep = Sweep::new(300.0, 1e6, objective);
    let mut slices = 0;
    while let Some((_, rate)) = sweep.next() {
        sweep.report(&server(rate, slices));
        slices += 1;
        assert!(slices < 300, "it ends");
    }
    sweep
}

#[test]
fn saturation_and_knee_are_found() {
    let finding = sweep(None, |rate, _| queue(rate)).finding();
    let (low, high) = (finding.capacity_lowest.unwrap(), finding.capacity_highest.unwrap());
    assert!(low <= 10_000.0 && 10_000.0 <= high && high / low < 1.2, "{low} {high}");
    assert_eq!(finding.limit, Saturated::Server);
    // The power of such a queue is largest at half of its capacity.
    let knee = finding.knee_rate.unwrap();
    assert!((3500.0..6500.0).contains(&knee), "{knee}");
}

#[test]
fn an_objective_is_met_below_saturation() {
    // p99 = ln 100 × 100 µs / (1 − ρ) ≤ 2 ms at ρ ≤ 0.77.
    let objective = Objective { percentile: 99.0, most: Duration::from_millis(2) };
    let finding = sweep(Some(objective), |rate, _| queue(rate)).finding();
    let (low, high) = (finding.capacity_lowest.unwrap(), finding.capacity_highest.unwrap());
    assert!(low <= 7700.0 && 7690.0 <= high && high / low < 1.2, "{low} {high}");
    let found = finding.capacity_rate.unwrap();
    assert!(low <= found && found < high);
    assert_eq!(objective.to_string(), "p99=2ms");
}

#[test]
fn an_unlucky_slice_widens_the_interval_and_no_more() {
    // Every third slice has a bad moment, whatever the rate.
    let finding = sweep(None, |rate, number| match number % 3 {
        0 if rate > 7000.0 => queue(20_000.0),
        _ => queue(rate),
    })
    .finding();
    let (low, high) = (finding.capacity_lowest.unwrap(), finding.capacity_highest.unwrap());
    assert!(low < 8000.0 && high > 10_000.0 && high < 12_000.0, "{low} {high}");
}

#[test]
fn a_server_that_is_never_good_has_no_capacity() {
    let finding = sweep(None, |_, _| queue(20_000.0)).finding();
    assert_eq!((finding.capacity_rate, finding.knee_rate), (None, None));
    assert!(finding.steps.iter().all(|step| step.stage == Stage::Search && !step.good));
}

#[test]
fn a_generator_that_is_saturated_ends_it() {
    let finding = sweep(None, |rate, _| {
        let mut outcome = queue(rate.min(100.0));
        if rate > 5000.0 {
            outcome.saturated = Saturated::Generator;
        }
        outcome
    })
    .finding();
    assert_eq!(finding.limit, Saturated::Generator);
}
