//! What is the mean ratio over several contests, and how far may it be from the truth?
//!
//! The geometric mean of ratios, each contest with the same weight: the only mean of ratios whose ranking does
//! not depend on the reference (P. J. Fleming and J. J. Wallace, "How not to lie with statistics: the correct
//! way to summarize benchmark results", CACM 29 (1986)). Contests are measured one after the other in
//! processes of their own, so their errors are independent and add up as squares; the degrees of freedom
//! are Welch's and Satterthwaite's (F. E. Satterthwaite, Biometrics Bulletin 2 (1946)).
//!
//! The interval speaks of these contests measured again, not of other workloads. Read next: `crate::rank`.

use super::student::{Interval, Paired, freedom_quantile, two_sided};

/// A mean over contests, on the scale of its parts: logarithms of ratios.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overall {
    /// The mean of the parts' centres.
    pub centre: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom, not whole in general.
    pub freedom: f64,
}

impl Overall {
    /// The mean of what each contest's test over blocks says. `None` without parts.
    #[must_use]
    pub fn over(parts: &[Paired]) -> Option<Self> {
        let count = parts.len() as f64;
        let centre = parts.iter().map(|part| part.centre).sum::<f64>() / count;
        let squares: f64 = parts.iter().map(|part| part.error.powi(2)).sum();
        let spread: f64 = parts.iter().map(|part| part.error.powi(4) / part.freedom as f64).sum();
        let least = parts.iter().map(|part| part.freedom).min()?;
        // Where nothing varies, the ratio below has no value and the degrees of freedom do not matter.
        let freedom = if spread > 0.0 { squares.powi(2) / spread } else { least as f64 };
        Some(Self { centre, error: squares.sqrt() / count, freedom })
    }

    /// The interval at the error rate `alpha` (above 0, below 1).
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Option<Interval> {
        let distance = freedom_quantile(1.0 - alpha / 2.0, self.freedom)? * self.error;
        let Self { centre, .. } = *self;
        Some(Interval { centre, low: centre - distance, high: centre + distance })
    }

    /// The probability, if the truth were 0, of a centre at least as far from it; two-sided.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        let t = if self.centre == 0.0 { 0.0 } else { self.centre / self.error };
        two_sided(t, self.freedom).unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::ALPHA;

    const X: [f64; 6] = [0.02, 0.031, 0.018, 0.027, 0.022, 0.025];
    const Y: [f64; 6] = [-0.01, 0.004, -0.002, 0.011, -0.006, 0.001];

    #[test]
    fn one_contest_is_the_paired_t() {
        // SciPy 1.17.1: numpy.exp(ttest_1samp(numpy.log(x), 0).confidence_interval(.995)); gmean(x)
        let logs = [1.02, 0.97, 1.10, 1.05, 1.01, 0.99].map(f64::ln);
        let overall = Overall::over(&[Paired::over(&logs).unwrap()]).unwrap();
        let interval = overall.interval(ALPHA).unwrap();
        assert!((overall.centre.exp() - 1.022_472_751_620_147).abs() < 1e-12);
        assert!((interval.low.exp() - 0.937_052_08).abs() < 1e-8);
        assert!((interval.high.exp() - 1.115_680_28).abs() < 1e-8);
        assert!((overall.p_value() - 0.278_263_733_756_197_1).abs() < 1e-9);
    }

    #[test]
    fn two_contests_are_half_of_welch() {
        // SciPy 1.17.1: r = ttest_ind(x, -y, equal_var=False); r.confidence_interval(.995) halved, r.pvalue,
        // r.df: the sum of two means is the difference between one and the other's negative.
        let overall = Overall::over(&[X, Y].map(|v| Paired::over(&v).unwrap())).unwrap();
        let interval = overall.interval(ALPHA).unwrap();
        let near = |ours: f64, printed: f64| assert!((ours - printed).abs() < 1e-9, "{ours}");
        near(overall.centre, 0.011_75);
        near(interval.low, 0.004_969_169_981_533_051);
        near(interval.high, 0.018_530_830_018_466_973);
        near(overall.p_value(), 0.000_141_414_021_216_464_25);
        near(overall.freedom, 8.534_621_997_603_294);
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(Overall::over(&[]), None);
    }
}
