//! How much do two cells differ?
//!
//! Slices of the same block and round are pairs: they ran within moments of each other. One block gives one
//! value, the 20 % trimmed mean over its pairs of the log ratio (of lateness: of the difference in µs,
//! since a ratio of two times near zero says nothing). Over blocks there is a t interval. It must not know
//! tables or verdicts. Read next: [`crate::statistics`].

use super::{CellSummary, Measure, block::Block};
use crate::{
    Role, SliceRecord, TrialRecord,
    statistics::{self, Paired, standard_deviation, trimmed_mean},
};
use serde::Serialize;
use std::{collections::BTreeMap, str::FromStr};

/// How a cell compares with the baseline; `None` where there is nothing to compare.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Effects {
    /// Of the median. A floor has none: it is compared in CPU per operation only.
    pub p50: Option<Effect>,
    /// Of CPU time per operation.
    pub cpu_per_op: Option<Effect>,
    /// Of throughput. A floor has none.
    pub throughput: Option<Effect>,
}

/// What an effect's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// The cell's value divided by the baseline's: 1 is equal.
    Ratio,
    /// The cell's value minus the baseline's in µs: 0 is equal.
    DifferenceUs,
}

/// A difference between two cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// What the numbers are.
    pub scale: Scale,
    /// One value a block, by block.
    pub blocks: Vec<BlockEffect>,
    /// The centre over blocks: a geometric mean of ratios, a mean of differences; trimmed from ten blocks
    /// on.
    pub estimate: f64,
    /// Its 99.5 % interval, lower and upper end; `None` with one block.
    pub interval: Option<(f64, f64)>,
}

/// The difference that one block shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BlockEffect {
    /// The block's number.
    pub block: u32,
    /// On the effect's scale.
    pub value: f64,
}

/// What two copies of the same runner differ by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Noise {
    /// The runner that the null arm copies.
    pub copied: String,
    /// The null arm against the baseline: an interval that leaves out equality is a false alarm.
    pub p50: Effect,
    /// The standard deviation between blocks in percent; `None` with one block, or for lateness.
    pub sd_percent: Option<f64>,
    /// The standard deviation between blocks in µs; only for lateness, from two blocks on.
    pub sd_us: Option<f64>,
}

/// What is compared: the three primary metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The median of the times that the contest's measure says; less is better.
    P50,
    /// CPU time per operation; less is better.
    CpuPerOp,
    /// Operations per second; more is better.
    Throughput,
}

impl Metric {
    /// All three, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::P50, Self::CpuPerOp, Self::Throughput];

    /// Its name in tables and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::CpuPerOp => "CPU per operation",
            Self::Throughput => "throughput",
        }
    }

    /// Whether a smaller value is the better one.
    #[must_use]
    pub fn less_is_better(self) -> bool {
        self != Self::Throughput
    }

    /// A slice's value: nanoseconds, nanoseconds per operation, operations per nanosecond. Not finite where
    /// the slice has none.
    pub(crate) fn of_slice(self, slice: &SliceRecord) -> f64 {
        match self {
            Self::P50 => slice.median_ns().map_or(f64::NAN, |median_ns| median_ns as f64),
            Self::CpuPerOp => slice.cpu_us_per_op().map_or(f64::NAN, |cpu_us| cpu_us * 1e3),
            Self::Throughput => slice.completed as f64 / slice.window_ns as f64,
        }
    }

    /// A trial's value, from all its counted slices.
    ///
    /// # Errors
    /// A median needs the histograms, and one cannot be read.
    pub(crate) fn of_trial(self, trial: &TrialRecord) -> Result<f64, String> {
        let sum = |part: fn(&SliceRecord) -> u64| {
            trial.counted().fold(0_u64, |sum, slice| sum.saturating_add(part(slice))) as f64
        };
        Ok(match self {
            Self::P50 => {
                let times = Block::of(trial, trial.counted())?.times;
                // Under open load the median may lie among requests that failed: then it is only a bound.
                if times.reach() < 0.5 { f64::NAN } else { times.quantiles_ns(&[0.5])[0] }
            }
            Self::CpuPerOp if trial.counted().any(|slice| slice.cpu_ns.is_none()) => f64::NAN,
            Self::CpuPerOp => sum(|slice| slice.cpu_ns.unwrap_or(0)) / sum(SliceRecord::paid),
            Self::Throughput => sum(|slice| slice.completed) / sum(|slice| slice.window_ns),
        })
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|metric| metric.name() == text);
        known.ok_or_else(|| format!("no metric '{text}'"))
    }
}

impl Scale {
    /// From the cell's and the baseline's value to what is averaged; `None` where that has no meaning.
    fn compare(self, cell: f64, baseline: f64) -> Option<f64> {
        let value = match self {
            Self::Ratio => (cell / baseline).ln(),
            Self::DifferenceUs => (cell - baseline) * 1e-3,
        };
        value.is_finite().then_some(value)
    }

