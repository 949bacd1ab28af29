//! By how much do two cells of a contest differ, whoever the baseline is?
//!
//! For the three primary metrics: block by block each has a distance to the baseline, and the difference of these
//! two is one value; over blocks there is the same 99.5 % interval that effects have. For all other numbers: from
//! two estimates over at least six blocks, the ratio, and as its interval the ratios of the far ends of both 95 %
//! intervals, which is wider than need be. Nothing is corrected for how many comparisons there are: a belief needs
//! all that are decided to agree. Read next: `kind.rs`.

use super::{Evidence, Outcome};
use crate::{
    quantity,
    statistics::{Estimate, LEAST_BLOCKS, Paired},
    summary::{CellSummary, ContestSummary, Metric, Scale},
    verdict::{LEAST_MARGIN_US, Rules},
};
use std::collections::BTreeMap;

/// What a belief expects of one cell against another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// It has less.
    Less,
    /// It has more.
    More,
    /// It has not more, but for the margin within which values are equivalent.
    NotMore,
}

/// A difference and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Contrast {
    scale: Scale,
    value: f64,
    /// `None` where there are too few blocks to decide anything.
    interval: Option<(f64, f64)>,
}

/// An interval whose ends differ by more than this says nothing, and its digits would fill a line: two blocks have
/// such ones.
const WIDEST: f64 = 1000.0;

impl Contrast {
    /// The first cell against the second, from what each differs from the baseline by.
    pub(super) fn paired(
        contest: &ContestSummary,
        cells: [&CellSummary; 2],
        metric: Metric,
    ) -> Option<Self> {
        let [ours, theirs] = cells.map(|cell| Distance::of(contest, cell, metric));
        let (ours, theirs) = (ours?, theirs?);
        let scale = ours.scale().or(theirs.scale())?;
        let values = match (&ours, &theirs) {
            (Distance::Blocks(_, ours), Distance::Blocks(_, theirs)) => {
                ours.iter().filter_map(|(block, value)| Some(value - theirs.get(block)?)).collect()
            }
            (Distance::Blocks(_, ours), Distance::Baseline) => ours.values().copied().collect(),
            (Distance::Baseline, Distance::Blocks(_, theirs)) => {
                theirs.values().map(|value| -value).collect()
            }
            (Distance::Baseline, Distance::Baseline) => Vec::new(),
        };
        let interval = Paired::over(&values).and_then(|paired| paired.interval(contest.alpha));
        let centre = interval.map(|ends| ends.centre).or_else(|| values.first().copied())?;
        let shown = |value: f64| if scale == Scale::Ratio { value.exp() } else { value };
        Some(Self {
            scale,
            value: shown(centre),
            interval: interval.map(|ends| (shown(ends.low), shown(ends.high))),
        })
    }

    /// The first estimate against the second, each over so many blocks.
    pub(super) fn apart(estimates: [Estimate; 2], blocks: u32) -> Option<Self> {
        let [ours, theirs] = estimates;
        let positive = ours.low > 0.0 && theirs.low > 0.0;
        positive.then(|| Self {
            scale: Scale::Ratio,
            value: ours.median / theirs.median,
            interval: (blocks >= LEAST_BLOCKS)
                .then(|| (ours.low / theirs.high, ours.high / theirs.low)),
        })
    }

    /// The same of two times in ns that may be as good as none, as lateness may: their difference in µs.
    pub(super) fn apart_us(estimates: [Estimate; 2], blocks: u32) -> Self {
        let [ours, theirs] = estimates.map(|estimate| estimate.scaled(1e-3));
        Self {
            scale: Scale::DifferenceUs,
            value: ours.median - theirs.median,
            interval: (blocks >= LEAST_BLOCKS)
                .then_some((ours.low - theirs.high, ours.high - theirs.low)),
        }
    }

    /// Whether it is as was wished.
    pub(super) fn outcome(&self, wish: Wish) -> Outcome {
        let Some((low, high)) = self.interval else { return Outcome::Open };
        let rules = Rules::default();
        // On a scale on which 0 is equality, with the distances that count as one and as none.
        let (value, low, high, least, margin) = match self.scale {
            Scale::Ratio => {
                (self.value.ln(), low.ln(), high.ln(), rules.least.ln_1p(), rules.margin.ln_1p())
            }
            Scale::DifferenceUs => (self.value, low, high, LEAST_MARGIN_US, LEAST_MARGIN_US),
        };
        let is_less = high < 0.0 && value <= -least;
        let is_more = low > 0.0 && value >= least;
        let is_same = low >= -margin && high <= margin;
        match wish {
            Wish::Less if is_less => Outcome::For,
            Wish::Less if is_more || is_same => Outcome::Against,
            Wish::More if is_more => Outcome::For,
            Wish::More if is_less || is_same => Outcome::Against,
            Wish::NotMore if high <= margin => Outcome::For,
            Wish::NotMore if is_more => Outcome::Against,
            _ => Outcome::Open,
        }
    }

