//! What of a trial is written down?
//!
//! From the shapes of the protocol to those of the recording. Next: `simul_results::record`.

use super::{
    driver::Turn,
    external::Source,
    plan::{ArmPlan, ContestPlan},
    vetting::Vetted,
};
use crate::protocol::Costs;
use simul_results::{
    SliceRecord, State, TrialRecord, histogram,
    record::{CostRecord, ReceiptRecord, SCHEMA},
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
        measure: contest_plan.measure().to_owned(),
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
        merged: None,
        slices: Vec::new(),
        costs: None,
        price: None,
        actors: None,
        audit: None,
        hiccups: None,
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

/// What is known of a server that is not ours: how it was to be had.
pub(super) fn external_receipt(plan: &ArmPlan) -> Option<ReceiptRecord> {
    let server = plan.external.as_ref()?;
    let source = match server.source {
        Source::Command(_) => "started with this command; its version is unknown",
        Source::Url { .. } => "running already; its version is unknown",
    };
    Some(ReceiptRecord {
        package: server.text().to_owned(),
        version: "unknown".into(),
        source: source.into(),
    })
}

/// What one slice gave, with what was seen from outside; the arm adds what was burnt before it.
pub(super) fn slice(vetted: Vetted, turn: Turn, peer_cpu_ns: Option<u64>) -> SliceRecord {
    let Vetted { slice, sum_ns, quantiles_ns, cpu_ns, histogram } = vetted;
    let [p50_ns, p90_ns, p99_ns, max_ns] = quantiles_ns;
    SliceRecord {
        round: turn.round,
        position: turn.position,
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
        cpu_ns: Some(cpu_ns),
        peer_cpu_ns,
        deferred_cpu_ns: 0,
        price: None,
        foreign_cpu_ns: None,
        foreign_estimated_ns: None,
        unfinished: slice.unfinished,
        oldest_unfinished_ns: slice.oldest_unfinished_ns,
        set_aside: false,
        histogram_crc: Some(histogram::checksum(&histogram)),
        histogram,
        figures: slice.figures,
        open: None,
    }
}
