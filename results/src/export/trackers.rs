//! How do services that follow benchmarks over time read a summary?
//!
//! [`bmf`] is the Bencher Metric Format (its schema: bencher.dev/bmf.json): time and throughput under the
//! names that Bencher has for them, with our interval as bounds. [`gh_benchmark`] is the
//! `customSmallerIsBetter` list of github-action-benchmark: median and CPU per operation, since there only
//! smaller may be better. Both hold measured cells only, and none of grade F: neither has a word for one that is not, or
//! whose numbers describe something else than the runner.
//!
//! They compare with stored numbers of other days, which no verdict of ours does. Read next: `junit.rs`.

use crate::{
    Summary,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Measure, Numbers},
};
use serde_json::{Map, Value, json};

fn measured(summary: &Summary) -> impl Iterator<Item = (&ContestSummary, &CellSummary, &Numbers)> {
    let believed = summary.cells().filter(|(_, cell)| cell.audit.may_be_ranked());
    believed.filter_map(|(contest, cell)| Some((contest, cell, cell.numbers.as_ref()?)))
}

/// What a contest's median is called: Bencher's own name where its meaning is that.
fn time_name(measure: Measure) -> &'static str {
    match measure {
        Measure::Service => "latency",
        Measure::Lateness => "lateness",
        Measure::Makespan => "makespan",
        Measure::Response => "response",
    }
}

/// The median, unless it lies among requests that failed.
fn median(numbers: &Numbers) -> Option<Estimate> {
    numbers.reaches(0.5).then_some(numbers.p50_ns)
}

/// Bencher Metric Format, with a line feed.
#[must_use]
pub fn bmf(summary: &Summary) -> String {
    let metric = |estimate: &Estimate| {
        json!({
            "value": estimate.median,
            "lower_value": estimate.low,
            "upper_value": estimate.high,
        })
    };
    let mut cells = Map::new();
    for (contest, cell, numbers) in measured(summary) {
        let mut metrics = Map::new();
        if let Some(p50_ns) = median(numbers) {
            metrics.insert(time_name(contest.measure).into(), metric(&p50_ns));
        }
        metrics.insert("throughput".into(), metric(&numbers.throughput));
        if let Some(cpu_us) = numbers.cpu_us_per_op {
            metrics.insert("cpu-us-per-op".into(), metric(&cpu_us));
        }
        cells.insert(cell.cell.clone(), Value::Object(metrics));
    }
    pretty(&Value::Object(cells))
}

/// The list for `customSmallerIsBetter`, with a line feed.
#[must_use]
pub fn gh_benchmark(summary: &Summary) -> String {
    let mut entries = Vec::new();
    for (contest, cell, numbers) in measured(summary) {
        let verdict = cell.verdict.as_ref().map_or("none", |judgement| judgement.word());
        let extra = format!("blocks: {}, verdict in its run: {verdict}", cell.blocks);
        let mut entry = |name: &str, unit: &str, estimate: &Estimate| {
            let distance = (estimate.high - estimate.median).max(estimate.median - estimate.low);
            entries.push(json!({
                "name": format!("{} {name}", cell.cell),
                "unit": unit,
                "value": estimate.median,
                "range": format!("± {distance}"),
                "extra": extra,
            }));
        };
        if let Some(p50_ns) = median(numbers) {
            entry(&format!("p50 of {}", contest.measure.title()), "ns", &p50_ns);
        }
        if let Some(cpu_us) = numbers.cpu_us_per_op {
            entry("CPU per operation", "µs", &cpu_us);
        }
    }
    pretty(&Value::Array(entries))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
