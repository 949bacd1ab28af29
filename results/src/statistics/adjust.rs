//! How is one error rate kept over many comparisons?
//!
//! [`holm`] bounds the probability of a single false claim in the family: for verdicts. Source: S. Holm, "A
//! simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
//! [`benjamini_hochberg`] bounds the expected part of false claims among all claims: for looking around in
//! reports. Source: Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", J. R. Statist.
//! Soc. B 57 (1995). It holds for independent or positively dependent tests, as runners against one
//! baseline are.
//!
//! It must not know what was compared. Read next: `crate::verdict`.

/// Holm's adjusted p-values, in the order of the question: a claim whose adjusted value is at most α keeps
/// the probability of any false claim in the family at or below α, however the tests depend on each other.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len();
    let mut adjusted = vec![1.0; count];
    let mut largest = 0.0_f64;
    for (step, at) in ascending(p_values).into_iter().enumerate() {
        largest = largest.max((count - step) as f64 * p_values[at]);
        adjusted[at] = largest.min(1.0);
    }
    adjusted
}

/// Benjamini and Hochberg's adjusted p-values, in the order of the question: of the claims whose adjusted
/// value is at most q, the expected part that is false is at most q.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len();
    let mut adjusted = vec![1.0; count];
    let mut least = 1.0_f64;
    for (step, at) in ascending(p_values).into_iter().enumerate().rev() {
        least = least.min(count as f64 / (step + 1) as f64 * p_values[at]);
        adjusted[at] = least;
    }
    adjusted
}

/// The places of the values in ascending order.
fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX: [f64; 6] = [0.01, 0.04, 0.03, 0.005, 0.8, 0.02];

    /// The example of Benjamini and Hochberg (1995), §4.
    const INFARCTION: [f64; 15] = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];

    fn near(ours: &[f64], printed: &[f64]) {
        assert_eq!(ours.len(), printed.len());
        for (a, b) in ours.iter().zip(printed) {
            assert!((a - b).abs() < 1e-12, "{ours:?} is not {printed:?}");
        }
    }

    #[test]
    fn holm_is_the_printed_one() {
        // statsmodels 0.15.0: statsmodels.stats.multitest.multipletests(p, method='holm')[1]
        near(&holm(&SIX), &[0.05, 0.09, 0.09, 0.03, 0.8, 0.08]);
        let mut printed = vec![0.0015, 0.0056, 0.0247, 0.114, 0.2211, 0.278, 0.278, 0.278, 0.3213];
        printed.resize(15, 1.0);
        near(&holm(&INFARCTION), &printed);
    }

    #[test]
    fn benjamini_and_hochberg_are_the_printed_ones() {
        // SciPy 1.17.1: scipy.stats.false_discovery_control(p, method='bh')
        near(&benjamini_hochberg(&SIX), &[0.03, 0.048, 0.045, 0.03, 0.8, 0.04]);
        near(
            &benjamini_hochberg(&INFARCTION),
            &[
                0.0015,
                0.003,
                0.0095,
                0.035_625,
                0.0603,
                0.063_857_142_857_142_86,
                0.063_857_142_857_142_86,
                0.0645,
                0.0765,
                0.486,
                0.581_181_818_181_818_1,
                0.714_875,
                0.753_230_769_230_769_3,
                0.813_214_285_714_285_7,
                1.0,
            ],
        );
    }

    #[test]
    fn no_comparison_needs_no_correction() {
        assert_eq!((holm(&[]), benjamini_hochberg(&[])), (vec![], vec![]));
        assert_eq!((holm(&[0.2]), benjamini_hochberg(&[0.2])), (vec![0.2], vec![0.2]));
    }
}
