//! Is a runner different from the baseline, equal to it, or is it not known?
//!
//! In this order: *invalid* (a mark says that the numbers describe something else); *different* (Holm's
//! adjusted p-value is at most 0.005 and the estimate at least 1 %); *equivalent* (the 99.5 % interval lies
//! within ±3 %: inclusion of the interval, D. J. Schuirmann, J. Pharmacokin. Biopharm. 15 (1987), and stricter
//! than his two one-sided tests at 0.5 %, whose interval is the 99 % one); else *undecided*, with how many
//! more blocks would decide.
//!
//! The family for Holm is one contest: every ranked runner against the baseline, times three metrics. A null
//! arm is a family of its own. Read next: `judged.rs`, which asks.

use crate::{
    statistics::{ALPHA, Interval, Paired, holm, quantile},
    summary::{Effect, Effects, Metric, Scale},
};

/// What is asked of a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The error rate of a family.
    pub alpha: f64,
    /// Differences up to this part of the baseline's value are none, as a part: 0.03.
    pub margin: f64,
    /// Smaller differences are never called different, as a part: 0.01. What two builds of the same code
    /// differ by through the layout of their code alone is of this size.
    pub least: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { alpha: ALPHA, margin: 0.03, least: 0.01 }
    }
}

/// The smallest margin of lateness in µs: a switch between threads takes about as long (0.85 µs measured on
/// the machine of the methodology), so less than that is no timer's doing.
pub const LEAST_MARGIN_US: f64 = 1.0;

/// What is said of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its numbers describe something else.
    Invalid,
    /// It differs, for the better.
    Better,
    /// It differs, for the worse.
    Worse,
    /// It differs by less than the margin.
    Equivalent,
    /// The blocks that there are do not decide.
    Undecided {
        /// About so many more would, if they vary as those that there are; `None` with one block, or where
        /// a thousand would not do.
        more_blocks: Option<u32>,
    },
}

/// One metric's verdict, and what it stands on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricVerdict {
    /// What is said.
    pub verdict: Verdict,
    /// The p-value against equality; `None` with one block.
    pub p_value: Option<f64>,
    /// After Holm over the family.
    pub adjusted_p_value: Option<f64>,
}

/// What is said of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// By metric, in the order of [`Metric::ALL`].
    pub metrics: [MetricVerdict; 3],
    /// Of a percentile of the tail, where one was asked for.
    pub tail: Option<MetricVerdict>,
}

/// The limits of one metric, on the scale on which blocks are averaged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    pub(crate) margin: f64,
    pub(crate) least: f64,
}

/// What is judged: how a cell compares with the baseline, and whether its numbers count.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Against the baseline.
    pub effects: &'a Effects,
    /// The same of a percentile of the tail, where one was asked for: one more member of the family.
    pub tail: Option<&'a Effect>,
    /// What an earlier look has decided for good.
    pub closed: Option<Judgement>,
    /// Whether both numbers describe what they should.
    pub valid: bool,
}

impl Rules {
    pub(crate) fn limits(&self, scale: Scale, baseline_us: f64) -> Limits {
        match scale {
            // The same distance on the logarithmic scale on both sides, so that exchanging the two runners
            // changes no verdict.
            Scale::Ratio => Limits { margin: self.margin.ln_1p(), least: self.least.ln_1p() },
            Scale::DifferenceUs => {
                let margin = (self.margin * baseline_us.abs()).max(LEAST_MARGIN_US);
                Limits { margin, least: margin * self.least / self.margin }
            }
        }
    }

    /// The smallest difference that is one, on the scale of averages; `baseline_us` as in [`Self::judge`].
    #[must_use]
    pub fn least_difference(&self, scale: Scale, baseline_us: f64) -> f64 {
        self.limits(scale, baseline_us).least
    }

