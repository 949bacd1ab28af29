//! How is a mean kept from being decided by its extremes?
//!
//! By leaving out the same number of values at both ends. Sources: J. W. Tukey and D. H. McLaughlin,
//! "Less vulnerable confidence and significance procedures for location based on a single sample",
//! Sankhyā A 25 (1963); R. R. Wilcox, *Introduction to Robust Estimation and Hypothesis Testing*, §3.3.
//!
//! Read next: `student.rs`, which builds an interval on it.

use super::estimate::sorted;

/// The part of the values that is left out at each end. 20 % is Wilcox's general recommendation: nearly
/// the mean's precision on normal data, and untouched by one disturbed slice in five on either side.
pub const TRIM: f64 = 0.2;

/// How many of `n` values are left out at each end: the part rounded down.
pub(super) fn left_out(n: usize) -> usize {
    n / 5
}

/// The mean without the smallest and the largest fifth (each rounded down to whole values); in the
/// unit of the values. `None` without values, or if one is not finite.
#[must_use]
pub fn trimmed_mean(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values)?;
    let cut = left_out(sorted.len());
    Some(mean(&sorted[cut..sorted.len() - cut]))
}

/// The sample variance after each left-out value was replaced by its nearest kept neighbour; in the
/// unit of the values, squared. `None` below two values, or if one is not finite.
#[must_use]
pub fn winsorized_variance(values: &[f64]) -> Option<f64> {
    let mut sorted = sorted(values)?;
    let cut = left_out(sorted.len());
    let (least, most) = (sorted[cut], sorted[sorted.len() - 1 - cut]);
    for value in &mut sorted {
        *value = value.clamp(least, most);
    }
    variance(&sorted)
}

/// The sample standard deviation (divisor n − 1); in the unit of the values. `None` below two values,
/// or if one is not finite.
#[must_use]
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    variance(&sorted(values)?).map(f64::sqrt)
}

/// The arithmetic mean of at least one value.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample variance; `None` below two values.
fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Wilcox's self-awareness data (Dana 1990), whose trimmed mean and intervals are printed.
    pub(in super::super) const SELF_AWARENESS: [f64; 19] = [
        77., 87., 87., 114., 151., 210., 219., 246., 253., 262., 296., 299., 306., 376., 428.,
        515., 666., 1310., 2611.,
    ];

    #[test]
    fn trimmed_means_are_the_printed_ones() {
        assert!((trimmed_mean(&SELF_AWARENESS).unwrap() - 282.692_3).abs() < 1e-4);
        // Wilcox §3.3's small example: one value leaves at each end.
        assert_eq!(trimmed_mean(&[2.0, 3.0, 4.0, 5.0, 900.0]), Some(4.0));
        assert_eq!(trimmed_mean(&[1.0, 2.0, 6.0, 7.0]), Some(4.0), "too few to leave any out");
        assert_eq!(trimmed_mean(&[5.0]), Some(5.0));
        let ten = [-1000.0, -9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 99.0, 1000.0];
        assert_eq!(trimmed_mean(&ten), Some(3.5));
        assert_eq!(trimmed_mean(&[]), None);
    }

    #[test]
    fn winsorizing_moves_the_ends_inwards() {
        // 1 2 3 4 100 becomes 2 2 3 4 4: variance 1.
        assert_eq!(winsorized_variance(&[100.0, 1.0, 3.0, 2.0, 4.0]), Some(1.0));
        assert_eq!(winsorized_variance(&[3.0]), None);
    }

    #[test]
    fn the_standard_deviation_divides_by_one_less() {
        assert_eq!(standard_deviation(&[1.0, 3.0]), Some(2.0_f64.sqrt()));
        assert_eq!(standard_deviation(&[1.0]), None);
    }
}
