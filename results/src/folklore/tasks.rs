//! Are tasks cheaper than threads?
//!
//! Judged by `footprint`: memory and starting time of tasks that wait, all alive at once, at each number of them that
//! was measured. Read next: `chess.rs`.

use super::{
    Belief, Claim, Evidence,
    contrast::{self, Contrast, Wish},
    kind::{self, Kind},
};
use crate::{
    Summary,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary},
};

/// Figures of `footprint`, and how the sentence names them.
const FIGURES: [(&str, &str); 2] =
    [("task_memory", "memory of a task"), ("start", "starting time")];

/// The numbers of tasks that tutorials name.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

pub(super) fn are_cheaper(summary: &Summary) -> Belief {
    let contests = || {
        let all = summary.contests.iter();
        all.filter(|contest| contest.contest.workload_name() == "footprint")
    };
    let found: Vec<Evidence> = contests().flat_map(compared).collect();
    let mut belief = Claim {
        says: "Tasks are cheaper than threads",
        compared: "resident memory and starting time of each waiting task against those of each waiting thread, at \
                   10,000, 100,000 and 1,000,000 of them",
        command: format!(
            "simul run -w footprint:10000,footprint:100000,footprint:1000000 -r threads,{}",
            kind::SOME_WITH_TASKS
        ),
        caveat: "Memory is what is resident: most of a thread's stack is only reserved, and what the kernel keeps for a \
                 thread is not counted.",
    }
    .judge(&[found]);
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
    if !belief.cells.is_empty() && !missing.is_empty() {
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

fn compared(contest: &ContestSummary) -> Vec<Evidence> {
    let Some(threads) = kind::named(contest, "threads") else { return Vec::new() };
    let of = |cell: &CellSummary, name: &str| -> Option<Estimate> {
        cell.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    };
    let mut found = Vec::new();
    for cell in kind::cells(contest, Kind::Tasks) {
        for (figure, name) in FIGURES {
            let (Some(ours), Some(theirs)) = (of(cell, figure), of(threads, figure)) else {
                continue;
            };
            let blocks = cell.blocks.min(threads.blocks);
            let contrast = Contrast::apart([ours, theirs], blocks);
            found.extend(contrast.map(|contrast| {
                contrast::told(contest, [cell, threads], name, contrast, Wish::Less)
            }));
        }
    }
    found
}
