//! Do waits overlap?
//!
//! The textbooks' two examples: three waits that are gathered, and the chess exhibition that falls from twelve hours to
//! one. Both have an ideal time, which the recording knows; each runner is held against it. Read next: `mod.rs`.

use super::{
    Belief, Claim, Evidence, Outcome,
    contrast::span,
    kind::{self, Kind},
};
use crate::{
    Summary,
    statistics::{Estimate, LEAST_BLOCKS},
    summary::{CellSummary, ContestSummary},
};

/// Three waits of 1, 2 and 3 units take 3 units together, which is 1 time the ideal, and 6 one after the other, which
/// is 2 times: halfway between the two is where a makespan stops being nearer to the longest than to the sum.
const HALFWAY: f64 = 1.5;

/// An hour and a half rounds to more than one hour.
const ABOUT_AN_HOUR: f64 = 1.5;

/// For, against or open, whether an estimate lies below a limit.
fn below(estimate: &Estimate, limit: f64, blocks: u32) -> Outcome {
    match (blocks >= LEAST_BLOCKS, estimate) {
        (false, _) => Outcome::Open,
        (true, Estimate { high, .. }) if *high < limit => Outcome::For,
        (true, Estimate { low, .. }) if *low >= limit => Outcome::Against,
        _ => Outcome::Open,
    }
}

fn named<'a>(summary: &'a Summary, workload: &'a str) -> impl Iterator<Item = &'a ContestSummary> {
    summary.contests.iter().filter(move |contest| contest.contest.workload_name() == workload)
}

/// Runners that are said to overlap waits.
fn overlapping(contest: &ContestSummary) -> impl Iterator<Item = &CellSummary> {
    [Kind::Tasks, Kind::EventLoop].into_iter().flat_map(|of| kind::cells(contest, of))
}

pub(super) fn waits_overlap(summary: &Summary) -> Belief {
    let mut found = Vec::new();
    for contest in named(summary, "gather") {
        for cell in overlapping(contest) {
            let Some(ratio) = &cell.over_ideal else { continue };
            found.push(Evidence {
                outcome: below(ratio, HALFWAY, cell.blocks),
                text: format!(
                    "{} in {}: {} times the longest wait (one after the other would be 2)",
                    cell.runner,
                    contest.contest,
                    span(ratio, |value| format!("{value:.3}"))
                ),
                cells: vec![cell.cell.clone()],
                blocks: cell.blocks,
            });
        }
    }
    Claim {
        says: "Gathered waits take as long as the longest",
        compared: "the time of three gathered waits over that of the longest, on runners with tasks and event loops",
        parts: &[],
        command: format!("simul run -w gather -r {}", kind::SOME_WITH_TASKS),
        caveat: "Nearer to the longest than to the sum counts; timers of whole milliseconds are late by up to one.",
    }
    .judge(&[found])
}

/// What the textbooks' exhibition has: boards, pairs of moves, and seconds for both players' moves.
const TEXTBOOK: [(&str, &str); 4] =
    [("boards", "24"), ("pairs", "30"), ("think", "5"), ("wait", "55")];

/// A unit of the exhibition stands for a second: nanoseconds an hour.
fn hour_ns(cell: &CellSummary) -> Option<f64> {
    let is_told =
        |(name, value): &(&str, &str)| cell.parameters.get(*name).is_some_and(|told| told == value);
    let unit_us: f64 = cell.parameters.get("unit_us")?.parse().ok()?;
    TEXTBOOK.iter().all(is_told).then_some(unit_us * 1e3 * 3600.0)
}

pub(super) fn twelve_hours_become_one(summary: &Summary) -> Belief {
    let mut found = Vec::new();
    for contest in named(summary, "exhibition") {
        let hours = |cell: &CellSummary| {
            let numbers = cell.numbers.as_ref()?;
            Some(numbers.p50_ns.scaled(1.0 / hour_ns(cell)?))
        };
        let shown = |hours: &Estimate| span(hours, |value| format!("{value:.2}"));
        let alone = kind::cells(contest, Kind::Inline).find_map(hours);
        let instead = alone.map_or_else(
            || "12 hours by definition".to_owned(),
            |hours| format!("inline {} h", shown(&hours)),
        );
        for cell in overlapping(contest) {
            let Some(hours) = hours(cell) else { continue };
            found.push(Evidence {
                outcome: below(&hours, ABOUT_AN_HOUR, cell.blocks),
                text: format!(
                    "{} in {}: {} h (one board after the other: {instead})",
                    cell.runner,
                    contest.contest,
                    shown(&hours)
                ),
                cells: vec![cell.cell.clone()],
                blocks: cell.blocks,
            });
        }
    }
    Claim {
        says: "The chess exhibition falls from 12 hours to 1",
        compared: "the length of an exhibition of 24 boards, where a unit of time stands for a second, on runners with \
                   tasks and event loops",
        parts: &[],
        command: format!("simul run -w exhibition -r inline,{}", kind::SOME_WITH_TASKS),
        caveat: "The ideal is 1.015 hours, since the master thinks for an hour by herself.",
    }
    .judge(&[found])
}
