//! Where did a series of runs change its level?
//!
//! Candidates by E-divisive: the split that is farthest apart in energy distance, found again in each part
//! (D. S. Matteson and N. A. James, "A nonparametric approach for multiple change point analysis of
//! multivariate data", JASA 109 (2014)). A candidate counts if a t-test between the runs before and after it,
//! up to the neighbouring changes, says so: Hunter's replacement for random permutations, which gives the same
//! answer each time (M. Fleming, P. Kołaczkowski, I. Kumar, S. Das et al., "Hunter: using change point
//! detection to hunt for performance regressions", ICPE 2023). The t-test is Welch's, as elsewhere here.
//!
//! The position was chosen by the data, so the p-value is a score and no error rate; what false alarms come
//! of it is tested below. It must not know what the values are. Read next: `crate::history`.

use super::{median, two_samples::welch};

/// The largest p-value of a change: Hunter's default.
pub const MOST_P_VALUE: f64 = 0.001;

/// The fewest runs on each side of a change: of fewer, nobody knows how much they vary.
pub const LEAST_SIDE: usize = 3;

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first value of the new level, from 0.
    pub at: usize,
    /// The new mean minus the old one, in the unit of the values.
    pub step: f64,
    /// Welch's p-value between the two levels.
    pub p_value: f64,
}

/// The changes of at least `least` (0 or more, in the unit of the values), in order.
#[must_use]
pub fn changes(values: &[f64], least: f64) -> Vec<Change> {
    if values.iter().any(|value| !value.is_finite()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    divide(values, 0, values.len(), least, &mut found);
    found.sort_unstable();
    // Later splits have moved the neighbours: the weakest that no longer holds goes, and the others are
    // looked at again.
    loop {
        let changes = between(values, &found);
        let weakest = changes.iter().filter(|change| !counts(change, least));
        match weakest.max_by(|a, b| a.p_value.total_cmp(&b.p_value)) {
            Some(weak) => found.retain(|at| *at != weak.at),
            None => return changes,
        }
    }
}

/// The changes at these places, each between its neighbours.
fn between(values: &[f64], places: &[usize]) -> Vec<Change> {
    let ends = |i: usize| {
        let from = if i == 0 { 0 } else { places[i - 1] };
        (from, places.get(i + 1).copied().unwrap_or(values.len()))
    };
    let change = |(i, at): (usize, &usize)| {
        let (from, to) = ends(i);
        measure(values, from, *at, to)
    };
    places.iter().enumerate().map(change).collect()
}

fn counts(change: &Change, least: f64) -> bool {
    change.p_value <= MOST_P_VALUE && change.step.abs() >= least
}

/// Finds the best split of a part and goes on in both halves if it counts.
fn divide(values: &[f64], from: usize, to: usize, least: f64, found: &mut Vec<usize>) {
    let Some(at) = farthest(&values[from..to]).map(|at| from + at) else { return };
    if counts(&measure(values, from, at, to), least) {
        found.push(at);
        divide(values, from, at, least, found);
        divide(values, at, to, least, found);
    }
}

fn measure(values: &[f64], from: usize, at: usize, to: usize) -> Change {
    let (old, new) = (&values[from..at], &values[at..to]);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let step = mean(new) - mean(old);
    // Two levels without any variation have no t: they are the same or they are not.
    let certain = || if step == 0.0 { 1.0 } else { 0.0 };
    let p_value = welch(new, old).map_or_else(certain, |welch| welch.p_value);
    Change { at, step, p_value }
}

/// The split with the largest energy distance, weighted by the sizes of its sides; `None` below
/// [`LEAST_SIDE`] values on either side.
fn farthest(values: &[f64]) -> Option<usize> {
    let splits = LEAST_SIDE..(values.len() + 1).saturating_sub(LEAST_SIDE);
    splits.max_by(|a, b| energy(values, *a).total_cmp(&energy(values, *b)))
}

/// Matteson and James's Q̂ for α = 1.
fn energy(values: &[f64], at: usize) -> f64 {
    let (one, other) = values.split_at(at);
    let (m, n) = (one.len() as f64, other.len() as f64);
    let apart = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().map(|x| b.iter().map(|y| (x - y).abs()).sum::<f64>()).sum()
    };
    // Each pair within a side is counted twice, hence no factor 2 below.
    let within = |part: &[f64], size: f64| apart(part, part) / (size * (size - 1.0));
    m * n / (m + n) * (2.0 * apart(one, other) / (m * n) - within(one, m) - within(other, n))
}

