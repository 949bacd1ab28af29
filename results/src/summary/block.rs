//! What did one trial see in its block?
//!
//! Its counted slices, merged: one distribution, and sums of counts, windows and CPU. Ratios are taken of
//! sums, percentiles of the merged distribution. It must not know other blocks. Read next: `cell.rs`.

use super::times::Times;
use crate::{
    SliceRecord, TrialRecord,
    record::{MergedRecord, MergedTimesRecord, OpenRecord, Saturation, TimesRecord},
};
use std::collections::{BTreeMap, BTreeSet};

/// The sum of a trial's slices. Times are nanoseconds.
#[derive(Debug)]
pub(super) struct Block {
    /// Of what the contest's measure says.
    pub(super) times: Times,
    /// Of the whole slices.
    operations: u64,
    pub(super) completed: u64,
    window_ns: u64,
    cpu_ns: Option<u64>,
    /// What `cpu_ns` was spent on.
    paid: u64,
    deferred_cpu_ns: u64,
    peer_cpu_ns: Option<u64>,
    pub(super) unfinished: u64,
    pub(super) oldest_unfinished_ns: u64,
    /// What only open loads have.
    pub(super) open: Option<OpenBlock>,
}

/// What only the open slices of a trial have.
#[derive(Debug)]
pub(super) struct OpenBlock {
    pub(super) service: Times,
    pub(super) wait: Times,
    pub(super) lag: Times,
    pub(super) drawn: u64,
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) reconnects: u64,
    /// Whether the server was saturated in any slice.
    pub(super) saturated: bool,
    /// Whether the generator was what was measured in any slice.
    pub(super) generator_limited: bool,
}

impl Block {
    /// Merges slices of a trial, normally the counted ones.
    ///
    /// # Errors
    /// A histogram that cannot be read or does not hold what its slice says; open slices beside others.
    pub(super) fn of<'a>(
        trial: &TrialRecord,
        slices: impl Iterator<Item = &'a SliceRecord>,
    ) -> Result<Self, String> {
        let mut block = Self {
            times: Times::default(),
            operations: 0,
            completed: 0,
            window_ns: 0,
            cpu_ns: Some(0),
            paid: 0,
            deferred_cpu_ns: 0,
            peer_cpu_ns: Some(0),
            unfinished: 0,
            oldest_unfinished_ns: 0,
            open: None,
        };
        let is_open = trial.identity()?.contest.load.is_open();
        let (mut rates, mut recorded) = (BTreeSet::new(), 0_u64);
        for slice in slices {
            let placed = |problem| {
                let (cell, round) = (&trial.cell, slice.round);
                format!("cell '{cell}', block {}, round {round}: {problem}", trial.block)
            };
            if slice.open.is_some() != is_open {
                return Err(placed("a slice is not of its cell's load".into()));
            }
            block.add(slice, trial.merged.is_none()).map_err(placed)?;
            rates.insert(slice.rate_per_sec());
            recorded = recorded.saturating_add(slice.recorded);
        }
        if let Some(merged) = &trial.merged {
            let placed =
                |problem| format!("cell '{}', block {}: {problem}", trial.cell, trial.block);
            for part in merged.iter().filter(|part| rates.contains(&part.rate_per_sec)) {
                block.add_merged(part).map_err(placed)?;
            }
            let held = block.times.recorded();
            if held != recorded {
                return Err(placed(format!(
                    "the merged histograms hold {held} operations and the slices say {recorded}"
                )));
            }
        }
        Ok(block)
    }

    /// Adds the distributions of a packed trial; its counts are in the slices.
    fn add_merged(&mut self, merged: &MergedRecord) -> Result<(), String> {
        let add = |into: &mut Times, times: &MergedTimesRecord| {
            into.add(&times.histogram, [times.recorded, 0], times.beyond.as_ref())
        };
        add(&mut self.times, &merged.times)?;
        if let (Some(into), Some(open)) = (&mut self.open, &merged.open) {
            add(&mut into.service, &open.service)?;
            add(&mut into.wait, &open.wait)?;
            add(&mut into.lag, &open.lag)?;
        }
        Ok(())
    }

    /// Sums saturate: no recording, however damaged, may end the program.
    fn add(&mut self, slice: &SliceRecord, has_histograms: bool) -> Result<(), String> {
        let beyond = slice.open.as_ref().and_then(|open| open.beyond.as_ref());
        if has_histograms {
            self.times.add(&slice.histogram, [slice.recorded, slice.max_ns], beyond)?;
        }
        self.times.max_ns = self.times.max_ns.max(slice.max_ns);
        if let Some(open) = &slice.open {
            self.open.get_or_insert_with(OpenBlock::empty).add(open, has_histograms)?;
        }
        let sum = |part: Option<u64>, other: Option<u64>| {
            part.zip(other).map(|(a, b)| a.saturating_add(b))
        };
        self.operations = self.operations.saturating_add(slice.operations);
        self.completed = self.completed.saturating_add(slice.completed);
        self.window_ns = self.window_ns.saturating_add(slice.window_ns);
        self.cpu_ns = sum(self.cpu_ns, slice.cpu_ns);
        self.paid = self.paid.saturating_add(slice.paid());
        self.deferred_cpu_ns = self.deferred_cpu_ns.saturating_add(slice.deferred_cpu_ns);
        self.peer_cpu_ns = sum(self.peer_cpu_ns, slice.peer_cpu_ns);
        self.unfinished = self.unfinished.saturating_add(u64::from(slice.unfinished));
        self.oldest_unfinished_ns = self.oldest_unfinished_ns.max(slice.oldest_unfinished_ns);
        Ok(())
    }

    /// Operations per second of window. Not finite without a window.
    pub(super) fn per_sec(&self) -> f64 {
        self.completed as f64 / (self.window_ns as f64 * 1e-9)
    }

    /// Requests drawn per second of window; of an open load.
    pub(super) fn offered_per_sec(&self) -> Option<f64> {
        Some(self.open.as_ref()?.drawn as f64 / (self.window_ns as f64 * 1e-9))
    }

    /// CPU time per operation in µs. Not finite without a completed operation; `None` unless every slice
    /// has one.
    pub(super) fn cpu_us(&self) -> Option<f64> {
        self.cpu_ns.map(|sum_ns| us_per_operation(sum_ns, self.paid))
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

impl OpenBlock {
    fn empty() -> Self {
        Self {
            service: Times::default(),
            wait: Times::default(),
            lag: Times::default(),
            drawn: 0,
            errors: BTreeMap::new(),
            reconnects: 0,
            saturated: false,
            generator_limited: false,
        }
    }

    fn add(&mut self, open: &OpenRecord, has_histograms: bool) -> Result<(), String> {
        let add = |into: &mut Times, times: &TimesRecord| {
            into.max_ns = into.max_ns.max(times.max_ns);
            if !has_histograms {
                return Ok(());
            }
            into.add(&times.histogram, [times.recorded, times.max_ns], times.beyond.as_ref())
        };
        add(&mut self.service, &open.service)?;
        add(&mut self.wait, &open.wait)?;
        add(&mut self.lag, &open.lag)?;
        self.drawn = self.drawn.saturating_add(open.drawn);
        for (kind, count) in &open.errors {
            let sum = self.errors.entry(kind.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.reconnects = self.reconnects.saturating_add(open.reconnects);
        self.saturated |= open.saturated == Saturation::Server;
        self.generator_limited |= open.is_of_the_generator();
        Ok(())
    }
}

fn us_per_operation(sum_ns: u64, operations: u64) -> f64 {
    sum_ns as f64 * 1e-3 / operations as f64
}
