//! Between which order statistics does a quantile lie?
//!
//! The number of values below the true q-quantile is Binomial(n, q), whatever the distribution; so ranks
//! taken from the binomial distribution enclose it. Source: W. J. Conover, *Practical Nonparametric
//! Statistics*, 3rd ed. (1999), §3.2. It holds for independent values: of blocks it does, of the operations
//! within one slice it does not.
//!
//! Read next: `estimate.rs`, which encloses medians over blocks.

use statrs::distribution::{Binomial, DiscreteCDF};

/// Ranks, from 1 to `n`, of the order statistics that enclose the `quantile` (above 0, below 1) of what `n`
/// independent values were drawn from: each side fails with at most half of `1 − coverage`. An end is `None`
/// where no value lies far enough out.
#[must_use]
pub fn enclosing_ranks(n: usize, quantile: f64, coverage: f64) -> (Option<usize>, Option<usize>) {
    let Ok(below) = Binomial::new(quantile, n as u64) else { return (None, None) };
    let aside = (1.0 - coverage) / 2.0;
    let at_most = |count: usize| below.cdf(count as u64);
    // The r-th smallest lies above the quantile if fewer than r values lie below it.
    let low = first(n, |r| at_most(r) > aside).filter(|r| *r > 0);
    // The r-th smallest lies at or below it if at least r do.
    let high = first(n, |r| 1.0 - at_most(r) <= aside).map(|r| r + 1).filter(|r| *r <= n);
    (low, high)
}

/// The least count from 0 to `n` for which this holds; it must go on to hold from there.
fn first(n: usize, holds: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (0, n + 1);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    (low <= n).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_scipy() {
        // SciPy 1.17.1: quantile_test(range(1, n + 1), q=0, p=quantile).confidence_interval(0.95)
        let printed = [
            (60, 0.5, Some(22), Some(39)),
            (60, 0.9, Some(49), Some(59)),
            (60, 0.99, Some(58), None),
            (100, 0.5, Some(40), Some(61)),
            (100, 0.9, Some(84), Some(96)),
            (100, 0.999, Some(99), None),
            (400, 0.9, Some(348), Some(372)),
            (400, 0.99, Some(392), Some(400)),
            (1000, 0.5, Some(469), Some(532)),
            (1000, 0.99, Some(983), Some(997)),
            (10_000, 0.99, Some(9880), Some(9920)),
            (10_000, 0.999, Some(9983), Some(9997)),
        ];
        for (n, quantile, low, high) in printed {
            assert_eq!(enclosing_ranks(n, quantile, 0.95), (low, high), "n {n}, q {quantile}");
        }
    }

    #[test]
    fn few_values_enclose_nothing() {
        assert_eq!(enclosing_ranks(5, 0.5, 0.95), (None, None));
        assert_eq!(enclosing_ranks(0, 0.5, 0.95), (None, None));
        assert_eq!(enclosing_ranks(9, 1.5, 0.95), (None, None));
    }
}
