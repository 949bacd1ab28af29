//! What of an open load stands in `--json`?
//!
//! Each time apart, and the rungs of a sweep. It must not compute anything. Read next: [`super::json`].

use super::json::Percentiles;
use crate::{
    statistics::Estimate,
    summary::{Distribution, Numbers, Reached, Rung, Sweep},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A distribution of an open load. Quantiles are over all drawn requests; `null` where they lie among those that failed or
/// never ended, and, but for the median, where some block has fewer than ten above.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct OpenPercentiles {
    /// The median.
    pub p50: Option<Estimate>,
    /// The 90th percentile.
    pub p90: Option<Estimate>,
    /// The 99th percentile.
    pub p99: Option<Estimate>,
    /// The 99.9th percentile.
    pub p999: Option<Estimate>,
    /// The largest value of all blocks.
    pub max: u64,
    /// Where a percentile is `null`, since it lies among requests that failed or never ended: what it is
    /// at least, by its name. One with fewer than ten requests above has no bound either.
    pub at_least: BTreeMap<String, f64>,
}

/// Service time under either load.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum ServicePercentiles {
    /// Under open load.
    Open(OpenPercentiles),
    /// Under closed load: always with a median; the others are `null` where some block has too few operations for them.
    Closed(Percentiles),
}

/// What only an open load has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct OpenOutput {
    /// Requests drawn per second.
    pub offered_per_sec: Estimate,
    /// Rightly answered per second.
    pub achieved_per_sec: Estimate,
    /// Requests drawn, over all blocks.
    pub drawn: u64,
    /// Of these, failed, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Of these, neither answered nor failed when the wait was given up.
    pub unfinished: u64,
    /// Connections that had to be opened again.
    pub reconnects: u64,
}

/// A runner's climb.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct SweepOutput {
    /// From the lowest rate up.
    pub rungs: Vec<RungOutput>,
    /// The highest rate at which nothing was saturated, failed or limited by the generator.
    pub sustained: Option<Reached>,
    /// The highest sustained rate at which p99 is at most three times that of the lowest.
    pub knee: Option<Reached>,
    /// The highest rate at which the objective of `--slo` held.
    pub capacity: Option<Reached>,
}

/// What was seen at one rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct RungOutput {
    /// The rate that was asked for, per second.
    pub rate_per_sec: u32,
    /// In how many blocks it was reached.
    pub blocks: u32,
    /// Whether the server could not keep up.
    pub saturated: bool,
    /// Whether the generator is what was measured.
    pub generator_limited: bool,
    /// Counts and rates.
    pub open: Option<OpenOutput>,
    /// From the intended time to the answer.
    pub response_ns: OpenPercentiles,
    /// From the sending to the answer.
    pub service_ns: Option<OpenPercentiles>,
    /// CPU time per operation in µs.
    pub cpu_us_per_op: Option<Estimate>,
}

impl OpenPercentiles {
    pub(super) fn of(times: &Distribution) -> Self {
        let all = [times.p50_ns, times.p90_ns, times.p99_ns, times.p999_ns];
        let known = |quantile| (times.carries(quantile), times.reaches(quantile));
        Self::from(all, known, times.max_ns)
    }

    pub(super) fn of_response(numbers: &Numbers) -> Self {
        let all = [numbers.p50_ns, numbers.p90_ns, numbers.p99_ns, numbers.p999_ns];
        let known = |quantile| (numbers.carries(quantile), numbers.reaches(quantile));
        Self::from(all, known, numbers.max_ns)
    }

    /// Of a quantile `known` tells whether it is carried, and whether it is reached.
    fn from(all: [Estimate; 4], known: impl Fn(f64) -> (bool, bool), max: u64) -> Self {
        let mut at_least = BTreeMap::new();
        let mut tell = |name: &str, quantile: f64, estimate: Estimate| {
            let (is_carried, is_reached) = known(quantile);
            // The median of a few requests is rough, but never the story of a single one.
            if quantile > 0.5 && !is_carried {
                return None;
            }
            if !is_reached {
                at_least.insert(name.to_owned(), estimate.median);
            }
            is_reached.then_some(estimate)
        };
        let [p50, p90, p99, p999] = all;
        Self {
            p50: tell("p50", 0.5, p50),
            p90: tell("p90", 0.9, p90),
            p99: tell("p99", 0.99, p99),
            p999: tell("p999", 0.999, p999),
            max,
            at_least,
        }
    }
}

impl OpenOutput {
    pub(super) fn of(numbers: &Numbers) -> Option<Self> {
        let open = numbers.open.as_ref()?;
        Some(Self {
            offered_per_sec: open.offered,
            achieved_per_sec: numbers.throughput,
            drawn: open.drawn,
            errors: open.errors.clone(),
            unfinished: numbers.unfinished,
            reconnects: open.reconnects,
        })
    }
}

impl SweepOutput {
    pub(super) fn of(sweep: &Sweep) -> Self {
        let rung = |rung: &Rung| RungOutput {
            rate_per_sec: rung.rate_per_sec,
            blocks: rung.blocks,
            saturated: rung.saturated,
            generator_limited: rung.generator_limited,
            open: OpenOutput::of(&rung.numbers),
            response_ns: OpenPercentiles::of_response(&rung.numbers),
            service_ns: rung.numbers.open.as_ref().map(|open| OpenPercentiles::of(&open.service)),
            cpu_us_per_op: rung.numbers.cpu_us_per_op,
        };
        Self {
            rungs: sweep.rungs.iter().map(rung).collect(),
            sustained: sweep.sustained,
            knee: sweep.knee,
            capacity: sweep.capacity,
        }
    }
}
