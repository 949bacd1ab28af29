//! What must be said with a trial's numbers?
//!
//! Each mark is a check for something that has made published comparisons wrong. Marks are facts about one
//! trial; what follows from them for ranks is for the results to say.

use super::{
    block::cores, contamination::MOST_CORES, lengths::LEAST_OPERATIONS, open_plan::OpenPlan,
    plan::ContestPlan,
};
use simul_results::{
    SliceRecord, TrialRecord, auditor,
    record::{ActorsRecord, MOST_LOST, OpenRecord, Saturation, mark},
};
use simul_workloads::{Digest, Measure};

/// A peer that is busier than this part of its cores decides the throughput itself.
const PEER_LIMIT: f64 = 0.95;
/// Slower operations may be few in a slice.
const SLOW_NS: u64 = 20_000_000;

/// How evenly actors came to work; `None` of a server, which has none.
#[must_use]
pub fn evenness(actors: &[(u64, Digest)]) -> Option<ActorsRecord> {
    let operations = || actors.iter().map(|(operations, _)| *operations);
    Some(ActorsRecord {
        count: actors.len() as u32,
        least: operations().min()?,
        most: operations().max()?,
        total: operations().sum(),
    })
}

/// The marks that any trial may have.
#[must_use]
pub fn of(record: &TrialRecord, contest: &ContestPlan, one_worker: bool) -> Vec<&'static str> {
    if record.counted().next().is_none() {
        return Vec::new();
    }
    let checks = [
        (mark::STARVED, is_starved(record)),
        (mark::CONTAMINATED, record.counted().any(|slice| foreign_cores(slice, true) > MOST_CORES)),
        (mark::FOREIGN_ESTIMATED, record.counted().any(is_contaminated_unseen)),
        (
            mark::HICCUPS,
            record.hiccups.as_ref().is_some_and(|found| found.lost_share() > MOST_LOST),
        ),
        (mark::LITTLE, is_against_little(record, contest)),
        (mark::ONE_WORKER, one_worker && contest.cores.workers > 1),
        (mark::OTHER_BACKEND, is_other_backend(record, contest)),
    ];
    those_that_hold(&checks)
}

/// The marks of closed loads alone; of a peer that can keep so many cores busy.
#[must_use]
pub fn of_closed(slices: &[&SliceRecord], peer_cores: u32, unrecorded: u64) -> Vec<&'static str> {
    those_that_hold(&[
        (mark::PEER_BOUND, !slices.is_empty() && is_peer_bound(slices, peer_cores)),
        (mark::FEW_OPERATIONS, slices.iter().any(|slice| has_few_operations(slice))),
        (mark::RECORDER_FULL, unrecorded > 0),
    ])
}

/// The marks of open loads alone. The rungs of a sweep carry their own.
#[must_use]
pub fn of_open(slices: &[&SliceRecord], plan: &OpenPlan, is_ours: bool) -> Vec<&'static str> {
    let any = |holds: fn(&OpenRecord) -> bool| {
        slices.iter().filter_map(|slice| slice.open.as_deref()).any(holds)
    };
    let fixed = !plan.is_sweep;
    let few = |open: &OpenRecord| open.drawn < plan.record.least_arrivals * 9 / 10;
    let few = slices.iter().filter_map(|slice| slice.open.as_deref()).any(few);
    those_that_hold(&[
        (mark::GENERATOR_LIMITED, fixed && any(OpenRecord::is_of_the_generator)),
        (mark::NOT_OURS, !slices.is_empty() && !is_ours),
        (mark::SATURATED, fixed && any(|open| open.saturated == Saturation::Server)),
        (mark::ERRORS, fixed && any(|open| open.failed() > 0 || open.unfinished > 0)),
        (mark::RECONNECTED, any(|open| open.reconnects > 0)),
        (mark::FEW_ARRIVALS, few),
    ])
}

