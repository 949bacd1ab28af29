//! Does it keep what it should give back?
//!
//! Memory and threads are looked at after each slice, when a trial is at rest. Who fills a pool or a cache grows in
//! the first slices and then no more; who leaks grows with its operations, from the first slice to the last, in every
//! trial. So each step must be there, of a size like the others', and the sum must matter. Slices that were set
//! aside count: a stranger makes nobody grow. It cannot tell a leak from a cache that is larger than the trial is
//! long. Read next: `stall.rs`.

use super::{Evidence, Finding};
use crate::{SliceRecord, TrialRecord, statistics::median};

/// With fewer steps, filling and leaking look the same.
const LEAST_STEPS: usize = 4;

/// A step is like the others from this part of the usual one on.
const LEAST_PART: f64 = 0.25;

/// Steps that may be smaller, of all: an allocator takes memory in pieces.
const MOST_ODD: f64 = 0.2;

/// Less than this is no leak that anyone would notice: allocators keep some arenas of 64 KiB and more a thread.
const LEAST_BYTES: f64 = 8.0 * 1024.0 * 1024.0;

/// Fewer threads are those of a pool.
const LEAST_THREADS: f64 = 32.0;

/// `grows-memory`: every trial needs more memory from slice to slice.
pub(super) fn memory(evidence: &Evidence<'_>) -> Option<Finding> {
    let bytes = |slice: &SliceRecord| Some(slice.price.as_ref()?.rss_bytes? as f64);
    let grown = growth(evidence, bytes, LEAST_BYTES)?;
    let mib = grown.most / (1024.0 * 1024.0);
    let each = grown.an_operation;
    Some(Finding::marked(
        "grows-memory",
        format!(
            "its resident set grew by {mib:.0} MiB from a trial's first slice to its last, {each:.0} bytes with each \
             operation, in every trial"
        ),
    ))
}

/// `grows-threads`: every trial has more threads from slice to slice.
pub(super) fn threads(evidence: &Evidence<'_>) -> Option<Finding> {
    let threads = |slice: &SliceRecord| Some(f64::from(slice.price.as_ref()?.threads?));
    let grown = growth(evidence, threads, LEAST_THREADS)?;
    let (more, each) = (grown.most, grown.an_operation);
    Some(Finding::marked(
        "grows-threads",
        format!(
            "it had {more:.0} threads more after a trial's last slice than after its first, {each:.2} with each \
             operation, in every trial"
        ),
    ))
}

/// How much trials grew: the median of them.
struct Growth {
    most: f64,
    an_operation: f64,
}

fn growth(
    evidence: &Evidence<'_>,
    size: impl Fn(&SliceRecord) -> Option<f64>,
    least: f64,
) -> Option<Growth> {
    // A server may need more at a higher rate.
    if evidence.load.is_sweep() {
        return None;
    }
    let trials: Vec<Option<Growth>> =
        evidence.measured().map(|trial| of_trial(trial, &size, least)).collect();
    let grown: Option<Vec<Growth>> = trials.into_iter().collect();
    let grown = grown.filter(|grown| !grown.is_empty())?;
    let over = |part: fn(&Growth) -> f64| median(&grown.iter().map(part).collect::<Vec<_>>());
    Some(Growth { most: over(|one| one.most)?, an_operation: over(|one| one.an_operation)? })
}

/// How much a trial grew, if it did so all the time.
fn of_trial(
    trial: &TrialRecord,
    size: impl Fn(&SliceRecord) -> Option<f64>,
    least: f64,
) -> Option<Growth> {
    let sizes: Option<Vec<f64>> = trial.slices.iter().map(size).collect();
    let sizes = sizes?;
    let steps: Vec<f64> = sizes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let most = sizes.last()? - sizes.first()?;
    if steps.len() < LEAST_STEPS || most < least {
        return None;
    }
    let usual = most / steps.len() as f64;
    let odd = steps.iter().filter(|step| **step < usual * LEAST_PART).count();
    let operations: u64 = trial.slices.iter().skip(1).map(|slice| slice.operations).sum();
    (odd as f64 <= MOST_ODD * steps.len() as f64)
        .then(|| Growth { most, an_operation: most / operations.max(1) as f64 })
}

#[cfg(test)]
mod tests {
    use super::super::{
        Check,
        evidence::samples::{checked, clean, each_slice},
    };
    use super::*;
    use crate::record::SlicePriceRecord;

    const MIB: u64 = 1 << 20;

    /// The first cell has so much memory and so many threads after each round of each block.
    fn found(check: Check, size: impl Fn(u32, u64) -> (u64, u32)) -> Option<Finding> {
        let mut recording = clean();
        each_slice(&mut recording, |block, slice| {
            let (rss_bytes, threads) = size(block, u64::from(slice.round));
            let (rss_bytes, threads) = (Some(rss_bytes), Some(threads));
            slice.price = Some(SlicePriceRecord { rss_bytes, threads, ..Default::default() });
        });
        checked(&recording, check, 0)
    }

    #[test]
    fn a_leak_is_told_with_what_an_operation_keeps() {
        let leaks = found(memory, |_, round| (50 * MIB + round * 3 * MIB, 4)).unwrap();
        assert!(leaks.reason.contains("grew by 21 MiB"), "{leaks:?}");
        let leaks = found(threads, |_, round| (MIB, 10 + round as u32 * 100)).unwrap();
        assert!(leaks.reason.contains("700 threads more"), "{leaks:?}");
    }

    #[test]
    fn what_fills_up_or_grows_in_some_trials_does_not_leak() {
        let fills = |round: u64| 50 * MIB + (round * 20 * MIB).min(40 * MIB);
        assert_eq!(found(memory, |_, round| (fills(round), 4)), None, "a cache");
        assert_eq!(found(memory, |_, round| (50 * MIB + round * MIB / 2, 4)), None, "little");
        let once = |block, round| if block == 2 { (50 * MIB, 4) } else { (round * 3 * MIB, 4) };
        assert_eq!(found(memory, once), None, "one trial stayed as it was");
        assert_eq!(found(threads, |_, round| (MIB, 10 + round as u32)), None, "a pool");
        assert_eq!(found(threads, |_, round| (MIB, 500 - round as u32)), None, "it shrinks");
    }

    #[test]
    fn what_was_not_looked_at_says_nothing() {
        let recording = clean();
        assert_eq!(checked(&recording, memory, 0), None);
        assert_eq!(checked(&recording, threads, 0), None);
    }
}
