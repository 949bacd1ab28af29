//! What does `--json` print?
//!
//! One object with one entry a cell, none missing. Its JSON Schema is `results/schema/output.schema.json`.
//! Whoever changes a field raises [`SCHEMA`]. It must not know what a command line is. Read next:
//! [`crate::summary`], where the numbers come from.

use crate::{
    Placement, Role, State, Summary,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Effect, Measure, Metric, Numbers, Scale},
    verdict::{Judgement, Verdict},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of this shape.
pub const SCHEMA: u32 = 2;

/// The object that `--json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct Output {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The run's folder.
    pub run: String,
    /// All cells, in the order of the plan.
    pub cells: Vec<CellOutput>,
}

/// One cell. What it has no number for is `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct CellOutput {
    /// The cell's printed form.
    pub cell: String,
    /// The workload's name.
    pub workload: String,
    /// All its parameters, defaults included.
    pub params: BTreeMap<String, String>,
    /// `service`, `lateness` or `makespan`: which of the three fields below is filled.
    pub measure: String,
    /// The runner's name.
    pub runner: String,
    /// Runner, null arm or floor.
    pub role: Role,
    /// `closed-32`.
    pub load: String,
    /// On which cores.
    pub placement: Placement,
    /// Threads that the runner was given.
    pub workers: u32,
    /// The worst that any block ended with.
    pub state: State,
    /// Why, unless it was measured.
    pub reason: Option<String>,
    /// What must be said with its numbers.
    pub marks: Vec<String>,
    /// Operations completed in counted slices, over all blocks; 0 without numbers.
    pub ops: u64,
    /// In how many blocks it was measured.
    pub blocks: u32,
    /// Operations per second.
    pub throughput: Option<Estimate>,
    /// Service time, from the actor's previous completion.
    pub service_ns: Option<Percentiles>,
    /// How much later than asked for.
    pub lateness_ns: Option<Percentiles>,
    /// From the first start to the last completion.
    pub makespan_ns: Option<Percentiles>,
    /// From intended send; only under open load.
    pub response_ns: Option<Percentiles>,
    /// From intended send to ready; only under open load.
    pub wait_ns: Option<Percentiles>,
    /// The generator's own lateness; only under open load.
    pub lag_ns: Option<Percentiles>,
    /// CPU time per operation in µs.
    pub cpu_us_per_op: Option<Estimate>,
    /// CPU time of the peer per operation in µs.
    pub peer_cpu_us_per_op: Option<Estimate>,
    /// The largest resident set of any block.
    pub peak_rss_bytes: Option<u64>,
    /// What it really waited with.
    pub backend: Option<String>,
    /// The version of what the runner stands on.
    pub version: Option<String>,
    /// The judgement against the baseline, where one was made.
    pub verdict: Option<VerdictOutput>,
    /// The rank group within the contest by the median, from 1, where one was made.
    pub grade: Option<String>,
}

/// The judgement of a cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct VerdictOutput {
    /// All metrics in a word: `invalid`, `better`, `worse`, `mixed`, `equivalent` or `undecided`.
    pub summary: String,
    /// The runner that it was compared with; for a null arm the one that it copies.
    pub baseline: String,
    /// Of the median: `faster` or `slower`.
    pub p50: MetricOutput,
    /// Of CPU per operation: `cheaper` or `dearer`.
    pub cpu_per_op: MetricOutput,
    /// Of throughput: `higher` or `lower`.
    pub throughput: MetricOutput,
}

/// The judgement of one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct MetricOutput {
    /// `invalid`, the metric's two words for different, `equivalent` or `undecided`.
    pub verdict: String,
    /// What the numbers are: `ratio`, or `difference-us` for lateness.
    pub scale: Option<String>,
    /// Against the baseline.
    pub estimate: Option<f64>,
    /// The 99.5 % interval's lower end.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// Against equality, two-sided.
    pub p_value: Option<f64>,
    /// After Holm over the contest.
    pub adjusted_p_value: Option<f64>,
    /// Of what is undecided: about so many more blocks would decide, where that can be told.
    pub more_blocks: Option<u32>,
}

