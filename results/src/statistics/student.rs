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
use std::{cell::RefCell, collections::HashMap};

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

/// What a paired test over blocks says: the centre, its standard error and how many values carry it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// The mean, or from ten values on the 20 % trimmed mean.
    pub centre: f64,
    /// Its standard error; 0 where nothing varies.
    pub error: f64,
    /// Degrees of freedom: from 1 on.
    pub freedom: usize,
}

impl Paired {
    /// From one difference a block: Student's paired t below [`TRIMMED_FROM`] values, from there on the
    /// trimmed t. `None` below two values, or if one is not finite.
    #[must_use]
    pub fn over(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n < TRIMMED_FROM {
            let error = standard_deviation(values)? / (n as f64).sqrt();
            return Some(Self { centre: mean(values), error, freedom: Self::freedom_of(n) });
        }
        let error = winsorized_variance(values)?.sqrt() / ((1.0 - 2.0 * TRIM) * (n as f64).sqrt());
        Some(Self { centre: trimmed_mean(values)?, error, freedom: Self::freedom_of(n) })
    }

    /// The degrees of freedom that so many values give; none below two.
    #[must_use]
    pub fn freedom_of(values: usize) -> usize {
        let left_out = if values < TRIMMED_FROM { 0 } else { left_out(values) };
        (values - 2 * left_out).saturating_sub(1)
    }

    /// The probability, if the truth were 0, of a centre at least as far from it; two-sided.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        // Values that are all alike and not 0 are as far from it as can be.
        let t = if self.centre == 0.0 { 0.0 } else { self.centre / self.error };
        two_sided(t, self.freedom as f64).unwrap_or(1.0)
    }

    /// The interval at the error rate `alpha` (above 0, below 1).
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Option<Interval> {
        around(self.centre, self.error, self.freedom, alpha)
    }
}

/// The probability that Student's t with this many degrees of freedom (above 0, whole or not) is at least
/// as far from 0 as `t`. `None` if either is not a number.
pub(super) fn two_sided(t: f64, freedom: f64) -> Option<f64> {
    if t.is_infinite() {
        return Some(0.0);
    }
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    (!t.is_nan()).then(|| (2.0 * student.sf(t.abs())).min(1.0))
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
    // A report asks for the same few of them tens of thousands of times.
    thread_local!(static KNOWN: RefCell<HashMap<(u64, usize), Option<f64>>> = RefCell::default());
    KNOWN.with_borrow_mut(|known| {
        let found = known.entry((probability.to_bits(), freedom));
        *found.or_insert_with(|| freedom_quantile(probability, freedom as f64))
    })
}

