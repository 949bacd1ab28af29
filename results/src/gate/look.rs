//! What does one look at a contest show?
//!
//! In this order: *better* (the adjusted p-value is within the look's error rate, and the estimate at least 1 %),
//! *worse* (the same, and the estimate beyond the margin), *equivalent* (the interval lies within the margin), else
//! *undecided*: so what is certainly worse by less than the margin is equivalent or undecided, and never better.
//! The family for Holm is the contest: all pairs, times three metrics. A null arm is a family of its own.
//!
//! It must not know when looks happen. Read next: `crate::verdict`, which has the limits.

use super::LOOK_ALPHA;
use crate::{
    Role,
    statistics::{Paired, holm, quantile},
    summary::{
        Effects, Measure, Metric, Scale,
        effect::{Blocks, effects},
    },
    verdict::{Limits, Rules},
};

/// How surely a difference of the smallest detectable size would be found.
pub(super) const POWER: f64 = 0.9;

/// What is said of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The new code is better.
    Better,
    /// It is worse by more than the margin.
    Worse,
    /// It differs by less than the margin.
    Equivalent,
    /// The blocks that there are do not decide.
    Undecided,
}

/// One metric of two arms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// Which.
    pub metric: Metric,
    /// What the numbers are: ratios, or differences in µs.
    pub scale: Scale,
    /// The second arm against the first.
    pub estimate: f64,
    /// Its interval at the look's error rate.
    pub interval: Option<(f64, f64)>,
    /// After Holm over the family.
    pub adjusted_p_value: f64,
    /// Whether they differ: by the adjusted p-value, and by at least 1 %.
    pub differs: bool,
    /// What is said.
    pub finding: Finding,
    /// The smallest slow-down that these blocks would call worse in nine of ten cases, by how much two copies of the
    /// same code vary: a part (0.02 is 2 %), or µs. It is beyond the margin, since no smaller one is worse. `None`
    /// where the null arm does not tell.
    pub detectable: Option<f64>,
}

/// Whether nothing more is to be learned: one metric is worse, or all are something. Where suspects are measured again,
/// only those metrics count by which they are.
pub(super) fn is_decided(metrics: &[Compared], missing: &[Metric], suspected: &[Metric]) -> bool {
    let counts = |metric| suspected.is_empty() || suspected.contains(&metric);
    let any = |wanted| {
        metrics.iter().any(|compared| counts(compared.metric) && compared.finding == wanted)
    };
    let is_whole = !metrics.is_empty() && !missing.iter().any(|metric| counts(*metric));
    any(Finding::Worse) || (is_whole && !any(Finding::Undecided))
}

/// What a look finds of one pair.
#[derive(Default)]
pub(super) struct Found {
    /// The new code against the old.
    pub(super) metrics: Vec<Compared>,
    /// The null arm against what it copies.
    pub(super) null: Vec<Compared>,
    /// Metrics that have no value in some block.
    pub(super) missing: Vec<Metric>,
}

/// A pair's effects and those of its null arm.
pub(super) struct Member {
    pair: Effects,
    null: Effects,
    typical_us: f64,
}

impl Member {
    pub(super) fn of(
        measure: Measure,
        base: &Blocks<'_>,
        new: &Blocks<'_>,
        copied: &Blocks<'_>,
        null: &Blocks<'_>,
        typical_us: f64,
    ) -> Result<Self, String> {
        Ok(Self {
            pair: effects(measure, Role::Runner, base, new)?,
            null: effects(measure, Role::Null, copied, null)?,
            typical_us,
        })
    }
}

/// All pairs of one contest at one look.
pub(super) struct Family {
    rules: Rules,
    /// Under open load the rate is given: throughput says nothing.
    metrics: Vec<Metric>,
    members: Vec<Member>,
}

