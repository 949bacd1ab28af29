//! Where does a value lie on an axis, and which values are written at it?
//!
//! Linear and logarithmic axes with round ticks. It must not know units. Read next: `spectrum.rs`.

/// An axis from one position of a drawing to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    /// Values from `low` to `high` at positions from `from` to `to`. Room is made around a single value.
    pub(super) fn linear((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, from, to, log: false }
    }

    /// Likewise, logarithmic; values must be above 0.
    pub(super) fn log((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let low = low.max(f64::MIN_POSITIVE);
        let high = if high > low { high } else { low * 2.0 };
        Self { low, high, from, to, log: true }
    }

    /// The position of a value.
    pub(super) fn at(&self, value: f64) -> f64 {
        let part = if self.log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + part * (self.to - self.from)
    }

    /// The position of a value, or the nearest end of the axis, and whether it was outside.
    pub(super) fn clipped(&self, value: f64) -> (f64, bool) {
        let inside = value.clamp(self.low, self.high);
        (self.at(inside), inside != value)
    }

    /// Round values on the axis, at most about `most` of them.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        // Over less than a third of the value, round steps are more even than round ratios.
        let narrow = self.high / self.low < 1.3;
        if self.log && !narrow { self.log_ticks(most) } else { self.linear_ticks(most) }
    }

    fn linear_ticks(&self, most: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / most.max(1) as f64;
        let power = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(power);
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        (first..=last).map(|i| i as f64 * step).collect()
    }

    /// The finest of some sets of round numbers that has few enough of them on the axis.
    fn log_ticks(&self, most: usize) -> Vec<f64> {
        const SETS: [&[f64]; 6] = [
            &[1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 9.0, 9.5],
            &[1.0, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 9.0],
            &[1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            &[1.0, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 2.0, 5.0],
            &[1.0],
        ];
        let decades = || (self.low.log10().floor() as i32)..=(self.high.log10().floor() as i32);
        let ticks = |set: &[f64]| -> Vec<f64> {
            decades()
                .flat_map(|decade| set.iter().map(move |digit| digit * 10.0_f64.powi(decade)))
                .filter(|tick| *tick >= self.low * 0.999_999 && *tick <= self.high * 1.000_001)
                .collect()
        };
        let sets = SETS.map(ticks);
        let fits = sets.iter().find(|ticks| ticks.len() <= most && !ticks.is_empty());
        let ticks = fits.cloned().unwrap_or_else(|| vec![self.low, self.high]);
        // Many decades: every second, third … of them.
        let every = ticks.len().div_ceil(most.max(1)).max(1);
        ticks.into_iter().step_by(every).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_lie_at_the_ends() {
        let log = Scale::log((1.0, 100.0), (0.0, 10.0));
        assert_eq!((log.at(1.0), log.at(10.0), log.at(100.0)), (0.0, 5.0, 10.0));
        let linear = Scale::linear((0.0, 4.0), (10.0, 0.0));
        assert_eq!((linear.at(0.0), linear.at(1.0), linear.at(4.0)), (10.0, 7.5, 0.0));
        assert_eq!(log.clipped(1000.0), (10.0, true));
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(
            Scale::linear((0.0, 11.0), (0.0, 1.0)).ticks(6),
            [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        );
        assert_eq!(Scale::log((1.0, 1000.0), (0.0, 1.0)).ticks(5), [1.0, 10.0, 100.0, 1000.0]);
        for high in [1.01, 1.3, 7.0, 1e4, 1e9] {
            let ticks = Scale::log((0.9, high), (0.0, 1.0)).ticks(8);
            assert!((1..=8).contains(&ticks.len()), "{high}: {ticks:?}");
        }
    }

    #[test]
    fn degenerate_ranges_do_not_divide_by_zero() {
        assert!(Scale::linear((3.0, 3.0), (0.0, 1.0)).at(3.0).is_finite());
        assert!(Scale::log((0.0, 0.0), (0.0, 1.0)).at(0.0).is_finite());
    }
}
