//! What was seen in one slice, and what may be said of it?
//!
//! Quantiles are over *all* requests that count: those that failed or did not end rank above every completed
//! one, and a quantile among them is a lower bound. Otherwise the slowest requests would improve the figures
//! by being too slow. Distributions are kept whole.

use crate::{fault::Fault, generator::Mode};
use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer as HistogramReader, Serializer as _, V2Serializer},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use std::collections::BTreeMap;

/// The largest time that is told apart: an hour. Longer ones are kept as an hour.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// One time of all requests: the values of those that have one, and what is known of those that have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// The times that are known, in nanoseconds, to three digits.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub values: Histogram<u64>,
    /// For each request without that time, since it failed or did not end: for how long it had not. These rank
    /// above all values.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub beyond: Histogram<u64>,
}

/// A quantile, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantile {
    /// The time, in nanoseconds, to 0.1 %.
    Value(u64),
    /// It falls among requests that failed or did not end: it is at least this, in nanoseconds.
    AtLeast(u64),
}

impl Quantile {
    /// The time, or its lower bound.
    #[must_use]
    pub fn bound(self) -> u64 {
        let (Self::Value(ns) | Self::AtLeast(ns)) = self;
        ns
    }

    /// The time, unless only a bound is known.
    #[must_use]
    pub fn value(self) -> Option<u64> {
        match self {
            Self::Value(ns) => Some(ns),
            Self::AtLeast(_) => None,
        }
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::new()
    }
}

impl Distribution {
    /// Of no request yet.
    #[must_use]
    pub fn new() -> Self {
        let empty = || {
            Histogram::new_with_bounds(1, LONGEST_NS, 3)
                .expect("1 ns to 1 h with 3 digits is a legal range")
        };
        Self { values: empty(), beyond: empty() }
    }

    /// Of how many requests.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.values.len() + self.beyond.len()
    }

    /// The time within which the share `q`, from 0 to 1, of all requests is done; `None` when there are none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        // The rank of q, counted from 1. The tiny part taken off keeps 0.9 of 10 at 9, whatever the rounding.
        let rank = ((q * count as f64) * (1.0 - 1e-12)).ceil().clamp(1.0, count as f64) as u64;
        let largest = self.values.max();
        Some(match rank.checked_sub(self.values.len()) {
            None | Some(0) => Quantile::Value(at_rank(&self.values, rank)),
            Some(above) => Quantile::AtLeast(at_rank(&self.beyond, above).max(largest)),
        })
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Option<Quantile> {
        self.quantile(1.0)
    }

    /// Adds the requests of another slice.
    pub fn merge(&mut self, other: &Self) {
        // Both cover the same range, so nothing can be out of it.
        self.values.add(&other.values).unwrap_or_default();
        self.beyond.add(&other.beyond).unwrap_or_default();
    }
}

fn at_rank(histogram: &Histogram<u64>, rank: u64) -> u64 {
    let mut below = 0;
    for step in histogram.iter_recorded() {
        below += step.count_at_value();
        if below >= rank {
            return step.value_iterated_to();
        }
    }
    histogram.max()
}

/// Which side could not do more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Saturated {
    /// Neither, as far as it shows.
    None,
    /// The server, or the number of connections to it: what was due and not answered grew all the time.
    Server,
    /// The generator: its core was busy, and it came late.
    Generator,
}

