//! How does `--json` tell what was decided?
//!
//! One object for a cell's judgement, and one for each metric. It must not decide anything. Read next: `json.rs`,
//! whose part this is, and [`crate::verdict`].

use crate::{
    Summary,
    summary::{CellSummary, Effect, Metric, Scale, Spent},
    verdict::{Judgement, MetricVerdict, Verdict},
};
use serde::Serialize;

/// How a run was to stop early, and what it spent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct StoppingOutput {
    /// After how many blocks was looked.
    pub looks: Vec<u32>,
    /// What had to be decided: `all`, `p50`, `cpu`, `throughput`, `p90`, `p99` or `p99.9`.
    pub metric: String,
    /// How long it might take, in seconds.
    pub budget_s: Option<f64>,
    /// Blocks that were lived, over all contests.
    pub blocks: u32,
    /// How many there would have been if nothing had been decided.
    pub most_blocks: u32,
    /// Comparisons of a runner with its baseline.
    pub comparisons: u32,
    /// How many of them are decided.
    pub decided: u32,
}

impl StoppingOutput {
    pub(super) fn of(summary: &Summary) -> Option<Self> {
        let spent = Spent::of(summary)?;
        let stopping = summary.run.plan.stopping.as_ref()?;
        Some(Self {
            looks: stopping.looks.clone(),
            metric: stopping.metric.clone(),
            budget_s: stopping.budget_ns.map(|budget_ns| budget_ns as f64 * 1e-9),
            blocks: spent.blocks,
            most_blocks: spent.most_blocks,
            comparisons: spent.comparisons,
            decided: spent.decided,
        })
    }
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
    /// Of the tail that was asked for, with the words of the median; `null` without `--metric p90`, `p99`, `p99.9`.
    pub tail: Option<MetricOutput>,
    /// Of a run that may stop early: after how many blocks all this was found; 0 before the first look.
    pub look: Option<u32>,
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

impl VerdictOutput {
    pub(super) fn of(cell: &CellSummary, judgement: &Judgement) -> Self {
        let metric =
            |metric| MetricOutput::of(metric, cell.effects.on(metric), judgement.on(metric));
        Self {
            summary: judgement.word().into(),
            baseline: cell.against.clone().unwrap_or_default(),
            p50: metric(Metric::P50),
            cpu_per_op: metric(Metric::CpuPerOp),
            throughput: metric(Metric::Throughput),
            tail: judgement.tail.map(|one| MetricOutput::of(Metric::P50, cell.tail.as_ref(), &one)),
            look: cell.look.map(|look| look.blocks),
        }
    }
}

impl MetricOutput {
    fn of(metric: Metric, effect: Option<&Effect>, one: &MetricVerdict) -> Self {
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