/// As [`quantile`], for degrees of freedom that need not be whole, as Welch's are not.
pub(super) fn freedom_quantile(probability: f64, freedom: f64) -> Option<f64> {
    if !(probability > 0.5 && probability < 1.0) {
        return None;
    }
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    // We halve an interval around the answer rather than trust the crate's own inverse: only the distribution
    // function has to be right then, and the tests compare both with printed values.
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
        // SciPy 1.17.1: scipy.stats.t.ppf(probability, freedom)
        let printed = [
            (0.95, 1.0, 6.313_751_514_675_037),
            (0.975, 1.0, 12.706_204_736_174_694),
            (0.975, 2.0, 4.302_652_729_749_462),
            (0.975, 5.0, 2.570_581_835_636_314_6),
            (0.995, 5.0, 4.032_142_983_555_228),
            (0.9975, 3.0, 7.453_318_505_150_679),
            (0.9975, 4.7, 4.966_744_247_317_105),
            (0.9975, 5.0, 4.773_340_604_855_546),
            (0.9975, 7.0, 4.029_337_177_642_501_5),
            (0.9975, 11.0, 3.496_614_173_253_683_5),
            (0.9975, 20.0, 3.153_400_532_906_462_5),
            (0.9975, 60.0, 2.914_552_575_419_508),
            (0.9995, 10.0, 4.586_893_858_702_708),
            (0.999_99, 5.0, 15.546_854_534_969_158),
        ];
        for (probability, freedom, value) in printed {
            let ours = freedom_quantile(probability, freedom).unwrap();
            assert!((ours / value - 1.0).abs() < 1e-9, "t({probability}, {freedom}) = {ours}");
        }
        assert_eq!(quantile(0.9975, 5), freedom_quantile(0.9975, 5.0));
    }

    #[test]
    fn probabilities_are_those_of_scipy() {
        // SciPy 1.17.1: 2 * scipy.stats.t.sf(abs(t), freedom)
        let printed = [
            (0.5, 5.0, 0.638_298_871_640_929_1),
            (2.0, 5.0, 0.101_939_478_829_858_35),
            (4.773, 5.0, 0.005_001_507_231_737_179),
            (10.0, 5.0, 0.000_170_947_575_742_963_63),
            (-3.0, 11.0, 0.012_079_839_471_921_37),
            (25.0, 7.0, 4.179_697_117_659_435e-8),
            (1.5, 7.3, 0.175_563_092_803_086_1),
        ];
        for (t, freedom, value) in printed {
            let ours = two_sided(t, freedom).unwrap();
            assert!((ours / value - 1.0).abs() < 1e-8, "p({t}, {freedom}) = {ours}");
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
        // SciPy 1.17.1: scipy.stats.mstats.trimmed_mean_ci(x, limits=(0.2, 0.2), alpha=alpha)
        let disturbed = [0.011, 0.013, 0.009, 0.017, 0.012, 0.010, 0.055, 0.014, 0.008, 0.012];
        let printed: [(&[f64], f64, f64, f64); 3] = [
            (&SELF_AWARENESS, 0.05, 160.391_341_54, 404.993_273_84),
            (&SELF_AWARENESS, 0.005, 90.247_120_33, 475.137_495_05),
            (&disturbed, 0.005, 0.007_724_01, 0.016_275_99),
        ];
        for (values, alpha, low, high) in printed {
            let trimmed = trimmed(values, alpha).unwrap();
            assert!((trimmed.low / low - 1.0).abs() < 1e-6, "{trimmed:?}");
            assert!((trimmed.high / high - 1.0).abs() < 1e-6, "{trimmed:?}");
            assert_eq!(Paired::over(values).unwrap().interval(alpha), Some(trimmed));
        }
        // SciPy 1.17.1: 2 * t.sf(abs(m / e), 12) of x - 300 with m, e from trim_mean and trimmed_stde
        let shifted = SELF_AWARENESS.map(|value| value - 300.0);
        let p_value = Paired::over(&shifted).unwrap().p_value();
        assert!((p_value - 0.763_110_900_081_689_2).abs() < 1e-9, "{p_value}");
    }

    #[test]
    fn students_own_sleep_data() {
        // Differences of the ten patients of 1908. SciPy 1.17.1: r = scipy.stats.ttest_rel(after, before);
        // r.confidence_interval(0.95), r.confidence_interval(0.995), r.pvalue
        let hours = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let sleep = student(&hours, 0.05).unwrap();
        assert!((sleep.centre - 1.58).abs() < 1e-12);
        let near = |ours: f64, printed: f64| assert!((ours - printed).abs() < 1e-9, "{ours}");
        near(sleep.low, 0.700_114_236_723_017_5);
        near(sleep.high, 2.459_885_763_276_983);
        let strict = student(&hours, ALPHA).unwrap();
        near(strict.low, 0.144_873_624_310_343);
        near(strict.high, 3.015_126_375_689_663);
        let error = standard_deviation(&hours).unwrap() / 10.0_f64.sqrt();
        near(Paired { centre: 1.58, error, freedom: 9 }.p_value(), 0.002_832_890_197_384_273);
    }

    #[test]
    fn the_trimmed_interval_takes_over_at_ten() {
        let nine: Vec<f64> = (0..9).map(f64::from).collect();
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(interval(&nine), student(&nine, ALPHA));
        assert_eq!(interval(&ten), trimmed(&ten, ALPHA));
        for values in [nine, ten] {
            let paired = Paired::over(&values).unwrap();
            assert_eq!(paired.interval(ALPHA), interval(&values));
        }
    }

    #[test]
    fn values_that_do_not_vary_are_certain() {
        // The mean of six times 0.1 is rounded, so the error is not quite 0.
        assert!(Paired::over(&[0.1; 6]).unwrap().p_value() < 1e-30);
        assert_eq!(Paired::over(&[0.0; 6]).unwrap().p_value(), 1.0);
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