fn those_that_hold(checks: &[(&'static str, bool)]) -> Vec<&'static str> {
    checks.iter().filter(|(_, holds)| *holds).map(|(mark, _)| *mark).collect()
}

fn is_starved(record: &TrialRecord) -> bool {
    record.actors.as_ref().is_some_and(|actors| {
        // Below 4 operations each, half of the mean is a matter of one operation.
        let mean = actors.total as f64 / f64::from(actors.count.max(1));
        mean >= 4.0 && (actors.least as f64) < mean / 2.0
    })
}

fn is_peer_bound(slices: &[&SliceRecord], peer_cores: u32) -> bool {
    let peer_ns = slices.iter().filter_map(|slice| slice.peer_cpu_ns).sum();
    let span_ns = slices.iter().map(|slice| slice.ended_ns - slice.started_ns).sum();
    cores(peer_ns, span_ns) >= PEER_LIMIT * f64::from(peer_cores)
}

/// Foreign CPU during a slice, in cores, with or without what is only estimated.
fn foreign_cores(slice: &SliceRecord, with_estimate: bool) -> f64 {
    let estimated_ns = slice.foreign_estimated_ns.filter(|_| with_estimate).unwrap_or(0);
    let foreign_ns = slice.foreign_cpu_ns.unwrap_or(0) + estimated_ns;
    cores(foreign_ns, slice.ended_ns - slice.started_ns)
}

fn is_contaminated_unseen(slice: &SliceRecord) -> bool {
    foreign_cores(slice, true) > MOST_CORES && foreign_cores(slice, false) <= MOST_CORES
}

/// Little's law, which does not speak of lateness, nor of open loads.
fn is_against_little(record: &TrialRecord, contest: &ContestPlan) -> bool {
    let speaks = contest.profile.measure != Measure::Lateness && !contest.contest.load.is_open();
    speaks && auditor::breaks_little(record, contest.actors)
}

fn has_few_operations(slice: &SliceRecord) -> bool {
    slice.recorded < LEAST_OPERATIONS && slice.p50_ns < SLOW_NS
}

/// What was looked up in the process, against what its name promises. Bare loops promise nothing, and some
/// systems do not show it. A blocking runner that serves may be fed by a poller, which its card says.
fn is_other_backend(record: &TrialRecord, contest: &ContestPlan) -> bool {
    let known = |backend: &&str| ["blocking", "epoll", "io_uring"].contains(backend);
    let promised = record.card.get("backend").map(String::as_str).filter(known);
    let promised =
        promised.filter(|promised| !(contest.contest.load.is_open() && *promised == "blocking"));
    let found = record.backend.as_deref().filter(known);
    promised.zip(found).is_some_and(|(promised, found)| promised != found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{driver::Turn, recording, vetting::Vetted};

    /// A slice of 100 ms beside strangers.
    fn beside(seen_ns: u64, estimated_ns: Option<u64>) -> SliceRecord {
        let slice = serde_json::json!({
            "started_ns": 1, "ended_ns": 100_000_001, "window_ns": 90_000_000,
            "operations": 0, "completed": 0, "recorded": 0,
        });
        let slice = serde_json::from_value(slice).unwrap();
        let vetted =
            Vetted { slice, sum_ns: 0, quantiles_ns: [0; 4], cpu_ns: 0, histogram: String::new() };
        let turn = Turn { round: 0, position: 0, rate_per_sec: 0, seed: 0 };
        let mut slice = recording::slice(vetted, turn, None);
        slice.foreign_cpu_ns = Some(seen_ns);
        slice.foreign_estimated_ns = estimated_ns;
        slice
    }

    #[test]
    fn a_peer_bounds_what_it_is_asked_when_all_its_cores_are_busy() {
        let mut slice = beside(0, None);
        slice.peer_cpu_ns = Some(97_000_000);
        assert!(is_peer_bound(&[&slice], 1) && !is_peer_bound(&[&slice], 2));
        slice.peer_cpu_ns = Some(191_000_000);
        assert!(is_peer_bound(&[&slice], 2));
    }

    #[test]
    fn what_was_seen_needs_no_estimate() {
        let unseen = |seen_ns, estimated_ns| is_contaminated_unseen(&beside(seen_ns, estimated_ns));
        assert!(unseen(4_000_000, Some(7_000_000)), "together more than a tenth");
        assert!(!unseen(4_000_000, Some(5_000_000)), "not even together");
        assert!(!unseen(11_000_000, Some(7_000_000)), "it is contaminated by what was seen");
        assert!(!unseen(4_000_000, None));
        assert!((foreign_cores(&beside(4_000_000, Some(7_000_000)), true) - 0.11).abs() < 1e-9);
    }
}
