//! What did one trial see in its block?
//!
//! Its counted slices, merged: one distribution, and sums of counts, windows and CPU. Ratios are taken of
//! sums, percentiles of the merged distribution. It must not know other blocks. Read next: `cell.rs`.

use crate::{TrialRecord, histogram};
use hdrhistogram::Histogram;

/// The sum of a trial's counted slices. Times are nanoseconds.
#[derive(Debug)]
pub(super) struct Block {
    histogram: Histogram<u64>,
    /// The exact maximum: the histogram rounds up to 0.1 %.
    pub(super) max_ns: u64,
    /// Of the whole slices.
    operations: u64,
    pub(super) completed: u64,
    window_ns: u64,
    cpu_ns: u64,
    deferred_cpu_ns: u64,
    peer_cpu_ns: Option<u64>,
    pub(super) unfinished: u64,
    pub(super) oldest_unfinished_ns: u64,
}

impl Block {
    /// Merges the counted slices of a trial.
    ///
    /// # Errors
    /// A histogram that cannot be read or does not hold what its slice says.
    pub(super) fn of(trial: &TrialRecord) -> Result<Self, String> {
        let mut block = Self {
            histogram: histogram::empty(),
            max_ns: 0,
            operations: 0,
            completed: 0,
            window_ns: 0,
            cpu_ns: 0,
            deferred_cpu_ns: 0,
            peer_cpu_ns: Some(0),
            unfinished: 0,
            oldest_unfinished_ns: 0,
        };
        // Sums saturate: no recording, however damaged, may end the program.
        for slice in trial.counted() {
            let place =
                || format!("cell '{}', block {}, round {}", trial.cell, trial.block, slice.round);
            let part = histogram::decode(&slice.histogram)
                .map_err(|problem| format!("{}: {problem}", place()))?;
            if part.len() != slice.recorded {
                return Err(format!(
                    "{}: the histogram holds {} operations and the slice says {}",
                    place(),
                    part.len(),
                    slice.recorded
                ));
            }
            block
                .histogram
                .add(&part)
                .map_err(|problem| format!("{}: histogram: {problem}", place()))?;
            block.max_ns = block.max_ns.max(slice.max_ns);
            block.operations = block.operations.saturating_add(slice.operations);
            block.completed = block.completed.saturating_add(slice.completed);
            block.window_ns = block.window_ns.saturating_add(slice.window_ns);
            block.cpu_ns = block.cpu_ns.saturating_add(slice.cpu_ns);
            block.deferred_cpu_ns = block.deferred_cpu_ns.saturating_add(slice.deferred_cpu_ns);
            block.peer_cpu_ns =
                block.peer_cpu_ns.zip(slice.peer_cpu_ns).map(|(a, b)| a.saturating_add(b));
            block.unfinished = block.unfinished.saturating_add(u64::from(slice.unfinished));
            block.oldest_unfinished_ns = block.oldest_unfinished_ns.max(slice.oldest_unfinished_ns);
        }
        Ok(block)
    }

    /// How many operations the distribution holds.
    pub(super) fn recorded(&self) -> u64 {
        self.histogram.len()
    }

    /// For each quantile (from 0 to 1, ascending) the smallest recorded value that at least this part of
    /// all values does not exceed, to 0.1 %. All zeros if nothing was recorded.
    pub(super) fn quantiles_ns(&self, quantiles: &[f64]) -> Vec<f64> {
        let count = self.histogram.len() as f64;
        // What is forgiven is the rounding of, for instance, 0.9 × 30, which must not become rank 28.
        let rank = |quantile: f64| (quantile * count - 1e-6).ceil().max(1.0) as u64;
        let mut values = Vec::with_capacity(quantiles.len());
        let (mut below, mut last) = (0_u64, 0);
        for step in self.histogram.iter_recorded() {
            below = below.saturating_add(step.count_at_value());
            // The histogram answers with the upper edge of a bucket, which may lie above the exact maximum.
            let edge = step.value_iterated_to();
            last = if self.max_ns == 0 { edge } else { edge.min(self.max_ns) };
            while values.len() < quantiles.len() && rank(quantiles[values.len()]) <= below {
                values.push(last as f64);
            }
        }
        values.resize(quantiles.len(), last as f64);
        values
    }

    /// Operations per second of window. Not finite without a window.
    pub(super) fn per_sec(&self) -> f64 {
        self.completed as f64 / (self.window_ns as f64 * 1e-9)
    }

    /// CPU time per operation in µs, inside the windows. Not finite without a completed operation.
    pub(super) fn cpu_us(&self) -> f64 {
        us_per_operation(self.cpu_ns, self.completed)
    }

    /// CPU time burnt between its own slices, per operation, in µs.
    pub(super) fn deferred_cpu_us(&self) -> f64 {
        us_per_operation(self.deferred_cpu_ns, self.operations)
    }

    /// CPU time of the peer per operation in µs; `None` unless every slice has one.
    pub(super) fn peer_cpu_us(&self) -> Option<f64> {
        // The peer's clock is read around the slice, so the operations outside the window count too.
        self.peer_cpu_ns.map(|sum_ns| us_per_operation(sum_ns, self.operations))
    }
}

fn us_per_operation(sum_ns: u64, operations: u64) -> f64 {
    sum_ns as f64 * 1e-3 / operations as f64
}
