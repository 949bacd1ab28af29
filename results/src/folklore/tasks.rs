//! Are tasks cheaper than threads?
//!
//! Judged by `footprint`: memory and starting time of tasks that wait, all alive at once, at each number of them that
//! was measured; and of time by `spawn`, which starts and joins a few. Read next: `chess.rs`.

use super::{
    Belief, Claim, Evidence,
    contrast::{self, Contrast, Wish},
    kind::{self, Kind},
};
use crate::{
    Summary,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Metric},
};

/// A figure of `footprint`, and how the sentence names it.
type Figure = (&'static str, &'static str);
const MEMORY: Figure = ("task_memory", "memory of a task");
const TIME: Figure = ("start", "starting time");

/// The numbers of tasks that tutorials name.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

pub(super) fn are_cheaper(summary: &Summary) -> Belief {
    let named = |name: &'static str| {
        let all = summary.contests.iter();
        all.filter(move |contest| contest.contest.workload_name() == name)
    };
    let contests = || named("footprint");
    let memory: Vec<Evidence> = contests().flat_map(|contest| compared(contest, MEMORY)).collect();
    let started = contests().flat_map(|contest| compared(contest, TIME));
    let time: Vec<Evidence> = started.chain(named("spawn").flat_map(fanned_out)).collect();
    let mut belief = Claim {
        says: "Tasks are cheaper than threads",
        compared: "resident memory and starting time of each waiting task against those of each waiting thread, at \
                   10,000, 100,000 and 1,000,000 of them, and the time to start and join a few",
        parts: &["memory", "time"],
        command: format!(
            "simul run -w footprint:10000,footprint:100000,footprint:1000000 -r threads,{}",
            kind::SOME_WITH_TASKS
        ),
        caveat: "Memory is what is resident: most of a thread's stack is only reserved, and what the kernel keeps for a \
                 thread is not counted.",
    }
    .judge(&[memory, time]);
    let missing: Vec<String> = SIZES
        .into_iter()
        .filter(|size| {
            !contests().any(|contest| tasks(contest) == Some(*size) && has_pair(contest))
        })
        .map(|size| match contests().find(|contest| tasks(contest) == Some(size)) {
            None => format!("{size} tasks were not measured"),
            Some(contest) => format!("of {size} there is no pair ({})", absence(contest)),
        })
        .collect();
    if !belief.cells.is_empty() && contests().next().is_none() {
        belief.sentence.push_str(" None of the large numbers of tasks was measured.");
    } else if !belief.cells.is_empty() && !missing.is_empty() {
        belief.sentence = format!("{} But {}.", belief.sentence, missing.join("; "));
    }
    belief
}

/// How many tasks the contest starts.
fn tasks(contest: &ContestSummary) -> Option<u32> {
    let told = contest.cells.iter().find_map(|cell| cell.parameters.get("tasks"));
    told.and_then(|text| text.parse().ok())
}

fn has_pair(contest: &ContestSummary) -> bool {
    kind::named(contest, "threads").is_some() && kind::cells(contest, Kind::Tasks).next().is_some()
}

/// Why there is no cell of threads.
fn absence(contest: &ContestSummary) -> String {
    let threads = contest.cells.iter().find(|cell| cell.runner == "threads");
    threads.map_or_else(
        || "threads took no part".into(),
        |cell| match cell.is_measured() {
            false => format!("threads: {}", crate::wording::absence(cell)),
            true => "what there is may not be ranked".into(),
        },
    )
}

/// What a figure is on runners with tasks, against threads.
fn compared(contest: &ContestSummary, (figure, name): Figure) -> Vec<Evidence> {
    let Some(threads) = kind::named(contest, "threads") else { return Vec::new() };
    let of = |cell: &CellSummary| -> Option<Estimate> {
        cell.figures.iter().find(|one| one.name == figure).map(|one| one.value)
    };
    let against_threads = |cell: &CellSummary| {
        let contrast = Contrast::apart([of(cell)?, of(threads)?], cell.blocks.min(threads.blocks))?;
        Some(contrast::told(contest, [cell, threads], name, contrast, Wish::Less))
    };
    kind::cells(contest, Kind::Tasks).filter_map(against_threads).collect()
}

/// How long it takes to start some tasks, have them all alive at once, and join them, against as many threads.
fn fanned_out(contest: &ContestSummary) -> Vec<Evidence> {
    let Some(threads) = kind::named(contest, "threads") else { return Vec::new() };
    let against_threads =
        |cell| contrast::compare(contest, [cell, threads], Metric::P50, Wish::Less);
    kind::cells(contest, Kind::Tasks).filter_map(against_threads).collect()
}
