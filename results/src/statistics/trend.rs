//! Do values go up or down with time, and how fast?
//!
//! Theil and Sen's slope: the median over all pairs of points (H. Theil, *A Rank-Invariant Method of Linear and
//! Polynomial Regression Analysis*, 1950; P. K. Sen, JASA 63 (1968)), which up to 29 % odd points do not move.
//! And Kendall's count of pairs that ascend, less those that descend, with its variance under no trend (M. G.
//! Kendall, *Rank Correlation Methods* (1948)); counts of independent groups may be added up. It must not know
//! what goes up.

use super::median;

/// The median slope over all pairs of points (time, value); `None` without two points at different times.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let slopes: Vec<f64> = pairs(points)
        .filter(|((early, _), (late, _))| late != early)
        .map(|((early, from), (late, to))| (to - from) / (late - early))
        .collect();
    median(&slopes)
}

/// Pairs that ascend less pairs that descend, and the variance of that count where there is no trend. Points
/// must be in the order of time; equal values count for neither, which leaves the variance too large.
#[must_use]
pub fn kendall(points: &[(f64, f64)]) -> (f64, f64) {
    let sign = |((_, from), (_, to)): ((f64, f64), (f64, f64))| match to.total_cmp(&from) {
        std::cmp::Ordering::Less => -1.0,
        std::cmp::Ordering::Equal => 0.0,
        std::cmp::Ordering::Greater => 1.0,
    };
    let n = points.len() as f64;
    (pairs(points).map(sign).sum(), n * (n - 1.0) * (2.0 * n + 5.0) / 18.0)
}

fn pairs(points: &[(f64, f64)]) -> impl Iterator<Item = ((f64, f64), (f64, f64))> {
    let later = |at: usize| points[at + 1..].iter().copied();
    points.iter().enumerate().flat_map(move |(at, first)| later(at).map(move |next| (*first, next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_line_whatever_one_point_does() {
        let line: Vec<(f64, f64)> = (0..9).map(f64::from).map(|x| (x, 3.0 - 0.5 * x)).collect();
        assert_eq!(slope(&line), Some(-0.5));
        let mut odd = line;
        odd[4].1 = 1e6;
        assert_eq!(slope(&odd), Some(-0.5));
        assert_eq!((slope(&[]), slope(&[(1.0, 1.0), (1.0, 2.0)])), (None, None));
    }

    #[test]
    fn pairs_are_counted() {
        let of = |values: &[f64]| {
            let points = values.iter().enumerate().map(|(i, value)| (i as f64, *value));
            kendall(&points.collect::<Vec<_>>())
        };
        // Ten pairs; 5 · 4 · 15 / 18.
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0, 5.0]), (10.0, 300.0 / 18.0));
        assert_eq!(of(&[5.0, 4.0, 3.0, 2.0, 1.0]).0, -10.0);
        assert_eq!(of(&[1.0, 1.0, 2.0]).0, 2.0);
        assert_eq!(of(&[]).0, 0.0);
    }
}
