//! What must be said with a trial's numbers?
//!
//! Each mark is a check for something that has made published comparisons wrong. Marks are facts about one
//! trial; what follows from them for ranks is for the results to say.

use super::{
    arm::Arm,
    block::{LEAST_OPERATIONS, cores},
    contamination::MOST_CORES,
    plan::ContestPlan,
};
use simul_results::{
    SliceRecord, TrialRecord,
    record::{ActorsRecord, mark},
};
use simul_workloads::{Digest, Measure};

/// A peer that is busier than this decides the throughput itself.
const PEER_LIMIT_CORES: f64 = 0.95;
/// In flight may differ so much from throughput × mean latency, as a part of it.
const LITTLE_TOLERANCE: f64 = 0.10;
/// Slower operations may be few in a slice.
const SLOW_NS: u64 = 20_000_000;

/// How evenly actors came to work.
#[must_use]
pub fn evenness(actors: &[(u64, Digest)]) -> ActorsRecord {
    let operations = || actors.iter().map(|(operations, _)| *operations);
    ActorsRecord {
        count: actors.len() as u32,
        least: operations().min().unwrap_or(0),
        most: operations().max().unwrap_or(0),
        total: operations().sum(),
    }
}

/// The marks of a trial, in the order in which they are listed.
#[must_use]
pub fn of(arm: &Arm<'_>, contest: &ContestPlan) -> Vec<String> {
    let record = &arm.record;
    if record.counted().next().is_none() {
        return Vec::new();
    }
    let checks = [
        (mark::STARVED, is_starved(record)),
        (mark::PEER_BOUND, is_peer_bound(record)),
        (mark::CONTAMINATED, record.counted().any(is_contaminated)),
        (mark::LITTLE, is_against_little(record, contest)),
        (mark::ONE_WORKER, arm.one_worker && contest.cores.workers > 1),
        (mark::FEW_OPERATIONS, record.counted().any(has_few_operations)),
        (mark::RECORDER_FULL, arm.unrecorded > 0),
        (mark::OTHER_BACKEND, is_other_backend(record)),
    ];
    checks.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark.to_owned()).collect()
}

fn is_starved(record: &TrialRecord) -> bool {
    record.actors.as_ref().is_some_and(|actors| {
        // Below 4 operations each, half of the mean is a matter of one operation.
        let mean = actors.total as f64 / f64::from(actors.count.max(1));
        mean >= 4.0 && (actors.least as f64) < mean / 2.0
    })
}

fn is_peer_bound(record: &TrialRecord) -> bool {
    let peer_ns = record.counted().filter_map(|slice| slice.peer_cpu_ns).sum();
    let span_ns = record.counted().map(|slice| slice.ended_ns - slice.started_ns).sum();
    cores(peer_ns, span_ns) >= PEER_LIMIT_CORES
}

fn is_contaminated(slice: &SliceRecord) -> bool {
    let span_ns = slice.ended_ns - slice.started_ns;
    slice.foreign_cpu_ns.is_some_and(|foreign_ns| cores(foreign_ns, span_ns) > MOST_CORES)
}

/// Little's law: in a closed system without think time, actors = throughput × mean time. Lateness leaves
/// out the time that was asked for, so the law does not speak of it.
fn is_against_little(record: &TrialRecord, contest: &ContestPlan) -> bool {
    if contest.profile.measure == Measure::Lateness {
        return false;
    }
    let sum = |field: fn(&SliceRecord) -> u64| record.counted().map(field).sum::<u64>() as f64;
    let per_ns = sum(|slice| slice.completed) / sum(|slice| slice.window_ns).max(1.0);
    let mean_ns = sum(|slice| slice.sum_ns) / sum(|slice| slice.recorded).max(1.0);
    let actors = f64::from(contest.actors);
    (per_ns * mean_ns / actors - 1.0).abs() > LITTLE_TOLERANCE
}

fn has_few_operations(slice: &SliceRecord) -> bool {
    slice.recorded < LEAST_OPERATIONS && slice.p50_ns < SLOW_NS
}

/// What was looked up in the process, against what its name promises. Bare loops promise nothing, and some
/// systems do not show it.
fn is_other_backend(record: &TrialRecord) -> bool {
    let known = |backend: &&str| ["blocking", "epoll", "io_uring"].contains(backend);
    let promised = record.card.get("backend").map(String::as_str).filter(known);
    let found = record.backend.as_deref().filter(known);
    promised.zip(found).is_some_and(|(promised, found)| promised != found)
}
