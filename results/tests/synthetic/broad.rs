//! A made-up run that has some of everything: what a report must be able to show.
//!
//! Four contests (closed, open, a sweep, and a makespan with figures of its own), and in the first of them every state
//! that a cell can end in, a tie, a cell that is not ranked, prices and audits.

use crate::{
    synthetic::{cell, recording, trial, unmeasured},
    synthetic_open::{stalling, sweeping},
};
use simul_results::{
    Placement, Role, State, TrialRecord,
    record::{
        AuditRecord, CountsRecord, FigureRecord, SlicePriceRecord, TraceRecord, TrialPriceRecord,
        mark, part,
    },
    store::Recording,
};
use std::collections::BTreeMap;

/// Enough for intervals.
const BLOCKS: u32 = 6;

/// The runner some of whose actors starved, so that it is not ranked.
pub(crate) const UNRANKED: &str = "rayon";

/// Runners without numbers, how they ended, and why.
pub(crate) const ABSENT: [(&str, State, &str); 4] = [
    ("go", State::Failed, "it ended with exit status 101: the port is taken"),
    ("node", State::TimedOut, "no answer within 30 s"),
    ("inline", State::NotApplicable, "it waits for nobody, and this work needs 32 at once"),
    ("asyncio", State::Discarded, "the digest is not the oracle's"),
];

/// The whole run.
pub(crate) fn broad() -> Recording {
    let mut whole = closed();
    for mut other in [stalling(BLOCKS), sweeping(&["tokio", "smol", "threads"], 2), makespan()] {
        whole.run.plan.contests.append(&mut other.run.plan.contests);
        whole.trials.append(&mut other.trials);
    }
    if let Some(watch) = &mut whole.run.watch {
        watch.unseen.push("processes of other users".into());
    }
    whole
}

fn closed() -> Recording {
    let mut recording = recording(&["tokio", "smol", "threads", UNRANKED], BLOCKS, 4, 200);
    for trial in &mut recording.trials {
        priced(trial);
        if trial.runner == UNRANKED {
            trial.marks.push(mark::STARVED.into());
        }
    }
    for (runner, state, reason) in ABSENT {
        let absent = cell(runner, Role::Runner);
        recording.run.plan.contests[0].cells.push(absent.to_string());
        recording.trials.push(unmeasured(&absent, 0, state, reason));
    }
    recording.run.plan.audit = true;
    recording.audits = vec![audit("tokio"), audit("smol")];
    recording
}

fn priced(trial: &mut TrialRecord) {
    for slice in &mut trial.slices {
        slice.price = Some(SlicePriceRecord {
            voluntary_switches: Some(slice.operations),
            involuntary_switches: Some(0),
            run_queue_wait_ns: Some(slice.operations * 2_000),
            minor_faults: Some(slice.operations / 2),
            ..SlicePriceRecord::default()
        });
    }
    if let Some(costs) = &mut trial.costs {
        (costs.user_ns, costs.system_ns) = (30_000_000, 10_000_000);
        trial.price = Some(TrialPriceRecord {
            threads_peak: Some(3),
            rss_ready_bytes: Some(5 << 20),
            rss_idle_bytes: Some(7 << 20),
            actors: 32,
            rested_ns: 1_000_000_000,
            ..TrialPriceRecord::default()
        });
    }
}

fn audit(runner: &str) -> TrialRecord {
    let trace = |operations| {
        let calls = [("read", operations * 2), ("futex", operations + 5)];
        let calls = calls.map(|(name, calls)| (name.to_owned(), calls));
        TraceRecord { operations, calls: calls.into() }
    };
    let counts = |operations| CountsRecord {
        operations,
        allocations: Some(operations * 3),
        allocated_bytes: Some(operations * 300),
        ..CountsRecord::default()
    };
    let mut record = trial(&cell(runner, Role::Runner), 0, Vec::new());
    (record.costs, record.actors) = (None, None);
    record.audit = Some(AuditRecord {
        counted: Some([counts(10), counts(1010)]),
        traced: Some([trace(10), trace(1010)]),
        absent: BTreeMap::from([(part::POLLS.into(), "blocks its thread".into())]),
    });
    record
}

/// Work on all cores, with an ideal time and a figure of its own.
fn makespan() -> Recording {
    let mut recording = recording(&["rayon", "tokio"], BLOCKS, 2, 50);
    let contest = &mut recording.run.plan.contests[0];
    contest.workload = "uneven:8".into();
    contest.question = "Does idle work find its way to idle hands?".into();
    contest.measure = "makespan".into();
    contest.placement = Placement::AllCores;
    contest.ideal_ns = Some(50_000);
    contest.figures = vec![FigureRecord {
        name: "task size".into(),
        unit: "bytes".into(),
        describes: "What a task takes in memory.".into(),
    }];
    for trial in &mut recording.trials {
        (trial.workload, trial.label) = ("uneven".into(), "uneven:8".into());
        trial.measure = "makespan".into();
        trial.placement = Placement::AllCores;
        for slice in &mut trial.slices {
            slice.figures.insert("task size".into(), vec![512.0, 513.0]);
        }
        trial.cell = trial.identity().expect("the load is known").to_string();
    }
    let contest = &mut recording.run.plan.contests[0];
    contest.cells.clear();
    for trial in &recording.trials {
        if !contest.cells.contains(&trial.cell) {
            contest.cells.push(trial.cell.clone());
        }
    }
    recording
}
