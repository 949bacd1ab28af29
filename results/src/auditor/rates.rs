//! Was the work done that was asked for, and by whom?
//!
//! Of an open load: requests must be drawn at the rate that was asked for and answered at the rate at which they
//! were drawn, and the generator must not be what was measured. Of any load: operations that never ended are in
//! no percentile, so the tail is better than it was. The rungs of a sweep carry such findings themselves. Read
//! next: `backend.rs`.

use super::{
    Evidence, Finding,
    evidence::{part, sum},
};
use crate::{
    Arrivals, SliceRecord,
    quantity::{digits, time},
    record::OpenRecord,
    statistics::median,
};

/// Rates may differ so much: what begins and ends at the edges of a window, and no server that keeps up
/// loses one request in twenty.
const TOLERANCE: f64 = 0.05;

/// So many standard deviations of a drawn count are chance.
const DEVIATIONS: f64 = 4.0;

/// By how much a drawn rate may differ from the one asked for: arrivals are random, bursts come together.
fn chance(arrivals: Arrivals, drawn: u64) -> f64 {
    let together = match arrivals {
        Arrivals::Burst(count) => f64::from(count),
        _ => 1.0,
    };
    TOLERANCE + DEVIATIONS * (together / (drawn.max(1) as f64)).sqrt()
}

/// `offered`: in most slices, too few or too many requests were drawn, or too few answered.
pub(super) fn offered(evidence: &Evidence<'_>) -> Option<Finding> {
    let arrivals = evidence.load.arrivals().filter(|_| evidence.is_steadily_open())?;
    let open: Vec<&OpenRecord> = opens(evidence).collect();
    let of = |per_sec: fn(&OpenRecord) -> f64| {
        let all: Vec<f64> = open.iter().map(|open| per_sec(open)).collect();
        digits(median(&all).unwrap_or(0.0))
    };
    let most = |off: usize| 2 * off > open.len();
    let count =
        |is_off: &dyn Fn(&OpenRecord) -> bool| open.iter().filter(|open| is_off(open)).count();
    let misdrawn = count(&|open| {
        let rate = f64::from(open.rate_per_sec);
        (open.offered_per_sec - rate).abs() > chance(arrivals, open.drawn) * rate
    });
    let unanswered =
        count(&|open| open.achieved_per_sec < (1.0 - TOLERANCE) * open.offered_per_sec);
    let (offered, all) = (of(|open| open.offered_per_sec), open.len());
    if most(misdrawn) {
        let rate = of(|open| f64::from(open.rate_per_sec));
        let slices = part(misdrawn, all);
        let reason = format!("{rate} requests per second were asked for and {offered} sent");
        return Some(Finding::not_ranked("offered", format!("{reason} (in {slices})")));
    }
    most(unanswered).then(|| {
        let achieved = of(|open| open.achieved_per_sec);
        let slices = part(unanswered, all);
        let reason = format!("{offered} requests per second were sent and {achieved} answered");
        Finding::not_ranked("offered", format!("{reason} (in {slices})"))
    })
}

/// `unfinished`: operations that never ended.
pub(super) fn unfinished(evidence: &Evidence<'_>) -> Option<Finding> {
    let (count, oldest_ns) = if evidence.is_closed() {
        let count = sum(evidence.slices().map(|slice| u64::from(slice.unfinished)));
        (count, evidence.slices().map(|slice| slice.oldest_unfinished_ns).max().unwrap_or(0))
    } else if evidence.is_steadily_open() {
        (sum(opens(evidence).map(|open| open.unfinished)), 0_u64)
    } else {
        return None;
    };
    let all = sum(evidence.slices().map(|slice| slice.operations));
    let oldest = match oldest_ns {
        0 => String::new(),
        ns => format!(" (the oldest was {} old)", time(ns as f64)),
    };
    (count > 0).then(|| {
        let words = if count == 1 { "operation never" } else { "operations never" };
        let reason = format!("{count} {words} ended{oldest}, beside {all} that did");
        Finding::not_ranked("unfinished", reason)
    })
}

