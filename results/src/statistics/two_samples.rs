//! How far apart are two means whose values are not pairs?
//!
//! Below ten values on either side: Welch's t. From ten on both: Yuen's trimmed t, which is Welch's with the
//! 20 % trimmed means and the winsorized variances. Sources: B. L. Welch, "The generalization of Student's
//! problem when several different population variances are involved", Biometrika 34 (1947); K. K. Yuen,
//! "The two-sample trimmed t for unequal population variances", Biometrika 61 (1974).
//!
//! For stored runs only, which nobody interleaved: what the machine did between them is in the difference.
//! Read next: `crate::compare`.

use super::{
    student::{ALPHA, Interval, TRIMMED_FROM, freedom_quantile, two_sided},
    trim::{left_out, mean, standard_deviation, trimmed_mean, winsorized_variance},
};

/// The first mean minus the second, how far that may be from the truth, and how probable a distance at
/// least as large is between equal means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// The difference and its 99.5 % interval, in the unit of the values.
    pub difference: Interval,
    /// The p-value, two-sided.
    pub p_value: f64,
}

/// What one side contributes: centre, squared standard error, degrees of freedom.
type Side = (f64, f64, f64);

/// The comparison of two independent samples: [`welch`], or [`yuen`] where both have ten values. `None`
/// below two values on either side, if one is not finite, or if nothing varies.
#[must_use]
pub fn contrast(one: &[f64], other: &[f64]) -> Option<Contrast> {
    if one.len().min(other.len()) < TRIMMED_FROM { welch(one, other) } else { yuen(one, other) }
}

/// Welch's t.
#[must_use]
pub fn welch(one: &[f64], other: &[f64]) -> Option<Contrast> {
    let side = |values: &[f64]| {
        let n = values.len() as f64;
        Some((mean(values), standard_deviation(values)?.powi(2) / n, n - 1.0))
    };
    against(side(one)?, side(other)?)
}

/// Yuen's t, with a fifth left out at each end.
#[must_use]
pub fn yuen(one: &[f64], other: &[f64]) -> Option<Contrast> {
    let side = |values: &[f64]| {
        let (n, kept) = (values.len() as f64, (values.len() - 2 * left_out(values.len())) as f64);
        let square = (n - 1.0) * winsorized_variance(values)? / (kept * (kept - 1.0));
        Some((trimmed_mean(values)?, square, kept - 1.0))
    };
    against(side(one)?, side(other)?)
}

fn against((a, square_a, freedom_a): Side, (b, square_b, freedom_b): Side) -> Option<Contrast> {
    let square = square_a + square_b;
    let freedom = square.powi(2) / (square_a.powi(2) / freedom_a + square_b.powi(2) / freedom_b);
    let (centre, error) = (a - b, square.sqrt());
    let p_value = two_sided(centre / error, freedom)?;
    let distance = freedom_quantile(1.0 - ALPHA / 2.0, freedom)? * error;
    let difference = Interval { centre, low: centre - distance, high: centre + distance };
    Some(Contrast { difference, p_value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::trim::tests::SELF_AWARENESS;

    #[test]
    fn welch_is_the_printed_one() {
        // SciPy 1.17.1: r = ttest_ind(b, a, equal_var=False); r.pvalue, r.confidence_interval(.995). The data
        // are those of R's help on wilcox.test (permeability of human amnion; Hollander and Wolfe 1973).
        let a = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let b = [1.15, 0.88, 0.90, 0.74, 1.21];
        let welch = welch(&b, &a).unwrap();
        assert!((welch.p_value - 0.062_101_343_781_078_47).abs() < 1e-10, "{welch:?}");
        assert!((welch.difference.low + 0.893_989_543_025_783_4).abs() < 1e-9, "{welch:?}");
        assert!((welch.difference.high - 0.219_989_543_025_785_55).abs() < 1e-9, "{welch:?}");
        assert_eq!(contrast(&b, &a), Some(welch));
    }

    #[test]
    fn yuen_is_the_printed_one() {
        // SciPy 1.17.1: ttest_ind(one, other, equal_var=False, trim=0.2).pvalue
        let one = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let other = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let sleep = yuen(&one, &other).unwrap();
        assert!((sleep.p_value - 0.143_378_288_524_440_37).abs() < 1e-10, "{sleep:?}");
        assert_eq!(contrast(&one, &other), Some(sleep));
        let scaled = SELF_AWARENESS.map(|value| value * 1.3 + 20.0);
        let aware = yuen(&SELF_AWARENESS, &scaled).unwrap();
        assert!((aware.p_value - 0.213_071_151_082_378_45).abs() < 1e-10, "{aware:?}");
    }

    #[test]
    fn too_little_is_told() {
        assert_eq!(contrast(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(contrast(&[1.0, f64::NAN], &[1.0, 2.0]), None);
        assert_eq!(contrast(&[1.0, 1.0], &[2.0, 2.0]), None, "nothing varies");
    }
}
