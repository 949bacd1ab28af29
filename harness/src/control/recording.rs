//! What of a trial is written down?
//!
//! From the shapes of the protocol to those of the recording. Next: `simul_results::record`.

use super::plan::{ArmPlan, ContestPlan};
use crate::protocol::{Finished, Slice};
use simul_results::{
    SliceRecord, State, TrialRecord, histogram,
    record::{CostRecord, SCHEMA},
};

/// The record of a trial that has not started.
pub(super) fn blank(plan: &ArmPlan, contest_plan: &ContestPlan, block: u32) -> TrialRecord {
    let ContestPlan { contest, profile, parameters, .. } = contest_plan;
    let (state, reason) = match &plan.refusal {
        Some((state, reason)) => (*state, Some(reason.clone())),
        None => (State::Measured, None),
    };
    TrialRecord {
        schema: SCHEMA,
        cell: plan.cell.to_string(),
        workload: profile.name.to_owned(),
        label: contest.workload.clone(),
        parameters: parameters.clone(),
        measure: profile.measure.name().to_owned(),
        runner: plan.cell.runner.clone(),
        role: plan.cell.role,
        load: contest.load.to_string(),
        placement: contest.placement,
        workers: plan.workers,
        block,
        state,
        reason,
        marks: Vec::new(),
        receipt: None,
        card: Default::default(),
        backend: None,
        slices: Vec::new(),
        costs: None,
        actors: None,
    }
}

/// What a trial cost.
pub(super) fn costs(finished: &Finished) -> CostRecord {
    CostRecord {
        user_ns: finished.user_ns,
        system_ns: finished.system_ns,
        voluntary_switches: finished.voluntary_switches,
        involuntary_switches: finished.involuntary_switches,
        peak_rss_bytes: finished.peak_rss_bytes.saturating_sub(finished.recorder_bytes),
        recorder_bytes: finished.recorder_bytes,
        threads: finished.threads,
    }
}

/// What one slice gave, with what was seen from outside.
pub(super) fn slice(
    slice: Slice,
    [round, position]: [u32; 2],
    peer_cpu_ns: Option<u64>,
    deferred_cpu_ns: u64,
) -> SliceRecord {
    SliceRecord {
        round,
        position,
        started_ns: slice.started_ns,
        ended_ns: slice.ended_ns,
        window_ns: slice.window_ns,
        operations: slice.operations,
        completed: slice.completed,
        recorded: slice.recorded,
        sum_ns: slice.sum_ns,
        p50_ns: slice.p50_ns,
        p90_ns: slice.p90_ns,
        p99_ns: slice.p99_ns,
        max_ns: slice.max_ns,
        cpu_ns: slice.cpu_ns,
        peer_cpu_ns,
        deferred_cpu_ns,
        foreign_cpu_ns: None,
        unfinished: slice.unfinished,
        oldest_unfinished_ns: slice.oldest_unfinished_ns,
        set_aside: false,
        histogram_crc: Some(histogram::checksum(&slice.histogram)),
        histogram: slice.histogram,
    }
}
