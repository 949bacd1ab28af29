//! Does it keep something of every operation?
//!
//! Resident memory and threads after each slice. A runtime takes what it needs while it warms up, a pool grows to
//! its size, an allocator keeps what it had; then both stay. What rises from nearly every slice to the next,
//! in nearly every trial and by a sizeable part, is kept for good: the longer it works, the dearer it
//! becomes, and the numbers tell for how long one looked. Slices that were set aside count here too, since
//! strangers change no other process's memory. Recordings before schema 4 do not tell. Read next: `marks.rs`.

use super::{Evidence, Finding};
use crate::{SliceRecord, TrialRecord, quantity, statistics::median};

/// With fewer slices, a pool that still grows to its size looks the same.
const LEAST_SLICES: usize = 4;

/// Of the steps from slice to slice, so many must rise; and of the trials, so many must grow.
const LEAST_SHARE: f64 = 0.8;

/// Growth from the first slice to the last, as a part of the first. Beside less, nothing that was measured matters.
const LEAST_PART: f64 = 0.10;

/// Allocators take arenas and keep them, a few MiB each; and rarely used code is paged in.
const LEAST_BYTES: f64 = (4 << 20) as f64;

/// Pools add threads one by one, to a few for each core.
const LEAST_THREADS: f64 = 16.0;

/// What is looked at: of a slice, and how large a growth is one.
struct Kind {
    of: fn(&SliceRecord) -> Option<f64>,
    least: f64,
}

/// What a trial had after its first slice and after its last, if it grew steadily in between.
fn growth(trial: &TrialRecord, kind: &Kind) -> Option<(f64, f64)> {
    let mut slices: Vec<&SliceRecord> = trial.slices.iter().collect();
    slices.sort_by_key(|slice| slice.started_ns);
    let values: Option<Vec<f64>> = slices.into_iter().map(kind.of).collect();
    let values = values.filter(|values| values.len() >= LEAST_SLICES)?;
    let (first, last) = (*values.first()?, *values.last()?);
    let rises = values.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let steady = rises as f64 >= LEAST_SHARE * (values.len() - 1) as f64;
    let large = last - first >= kind.least.max(LEAST_PART * first);
    (steady && large).then_some((first, last))
}

/// The medians over trials of what they had first and last, and how many of how many grew.
fn grown(evidence: &Evidence<'_>, kind: &Kind) -> Option<(f64, f64, String)> {
    let known = |trial: &&TrialRecord| {
        trial.slices.len() >= LEAST_SLICES
            && trial.slices.iter().all(|slice| (kind.of)(slice).is_some())
    };
    let all = evidence.measured().filter(known).count();
    let ends: Vec<(f64, f64)> =
        evidence.measured().filter_map(|trial| growth(trial, kind)).collect();
    let enough = !ends.is_empty() && ends.len() as f64 >= LEAST_SHARE * all as f64;
    let of = |end: fn(&(f64, f64)) -> f64| median(&ends.iter().map(end).collect::<Vec<_>>());
    let trials = if all == 1 { "trial" } else { "trials" };
    let blocks = format!("{} of {all} {trials}", ends.len());
    enough.then(|| Some((of(|ends| ends.0)?, of(|ends| ends.1)?, blocks)))?
}

/// `grows-memory`: resident memory rises from slice to slice.
pub(super) fn memory(evidence: &Evidence<'_>) -> Option<Finding> {
    let of = |slice: &SliceRecord| Some(slice.price.as_ref()?.rss_bytes? as f64);
    let (first, last, trials) = grown(evidence, &Kind { of, least: LEAST_BYTES })?;
    let (first, last) = (quantity::bytes(first as u64), quantity::bytes(last as u64));
    let reason = format!(
        "resident memory rose from {first} after the first slice to {last} after the last (in {trials}): it keeps \
         what it used"
    );
    Some(Finding::marked("grows-memory", reason))
}

/// `grows-threads`: threads become more from slice to slice.
pub(super) fn threads(evidence: &Evidence<'_>) -> Option<Finding> {
    let of = |slice: &SliceRecord| Some(f64::from(slice.price.as_ref()?.threads?));
    let (first, last, trials) = grown(evidence, &Kind { of, least: LEAST_THREADS })?;
    let reason = format!(
        "it had {first:.0} threads after the first slice and {last:.0} after the last (in {trials}): it leaves \
         threads behind"
    );
    Some(Finding::marked("grows-threads", reason))
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::{record::SlicePriceRecord, store::Recording};

    /// The first cell with so many threads and so much memory after each slice.
    fn having(of: impl Fn(u32, u32) -> (u32, u64)) -> Recording {
        let mut recording = clean();
        each_slice(&mut recording, |block, slice| {
            let (threads, bytes) = of(block, slice.round);
            slice.price = Some(SlicePriceRecord {
                threads: Some(threads),
                rss_bytes: Some(bytes),
                ..SlicePriceRecord::default()
            });
        });
        recording
    }

    #[test]
    fn what_is_kept_of_every_operation_is_noticed() {
        let leaking =
            having(|_, round| (300 + 100 * round, (40 << 20) + u64::from(round) * (6 << 20)));
        let found = checked(&leaking, threads, 0).unwrap().reason;
        assert!(found.contains("300 threads after the first slice and 1000 after"), "{found}");
        let found = checked(&leaking, memory, 0).unwrap().reason;
        assert!(found.contains("(in 6 of 6 trials)"), "{found}");
    }

    #[test]
    fn what_warms_up_and_stays_is_not() {
        let pool = having(|_, round| {
            (8 + 30 * round.min(2), (40 << 20) + (9 << 20) * u64::from(round.min(3)))
        });
        assert_eq!((checked(&pool, threads, 0), checked(&pool, memory, 0)), (None, None));
        let arenas = having(|_, round| (8, (40 << 20) + (100 << 10) * u64::from(round)));
        assert_eq!(checked(&arenas, memory, 0), None, "less than a MiB");
        let some = having(|block, round| (8 + if block < 3 { 50 * round } else { 0 }, 1 << 20));
        assert_eq!(checked(&some, threads, 0), None, "in half of the trials");
    }

    #[test]
    fn old_recordings_do_not_tell() {
        assert_eq!(checked(&clean(), memory, 0), None);
        let mut short = having(|_, round| (100 * (round + 1), 1));
        short.trials.iter_mut().for_each(|trial| trial.slices.truncate(3));
        assert_eq!(checked(&short, threads, 0), None, "three slices");
    }
}
