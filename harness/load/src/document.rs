//! What is a slice, or a sweep, as JSON? The shapes that `simul load --json` prints.
//!
//! `schema/load.schema.json` and `schema/sweep.schema.json` are generated from these types. All times are whole
//! nanoseconds, rates are requests a second.

use crate::{
    generator::{Mode, Pacing},
    outcome::{Distribution, Outcome, Quantile, Saturated},
    sweep::{Finding, Step},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of these shapes.
pub const SCHEMA: u32 = 1;

/// Which quantiles are given, with their names.
pub const QUANTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];

/// One slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// The number of this shape: 1.
    pub schema: u32,
    /// `open` or `closed`.
    pub mode: String,
    /// What was asked.
    pub url: String,
    /// How many connections there were.
    pub connections: u32,
    /// The law of the intended times; null in a closed load.
    pub arrivals: Option<String>,
    /// How the generator waited: `hybrid`, `spin` or `sleep`.
    pub pacing: String,
    /// The seed of the intended times.
    pub seed: u64,
    /// When the slice began, on the host's monotonic clock: intended times count from there.
    pub started_ns: u64,
    /// The length of the part that counts.
    pub duration_ns: u64,
    /// It was ended by a signal.
    pub interrupted: bool,
    /// The rate that was asked for; null in a closed load.
    pub asked_rate: Option<f64>,
    /// Intended requests a second; closed: sent ones.
    pub offered_rate: f64,
    /// Completions a second within the slice.
    pub achieved_rate: f64,
    /// Requests that count: completed + failed + unfinished.
    pub drawn: u64,
    /// Of these, those that were sent.
    pub sent: u64,
    /// Of these, those that were answered rightly.
    pub completed: u64,
    /// Of these, those that were answered wrongly, or not.
    pub failed: u64,
    /// What went wrong, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Requests whose end was not awaited.
    pub unfinished: u64,
    /// Connections that were opened again.
    pub reconnects: u64,
    /// CPU time of the generator by the requests that it sent, in microseconds.
    pub cpu_us_per_request: Option<f64>,
    /// The share of the slice in which the generator had something to do.
    pub generator_busy: f64,
    /// The generator was too late for its figures to be the server's.
    pub generator_limited: bool,
    /// Which side could not do more: `none`, `server` or `generator`.
    pub saturated: String,
    /// Done − intended; null in a closed load, which has none.
    pub response_ns: Option<Quantiles>,
    /// Done − sent.
    pub service_ns: Quantiles,
    /// Ready − intended.
    pub wait_ns: Quantiles,
    /// Sent − ready.
    pub lag_ns: Quantiles,
}

/// Quantiles over all requests that count. Null: no request, or the quantile falls among those that failed or
/// did not end, and `at_least` has its lower bound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantiles {
    /// The median.
    pub p50: Option<u64>,
    /// Within which 90 % are done.
    pub p90: Option<u64>,
    /// Within which 95 % are done.
    pub p95: Option<u64>,
    /// Within which 99 % are done.
    pub p99: Option<u64>,
    /// Within which 99.9 % are done.
    pub p999: Option<u64>,
    /// The longest.
    pub max: Option<u64>,
    /// Lower bounds of those that are not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at_least: BTreeMap<String, u64>,
}

impl Quantiles {
    /// Of a distribution.
    #[must_use]
    pub fn of(times: &Distribution) -> Self {
        let mut at_least = BTreeMap::new();
        let [p50, p90, p95, p99, p999, max] =
            QUANTILES.map(|(name, q)| match times.quantile(q)? {
                Quantile::Value(ns) => Some(ns),
                Quantile::AtLeast(ns) => {
                    at_least.insert(name.to_owned(), ns);
                    None
                }
            });
        Self { p50, p90, p95, p99, p999, max, at_least }
    }
}

impl Document {
    /// Of a slice.
    #[must_use]
    pub fn of(outcome: &Outcome, url: &str, pacing: Pacing) -> Self {
        let (mode, arrivals, asked_rate) = match outcome.mode {
            Mode::Open { arrivals, rate_per_sec } => {
                ("open", Some(arrivals.to_string()), Some(rate_per_sec))
            }
            Mode::Closed => ("closed", None, None),
        };
        let handled = outcome.handled();
        Self {
            schema: SCHEMA,
            mode: mode.into(),
            url: url.into(),
            connections: outcome.connections,
            arrivals,
            pacing: pacing.to_string(),
            seed: outcome.seed,
            started_ns: outcome.started_ns,
            duration_ns: outcome.window_ns,
            interrupted: outcome.interrupted,
            asked_rate,
            offered_rate: outcome.offered_per_sec,
            achieved_rate: outcome.achieved_per_sec,
            drawn: outcome.drawn,
            sent: outcome.sent,
            completed: outcome.completed,
            failed: outcome.failed,
            errors: outcome
                .errors
                .iter()
                .map(|(fault, count)| (fault.to_string(), *count))
                .collect(),
            unfinished: outcome.unfinished,
            reconnects: outcome.reconnects,
            cpu_us_per_request: (handled > 0).then(|| outcome.cpu_ns as f64 / handled as f64 / 1e3),
            generator_busy: outcome.busy,
            generator_limited: outcome.generator_limited,
            saturated: word(outcome.saturated).into(),
            response_ns: outcome.response.as_ref().map(Quantiles::of),
            service_ns: Quantiles::of(&outcome.service),
            wait_ns: Quantiles::of(&outcome.wait),
            lag_ns: Quantiles::of(&outcome.lag),
        }
    }
}

/// The word for a side.
#[must_use]
pub fn word(saturated: Saturated) -> &'static str {
    match saturated {
        Saturated::None => "none",
        Saturated::Server => "server",
        Saturated::Generator => "generator",
    }
}

/// A sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepDocument {
    /// The number of this shape: 1.
    pub schema: u32,
    /// `sweep`.
    pub mode: String,
    /// What was asked.
    pub url: String,
    /// How many connections there were.
    pub connections: u32,
    /// The law of the intended times.
    pub arrivals: String,
    /// The objective, such as `p99=10ms`; null: only not to be saturated.
    pub objective: Option<String>,
    /// It was ended by a signal.
    pub interrupted: bool,
    /// The rate beyond which the median response time grows faster than the rate; null: not found.
    pub knee_rate: Option<f64>,
    /// The highest rate at which most of the confirming slices met the objective; null: none did.
    pub capacity_rate: Option<f64>,
    /// The highest rate at which all did.
    pub capacity_lowest: Option<f64>,
    /// The lowest rate at which none did; null: it was not reached.
    pub capacity_highest: Option<f64>,
    /// What ended the search: `server`, `generator`, or `none` where neither was reached.
    pub limit: String,
    /// Every slice, in order.
    pub steps: Vec<Step>,
}

impl SweepDocument {
    /// Of a sweep.
    #[must_use]
    pub fn of(
        finding: &Finding,
        (url, connections, arrivals): (&str, u32, &str),
        interrupted: bool,
    ) -> Self {
        Self {
            schema: SCHEMA,
            mode: "sweep".into(),
            url: url.into(),
            connections,
            arrivals: arrivals.into(),
            objective: finding.objective.map(|objective| objective.to_string()),
            interrupted,
            knee_rate: finding.knee_rate,
            capacity_rate: finding.capacity_rate,
            capacity_lowest: finding.capacity_lowest,
            capacity_highest: finding.capacity_highest,
            limit: word(finding.limit).into(),
            steps: finding.steps.clone(),
        }
    }
}
