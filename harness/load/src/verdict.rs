//! May the figures of a slice be read as the server's, and which side could not do more?
//!
//! **Generator-limited** (open load): the generator's own lateness is not small beside what it reports: lag p50
//! above 10 % of the response p50, or lag p99 above 100 µs and above 10 % of the response p99. Such a slice must
//! not be ranked.
//!
//! **Saturated**, open load. `generator`: it was generator-limited and busy for at least 95 % of the slice: it
//! could not send more. Otherwise `server`: the backlog, which is what was due and not answered, was at its
//! least in the last quarter of the slice larger than at its least in the second quarter, by at least 2 % of what
//! came due between the two: the server (or the number of connections to it) answers less than it is asked,
//! and response times grow with the length of the slice. The least of a quarter is taken since a server that
//! stalls and catches up is not saturated. Hence a slice must be several times longer than its response times
//! and stalls. Otherwise `none`.
//!
//! Closed load: someone is always waited for. `generator`: it was busy for at least 95 % of the slice, and what
//! is measured is itself (also *generator-limited*). Otherwise `server`: the generator waited for it, whether it
//! computed or slept.

use crate::{
    outcome::{Distribution, Saturated},
    tally::Tally,
};

/// The share of the reported time that the generator's own lateness may have.
const LAG_SHARE: f64 = 0.1;

/// Below this, lateness in the tail is the machine's as much as ours.
const TOLERABLE_LAG_NS: u64 = 100_000;

/// From this on, the generator has no time left.
const BUSY: f64 = 0.95;

/// The growth of the backlog, as a share of what came due meanwhile. Below it, a queue near saturation moves
/// that much by chance.
const GROWTH: f64 = 0.02;

pub(crate) struct Verdict {
    pub(crate) generator_limited: bool,
    pub(crate) saturated: Saturated,
}

impl Verdict {
    pub(crate) fn of(is_open: bool, drawn: u64, busy: f64, tally: &Tally) -> Self {
        let is_busy = busy >= BUSY;
        if !is_open {
            let saturated = if is_busy { Saturated::Generator } else { Saturated::Server };
            return Self { generator_limited: is_busy, saturated };
        }
        let generator_limited = is_generator_limited(&tally.response, &tally.lag);
        // Two of four quarters lie between the two that are compared.
        let due = (drawn + tally.dropped) as f64 / 2.0;
        let grows = tally.backlog.growth().is_some_and(|growth| growth as f64 > GROWTH * due);
        let saturated = match () {
            () if generator_limited && is_busy => Saturated::Generator,
            () if grows => Saturated::Server,
            () => Saturated::None,
        };
        Self { generator_limited, saturated }
    }
}

/// Whether the generator was too late for these response times.
#[must_use]
pub fn is_generator_limited(response: &Distribution, lag: &Distribution) -> bool {
    let at = |times: &Distribution, q| times.quantile(q).map_or(0, |quantile| quantile.bound());
    let share = |q| (at(response, q) as f64 * LAG_SHARE) as u64;
    at(lag, 0.5) > share(0.5) || at(lag, 0.99) > share(0.99).max(TOLERABLE_LAG_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_of(ns: u64) -> Distribution {
        let mut times = Distribution::new();
        times.values.record_n(ns, 100).unwrap();
        times
    }

    #[test]
    fn lateness_is_judged_by_what_is_reported() {
        for (response_ns, lag_ns, limited) in [
            (50_000, 4_000, false),
            (50_000, 6_000, true),
            (2_000_000, 150_000, false),
            (2_000_000, 250_000, true),
        ] {
            let found = is_generator_limited(&all_of(response_ns), &all_of(lag_ns));
            assert_eq!(found, limited, "{response_ns} {lag_ns}");
        }
        let mut tail = all_of(50_000_000);
        tail.values.record_n(60_000_000, 2).unwrap();
        let mut lag = all_of(100);
        lag.values.record_n(7_000_000, 2).unwrap();
        assert!(is_generator_limited(&tail, &lag), "in the tail alone");
    }

    #[test]
    fn sides_are_told_apart() {
        let mut tally = Tally::new(0, 400);
        tally.response = all_of(50_000);
        tally.lag = all_of(100);
        for now in [100, 200, 300] {
            tally.backlog.note(now, now / 10);
        }
        let verdict = |tally: &Tally, busy| Verdict::of(true, 1000, busy, tally).saturated;
        assert_eq!(verdict(&tally, 0.99), Saturated::Server);
        tally.lag = all_of(1_000_000);
        assert_eq!(verdict(&tally, 0.99), Saturated::Generator);
        assert_eq!(verdict(&tally, 0.5), Saturated::Server);
        assert_eq!(Verdict::of(true, 10_000, 0.5, &tally).saturated, Saturated::None);
        assert_eq!(Verdict::of(false, 1000, 0.5, &tally).saturated, Saturated::Server);
        assert_eq!(Verdict::of(false, 1000, 0.99, &tally).saturated, Saturated::Generator);
    }
}
