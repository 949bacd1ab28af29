//! What does `--json` print?
//!
//! One object with one entry a cell, none missing. Its JSON Schema is `results/schema/output.schema.json`.
//! Whoever changes a field raises [`SCHEMA`]. It must not know what a command line is. Read next:
//! [`crate::summary`], where the numbers come from.

pub use super::json_audit::AuditOutput;
pub use super::json_open::{
    OpenOutput, OpenPercentiles, RungOutput, ServicePercentiles, SweepOutput,
};
pub use super::json_price::PriceOutput;
pub use super::json_verdict::{MetricOutput, StoppingOutput, VerdictOutput};

use crate::{
    Placement, Role, State, Summary,
    auditor::{Finding, Grade},
    statistics::Estimate,
    summary::{
        CellSummary, ContestSummary, Distribution, FigureSummary, Measure, Metric, Numbers,
        OpenNumbers,
    },
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of this shape. 2: verdicts, rank groups, figures of a workload's own, and the ideal. 3: the price of a cell, its
/// audit, grades and findings; the rank group, which was called `grade`, is `groups.p50`, beside those by the other metrics. 4: runs
/// that stop early, and tails. 5: percentiles of closed loads are `null` where some block has too few operations for them. 6:
/// those of open loads, and of the rungs of a sweep, too; then they are not in `at_least` either. `broke_per_sec` of a sweep is
/// above `held_per_sec`, also where blocks came less far.
pub const SCHEMA: u32 = 6;

/// The object that `--json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct Output {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The run's folder.
    pub run: String,
    /// How it was to stop early, and what it spent; `null` if it was not.
    pub stopping: Option<StoppingOutput>,
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
    /// `service`, `lateness`, `makespan` or, under open load, `response`: what the cell is compared by.
    pub measure: String,
    /// The runner's name.
    pub runner: String,
    /// Runner, null arm or floor.
    pub role: Role,
    /// `closed-32`, `open-1000-poisson`.
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
    /// Service time: under closed load from the actor's previous completion, under open load from the
    /// sending, where `null` stands also in place of a percentile that failed or unfinished requests reach.
    pub service_ns: Option<ServicePercentiles>,
    /// How much later than asked for.
    pub lateness_ns: Option<Percentiles>,
    /// From the first start to the last completion.
    pub makespan_ns: Option<Percentiles>,
    /// From the intended time to the answer; only under open load.
    pub response_ns: Option<OpenPercentiles>,
    /// From the intended time until a connection was free; only under open load.
    pub wait_ns: Option<OpenPercentiles>,
    /// The generator's own lateness; only under open load.
    pub lag_ns: Option<OpenPercentiles>,
    /// Counts and rates that only an open load has.
    pub open: Option<OpenOutput>,
    /// Of a sweep: what was seen at each rate, from the lowest up.
    pub sweep: Option<SweepOutput>,
    /// What the workload reports besides its times, by name.
    pub figures: BTreeMap<String, FigureOutput>,
    /// How long an operation would take if waiting overlapped perfectly and nothing else cost anything.
    pub ideal_ns: Option<u64>,
    /// The median makespan over that.
    pub over_ideal: Option<Estimate>,
    /// CPU time per operation in µs.
    pub cpu_us_per_op: Option<Estimate>,
    /// CPU time of the peer per operation in µs.
    pub peer_cpu_us_per_op: Option<Estimate>,
    /// The largest resident set of any block.
    pub peak_rss_bytes: Option<u64>,
    /// What it costs besides time; `null` where nothing was measured.
    pub price: Option<PriceOutput>,
    /// What an audit trial counted, outside of every time; `null` without `--audit`.
    pub audit: Option<AuditOutput>,
    /// What it really waited with.
    pub backend: Option<String>,
    /// The version of what the runner stands on.
    pub version: Option<String>,
    /// The judgement against the baseline, where one was made.
    pub verdict: Option<VerdictOutput>,
    /// The rank groups within the contest, where they were made.
    pub groups: GroupsOutput,
    /// How far the numbers can be believed: `A` nothing was found, `B` marked, `F` not ranked; `null` without
    /// numbers.
    pub grade: Option<Grade>,
    /// What was found in its numbers, marks included.
    pub findings: Vec<Finding>,
}