    /// Judges one family together; `baseline_us` is the baseline's median in µs, which margins of lateness
    /// are a part of.
    #[must_use]
    pub fn judge(&self, family: &[Candidate<'_>], baseline_us: f64) -> Vec<Judgement> {
        let p_values: Vec<f64> = family.iter().flat_map(Candidate::p_values).collect();
        let mut adjusted = holm(&p_values).into_iter();
        let family_size = p_values.len().max(1);
        let mut judge_one = |candidate: &Candidate<'_>, metric: Metric, effect: Option<&Effect>| {
            if !candidate.valid {
                return MetricVerdict::without_test(Verdict::Invalid);
            }
            let none = || MetricVerdict::without_test(Verdict::Undecided { more_blocks: None });
            let Some(effect) = effect else { return none() };
            let Some(test) = effect.test() else { return none() };
            let limits = self.limits(effect.scale, baseline_us);
            let adjusted_p_value = adjusted.next();
            let significant = adjusted_p_value.is_some_and(|p| p <= self.alpha);
            let blocks = effect.blocks.len();
            let verdict = self.verdict(metric, &test, significant, limits, blocks, family_size);
            MetricVerdict { verdict, p_value: Some(test.p_value()), adjusted_p_value }
        };
        let mut judgements = Vec::new();
        for candidate in family {
            let mut judge = |metric, effect| judge_one(candidate, metric, effect);
            let metrics = Metric::ALL.map(|metric| judge(metric, candidate.effects.on(metric)));
            // A time like the median: less is better.
            let tail = candidate.tail.map(|effect| judge(Metric::P50, Some(effect)));
            judgements.push(candidate.closed.unwrap_or(Judgement { metrics, tail }));
        }
        judgements
    }

    fn verdict(
        &self,
        metric: Metric,
        test: &Paired,
        significant: bool,
        limits: Limits,
        blocks: usize,
        family: usize,
    ) -> Verdict {
        if let Some(decided) = self.decided(metric, test, significant, limits) {
            return decided;
        }
        Verdict::Undecided { more_blocks: self.more_blocks(test, limits, blocks, family) }
    }

    /// The verdict without [`Verdict::Undecided`]: `None` instead.
    fn decided(
        &self,
        metric: Metric,
        test: &Paired,
        significant: bool,
        limits: Limits,
    ) -> Option<Verdict> {
        if significant && test.centre.abs() >= limits.least {
            return Some(if (test.centre < 0.0) == metric.less_is_better() {
                Verdict::Better
            } else {
                Verdict::Worse
            });
        }
        // The centre lies within its interval: where it is outside, the interval need not be computed.
        let near = test.centre.abs() <= limits.margin;
        let inside = || test.interval(self.alpha).is_some_and(|ends| inside(&ends, limits.margin));
        (near && inside()).then_some(Verdict::Equivalent)
    }

    /// What one test of a family that was adjusted elsewhere decides; `None` is undecided.
    #[must_use]
    pub(crate) fn relation(
        &self,
        metric: Metric,
        test: &Paired,
        adjusted_p_value: f64,
        (scale, baseline_us): (Scale, f64),
    ) -> Option<Verdict> {
        let significant = adjusted_p_value <= self.alpha;
        self.decided(metric, test, significant, self.limits(scale, baseline_us))
    }

    /// The fewest more blocks after which, with the same centre and the same spread, this would be different
    /// or equivalent. An extrapolation from few blocks, and told as such.
    fn more_blocks(
        &self,
        test: &Paired,
        limits: Limits,
        blocks: usize,
        family: usize,
    ) -> Option<u32> {
        let spread = test.error * (blocks as f64).sqrt();
        let strictest = self.alpha / family as f64;
        let decides = |total: usize| {
            let distance = |alpha: f64| {
                let freedom = Paired::freedom_of(total);
                Some(quantile(1.0 - alpha / 2.0, freedom)? * spread / (total as f64).sqrt())
            };
            let different = test.centre.abs() >= limits.least
                && distance(strictest).is_some_and(|distance| distance < test.centre.abs());
            let equivalent = distance(self.alpha)
                .is_some_and(|distance| test.centre.abs() + distance <= limits.margin);
            different || equivalent
        };
        (1..=MOST_MORE).find(|more| decides(blocks + *more as usize))
    }
}

