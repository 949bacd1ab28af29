//! How is one value a block told as a number with its spread?
//!
//! As the median over blocks, with an interval between two order statistics. The interval needs no
//! assumption on the distribution: the number of blocks below the true median is Binomial(n, 1/2), so
//! the r-th smallest and the r-th largest value enclose it with probability 1 − 2·P(B ≤ r − 1). We take
//! the largest r with at least 95 %. Source: W. J. Conover, *Practical Nonparametric Statistics*, 3rd
//! ed. (1999), §3.2 and table A3. Below six blocks no r reaches 95 %, and the interval is smallest to
//! largest, whose coverage is 1 − 2^(1−n): 50 % at 2 blocks, 93.75 % at 5.
//!
//! Read next: `order.rs` for the ranks, `student.rs` for comparisons.

use super::enclosing_ranks;
use serde::Serialize;
use std::{cell::RefCell, collections::HashMap};

/// From so many values on an [`Estimate`] has a 95 % interval.
pub const LEAST_BLOCKS: u32 = 6;

/// A median over blocks and the interval around it; in the unit of what was given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct Estimate {
    /// The median over blocks.
    pub median: f64,
    /// The interval's lower end; at most the median.
    pub low: f64,
    /// Its upper end; at least the median.
    pub high: f64,
}

/// The coverage that intervals reach where there are enough blocks: a probability.
const COVERAGE: f64 = 0.95;

impl Estimate {
    /// From one value a block, in any order; `None` without values, or if one is not finite.
    #[must_use]
    pub fn over(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values)?;
        let rank = rank(sorted.len());
        Some(Self {
            median: middle(&sorted),
            low: sorted[rank - 1],
            high: sorted[sorted.len() - rank],
        })
    }

    /// The larger of the two distances from the median to an end, as a part of the median: 0.02 is
    /// ±2 %. `None` where the median is not positive.
    #[must_use]
    pub fn spread(&self) -> Option<f64> {
        let distance = (self.high - self.median).max(self.median - self.low);
        (self.median > 0.0).then(|| distance / self.median)
    }

    /// In another unit: all three times `factor`, which must be positive.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { median: self.median * factor, low: self.low * factor, high: self.high * factor }
    }
}

/// The median of finite values in any order: the mean of the two middle ones if their number is even.
/// `None` without values, or if one is not finite.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    sorted(values).map(|sorted| middle(&sorted))
}

/// Sorted, if there is at least one and all are finite.
pub(super) fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(sorted)
}

/// The median of sorted values, of which there is at least one.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => f64::midpoint(sorted[half - 1], sorted[half]),
        _ => sorted[half],
    }
}

/// The largest r for which the r-th smallest and the r-th largest of n values enclose the median with
/// at least [`COVERAGE`]; 1 where none does.
fn rank(n: usize) -> usize {
    // A report asks for the same few of them a hundred thousand times.
    thread_local!(static KNOWN: RefCell<HashMap<usize, usize>> = RefCell::default());
    KNOWN.with_borrow_mut(|known| {
        let found = known.entry(n);
        *found.or_insert_with(|| enclosing_ranks(n, 0.5, COVERAGE).0.unwrap_or(1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_printed_table() {
        // SciPy 1.17.1: the largest r with 1 - 2 * scipy.stats.binom.cdf(r - 1, n, 0.5) >= 0.95
        let printed = [
            (6, 1),
            (8, 1),
            (9, 2),
            (11, 2),
            (12, 3),
            (14, 3),
            (15, 4),
            (17, 5),
            (20, 6),
            (25, 8),
            (30, 10),
            (40, 14),
            (50, 18),
        ];
        for (n, r) in printed {
            assert_eq!(rank(n), r, "n = {n}");
        }
    }

    #[test]
    fn many_values_have_a_rank_too() {
        assert_eq!(rank(1000), 469);
        assert_eq!(rank(1001), 470);
    }

    #[test]
    fn few_blocks_give_smallest_to_largest() {
        for n in 1..=5 {
            assert_eq!(rank(n), 1);
        }
        let one = Estimate::over(&[7.0]).unwrap();
        assert_eq!(one, Estimate { median: 7.0, low: 7.0, high: 7.0 });
        let three = Estimate::over(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(three, Estimate { median: 2.0, low: 1.0, high: 3.0 });
    }

    #[test]
    fn nine_blocks_leave_out_the_extremes() {
        let values = [9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0];
        assert_eq!(Estimate::over(&values), Some(Estimate { median: 5.0, low: 2.0, high: 8.0 }));
    }

    #[test]
    fn what_is_not_a_number_gives_no_estimate() {
        assert_eq!(Estimate::over(&[]), None);
        assert_eq!(Estimate::over(&[1.0, f64::NAN]), None);
        assert_eq!(Estimate::over(&[1.0, f64::INFINITY]), None);
    }

    #[test]
    fn the_spread_is_the_wider_side() {
        let estimate = Estimate { median: 100.0, low: 99.0, high: 103.0 };
        assert_eq!(estimate.spread(), Some(0.03));
        assert_eq!(Estimate { median: 0.0, low: 0.0, high: 0.0 }.spread(), None);
    }

    #[test]
    fn it_serialises_as_three_numbers() {
        let text = serde_json::to_string(&Estimate { median: 2.0, low: 1.0, high: 3.5 }).unwrap();
        assert_eq!(text, r#"{"median":2.0,"low":1.0,"high":3.5}"#);
    }
}