/// The level of each value: the median of the values between the changes around it.
#[must_use]
pub fn levels(values: &[f64], changes: &[Change]) -> Vec<f64> {
    let mut ends: Vec<usize> = changes.iter().map(|change| change.at).collect();
    ends.push(values.len());
    let mut levels = Vec::with_capacity(values.len());
    for end in ends {
        let part = &values[levels.len()..end];
        let level = median(part).unwrap_or(f64::NAN);
        levels.resize(end, level);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::Random;

    fn places(values: &[f64]) -> Vec<usize> {
        changes(values, 0.0).iter().map(|change| change.at).collect()
    }

    #[test]
    fn changes_are_where_otava_finds_them() {
        // Apache Otava 0.8.0, Hunter's successor: compute_change_points(s, window_len=50, max_pvalue=0.001).
        // The first series is from its own tests.
        let halved = [
            1.02, 0.95, 0.99, 1.00, 1.12, 1.00, 1.01, 0.98, 1.01, 0.96, 0.50, 0.51, 0.48, 0.48,
            0.55, 0.50, 0.49, 0.51, 0.50, 0.49,
        ];
        assert_eq!(places(&halved), [10]);
        let stairs = [
            10.0, 10.1, 9.9, 10.05, 9.95, 10.0, 10.6, 10.5, 10.65, 10.55, 10.6, 10.58, 12.0, 12.1,
            11.9, 12.05, 11.95, 12.02,
        ];
        assert_eq!(places(&stairs), [6, 12]);
        let level = [100.0, 101.0, 99.0, 100.5, 99.5, 100.2, 99.8, 100.7, 99.3, 100.1, 99.9, 100.4];
        assert_eq!(places(&level), [0; 0]);
        let drop = [5.0, 5.02, 4.98, 5.01, 4.99, 5.0, 5.01, 4.0, 4.02, 3.98, 4.01, 3.99, 4.0];
        assert_eq!(places(&drop), [7]);
        let outlier =
            [50.0, 51.0, 49.0, 50.0, 90.0, 50.0, 51.0, 49.0, 50.0, 51.0, 49.0, 50.0, 50.5, 49.5];
        assert_eq!(places(&outlier), [0; 0]);
    }

    #[test]
    fn noise_is_seldom_a_change() {
        let mut random = Random(11);
        let normal = |random: &mut Random| (0..12).map(|_| random.part()).sum::<f64>() - 6.0;
        let alarms = (0..400)
            .filter(|_| {
                let values: Vec<f64> = (0..20).map(|_| normal(&mut random)).collect();
                !places(&values).is_empty()
            })
            .count();
        // The best of 15 splits at 0.001 each, not independent: up to 6 would be expected.
        assert!(alarms <= 14, "{alarms} of 400 series of 20 runs");
    }

    #[test]
    fn small_steps_are_left_out_when_asked() {
        let values = [1.0, 1.001, 0.999, 1.0, 1.01, 1.011, 1.009, 1.01];
        assert_eq!(places(&values), [4]);
        assert_eq!(changes(&values, 0.02), []);
        assert_eq!(changes(&[1.0, f64::NAN], 0.0), []);
        let found = changes(&values, 0.005);
        assert_eq!(levels(&values, &found), [1.0, 1.0, 1.0, 1.0, 1.01, 1.01, 1.01, 1.01]);
        assert!((found[0].step - 0.01).abs() < 1e-12);
    }

    #[test]
    fn runs_that_do_not_vary_still_change() {
        assert_eq!(places(&[2.0, 2.0, 2.0, 3.0, 3.0, 3.0]), [3]);
        assert_eq!(places(&[2.0; 9]), [0; 0]);
    }
}
