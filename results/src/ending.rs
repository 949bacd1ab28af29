//! How did a run come to its end?
//!
//! After all its blocks, or at a look that had seen enough, or before either. The recording does not tell whether the
//! time was over or somebody interrupted it, so neither do these words. Comparisons of two builds end by looks of their
//! own: [`crate::builds`]. It must not decide anything: [`crate::looks`] does. Read next: `summary/spent.rs`.

use crate::{
    Contest, Load, Role, RunRecord, Summary, builds,
    grid::effect_text,
    quantity,
    record::{ContestRecord, StoppingRecord},
    summary::{CellSummary, ContestSummary, Metric, Spent},
    wording::{blocks, plain},
};

/// How many blocks were planned: `6 blocks`, or `at most 12 blocks` where it may end earlier.
#[must_use]
pub fn planned(run: &RunRecord) -> String {
    let ends_early = run.plan.stopping.is_some() || builds::is_comparison(run);
    let planned = blocks(run.plan.blocks);
    if ends_early { format!("at most {planned}") } else { planned }
}

/// How many rounds a block has: `12 rounds`, `12 to 144 rounds` where contests differ; of sweeps alone, at each rate.
#[must_use]
pub fn rounds(run: &RunRecord) -> String {
    let is_sweep = |contest: &ContestRecord| contest.load.parse().is_ok_and(Load::is_sweep);
    let contests = &run.plan.contests;
    let only_sweeps = contests.iter().all(is_sweep);
    let own = contests.iter().filter(|contest| only_sweeps || !is_sweep(contest)).map(|contest| {
        let of_open = contest.open.as_ref().map(|open| open.rounds);
        of_open.unwrap_or(contest.lived(&run.plan).rounds)
    });
    let (least, most) =
        own.fold((u32::MAX, 0), |(least, most), own| (own.min(least), own.max(most)));
    match (contests.is_empty(), least == most) {
        (true, _) => format!("{} rounds", run.plan.rounds),
        (_, true) if only_sweeps => format!("{most} rounds at each rate"),
        (_, true) => format!("{most} rounds"),
        (_, false) => format!("{least} to {most} rounds"),
    }
}

/// Whether a contest of a summary is one of this run's.
pub(crate) fn is_of(run: &RunRecord, contest: &ContestSummary) -> bool {
    let Contest { workload, load, placement } = &contest.contest;
    run.plan.contests.iter().any(|own| {
        own.workload == *workload && own.load == load.to_string() && own.placement == *placement
    })
}

/// Said of a run that has fewer blocks than were planned; `None` of a whole one.
#[must_use]
pub fn unfinished(summary: &Summary) -> Option<String> {
    let of_run = |run: &RunRecord| {
        // A run that stops early is finished when it has looked everywhere.
        let first = run.plan.stopping.as_ref().and_then(|stopping| stopping.looks.first());
        let planned = first.copied().unwrap_or(run.plan.blocks);
        let its = summary.contests.iter().filter(|contest| is_of(run, contest));
        let least = its.map(ContestSummary::blocks).min()?;
        (least < planned).then(|| {
            format!(
                "the run is not finished: {least} of {planned} blocks have been measured everywhere"
            )
        })
    };
    summary.runs().filter(|run| !builds::is_comparison(run)).find_map(of_run)
}

/// What had to be decided, with its verb: `all metrics are`, `p99 is`.
fn wanted(stopping: &StoppingRecord) -> String {
    match stopping.metric.as_str() {
        "all" => "all metrics are".to_owned(),
        metric => format!("{} is", plain(metric)),
    }
}

/// `6`, `6 and 8`, `6, 8 and 12`.
fn listed(looks: &[u32]) -> String {
    let all: Vec<String> = looks.iter().map(u32::to_string).collect();
    match all.as_slice() {
        [some @ .., last] if !some.is_empty() => format!("{} and {last}", some.join(", ")),
        all => all.concat(),
    }
}

