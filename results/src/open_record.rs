//! What was seen of an open slice, beyond what every slice has?
//!
//! The shapes that stand in `trials.jsonl` and `run.json` for open loads only. Four times are known of each
//! request: *intended* (drawn beforehand, never moved), *ready* (the intended time has passed and a connection
//! is free), *sent* and *done*. response = done − intended, service = done − sent, wait = ready − intended,
//! lag = sent − ready. Quantiles are over all drawn requests: what failed or never ended ranks above
//! everything that was completed. Read next: `record.rs`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an open slice saw. The slice's own histogram and percentiles are of its response time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OpenRecord {
    /// The rate that was asked for, in requests per second: a rung of a sweep has its own.
    pub rate_per_sec: u32,
    /// The rate that was drawn inside the window.
    pub offered_per_sec: f64,
    /// The rate at which answers came inside the window.
    pub achieved_per_sec: f64,
    /// Requests drawn for the window: what all quantiles are over.
    pub drawn: u64,
    /// Of these, how many were sent.
    pub sent: u64,
    /// Of these, how many were answered rightly.
    pub completed: u64,
    /// Of the drawn, how many had neither been answered nor failed when the wait for them was given up.
    pub unfinished: u64,
    /// Of the drawn, how many failed, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Connections that had to be opened again, before or within the slice.
    pub reconnects: u64,
    /// Drawn requests without a response time; `null` when all have one.
    pub beyond: Option<BeyondRecord>,
    /// Response time: the quantiles that lie among the completed requests.
    pub response: QuantileRecord,
    /// From the sending to the answer: what a generator that waits politely would report.
    pub service: TimesRecord,
    /// From the intended time until a connection was free: the server's doing, or too few connections.
    pub wait: TimesRecord,
    /// From ready to sent: the generator's own lateness.
    pub lag: TimesRecord,
    /// CPU time of the generator over the slice.
    pub generator_cpu_ns: u64,
    /// The generator was so late that it is what was measured.
    pub generator_limited: bool,
    /// Who could not keep up.
    pub saturated: Saturation,
}

/// Requests without a time, since they failed or never ended: they rank above all that have one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BeyondRecord {
    /// How many.
    pub count: u64,
    /// For how long each had not been answered: lower bounds. Base64 of the HdrHistogram V2 format; empty in a slice
    /// of a packed recording.
    pub histogram: String,
}

/// Quantiles over all drawn requests; `null` where one lies among those that failed or never ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct QuantileRecord {
    /// The median.
    pub p50_ns: Option<u64>,
    /// The 90th percentile.
    pub p90_ns: Option<u64>,
    /// The 95th percentile.
    pub p95_ns: Option<u64>,
    /// The 99th percentile.
    pub p99_ns: Option<u64>,
    /// The 99.9th percentile.
    pub p999_ns: Option<u64>,
}

/// One distribution of an open slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TimesRecord {
    /// What the histogram holds.
    pub recorded: u64,
    /// The quantiles.
    #[serde(flatten)]
    pub quantiles: QuantileRecord,
    /// The largest recorded value.
    pub max_ns: u64,
    /// Base64 of the HdrHistogram V2 format; empty in a packed recording.
    pub histogram: String,
    /// Drawn requests without this time; `null` when all have one.
    pub beyond: Option<BeyondRecord>,
}

/// Who could not keep up with an open load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Saturation {
    /// Nobody was saturated.
    #[default]
    None,
    /// The server answered more slowly than requests were drawn.
    Server,
    /// The generator could not send as fast as requests were drawn.
    Generator,
}

/// How open slices were to be measured; of a contest in `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OpenPlanRecord {
    /// Connections of the generator.
    pub connections: u32,
    /// Rounds in a block; of a sweep, rounds at each rate.
    pub rounds: u32,
    /// Slices at least this long; longer where arrivals are few.
    pub slice_ns: u64,
    /// Slices have at least so many arrivals that count.
    pub least_arrivals: u64,
    /// Warm-up of each server.
    pub warm_up_ns: u64,
    /// What is wanted of a sweep.
    pub objective: Option<ObjectiveRecord>,
    /// How servers that are not ours were started, or where they are, by the runner's name.
    pub servers: BTreeMap<String, String>,
}

/// What a service promises: a quantile of the response time within a limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ObjectiveRecord {
    /// From 0 to 1.
    pub quantile: f64,
    /// The limit.
    pub limit_ns: u64,
}

impl OpenRecord {
    /// Whether the generator is what was measured.
    #[must_use]
    pub fn is_of_the_generator(&self) -> bool {
        self.generator_limited || self.saturated == Saturation::Generator
    }

    /// How many requests failed, of all kinds.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.errors.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}
