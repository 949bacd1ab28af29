//! How are a few numbers drawn in one line of letters?
//!
//! As eighths of blocks. A sparkline has one letter a value, a bar one line a value. All scales are logarithmic:
//! latencies differ by powers of ten. It must not know what is drawn. Read next: `overview.rs`.

/// From a value near the lower end of the scale to one near its upper end.
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Eighths of a letter, from the left.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A logarithmic scale between two positive values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Around all positive values; `None` without any.
    pub(super) fn around(values: impl Iterator<Item = f64>) -> Option<Self> {
        values.filter(|value| value.is_finite() && *value > 0.0).fold(None, |scale, value| {
            let Self { low, high } = scale.unwrap_or(Self { low: value, high: value });
            Some(Self { low: low.min(value), high: high.max(value) })
        })
    }

    /// Where a value lies, from 0 to 1; in the middle where all values are the same.
    fn part(self, value: f64) -> f64 {
        let span = (self.high / self.low).ln();
        if span <= 0.0 { 0.5 } else { ((value / self.low).ln() / span).clamp(0.0, 1.0) }
    }
}

/// A letter for each value; a space for one that is not positive.
pub(super) fn line(values: &[f64], scale: Scale) -> String {
    let letter = |value: &f64| match value.is_finite() && *value > 0.0 {
        true => STEPS[(scale.part(*value) * (STEPS.len() - 1) as f64).round() as usize],
        false => ' ',
    };
    values.iter().map(letter).collect()
}

/// A bar of at most so many letters; the smallest value has one eighth, so that it is there.
pub(super) fn bar(value: f64, scale: Scale, width: usize) -> String {
    let eighths = (scale.part(value) * (width * 8) as f64).round().max(1.0) as usize;
    let mut bar = STEPS[7].to_string().repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8 - 1]);
    }
    bar
}

/// As many values as there is room for: of neighbours that share a letter, the largest.
pub(super) fn thinned(values: &[f64], width: usize) -> Vec<f64> {
    let each = values.len().div_ceil(width.max(1)).max(1);
    let parts = values.chunks(each);
    parts.map(|part| part.iter().copied().fold(f64::NAN, f64::max)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_rise_with_the_logarithm() {
        let values = [1.0, 10.0, 100.0, f64::NAN];
        let scale = Scale::around(values.into_iter()).unwrap();
        assert_eq!(line(&values, scale), "▁▅█ ");
        assert_eq!(Scale::around([0.0, f64::NAN].into_iter()), None);
        let flat = Scale::around([7.0, 7.0].into_iter()).unwrap();
        assert_eq!(line(&[7.0], flat), "▅");
    }

    #[test]
    fn bars_have_eighths() {
        let scale = Scale::around([1.0, 100.0].into_iter()).unwrap();
        assert_eq!(bar(100.0, scale, 3), "███");
        assert_eq!(bar(10.0, scale, 3), "█▌");
        assert_eq!(bar(1.0, scale, 3), "▏");
    }

    #[test]
    fn what_shares_a_letter_shows_its_largest() {
        assert_eq!(thinned(&[1.0, 5.0, 2.0, 3.0, 9.0], 3), [5.0, 3.0, 9.0]);
        assert_eq!(thinned(&[1.0, 2.0], 10), [1.0, 2.0]);
        assert!(thinned(&[], 10).is_empty());
    }
}