/// `generator`: it was so late that it is what was measured.
pub(super) fn generator(evidence: &Evidence<'_>) -> Option<Finding> {
    if !evidence.is_steadily_open() {
        return None;
    }
    let late: Vec<&OpenRecord> =
        opens(evidence).filter(|open| open.is_of_the_generator()).collect();
    let of = |ns: fn(&OpenRecord) -> Option<u64>| {
        let all: Vec<f64> = late.iter().filter_map(|open| Some(ns(open)? as f64)).collect();
        median(&all).map_or_else(|| "unknown".into(), time)
    };
    (!late.is_empty()).then(|| {
        let lag = of(|open| open.lag.quantiles.p99_ns);
        let response = of(|open| open.response.p99_ns);
        let slices = part(late.len(), opens(evidence).count());
        let reason = format!(
            "the generator was late itself in {slices}: its lag has a p99 of {lag}, of a response time \
             with one of {response}"
        );
        Finding::not_ranked("generator", reason)
    })
}

fn opens<'e>(evidence: &'e Evidence<'_>) -> impl Iterator<Item = &'e OpenRecord> {
    let open = |slice: &'e SliceRecord| slice.open.as_deref();
    evidence.slices().filter_map(open)
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::{record::Saturation, store::Recording, synthetic_open};

    /// Finds something in the first cell of an open recording, after a change to its slices.
    fn after(check: super::super::Check, change: fn(&mut OpenRecord)) -> Option<String> {
        let mut recording: Recording = synthetic_open::stalling(2);
        each_slice(&mut recording, |_, slice| {
            slice.open.as_deref_mut().into_iter().for_each(change)
        });
        checked(&recording, check, 0).map(|finding| finding.reason)
    }

    #[test]
    fn rates_are_compared() {
        assert_eq!(after(offered, |_| {}), None);
        assert_eq!(after(offered, |open| open.achieved_per_sec *= 0.97), None);
        let few = after(offered, |open| open.achieved_per_sec *= 0.9).unwrap();
        assert_eq!(few, "1,000 requests per second were sent and 900 answered (in 4 of 4 slices)");
        let lag = after(offered, |open| open.offered_per_sec *= 0.8).unwrap();
        assert!(lag.starts_with("1,000 requests per second were asked for and 800 sent"), "{lag}");
        assert_eq!(after(offered, |open| open.offered_per_sec *= 0.9), None, "2000 drawn: chance");
        assert!(chance(Arrivals::Burst(100), 2000) > chance(Arrivals::Poisson, 2000));
    }

    #[test]
    fn a_generator_that_was_late_is_named() {
        assert_eq!(after(generator, |_| {}), None);
        let limited = after(generator, |open| open.generator_limited = true).unwrap();
        assert!(limited.contains("in 4 of 4 slices") && limited.contains("900 ns"), "{limited}");
        assert!(after(generator, |open| open.saturated = Saturation::Generator).is_some());
        assert_eq!(after(generator, |open| open.saturated = Saturation::Server), None);
    }

    #[test]
    fn operations_without_an_end_are_counted() {
        assert!(after(unfinished, |open| open.unfinished = 2).unwrap().starts_with("8 operations"));
        let mut recording = clean();
        assert_eq!(checked(&recording, unfinished, 0), None);
        let slice = &mut recording.trials[0].slices[3];
        (slice.unfinished, slice.oldest_unfinished_ns) = (1, 2_000_000_000);
        let found = checked(&recording, unfinished, 0).unwrap().reason;
        assert_eq!(
            found,
            "1 operation never ended (the oldest was 2.00 s old), beside 9600 that did"
        );
        let slice = &mut recording.trials[0].slices[3];
        slice.set_aside = true;
        assert_eq!(checked(&recording, unfinished, 0), None, "it is in no number");
    }
}