/// A distribution in nanoseconds: percentiles within each block, estimated over blocks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct Percentiles {
    /// The median.
    pub p50: Estimate,
    /// The 90th percentile.
    pub p90: Estimate,
    /// The 99th percentile.
    pub p99: Estimate,
    /// The 99.9th percentile.
    pub p999: Estimate,
    /// The largest value of all blocks.
    pub max: u64,
}

impl Output {
    /// From a summary of the run in this folder.
    #[must_use]
    pub fn of(summary: &Summary, folder: &str) -> Self {
        let cells = summary.cells().map(|(contest, cell)| CellOutput::of(contest, cell));
        Self { schema: SCHEMA, run: folder.into(), cells: cells.collect() }
    }
}

impl CellOutput {
    fn of(contest: &ContestSummary, cell: &CellSummary) -> Self {
        let numbers = cell.numbers.as_ref();
        let times = |measure| numbers.filter(|_| contest.measure == measure).map(Percentiles::of);
        Self {
            cell: cell.cell.clone(),
            workload: contest.contest.workload_name().into(),
            params: cell.parameters.clone(),
            measure: contest.measure.name().into(),
            runner: cell.runner.clone(),
            role: cell.role,
            load: contest.contest.load.to_string(),
            placement: contest.contest.placement,
            workers: cell.workers,
            state: cell.state,
            reason: cell.reason.clone(),
            marks: cell.marks.clone(),
            ops: numbers.map_or(0, |numbers| numbers.ops),
            blocks: cell.blocks,
            throughput: numbers.map(|numbers| numbers.throughput),
            service_ns: times(Measure::Service),
            lateness_ns: times(Measure::Lateness),
            makespan_ns: times(Measure::Makespan),
            response_ns: None,
            wait_ns: None,
            lag_ns: None,
            cpu_us_per_op: numbers.map(|numbers| numbers.cpu_us_per_op),
            peer_cpu_us_per_op: numbers.and_then(|numbers| numbers.peer_cpu_us_per_op),
            peak_rss_bytes: cell.peak_rss_bytes,
            backend: cell.backend.clone(),
            version: cell.version.clone(),
            verdict: cell.verdict.as_ref().map(|verdict| VerdictOutput::of(contest, cell, verdict)),
            grade: cell.groups.on(Metric::P50).map(|group| group.to_string()),
        }
    }
}

impl VerdictOutput {
    fn of(contest: &ContestSummary, cell: &CellSummary, judgement: &Judgement) -> Self {
        let against = match cell.role {
            Role::Null => &contest.planned_baseline,
            Role::Runner | Role::Floor => &contest.baseline,
        };
        let metric = |metric| MetricOutput::of(metric, cell.effects.on(metric), judgement);
        Self {
            summary: judgement.word().into(),
            baseline: against.clone().unwrap_or_default(),
            p50: metric(Metric::P50),
            cpu_per_op: metric(Metric::CpuPerOp),
            throughput: metric(Metric::Throughput),
        }
    }
}

impl MetricOutput {
    fn of(metric: Metric, effect: Option<&Effect>, judgement: &Judgement) -> Self {
        let one = judgement.on(metric);
        let scale = |effect: &Effect| match effect.scale {
            Scale::Ratio => "ratio",
            Scale::DifferenceUs => "difference-us",
        };
        let ends = effect.and_then(|effect| effect.interval);
        Self {
            verdict: one.verdict.word(metric).into(),
            scale: effect.map(|effect| scale(effect).into()),
            estimate: effect.map(|effect| effect.estimate),
            low: ends.map(|(low, _)| low),
            high: ends.map(|(_, high)| high),
            p_value: one.p_value,
            adjusted_p_value: one.adjusted_p_value,
            more_blocks: match one.verdict {
                Verdict::Undecided { more_blocks } => more_blocks,
                _ => None,
            },
        }
    }
}

impl Percentiles {
    fn of(numbers: &Numbers) -> Self {
        Self {
            p50: numbers.p50_ns,
            p90: numbers.p90_ns,
            p99: numbers.p99_ns,
            p999: numbers.p999_ns,
            max: numbers.max_ns,
        }
    }
}

/// The object as one line of JSON, without a line feed.
#[must_use]
pub fn render(summary: &Summary, folder: &str) -> String {
    serde_json::to_string(&Output::of(summary, folder)).expect("the output is plain data")
}
