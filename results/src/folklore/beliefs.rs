//! Which beliefs are there?
//!
//! Ten, in the order in which tutorials come to them. Each is one function beside its relatives; to add one, add it
//! to [`judge`]. Read next: `waiting.rs`.

use super::{Belief, chess, computing, tasks, waiting};
use crate::Summary;

/// Judges all beliefs by one run.
#[must_use]
pub fn judge(summary: &Summary) -> Vec<Belief> {
    vec![
        waiting::async_beats_threads(summary),
        computing::parallel_threads_help(summary),
        computing::hogs_block_the_loop(summary),
        tasks::are_cheaper(summary),
        waiting::one_thread_serves_thousands(summary),
        chess::waits_overlap(summary),
        chess::twelve_hours_become_one(summary),
        computing::python_needs_processes(summary),
        waiting::rings_are_faster(summary),
        computing::stealing_evens_out(summary),
    ]
}