/// One slice of load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was asked for.
    pub mode: Mode,
    /// The seed of the intended times.
    pub seed: u64,
    /// How many connections there were.
    pub connections: u32,
    /// The beginning of the slice, on the host's monotonic clock, in nanoseconds.
    pub started_ns: u64,
    /// When all had ended, or was given up.
    pub ended_ns: u64,
    /// The length of the part that counts, which ends with the slice: its beginning may be dropped.
    pub window_ns: u64,
    /// A signal ended it before its time; what is here is what was seen until then.
    pub interrupted: bool,
    /// Open: intended requests in the window over its length. Closed: what was sent in it, over its length.
    pub offered_per_sec: f64,
    /// Completions in the window, whenever they were intended, over its length.
    pub achieved_per_sec: f64,
    /// Requests before the window, which were sent and do not count.
    pub dropped: u64,
    /// Requests that count: completed, failed and unfinished ones. Closed: those that were sent.
    pub drawn: u64,
    /// Of these, those that were sent.
    pub sent: u64,
    /// Of these, those that were answered rightly.
    pub completed: u64,
    /// Of these, those that were answered wrongly or not.
    pub failed: u64,
    /// Of these, those whose end was not awaited, sent or not.
    pub unfinished: u64,
    /// What failed, by kind. Bytes that nobody had asked for (`surplus`) are counted here too, though no
    /// request failed by them; and where no connection could be had at the start, the attempts.
    pub errors: BTreeMap<Fault, u64>,
    /// Connections that were opened again during the slice.
    pub reconnects: u64,
    /// CPU time of the generator's thread over the whole slice, in nanoseconds.
    pub cpu_ns: u64,
    /// The share of the slice in which the generator had something to do, from 0 to 1: neither asleep nor
    /// looking in vain.
    pub busy: f64,
    /// Done − intended; only in an open load.
    pub response: Option<Distribution>,
    /// Done − sent, of those that were sent.
    pub service: Distribution,
    /// Ready − intended. In a closed load a request is intended when its connection is free: always 0.
    pub wait: Distribution,
    /// Sent − ready, of those that were sent: the generator's own lateness.
    pub lag: Distribution,
    /// The generator came too late for its figures to be the server's: see `verdict.rs`.
    pub generator_limited: bool,
    /// Which side could not do more: see `verdict.rs`.
    pub saturated: Saturated,
}

impl Outcome {
    /// Of a slice in which nothing happened.
    #[must_use]
    pub fn empty(mode: Mode, seed: u64, connections: u32) -> Self {
        Self {
            mode,
            seed,
            connections,
            started_ns: 0,
            ended_ns: 0,
            window_ns: 0,
            interrupted: false,
            offered_per_sec: 0.0,
            achieved_per_sec: 0.0,
            dropped: 0,
            drawn: 0,
            sent: 0,
            completed: 0,
            failed: 0,
            unfinished: 0,
            errors: BTreeMap::new(),
            reconnects: 0,
            cpu_ns: 0,
            busy: 0.0,
            response: matches!(mode, Mode::Open { .. }).then(Distribution::new),
            service: Distribution::new(),
            wait: Distribution::new(),
            lag: Distribution::new(),
            generator_limited: false,
            saturated: Saturated::None,
        }
    }

    /// Requests of the whole slice that were sent, also those that do not count.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.dropped + self.sent
    }

    /// Everything that was drawn was answered, and rightly.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty() && self.unfinished == 0 && self.failed == 0
    }
}

fn write<S: Serializer>(histogram: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(histogram, &mut bytes).map_err(S::Error::custom)?;
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    let bytes = BASE64_STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
    let read = HistogramReader::new().deserialize(&mut bytes.as_slice());
    read.map_err(|error| D::Error::custom(format!("not a histogram: {error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_end_ranks_above_all_that_did() {
        let mut times = Distribution::new();
        assert_eq!(times.quantile(0.5), None);
        for ns in 1..=90 {
            times.values.record(ns).unwrap();
        }
        for _ in 0..5 {
            times.beyond.record(3).unwrap();
        }
        for _ in 0..5 {
            times.beyond.record(500).unwrap();
        }
        assert_eq!(times.count(), 100);
        for (q, expected) in [
            (0.0, Quantile::Value(1)),
            (0.5, Quantile::Value(50)),
            (0.9, Quantile::Value(90)),
            // A request that failed after 3 ns is still not better than one that took 90.
            (0.95, Quantile::AtLeast(90)),
            (0.96, Quantile::AtLeast(500)),
            (1.0, Quantile::AtLeast(500)),
        ] {
            assert_eq!(times.quantile(q), Some(expected), "{q}");
        }
    }

    #[test]
    fn it_survives_the_journey() {
        let mut times = Distribution::new();
        times.values.record(70_000).unwrap();
        times.beyond.record(9_000_000_000).unwrap();
        let text = serde_json::to_string(&times).unwrap();
        assert_eq!(serde_json::from_str::<Distribution>(&text).unwrap(), times);
        assert!(serde_json::from_str::<Distribution>(r#"{"values":"AA==","beyond":""}"#).is_err());
    }

    #[test]
    fn slices_are_merged_whole() {
        let mut one = Distribution::new();
        one.values.record(10).unwrap();
        let mut other = Distribution::new();
        other.values.record(20).unwrap();
        other.beyond.record(5).unwrap();
        one.merge(&other);
        assert_eq!((one.values.len(), one.beyond.len()), (2, 1));
        assert_eq!(one.max(), Some(Quantile::AtLeast(20)));
    }
}