    /// From what is averaged to what is shown.
    pub(crate) fn shown(self, value: f64) -> f64 {
        match self {
            Self::Ratio => value.exp(),
            Self::DifferenceUs => value,
        }
    }

    /// The value that means no difference: 1 for a ratio, 0 for a difference.
    #[must_use]
    pub fn equality(self) -> f64 {
        self.shown(0.0)
    }
}

impl Effect {
    /// From one value a block, as averaged (logarithms of ratios); `None` without blocks.
    fn over(scale: Scale, values: &[(u32, f64)]) -> Option<Self> {
        let plain: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        let interval = statistics::interval(&plain);
        let centre = interval.map(|interval| interval.centre).or_else(|| plain.first().copied())?;
        let shown = |&(block, value): &(u32, f64)| BlockEffect { block, value: scale.shown(value) };
        Some(Self {
            scale,
            blocks: values.iter().map(shown).collect(),
            estimate: scale.shown(centre),
            interval: interval.map(|ends| (scale.shown(ends.low), scale.shown(ends.high))),
        })
    }
}

impl Effects {
    /// With intervals at another error rate.
    #[must_use]
    pub(crate) fn at(self, alpha: f64) -> Self {
        let at = |effect: Option<Effect>| effect.map(|effect| effect.at(alpha));
        Self { p50: at(self.p50), cpu_per_op: at(self.cpu_per_op), throughput: at(self.throughput) }
    }

    /// The effect on one metric.
    #[must_use]
    pub fn on(&self, metric: Metric) -> Option<&Effect> {
        match metric {
            Metric::P50 => self.p50.as_ref(),
            Metric::CpuPerOp => self.cpu_per_op.as_ref(),
            Metric::Throughput => self.throughput.as_ref(),
        }
    }
}

impl Effect {
    /// With its interval at another error rate.
    #[must_use]
    pub(crate) fn at(self, alpha: f64) -> Self {
        let ends = self.test().and_then(|test| test.interval(alpha));
        let interval = ends.map(|ends| (self.scale.shown(ends.low), self.scale.shown(ends.high)));
        Self { interval, ..self }
    }

    /// The test over blocks, on the scale on which blocks are averaged: logarithms of ratios, or µs. `None`
    /// with one block.
    #[must_use]
    pub fn test(&self) -> Option<Paired> {
        let on_scale = |block: &BlockEffect| match self.scale {
            Scale::Ratio => block.value.ln(),
            Scale::DifferenceUs => block.value,
        };
        Paired::over(&self.blocks.iter().map(on_scale).collect::<Vec<_>>())
    }
}

impl Noise {
    /// From a null arm's effect on the median.
    pub(super) fn of(null: &CellSummary) -> Option<Self> {
        let p50 = null.effects.p50.clone()?;
        let copied = null.against.clone().unwrap_or_default();
        let on_scale = |block: &BlockEffect| match p50.scale {
            Scale::Ratio => block.value.ln(),
            Scale::DifferenceUs => block.value,
        };
        let sd = standard_deviation(&p50.blocks.iter().map(on_scale).collect::<Vec<_>>());
        let (sd_percent, sd_us) = match p50.scale {
            Scale::Ratio => (sd.map(|sd| sd.exp_m1() * 100.0), None),
            Scale::DifferenceUs => (None, sd),
        };
        Some(Self { copied, p50, sd_percent, sd_us })
    }

    /// How far apart two copies seemed to be, on the scale of averages.
    pub(super) fn size(&self) -> f64 {
        match self.p50.scale {
            Scale::Ratio => self.p50.estimate.ln().abs(),
            Scale::DifferenceUs => self.p50.estimate.abs(),
        }
    }
}

/// The trials of one cell, by block.
pub(crate) type Blocks<'a> = BTreeMap<u32, &'a TrialRecord>;

/// What the slices of a cell are compared by: gathered once where a cell is compared with many.
pub(crate) struct Compared<'a>(BTreeMap<u32, Trial<'a>>);

/// A trial, and by counted slice its round and its values by [`Metric::ALL`].
struct Trial<'a> {
    whole: &'a TrialRecord,
    slices: Vec<(u32, [f64; 3])>,
}

