//! What is believed of computing?
//!
//! That asynchronous tasks do not speed it up and parallel threads do, that it blocks an event loop, that Python needs
//! processes for it, and that work stealing evens it out. Read next: `tasks.rs`.

use super::{
    Belief, Claim,
    contrast::{self, Contrast, Wish},
    kind::{self, Kind},
};
use crate::{
    Placement, Summary,
    summary::{CellSummary, ContestSummary, Measure, Metric},
};

/// Workloads that compute, and do so where the task is.
const COMPUTING: [&str; 3] = ["sha256", "matmul", "json"];

/// Contests of these workloads, computed by the tasks themselves: with `offload=true` tasks compute on threads.
fn computing<'a>(
    summary: &'a Summary,
    names: &'a [&str],
) -> impl Iterator<Item = &'a ContestSummary> + 'a {
    let offloads =
        |cell: &CellSummary| cell.parameters.get("offload").is_some_and(|on| on == "true");
    summary.contests.iter().filter(move |contest| {
        names.contains(&contest.contest.workload_name())
            && !contest.contest.load.is_open()
            && !contest.cells.iter().any(offloads)
    })
}

/// As [`computing`], with all cores to compute on.
fn parallel(summary: &Summary) -> impl Iterator<Item = &ContestSummary> + '_ {
    computing(summary, &COMPUTING)
        .filter(|contest| contest.contest.placement == Placement::AllCores)
}

pub(super) fn parallel_threads_help(summary: &Summary) -> Belief {
    let (mut tasks, mut threads) = (Vec::new(), Vec::new());
    for contest in parallel(summary) {
        let Some(alone) = kind::named(contest, "inline") else { continue };
        for cell in kind::cells(contest, Kind::Tasks).filter(|cell| cell.workers == 1) {
            let cells = [cell, alone];
            tasks.extend(contrast::compare(contest, cells, Metric::Throughput, Wish::NotMore));
        }
        let many = [Kind::Threads, Kind::Pool].into_iter().flat_map(|of| kind::cells(contest, of));
        for cell in many.filter(|cell| cell.workers > 1) {
            let cells = [cell, alone];
            threads.extend(contrast::compare(contest, cells, Metric::Throughput, Wish::More));
        }
    }
    Claim {
        says: "Async does not help CPU-bound work; parallel threads do",
        compared: "throughput of computing on all cores: runners with tasks on one worker, and threads and pools on \
                   several, against doing one thing after the other",
        parts: &["what tasks on one worker do to it", "what parallel threads do to it"],
        command: format!(
            "simul run -w sha256 --placement all-cores -r inline,threads,thread-pool,{}",
            kind::SOME_ALONE
        ),
        caveat: "Runtimes with several workers compute in parallel too: by their threads, not by being asynchronous.",
    }
    .judge(&[tasks, threads])
}

pub(super) fn hogs_block_the_loop(summary: &Summary) -> Belief {
    let mut found = Vec::new();
    for contest in computing(summary, &["starve"]) {
        let Some(threads) = kind::named(contest, "threads") else { continue };
        let loops = [Kind::Tasks, Kind::EventLoop];
        for cell in loops.into_iter().flat_map(|of| kind::cells(contest, of)) {
            found.extend(contrast::compare(contest, [cell, threads], Metric::P50, Wish::More));
        }
    }
    Claim {
        says: "A CPU-bound task blocks the event loop",
        compared: "how much later a heartbeat beside two computing tasks comes on runners with tasks than on threads, \
                   which the kernel interrupts",
        parts: &[],
        command: format!(
            "simul run -w starve -r threads,{},{}",
            kind::SOME_WITH_TASKS,
            kind::SOME_ALONE
        ),
        caveat: "The computing tasks give way after each MiB; one that never does would block for as long as it runs.",
    }
    .judge(&[found])
}

pub(super) fn python_needs_processes(summary: &Summary) -> Belief {
    let (mut threads, mut processes) = (Vec::new(), Vec::new());
    for contest in parallel(summary) {
        let Some(alone) = kind::named(contest, "asyncio") else { continue };
        let is_locked =
            |cell: &&CellSummary| cell.card.get("gil").is_some_and(|state| state.starts_with("on"));
        for cell in kind::cells(contest, Kind::PythonThreads).filter(is_locked) {
            let cells = [cell, alone];
            threads.extend(contrast::compare(contest, cells, Metric::Throughput, Wish::NotMore));
        }
        for cell in kind::cells(contest, Kind::PythonProcesses) {
            let cells = [cell, alone];
            processes.extend(contrast::compare(contest, cells, Metric::Throughput, Wish::More));
        }
    }
    Claim {
        says: "Python's threads do not speed up CPU work under the GIL; its processes do",
        compared: "throughput of computing on all cores: Python's threads and Python's processes against one thread of \
                   asyncio",
        parts: &["Python's threads", "Python's processes"],
        command: "simul run -w sha256 --placement all-cores -r asyncio,python-threads,python-processes"
            .into(),
        caveat: "The work is SHA-256 from Python's hashlib, which gives the lock back while it hashes blocks of more \
                 than 2,047 bytes: it says what a library in C can do, and nothing about loops written in Python.",
    }
    .judge(&[threads, processes])
}

pub(super) fn stealing_evens_out(summary: &Summary) -> Belief {
    let mut found = Vec::new();
    let uneven = computing(summary, &["uneven"]).filter(|contest| {
        contest.contest.placement == Placement::AllCores && contest.measure == Measure::Lateness
    });
    for contest in uneven {
        for [stealing, bound] in kind::STEALING {
            let (one, other) = (kind::named(contest, stealing), kind::named(contest, bound));
            let (Some(one), Some(other)) = (one, other) else { continue };
            let cells = [one, other];
            if cells.iter().any(|cell| cell.workers < 2) {
                continue;
            }
            found.extend(contrast::compare(contest, cells, Metric::P50, Wish::Less));
            let p99 = cells.map(|cell| {
                let numbers = cell.numbers.as_ref().filter(|numbers| numbers.carries(0.99));
                numbers.map(|numbers| numbers.p99_ns)
            });
            let [Some(ours), Some(theirs)] = p99 else { continue };
            let blocks = one.blocks.min(other.blocks);
            let contrast = Some(Contrast::apart_us([ours, theirs], blocks));
            found.extend(contrast.map(|contrast| {
                contrast::told(contest, cells, "p99 of lateness", contrast, Wish::Less)
            }));
        }
    }
    Claim {
        says: "Work stealing evens out uneven load",
        compared: "median and p99 of lateness where a tenth of the tasks computes most, of a runtime whose workers take \
                   tasks from one another against the same one whose tasks stay where they are",
        parts: &[],
        command: format!(
            "simul run -w uneven --placement all-cores -r {}",
            kind::listed(&kind::STEALING)
        ),
        caveat: "Only runtimes that are here in both forms are compared; others differ in more than that.",
    }
    .judge(&[found])
}