    /// `1.203 (1.190–1.216)`, or `+12.3 µs (+11.9 to +12.7)`.
    pub(super) fn text(&self) -> String {
        let shown = match (self.scale, self.interval) {
            (Scale::Ratio, Some((low, high))) if high > low * WIDEST => {
                format!("{:.3} (interval wider than {WIDEST:.0} to 1)", self.value)
            }
            (Scale::Ratio, interval) => quantity::ratio(self.value, interval),
            (Scale::DifferenceUs, Some((low, high))) => {
                format!("{:+.2} µs ({low:+.2} to {high:+.2})", self.value)
            }
            (Scale::DifferenceUs, None) => format!("{:+.2} µs", self.value),
        };
        if self.interval.is_none() { format!("{shown} (too few blocks)") } else { shown }
    }
}

/// How far a cell is from the baseline.
enum Distance {
    Baseline,
    /// On the scale on which blocks are averaged.
    Blocks(Scale, BTreeMap<u32, f64>),
}

impl Distance {
    fn of(contest: &ContestSummary, cell: &CellSummary, metric: Metric) -> Option<Self> {
        if contest.baseline_cell().is_some_and(|base| base.cell == cell.cell) {
            return Some(Self::Baseline);
        }
        let effect = cell.effects.on(metric)?;
        let on_scale = |value: f64| if effect.scale == Scale::Ratio { value.ln() } else { value };
        let blocks = effect.blocks.iter().map(|block| (block.block, on_scale(block.value)));
        Some(Self::Blocks(effect.scale, blocks.collect()))
    }

    fn scale(&self) -> Option<Scale> {
        match self {
            Self::Baseline => None,
            Self::Blocks(scale, _) => Some(*scale),
        }
    }
}

/// Compares one cell with another on a primary metric.
pub(super) fn compare(
    contest: &ContestSummary,
    cells: [&CellSummary; 2],
    metric: Metric,
    wish: Wish,
) -> Option<Evidence> {
    let contrast = Contrast::paired(contest, cells, metric)?;
    let name = match metric {
        Metric::P50 => contest.measure.title(),
        Metric::CpuPerOp | Metric::Throughput => metric.name(),
    };
    Some(told(contest, cells, name, contrast, wish))
}

/// Puts a contrast into words.
pub(super) fn told(
    contest: &ContestSummary,
    cells: [&CellSummary; 2],
    name: &str,
    contrast: Contrast,
    wish: Wish,
) -> Evidence {
    let [ours, theirs] = cells;
    Evidence {
        outcome: contrast.outcome(wish),
        text: format!(
            "{} against {}, {name} in {}: {}",
            ours.runner,
            theirs.runner,
            contest.contest,
            contrast.text()
        ),
        cells: vec![ours.cell.clone(), theirs.cell.clone()],
        blocks: ours.blocks.min(theirs.blocks),
    }
}

/// An estimate with its interval: `1.05 (1.03–1.08)`.
pub(super) fn span(estimate: &Estimate, shown: impl Fn(f64) -> String) -> String {
    let [value, low, high] = [estimate.median, estimate.low, estimate.high].map(shown);
    format!("{value} ({low}–{high})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(low: f64, value: f64, high: f64) -> Contrast {
        Contrast { scale: Scale::Ratio, value, interval: Some((low, high)) }
    }

    #[test]
    fn wishes_are_met_missed_or_open() {
        use Outcome::{Against, For, Open};
        for (contrast, less, more, not_more) in [
            (ratio(0.5, 0.6, 0.7), For, Against, For),
            (ratio(1.5, 1.6, 1.7), Against, For, Against),
            (ratio(0.99, 1.0, 1.01), Against, Against, For),
            (ratio(0.8, 1.0, 1.2), Open, Open, Open),
            // More, but by less than the margin.
            (ratio(1.011, 1.015, 1.02), Against, For, For),
        ] {
            assert_eq!(contrast.outcome(Wish::Less), less, "{contrast:?}");
            assert_eq!(contrast.outcome(Wish::More), more, "{contrast:?}");
            assert_eq!(contrast.outcome(Wish::NotMore), not_more, "{contrast:?}");
        }
        let alone = Contrast { interval: None, ..ratio(0.1, 0.2, 0.3) };
        assert_eq!(alone.outcome(Wish::Less), Open, "one block decides nothing");
        assert!(alone.text().contains("too few blocks"));
        let wide = ratio(1e-9, 1.2, 1e9);
        assert_eq!(wide.text(), "1.200 (interval wider than 1000 to 1)");
        assert_eq!(wide.outcome(Wish::More), Open);
        let late =
            Contrast { scale: Scale::DifferenceUs, value: 40.0, interval: Some((30.0, 50.0)) };
        assert_eq!((late.outcome(Wish::More), late.outcome(Wish::Less)), (For, Against));
    }

    #[test]
    fn estimates_are_compared_by_their_far_ends() {
        let estimate = |low, median, high| Estimate { median, low, high };
        let two = [estimate(90.0, 100.0, 110.0), estimate(40.0, 50.0, 55.0)];
        let contrast = Contrast::apart(two, 6).unwrap();
        let (low, high) = contrast.interval.unwrap();
        assert!((contrast.value - 2.0).abs() < 1e-9);
        assert!((low - 90.0 / 55.0).abs() < 1e-9 && (high - 110.0 / 40.0).abs() < 1e-9);
        assert_eq!(Contrast::apart(two, 5).unwrap().interval, None);
    }
}
