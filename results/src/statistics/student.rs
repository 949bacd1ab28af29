//! How far may a mean over blocks be from the truth?
//!
//! Below ten blocks: Student's t interval of the mean (for one effect a block this *is* the paired t).
//! From ten blocks on: the interval of the 20 % trimmed mean with the winsorized variance, which a
//! single disturbed block cannot stretch. Sources: Student, "The probable error of a mean", Biometrika 6
//! (1908); Tukey and McLaughlin (1963) for one sample and K. K. Yuen, "The two-sample trimmed t for
//! unequal population variances", Biometrika 61 (1974), for two; Wilcox §4.3. Below ten blocks too few
//! values are left for its degrees of freedom.
//!
//! Read next: `crate::summary`, which calls [`interval`] with one effect a block.

use super::trim::{TRIM, left_out, mean, standard_deviation, winsorized_variance};
use super::{estimate::sorted, trimmed_mean};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The nominal error rate of an interval: 0.5 %, so that intervals cover 99.5 %. Stricter than usual,
/// since values of a handful of blocks are not quite normal, and many runners are compared at once.
pub const ALPHA: f64 = 0.005;

/// The number of blocks from which the trimmed interval is used.
pub const TRIMMED_FROM: usize = 10;

/// A centre and how far it may be from the truth; in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean, or the trimmed mean.
    pub centre: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The interval that comparisons use: [`student`] below [`TRIMMED_FROM`] values, [`trimmed`] from there
/// on, both at [`ALPHA`]. `None` below two values, or if one is not finite.
#[must_use]
pub fn interval(values: &[f64]) -> Option<Interval> {
    if values.len() < TRIMMED_FROM { student(values, ALPHA) } else { trimmed(values, ALPHA) }
}

/// Student's t interval of the mean at the error rate `alpha` (above 0, below 1).
#[must_use]
pub fn student(values: &[f64], alpha: f64) -> Option<Interval> {
    let n = sorted(values)?.len();
    let error = standard_deviation(values)? / (n as f64).sqrt();
    around(mean(values), error, n - 1, alpha)
}

/// The t interval of the 20 % trimmed mean at the error rate `alpha` (above 0, below 1).
#[must_use]
pub fn trimmed(values: &[f64], alpha: f64) -> Option<Interval> {
    let n = values.len();
    let kept = n - 2 * left_out(n);
    // (1 − 2γ)√n with γ = 0.2 exactly, also where n is no multiple of five: the printed form, so that
    // printed values can be checked.
    let error = winsorized_variance(values)?.sqrt() / ((1.0 - 2.0 * TRIM) * (n as f64).sqrt());
    around(trimmed_mean(values)?, error, kept - 1, alpha)
}

/// The centre, plus and minus its standard error times the quantile.
fn around(centre: f64, error: f64, freedom: usize, alpha: f64) -> Option<Interval> {
    let distance = quantile(1.0 - alpha / 2.0, freedom)? * error;
    Some(Interval { centre, low: centre - distance, high: centre + distance })
}

