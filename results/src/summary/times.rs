//! What does one merged distribution say?
//!
//! Percentiles are read off merged histograms and never averaged. Under open load some requests have no time:
//! they failed, or never ended. They rank above every time that was recorded, so of a quantile among them
//! only a lower bound is known. It must not know blocks. Read next: `block.rs`.

use crate::{histogram::Tally, record::BeyondRecord};

/// A distribution in nanoseconds, and what ranks above it.
#[derive(Debug, Default)]
pub(super) struct Times {
    known: Tally,
    /// The exact maximum: the histogram rounds up to 0.1 %.
    pub(super) max_ns: u64,
    /// Lower bounds of those without a time, which rank above all that have one.
    beyond: Tally,
}

impl Times {
    /// Merges what one slice stored: the histogram, and what it says of it.
    ///
    /// # Errors
    /// A histogram that cannot be read, or does not hold what its slice says.
    pub(super) fn add(
        &mut self,
        stored: &str,
        [recorded, max_ns]: [u64; 2],
        beyond: Option<&BeyondRecord>,
    ) -> Result<(), String> {
        self.known.add(stored, recorded)?;
        self.max_ns = self.max_ns.max(max_ns);
        beyond.map_or(Ok(()), |beyond| self.beyond.add(&beyond.histogram, beyond.count))
    }

    /// How many have a time.
    pub(super) fn recorded(&self) -> u64 {
        self.known.len()
    }

    /// How many there are, with a time or without.
    pub(super) fn count(&self) -> u64 {
        self.recorded().saturating_add(self.beyond.len())
    }

    /// The largest quantile (from 0 to 1) that lies among the recorded times.
    pub(super) fn reach(&self) -> f64 {
        match self.beyond.is_empty() {
            true => 1.0,
            false => self.recorded() as f64 / self.count() as f64,
        }
    }

    /// For each quantile (from 0 to 1, ascending) the smallest recorded value that at least this part of
    /// all does not exceed, to 0.1 %; beyond [`Self::reach`] a lower bound. All zeros if there is nothing.
    pub(super) fn quantiles_ns(&self, quantiles: &[f64]) -> Vec<f64> {
        let count = self.count() as f64;
        // What is forgiven is the rounding of, for instance, 0.9 × 30, which must not become rank 28.
        let rank = |quantile: &f64| (quantile * count - 1e-6).ceil().max(1.0) as u64;
        let mut ranks = quantiles.iter().map(rank).peekable();
        let most = if self.max_ns == 0 { u64::MAX } else { self.max_ns };
        // A bucket's largest value may lie above the exact maximum. And a request that failed at once is still not
        // better than the slowest that was answered.
        let known = self.known.values().map(|(ns, count)| (ns.min(most), count));
        let mut values = Vec::with_capacity(quantiles.len());
        let (mut below, mut last) = (0_u64, 0);
        for (ns, count) in known.chain(self.beyond.values()) {
            below = below.saturating_add(count);
            last = last.max(ns);
            while ranks.next_if(|rank| *rank <= below).is_some() {
                values.push(last as f64);
            }
        }
        values.resize(quantiles.len(), last as f64);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram;

    #[test]
    fn what_has_no_time_ranks_above_everything() {
        let of = |values: &[u64]| {
            let mut histogram = histogram::empty();
            values.iter().for_each(|value| histogram.record(*value).unwrap());
            histogram::encode(&histogram)
        };
        let known: Vec<u64> = (1..=90).collect();
        let mut times = Times::default();
        let beyond =
            BeyondRecord { count: 10, histogram: of(&[3, 3, 3, 3, 3, 500, 500, 500, 500, 500]) };
        times.add(&of(&known), [90, 90], Some(&beyond)).unwrap();
        assert_eq!((times.recorded(), times.count()), (90, 100));
        let quantiles = [0.5, 0.9, 0.91, 0.95, 0.96, 1.0];
        assert_eq!(times.quantiles_ns(&quantiles), [50.0, 90.0, 90.0, 90.0, 500.0, 500.0]);
        assert!((times.reach() - 0.9).abs() < 1e-12);
        assert_eq!(
            (Times::default().reach(), Times::default().quantiles_ns(&[0.5])),
            (1.0, vec![0.0])
        );
    }

    #[test]
    fn a_slice_that_miscounts_is_refused() {
        let mut times = Times::default();
        let stored = histogram::encode(&histogram::empty());
        assert!(times.add(&stored, [1, 0], None).unwrap_err().contains("holds 0 operations"));
        let beyond = BeyondRecord { count: 2, histogram: stored.clone() };
        assert!(times.add(&stored, [0, 0], Some(&beyond)).unwrap_err().contains("says 2"));
    }
}