/// Rank groups, from 1; runners of one group are not shown to differ from its best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct GroupsOutput {
    /// By the median.
    pub p50: Option<u32>,
    /// By CPU time per operation.
    pub cpu_per_op: Option<u32>,
    /// By throughput.
    pub throughput: Option<u32>,
}

/// A figure of a workload's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct FigureOutput {
    /// Its unit: `ns`, `bytes`, `1`.
    pub unit: String,
    /// The median within each block, or the sum where the unit is `in all`, estimated over blocks.
    pub value: Estimate,
    /// From how many values, over all blocks.
    pub values: u64,
}

/// A distribution in nanoseconds: percentiles within each block, estimated over blocks; `null` where some block has
/// fewer than ten operations above.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct Percentiles {
    /// The median.
    pub p50: Estimate,
    /// The 90th percentile.
    pub p90: Option<Estimate>,
    /// The 99th percentile.
    pub p99: Option<Estimate>,
    /// The 99.9th percentile.
    pub p999: Option<Estimate>,
    /// The largest value of all blocks.
    pub max: u64,
}

impl Output {
    /// From a summary of the run in this folder.
    #[must_use]
    pub fn of(summary: &Summary, folder: &str) -> Self {
        let cells = summary.cells().map(|(contest, cell)| CellOutput::of(contest, cell));
        let stopping = StoppingOutput::of(summary);
        Self { schema: SCHEMA, run: folder.into(), stopping, cells: cells.collect() }
    }
}

impl CellOutput {
    fn of(contest: &ContestSummary, cell: &CellSummary) -> Self {
        let numbers = cell.numbers.as_ref();
        let times = |measure| numbers.filter(|_| contest.measure == measure).map(Percentiles::of);
        let open = numbers.and_then(|numbers| numbers.open.as_ref());
        let of_open =
            |pick: fn(&OpenNumbers) -> &Distribution| open.map(pick).map(OpenPercentiles::of);
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
            service_ns: times(Measure::Service)
                .map(ServicePercentiles::Closed)
                .or_else(|| of_open(|open| &open.service).map(ServicePercentiles::Open)),
            lateness_ns: times(Measure::Lateness),
            makespan_ns: times(Measure::Makespan),
            response_ns: numbers
                .filter(|_| contest.measure == Measure::Response)
                .map(OpenPercentiles::of_response),
            wait_ns: of_open(|open| &open.wait),
            lag_ns: of_open(|open| &open.lag),
            open: numbers.and_then(OpenOutput::of),
            sweep: cell.sweep.as_ref().map(SweepOutput::of),
            figures: cell.figures.iter().map(FigureOutput::of).collect(),
            ideal_ns: contest.ideal_ns,
            over_ideal: cell.over_ideal,
            cpu_us_per_op: numbers.and_then(|numbers| numbers.cpu_us_per_op),
            peer_cpu_us_per_op: numbers.and_then(|numbers| numbers.peer_cpu_us_per_op),
            peak_rss_bytes: cell.peak_rss_bytes,
            price: PriceOutput::of(cell),
            audit: cell.counted.as_ref().map(AuditOutput::of),
            backend: cell.backend.clone(),
            version: cell.version.clone(),
            verdict: cell.verdict.as_ref().map(|verdict| VerdictOutput::of(cell, verdict)),
            groups: GroupsOutput {
                p50: cell.groups.on(Metric::P50),
                cpu_per_op: cell.groups.on(Metric::CpuPerOp),
                throughput: cell.groups.on(Metric::Throughput),
            },
            grade: cell.grade(),
            findings: cell.audit.findings.clone(),
        }
    }
}

impl FigureOutput {
    fn of(figure: &FigureSummary) -> (String, Self) {
        let FigureSummary { name, unit, value, values } = figure;
        (name.clone(), Self { unit: unit.clone(), value: *value, values: *values })
    }
}

impl Percentiles {
    pub(super) fn of(numbers: &Numbers) -> Self {
        let carried = |quantile, value| numbers.carries(quantile).then_some(value);
        Self {
            p50: numbers.p50_ns,
            p90: carried(0.9, numbers.p90_ns),
            p99: carried(0.99, numbers.p99_ns),
            p999: carried(0.999, numbers.p999_ns),
            max: numbers.max_ns,
        }
    }
}

/// The object as one line of JSON, without a line feed.
#[must_use]
pub fn render(summary: &Summary, folder: &str) -> String {
    serde_json::to_string(&Output::of(summary, folder)).expect("the output is plain data")
}
