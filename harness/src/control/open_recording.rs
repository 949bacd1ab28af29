//! What of an open slice is written down?
//!
//! From what the generator saw to the shapes of the recording: the slice's own times are response times, and
//! what only an open load has stands beside them. Next: `simul_results::record`.

use super::driver::Turn;
use simul_load::{Distribution, Outcome, Quantile, Saturated};
use simul_results::{
    SliceRecord, histogram,
    record::{BeyondRecord, OpenRecord, QuantileRecord, Saturation, TimesRecord},
};

/// What one slice gave, with what was seen from outside; the arm adds what was burnt before it.
pub(super) fn slice(
    outcome: &Outcome,
    turn: Turn,
    reopened: u32,
    cpu_ns: Option<u64>,
) -> SliceRecord {
    // An open outcome has a response; without one there would be nothing to tell.
    let response = outcome.response.clone().unwrap_or_default();
    let bound = |quantile: f64| response.quantile(quantile).map_or(0, Quantile::bound);
    let per_window = |per_sec: f64| (per_sec * outcome.window_ns as f64 * 1e-9).round() as u64;
    let encoded = histogram::encode(&response.values);
    SliceRecord {
        round: turn.round,
        position: turn.position,
        started_ns: outcome.started_ns,
        ended_ns: outcome.ended_ns,
        window_ns: outcome.window_ns,
        operations: outcome.handled(),
        completed: per_window(outcome.achieved_per_sec),
        recorded: response.values.len(),
        sum_ns: sum_ns(&response),
        p50_ns: bound(0.5),
        p90_ns: bound(0.9),
        p99_ns: bound(0.99),
        max_ns: largest_ns(&response),
        cpu_ns,
        peer_cpu_ns: Some(outcome.cpu_ns),
        deferred_cpu_ns: 0,
        price: None,
        foreign_cpu_ns: None,
        foreign_estimated_ns: None,
        unfinished: u32::try_from(outcome.unfinished).unwrap_or(u32::MAX),
        oldest_unfinished_ns: response.beyond.max(),
        set_aside: false,
        histogram_crc: Some(histogram::checksum(&encoded)),
        histogram: encoded,
        figures: Default::default(),
        open: Some(Box::new(OpenRecord {
            rate_per_sec: turn.rate_per_sec,
            offered_per_sec: outcome.offered_per_sec,
            achieved_per_sec: outcome.achieved_per_sec,
            drawn: outcome.drawn,
            sent: outcome.sent,
            completed: outcome.completed,
            unfinished: outcome.unfinished,
            errors: outcome
                .errors
                .iter()
                .map(|(fault, count)| (fault.to_string(), *count))
                .collect(),
            reconnects: outcome.reconnects + u64::from(reopened),
            beyond: beyond(&response),
            response: quantiles(&response),
            service: times(&outcome.service),
            wait: times(&outcome.wait),
            lag: times(&outcome.lag),
            generator_cpu_ns: outcome.cpu_ns,
            generator_limited: outcome.generator_limited,
            saturated: match outcome.saturated {
                Saturated::None => Saturation::None,
                Saturated::Server => Saturation::Server,
                Saturated::Generator => Saturation::Generator,
            },
        })),
    }
}

fn times(times: &Distribution) -> TimesRecord {
    TimesRecord {
        recorded: times.values.len(),
        quantiles: quantiles(times),
        max_ns: largest_ns(times),
        histogram: histogram::encode(&times.values),
        beyond: beyond(times),
    }
}

fn beyond(times: &Distribution) -> Option<BeyondRecord> {
    let count = times.beyond.len();
    (count > 0).then(|| BeyondRecord { count, histogram: histogram::encode(&times.beyond) })
}

fn quantiles(times: &Distribution) -> QuantileRecord {
    let value = |quantile: f64| times.quantile(quantile).and_then(Quantile::value);
    QuantileRecord {
        p50_ns: value(0.5),
        p90_ns: value(0.9),
        p95_ns: value(0.95),
        p99_ns: value(0.99),
        p999_ns: value(0.999),
    }
}

/// The largest recorded, to 0.1 %; 0 if there is none.
fn largest_ns(times: &Distribution) -> u64 {
    if times.values.is_empty() { 0 } else { times.values.max() }
}

/// To 0.1 %: the generator keeps no exact sum.
fn sum_ns(times: &Distribution) -> u64 {
    times.values.iter_recorded().fold(0, |sum, step| {
        let part = step.value_iterated_to().saturating_mul(step.count_at_value());
        sum.saturating_add(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_among_the_failed_is_null_and_its_bound_is_kept() {
        let mut times = Distribution::new();
        (1..=90_u64).for_each(|ns| times.values.record(ns * 1000).unwrap());
        (0..10).for_each(|_| times.beyond.record(5_000_000).unwrap());
        let quantiles = quantiles(&times);
        assert_eq!((quantiles.p50_ns, quantiles.p95_ns), (Some(50_015), None));
        assert_eq!(beyond(&times).unwrap().count, 10);
        assert_eq!(beyond(&Distribution::new()), None);
        assert_eq!((largest_ns(&Distribution::new()), sum_ns(&Distribution::new())), (0, 0));
    }
}