impl<'a> Compared<'a> {
    /// Of these trials.
    pub(crate) fn of(blocks: &Blocks<'a>) -> Self {
        let values = |slice: &SliceRecord| Metric::ALL.map(|metric| metric.of_slice(slice));
        let of_one = |whole: &'a TrialRecord| {
            let slices = whole.counted().map(|slice| (slice.round, values(slice))).collect();
            Trial { whole, slices }
        };
        Self(blocks.iter().map(|(block, trial)| (*block, of_one(trial))).collect())
    }

    /// Compares a measured cell with this measured one, in the blocks that both have. Histograms are read only where
    /// the medians of slices do not do.
    ///
    /// # Errors
    /// A histogram was needed and cannot be read.
    pub(crate) fn effects(
        &self,
        measure: Measure,
        role: Role,
        cell: &Self,
    ) -> Result<Effects, String> {
        let timed = if measure == Measure::Lateness { Scale::DifferenceUs } else { Scale::Ratio };
        let (mut p50, mut cpu_per_op, mut throughput) = (Vec::new(), Vec::new(), Vec::new());
        for (number, theirs) in &self.0 {
            let Some(ours) = cell.0.get(number) else { continue };
            let pairs = pairs(ours, theirs);
            let add = |metric, scale, values: &mut Vec<(u32, f64)>| {
                let value = of_block(metric, scale, &pairs, ours.whole, theirs.whole)?;
                values.extend(value.map(|value| (*number, value)));
                Ok::<(), String>(())
            };
            add(Metric::P50, timed, &mut p50)?;
            add(Metric::CpuPerOp, Scale::Ratio, &mut cpu_per_op)?;
            add(Metric::Throughput, Scale::Ratio, &mut throughput)?;
        }
        let compared = role != Role::Floor;
        Ok(Effects {
            p50: Effect::over(timed, &p50).filter(|_| compared),
            cpu_per_op: Effect::over(Scale::Ratio, &cpu_per_op),
            throughput: Effect::over(Scale::Ratio, &throughput).filter(|_| compared),
        })
    }
}

/// The values of two slices of the same round, ours and theirs, by [`Metric::ALL`].
type Pair = ([f64; 3], [f64; 3]);

/// Slices of the same round, in our order.
fn pairs(ours: &Trial<'_>, theirs: &Trial<'_>) -> Vec<Pair> {
    let beside = || ours.slices.iter().zip(&theirs.slices);
    // Nearly always both worked in the same rounds, one after the other.
    let is_alike = ours.slices.len() == theirs.slices.len()
        && beside().all(|(ours, theirs)| ours.0 == theirs.0)
        && ours.slices.is_sorted_by(|one, next| one.0 < next.0);
    if is_alike {
        return beside().map(|(ours, theirs)| (ours.1, theirs.1)).collect();
    }
    let rounds: BTreeMap<u32, [f64; 3]> = theirs.slices.iter().copied().collect();
    ours.slices.iter().filter_map(|(round, ours)| Some((*ours, *rounds.get(round)?))).collect()
}

/// Compares a measured cell with one measured other, as [`Compared::effects`].
///
/// # Errors
/// A histogram was needed and cannot be read.
pub(crate) fn effects(
    measure: Measure,
    role: Role,
    baseline: &Blocks<'_>,
    cell: &Blocks<'_>,
) -> Result<Effects, String> {
    Compared::of(baseline).effects(measure, role, &Compared::of(cell))
}

/// So many operations of a block must lie beyond a percentile that is compared: fewer are a few accidents.
const BEYOND: f64 = 10.0;

/// Compares a percentile of the tail, block by block, from all counted slices of a block together: one slice has too
/// few operations. `None` where some block does not carry it.
///
/// # Errors
/// A histogram cannot be read.
pub(crate) fn tail(
    measure: Measure,
    quantile: f64,
    baseline: &Blocks<'_>,
    cell: &Blocks<'_>,
) -> Result<Option<Effect>, String> {
    let scale = if measure == Measure::Lateness { Scale::DifferenceUs } else { Scale::Ratio };
    let of = |trial: &TrialRecord| {
        let times = Block::of(trial, trial.counted())?.times;
        // The addend forgives the rounding of, for instance, 1 − 0.9.
        let carried = times.count() as f64 * (1.0 - quantile) + 1e-6 >= BEYOND;
        let reached = times.reach() >= quantile;
        Ok::<_, String>((carried && reached).then(|| times.quantiles_ns(&[quantile])[0]))
    };
    let mut values = Vec::new();
    for (number, theirs) in baseline {
        let Some(ours) = cell.get(number) else { continue };
        let (Some(ours), Some(theirs)) = (of(ours)?, of(theirs)?) else { return Ok(None) };
        let Some(value) = scale.compare(ours, theirs) else { return Ok(None) };
        values.push((*number, value));
    }
    Ok(Effect::over(scale, &values))
}

/// One block's value. Where a pair has no value, for instance because a slice was too short for one
/// operation to end in it, leaving that pair out would favour the slower; then the whole blocks are compared.
fn of_block(
    metric: Metric,
    scale: Scale,
    pairs: &[Pair],
    ours: &TrialRecord,
    theirs: &TrialRecord,
) -> Result<Option<f64>, String> {
    let by_pair: Option<Vec<f64>> = pairs
        .iter()
        .map(|(ours, theirs)| scale.compare(ours[metric as usize], theirs[metric as usize]))
        .collect();
    match by_pair.and_then(|values| trimmed_mean(&values)) {
        Some(value) => Ok(Some(value)),
        None => Ok(scale.compare(metric.of_trial(ours)?, metric.of_trial(theirs)?)),
    }
}
