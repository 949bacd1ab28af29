//! What of a trial is written down?
//!
//! From the shapes of the protocol to those of the recording. Next: `simul_results::record`.

use super::plan::{ArmPlan, ContestPlan};
use super::vetting::Vetted;
use crate::protocol::Costs;
use simul_results::{
    SliceRecord, State, TrialRecord,
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
pub(super) fn costs(costs: &Costs) -> CostRecord {
    CostRecord {
        user_ns: costs.user_ns,
        system_ns: costs.system_ns,
        voluntary_switches: costs.voluntary_switches,
        involuntary_switches: costs.involuntary_switches,
        peak_rss_bytes: costs.peak_rss_bytes.saturating_sub(costs.recorder_bytes),
        recorder_bytes: costs.recorder_bytes,
        threads: costs.threads,
    }
}

/// What one slice gave, with what was seen from outside.
pub(super) fn slice(
    vetted: Vetted,
    [round, position]: [u32; 2],
    peer_cpu_ns: Option<u64>,
    deferred_cpu_ns: u64,
) -> SliceRecord {
    let Vetted { slice, sum_ns, quantiles_ns, cpu_ns, histogram } = vetted;
    let [p50_ns, p90_ns, p99_ns, max_ns] = quantiles_ns;
    SliceRecord {
        round,
        position,
        started_ns: slice.started_ns,
        ended_ns: slice.ended_ns,
        window_ns: slice.window_ns,
        operations: slice.operations,
        completed: slice.completed,
        recorded: slice.recorded,
        sum_ns,
        p50_ns,
        p90_ns,
        p99_ns,
        max_ns,
        cpu_ns,
        peer_cpu_ns,
        deferred_cpu_ns,
        foreign_cpu_ns: None,
        unfinished: slice.unfinished,
        oldest_unfinished_ns: slice.oldest_unfinished_ns,
        set_aside: false,
        histogram,
    }
}
