//! How does a recording become small enough to be committed?
//!
//! The histograms of a trial are merged, which is what every estimate does with them first, and the lines are
//! compressed. All that reads recordings reads a packed one too, and says the same; only an interval log has one
//! line a block. What is lost: the distribution of each slice by itself, and of slices that were set aside. It must
//! not know files. Read next: `store.rs`.

use crate::{
    SliceRecord, TrialRecord,
    histogram::Tally,
    record::{
        BeyondRecord, MergedOpenRecord, MergedRecord, MergedTimesRecord, OpenRecord, TimesRecord,
    },
    store::Recording,
};
use std::collections::BTreeSet;

/// The same recording, with the histograms of each trial merged.
///
/// # Errors
/// A histogram that cannot be read, or does not hold what its slice says: says whose.
pub fn packed(recording: &Recording) -> Result<Recording, String> {
    let mut packed = recording.clone();
    for trial in &mut packed.trials {
        pack(trial)
            .map_err(|what| format!("cell '{}', block {}: {what}", trial.cell, trial.block))?;
    }
    Ok(packed)
}

/// Merges the histograms of a trial; an error leaves it as it was.
pub(crate) fn pack(trial: &mut TrialRecord) -> Result<(), String> {
    // Packed already, or a cell that never measured.
    if trial.merged.is_some() || trial.slices.is_empty() {
        return Ok(());
    }
    let rates: BTreeSet<Option<u32>> = trial.counted().map(SliceRecord::rate_per_sec).collect();
    let merged = rates.into_iter().map(|rate| {
        let slices: Vec<&SliceRecord> =
            trial.counted().filter(|slice| slice.rate_per_sec() == rate).collect();
        merge_slices(rate, &slices)
    });
    trial.merged = Some(merged.collect::<Result<_, _>>()?);
    trial.slices.iter_mut().for_each(SliceRecord::drop_histograms);
    Ok(())
}

/// The distributions of slices of one rate.
fn merge_slices(rate: Option<u32>, slices: &[&SliceRecord]) -> Result<MergedRecord, String> {
    let mut times = Merging::default();
    for slice in slices {
        let beyond = slice.open.as_ref().and_then(|open| open.beyond.as_ref());
        times.add(&slice.histogram, slice.recorded, beyond)?;
    }
    let open: Vec<&OpenRecord> = slices.iter().filter_map(|slice| slice.open.as_deref()).collect();
    let of = |pick: fn(&OpenRecord) -> &TimesRecord| {
        let mut merging = Merging::default();
        for times in open.iter().map(|open| pick(open)) {
            merging.add(&times.histogram, times.recorded, times.beyond.as_ref())?;
        }
        Ok::<_, String>(merging.record())
    };
    let open = match open.is_empty() {
        true => None,
        false => Some(MergedOpenRecord {
            service: of(|open| &open.service)?,
            wait: of(|open| &open.wait)?,
            lag: of(|open| &open.lag)?,
        }),
    };
    Ok(MergedRecord { rate_per_sec: rate, times: times.record(), open })
}

/// A distribution in the making.
#[derive(Default)]
struct Merging {
    times: Tally,
    beyond: Tally,
}

impl Merging {
    fn add(
        &mut self,
        stored: &str,
        recorded: u64,
        beyond: Option<&BeyondRecord>,
    ) -> Result<(), String> {
        self.times.add(stored, recorded)?;
        beyond.map_or(Ok(()), |part| self.beyond.add(&part.histogram, part.count))
    }

    fn record(&self) -> MergedTimesRecord {
        let beyond = (!self.beyond.is_empty())
            .then(|| BeyondRecord { count: self.beyond.len(), histogram: self.beyond.encode() });
        let mut merged = MergedTimesRecord {
            recorded: self.times.len(),
            histogram: self.times.encode(),
            histogram_crc: 0,
            beyond,
        };
        merged.histogram_crc = merged.checksum();
        merged
    }
}