/// The quantile of Student's t distribution at `probability` (above 0.5, below 1) with `freedom` degrees of
/// freedom (at least 1). `None` outside of that.
#[must_use]
pub fn quantile(probability: f64, freedom: usize) -> Option<f64> {
    if !(probability > 0.5 && probability < 1.0) || freedom == 0 {
        return None;
    }
    let student = StudentsT::new(0.0, 1.0, freedom as f64).ok()?;
    // The crate's own inverse stops at about four digits; its distribution function is exact to far
    // more, so we halve an interval around the answer.
    let (mut low, mut high) = (0.0, 1.0);
    while student.cdf(high) < probability {
        high *= 2.0;
    }
    while (high - low) > 1e-12 * high {
        let middle = f64::midpoint(low, high);
        if student.cdf(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::super::{Estimate, trim::tests::SELF_AWARENESS};
    use super::*;
    use crate::synthetic::Random;

    #[test]
    fn quantiles_are_those_of_the_printed_table() {
        // Probability, degrees of freedom, and the value as printed in tables of the t distribution.
        let printed = [
            (0.95, 1, 6.314),
            (0.975, 1, 12.706),
            (0.975, 2, 4.303),
            (0.975, 5, 2.571),
            (0.995, 5, 4.032),
            (0.9975, 3, 7.453),
            (0.9975, 5, 4.773),
            (0.9975, 7, 4.029),
            (0.9975, 11, 3.497),
            (0.9975, 20, 3.153),
            (0.9975, 60, 2.915),
            (0.9995, 10, 4.587),
        ];
        for (probability, freedom, value) in printed {
            let ours = quantile(probability, freedom).unwrap();
            assert!((ours - value).abs() < 0.000_51, "t({probability}, {freedom}) = {ours}");
        }
    }

    #[test]
    fn one_and_two_degrees_have_closed_forms() {
        for probability in [0.6_f64, 0.8, 0.9, 0.975, 0.9975] {
            let one = (std::f64::consts::PI * (probability - 0.5)).tan();
            assert!((quantile(probability, 1).unwrap() / one - 1.0).abs() < 1e-9);
            let p = probability;
            let two = (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt();
            assert!((quantile(p, 2).unwrap() / two - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_trimmed_interval_is_the_printed_one() {
        // Wilcox prints (160.4, 405.0) for the trimmed mean.
        let trimmed = trimmed(&SELF_AWARENESS, 0.05).unwrap();
        assert!((trimmed.low - 160.39).abs() < 0.01, "{trimmed:?}");
        assert!((trimmed.high - 404.99).abs() < 0.01, "{trimmed:?}");
    }

    #[test]
    fn students_own_sleep_data() {
        // Differences of the ten patients of 1908; R prints 95 % from 0.7001142 to 2.4598858.
        let hours = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let sleep = student(&hours, 0.05).unwrap();
        assert!((sleep.centre - 1.58).abs() < 1e-12);
        assert!((sleep.low - 0.700_114_2).abs() < 1e-6 && (sleep.high - 2.459_885_8).abs() < 1e-6);
    }

    #[test]
    fn the_trimmed_interval_takes_over_at_ten() {
        let nine: Vec<f64> = (0..9).map(f64::from).collect();
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(interval(&nine), student(&nine, ALPHA));
        assert_eq!(interval(&ten), trimmed(&ten, ALPHA));
    }

    /// Nearly normal: the sum of twelve even parts, with mean 0 and variance 1.
    fn normal(random: &mut Random) -> f64 {
        (0..12).map(|_| random.part()).sum::<f64>() - 6.0
    }

    #[test]
    fn identical_code_is_called_different_as_often_as_stated() {
        let mut random = Random(5);
        for (blocks, of) in [(6, student as fn(&[f64], f64) -> _), (12, trimmed)] {
            let alarms = (0..2000)
                .filter(|_| {
                    let values: Vec<f64> = (0..blocks).map(|_| normal(&mut random)).collect();
                    let Interval { low, high, .. } = of(&values, 0.05).unwrap();
                    low > 0.0 || high < 0.0
                })
                .count();
            // 100 are expected; four standard deviations are 39.
            assert!((61..=139).contains(&alarms), "{blocks} blocks: {alarms} of 2000");
        }
    }

    #[test]
    fn medians_are_covered_as_often_as_stated() {
        let mut random = Random(6);
        for blocks in [6, 9, 12] {
            let missed = (0..2000)
                .filter(|_| {
                    let values: Vec<f64> = (0..blocks).map(|_| normal(&mut random)).collect();
                    let estimate = Estimate::over(&values).unwrap();
                    estimate.low > 0.0 || estimate.high < 0.0
                })
                .count();
            assert!(missed <= 139, "{blocks} blocks: {missed} of 2000");
        }
    }

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(interval(&[1.0]), None);
        assert_eq!(interval(&[]), None);
        assert_eq!(interval(&[1.0, f64::NAN]), None);
        assert_eq!(quantile(0.5, 3), None);
        assert_eq!(quantile(0.9, 0), None);
    }
}