impl Family {
    pub(super) fn new(measure: Measure, margin: f64) -> Self {
        let told = |metric: &Metric| measure != Measure::Response || *metric != Metric::Throughput;
        Self {
            rules: Rules { alpha: LOOK_ALPHA, margin, ..Rules::default() },
            metrics: Metric::ALL.into_iter().filter(told).collect(),
            members: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, member: Member) {
        self.members.push(member);
    }

    /// For each pair what is found after so many blocks.
    pub(super) fn judge(&self, blocks: u32) -> Vec<Found> {
        let tests = |effects: &Effects| -> Vec<Option<Paired>> {
            self.metrics.iter().map(|metric| effects.on(*metric)?.test()).collect()
        };
        let all: Vec<_> = self.members.iter().map(|member| tests(&member.pair)).collect();
        let p_values: Vec<f64> =
            all.iter().flatten().flatten().map(|test| test.p_value()).collect();
        let mut adjusted = holm(&p_values).into_iter();
        let mut found = Vec::new();
        for (member, pair) in self.members.iter().zip(&all) {
            let nulls = tests(&member.null);
            let null_p: Vec<f64> = nulls.iter().flatten().map(|test| test.p_value()).collect();
            let mut null_adjusted = holm(&null_p).into_iter();
            let mut of_pair = Found { missing: self.missing(member, blocks), ..Found::default() };
            for ((metric, test), noise) in self.metrics.iter().zip(pair).zip(&nulls) {
                let strictest = self.rules.alpha / p_values.len() as f64;
                let of =
                    |effects: &Effects, test: &Option<Paired>, p: &mut dyn Iterator<Item = f64>| {
                        let (test, scale) = ((*test)?, effects.on(*metric)?.scale);
                        let limits = self.rules.limits(scale, member.typical_us);
                        let detectable =
                            noise.and_then(|noise| detectable(&noise, strictest, limits.margin));
                        Some(self.compared(*metric, scale, &test, p.next()?, limits, detectable))
                    };
                of_pair.metrics.extend(of(&member.pair, test, &mut adjusted));
                of_pair.null.extend(of(&member.null, noise, &mut null_adjusted));
            }
            found.push(of_pair);
        }
        found
    }

    /// Metrics that do not have a value in each block: a program that does not know its CPU time has none, and must
    /// not pass on its other numbers.
    fn missing(&self, member: &Member, blocks: u32) -> Vec<Metric> {
        let is_whole = |effects: &Effects, metric| {
            effects.on(metric).is_some_and(|effect| effect.blocks.len() == blocks as usize)
        };
        let missing =
            self.metrics.iter().copied().filter(|metric| {
                !is_whole(&member.pair, *metric) || !is_whole(&member.null, *metric)
            });
        missing.collect()
    }

    fn compared(
        &self,
        metric: Metric,
        scale: Scale,
        test: &Paired,
        adjusted_p_value: f64,
        limits: Limits,
        detectable: Option<f64>,
    ) -> Compared {
        let interval = test.interval(self.rules.alpha);
        let significant = adjusted_p_value <= self.rules.alpha;
        let differs = significant && test.centre.abs() >= limits.least;
        let is_better = (test.centre < 0.0) == metric.less_is_better();
        let inside = interval.is_some_and(|interval| {
            interval.low >= -limits.margin && interval.high <= limits.margin
        });
        let finding = match (differs, is_better) {
            (true, true) => Finding::Better,
            (true, false) if test.centre.abs() > limits.margin => Finding::Worse,
            _ if inside => Finding::Equivalent,
            _ => Finding::Undecided,
        };
        Compared {
            metric,
            scale,
            estimate: scale.shown(test.centre),
            interval: interval.map(|ends| (scale.shown(ends.low), scale.shown(ends.high))),
            adjusted_p_value,
            differs,
            finding,
            detectable: detectable.map(|least| match scale {
                Scale::Ratio => least.exp_m1(),
                Scale::DifferenceUs => least,
            }),
        }
    }
}

/// The difference that is worse with [`POWER`] at this error rate: the usual sum of two quantiles of Student's t times the
/// standard error, which the null arm tells; or, where the margin is what is harder to exceed, the margin and the second.
fn detectable(noise: &Paired, alpha: f64, margin: f64) -> Option<f64> {
    let found = quantile(1.0 - alpha / 2.0, noise.freedom)?;
    let surely = quantile(POWER, noise.freedom)?;
    Some((found * noise.error).max(margin) + surely * noise.error)
}
