//! How did a cell fare while the run went on?
//!
//! The median of each counted slice, in the order of time: what one number over all blocks cannot show, a drift, a
//! step, a bad block. A sweep has none, since its slices are of different loads. It must not judge it. Read
//! next: `sweep.rs`.

use super::effect::Blocks;

/// What a slice measured, and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceMedian {
    /// The block that it lived in, from 0.
    pub block: u32,
    /// The round of that block; the same for all cells of a contest that worked in it.
    pub round: u32,
    /// The median of what the contest's measure says, in nanoseconds; of an open slice `None` where it lies among
    /// requests that failed or never ended.
    pub p50_ns: Option<u64>,
}

/// All counted slices, block by block, round by round.
pub(super) fn of(trials: &Blocks<'_>) -> Vec<SliceMedian> {
    let mut course: Vec<SliceMedian> = trials
        .values()
        .flat_map(|trial| {
            trial.counted().map(|slice| SliceMedian {
                block: trial.block,
                round: slice.round,
                p50_ns: slice.median_ns(),
            })
        })
        .collect();
    course.sort_by_key(|slice| (slice.block, slice.round));
    course
}
