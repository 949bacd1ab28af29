//! How does `--json` tell what was decided?
//!
//! One object for a cell's judgement, and one for each metric. It must not decide anything. Read next: `json.rs`,
//! whose part this is, and [`crate::verdict`].

use crate::{
    Role,
    summary::{CellSummary, ContestSummary, Effect, Metric, Scale},
    verdict::{Judgement, Verdict},
};
use serde::Serialize;

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

impl VerdictOutput {
    pub(super) fn of(contest: &ContestSummary, cell: &CellSummary, judgement: &Judgement) -> Self {
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