/// For each run that may stop early, what came of that, in one sentence each: how much is decided after how many
/// blocks, and why the rest is not.
#[must_use]
pub fn outcome(summary: &Summary) -> Vec<String> {
    let of_run = |run: &RunRecord| {
        let (stopping, spent) = (run.plan.stopping.as_ref()?, Spent::of_run(summary, run)?);
        let Spent { blocks: lived, most_blocks, comparisons, decided, exhausted, invalid } = spent;
        let cut = comparisons - decided - exhausted - invalid;
        let are = |count: u32| if count == 1 { "1 is".into() } else { format!("{count} are") };
        let mut text = format!(
            "may stop early: {decided} of {comparisons} comparisons with the baseline {} decided, after {lived} of at \
             most {most_blocks} blocks",
            if decided == 1 { "is" } else { "are" },
        );
        if invalid > 0 {
            text.push_str(&format!("; {} invalid", are(invalid)));
        }
        if exhausted > 0 {
            text.push_str(&format!(
                "; {} not after all blocks that there could be",
                are(exhausted)
            ));
        }
        if cut > 0 {
            let why = match stopping.budget_ns {
                Some(ns) => {
                    format!("the time, {}, was over or the run was interrupted", seconds(ns))
                }
                None => "the run was interrupted, or still goes on".into(),
            };
            text.push_str(&format!("; {} not, since {why}", are(cut)));
        }
        Some(text)
    };
    summary.runs().filter_map(of_run).collect()
}

fn seconds(ns: u64) -> String {
    format!("{} s", ns / 1_000_000_000)
}

/// The rule by which each run that may stop early does so, in whole sentences for readers who do not know us.
#[must_use]
pub fn rules(summary: &Summary) -> Vec<String> {
    let of_run = |run: &RunRecord| {
        let stopping = run.plan.stopping.as_ref()?;
        let budget = stopping.budget_ns.map_or_else(String::new, |ns| {
            format!(
                " No block was begun that would have ended later than {} after the first.",
                seconds(ns)
            )
        });
        let share = quantity::digits(stopping.alpha() * 100.0);
        Some(format!(
            "This run may stop early: a comparison with the baseline ends when {} decided, and a contest when all its \
             comparisons have ended. They are looked at after {} blocks.{budget} Whoever looks several times and \
             stops when it suits him errs more often, so each look may spend {share} % of the 0.5 %, and intervals are \
             wider to match: all looks together err no more often than a single one does.",
            wanted(stopping),
            listed(&stopping.looks),
        ))
    };
    summary.runs().filter_map(of_run).collect()
}

/// How a run was to stop early, and what it spent, line by line for a terminal; nothing of others.
#[must_use]
pub fn stopping(summary: &Summary) -> Vec<String> {
    let (Some(stopping), Some(spent)) = (&summary.run.plan.stopping, Spent::of(summary)) else {
        return Vec::new();
    };
    let looks: Vec<String> = stopping.looks.iter().map(u32::to_string).collect();
    let (looks, share) = (looks.join(", "), quantity::digits(stopping.alpha() * 100.0));
    let most = stopping.budget_ns.map(|ns| format!("; at most {}", seconds(ns)));
    let mut lines = vec![
        format!(
            "stops early: a comparison ends when {} decided; looks after {looks} blocks{}",
            wanted(stopping),
            most.unwrap_or_default()
        ),
        format!(
            "each look spends {share} % of the 0.5 %: intervals are wide enough for all of them together"
        ),
        format!(
            "spent: {} of {} blocks; {} of {} comparisons are decided",
            spent.blocks, spent.most_blocks, spent.decided, spent.comparisons
        ),
    ];
    lines.extend(tails(summary, &summary.run));
    lines
}

/// What was found of the tail that was asked for, cell by cell; nothing where none was.
#[must_use]
pub fn tails(summary: &Summary, run: &RunRecord) -> Vec<String> {
    let Some(stopping) = run.plan.stopping.as_ref().filter(|one| one.judges_a_tail()) else {
        return Vec::new();
    };
    let judged = |cell: &CellSummary| cell.role == Role::Runner && cell.verdict.is_some();
    let of_cell = |(contest, cell): (&ContestSummary, &CellSummary)| {
        let against = plain(contest.baseline.as_deref().unwrap_or("?"));
        let verdict = cell.verdict.and_then(|judgement| judgement.tail);
        let found = match (&cell.tail, verdict) {
            (Some(effect), Some(one)) => {
                format!("{} {}", effect_text(effect), one.verdict.text(Metric::P50))
            }
            _ => "some block has too few operations beyond it".into(),
        };
        format!("{} of {} against {against}: {found}", plain(&stopping.metric), plain(&cell.cell))
    };
    let its = summary.cells().filter(|(contest, cell)| judged(cell) && is_of(run, contest));
    its.map(of_cell).collect()
}