/// Beyond so many more blocks nobody waits.
const MOST_MORE: u32 = 1000;

impl Candidate<'_> {
    /// What it adds to its family. What is invalid or has one block is no test, and costs the others nothing. What is
    /// closed has been tested: as different, then it costs nothing any more; or not, then it never will be.
    fn p_values(&self) -> Vec<f64> {
        let effects =
            Metric::ALL.map(|metric| self.effects.on(metric)).into_iter().chain([self.tail]);
        let told = |at: usize| {
            let closed = self.closed?;
            let one = if at < 3 { Some(closed.metrics[at]) } else { closed.tail };
            Some(if one.is_some_and(|one| one.is_different()) { 0.0 } else { 1.0 })
        };
        let tests = effects.enumerate().filter_map(|(at, effect)| {
            let p_value = effect?.test()?.p_value();
            Some(told(at).unwrap_or(p_value))
        });
        if self.valid { tests.collect() } else { Vec::new() }
    }
}

impl MetricVerdict {
    fn without_test(verdict: Verdict) -> Self {
        Self { verdict, p_value: None, adjusted_p_value: None }
    }

    fn is_different(&self) -> bool {
        matches!(self.verdict, Verdict::Better | Verdict::Worse)
    }
}

/// Whether the interval lies within ± the margin.
fn inside(interval: &Interval, margin: f64) -> bool {
    interval.low >= -margin && interval.high <= margin
}

impl Verdict {
    /// What it is called for this metric, in a word.
    #[must_use]
    pub fn word(self, metric: Metric) -> &'static str {
        match (self, metric) {
            (Self::Invalid, _) => "invalid",
            (Self::Equivalent, _) => "equivalent",
            (Self::Undecided { .. }, _) => "undecided",
            (Self::Better, Metric::P50) => "faster",
            (Self::Worse, Metric::P50) => "slower",
            (Self::Better, Metric::CpuPerOp) => "cheaper",
            (Self::Worse, Metric::CpuPerOp) => "dearer",
            (Self::Better, Metric::Throughput) => "higher",
            (Self::Worse, Metric::Throughput) => "lower",
        }
    }

    /// The word, and of what is undecided how many more blocks would decide.
    #[must_use]
    pub fn text(self, metric: Metric) -> String {
        let word = self.word(metric);
        match self {
            Self::Undecided { more_blocks: Some(1) } => format!("{word}: about 1 more block"),
            Self::Undecided { more_blocks: Some(more) } => {
                format!("{word}: about {more} more blocks")
            }
            _ => word.into(),
        }
    }
}

impl Judgement {
    /// Before the first look nothing is decided, whatever the numbers would say.
    pub(crate) fn withhold(&mut self) {
        for one in self.metrics.iter_mut().chain(&mut self.tail) {
            if one.verdict != Verdict::Invalid {
                *one = MetricVerdict::without_test(Verdict::Undecided { more_blocks: None });
            }
        }
    }

    /// The numbers have turned out to describe something else.
    pub(crate) fn invalidate(&mut self) {
        for one in self.metrics.iter_mut().chain(&mut self.tail) {
            *one = MetricVerdict::without_test(Verdict::Invalid);
        }
    }

    /// One metric's verdict.
    #[must_use]
    pub fn on(&self, metric: Metric) -> &MetricVerdict {
        &self.metrics[metric as usize]
    }

    /// All three in one word: `invalid`; `better`, `worse` or `mixed` where any differs; `equivalent` where all
    /// are; else `undecided`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        let any = |wanted: Verdict| self.metrics.iter().any(|one| one.verdict == wanted);
        match (any(Verdict::Better), any(Verdict::Worse)) {
            _ if any(Verdict::Invalid) => "invalid",
            (true, true) => "mixed",
            (true, false) => "better",
            (false, true) => "worse",
            _ if self.metrics.iter().all(|one| one.verdict == Verdict::Equivalent) => "equivalent",
            _ => "undecided",
        }
    }
}
