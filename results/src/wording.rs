//! How are the terms of a recording said in words?
//!
//! States, placements and grades each have one sentence, the same in tables, charts and reports; findings have
//! theirs in [`crate::auditor::words`]. And recorded text is made harmless here before it reaches a terminal. It
//! must not know numbers. Read next: `grid.rs`.

use crate::{
    Contest, Placement, Role, RunRecord, Summary,
    auditor::Grade,
    grid::effect_text,
    quantity,
    record::State,
    summary::{CellSummary, ContestSummary, Hiccups, Metric, Spent, Surroundings},
};

/// A state in words.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Measured => "measured",
        State::Failed => "failed",
        State::TimedOut => "timed out",
        State::Unavailable => "unavailable",
        State::NotApplicable => "not applicable",
        State::Discarded => "discarded",
    }
}

/// How many cells have which grade, and what that means.
#[must_use]
pub fn grades(summary: &Summary) -> String {
    let count = |grade| summary.cells().filter(|(_, cell)| cell.grade() == Some(grade)).count();
    let [a, b, f] = [Grade::A, Grade::B, Grade::F].map(count);
    let worst = summary.cells().filter_map(|(_, cell)| cell.grade()).max();
    let Some(worst) = worst else { return "grades: nothing was measured".into() };
    let all = a + b + f;
    format!(
        "worst grade {}: of {all} measured cells {a} A (nothing found), {b} B (marked), {f} F (not ranked)",
        worst.name()
    )
}

/// A state in at most five letters, for narrow places.
#[must_use]
pub fn short_state(state: State) -> &'static str {
    match state {
        State::Measured => "",
        State::Failed => "fail",
        State::TimedOut => "time",
        State::Unavailable => "unav.",
        State::NotApplicable => "n/a",
        State::Discarded => "wrong",
    }
}

/// A placement in words.
#[must_use]
pub fn placement(placement: Placement) -> &'static str {
    match placement {
        Placement::Separate => "runner and peer on separate cores",
        Placement::OneCore => "all on one core",
        Placement::AllCores => "all cores",
        Placement::Unpinned => "unpinned",
    }
}

/// What every table and chart of a contest says of it: load, placement, blocks and measure.
#[must_use]
pub fn conditions(contest: &ContestSummary) -> String {
    let Contest { load, placement: place, .. } = &contest.contest;
    let mut parts = vec![load.to_string()];
    if let Some(arrivals) = load.arrivals() {
        parts.push(format!("open load, arrivals {}", arrivals.title()));
    }
    parts.extend(contest.open.as_ref().map(|open| format!("{} connections", open.connections)));
    parts.push(match (load.is_open(), place) {
        (true, Placement::Separate) => "server and generator on separate cores".into(),
        _ => placement(*place).to_owned(),
    });
    parts.push(blocks(contest.blocks()));
    parts.push(contest.measure.title().into());
    parts.join(" · ")
}

/// What the spread of estimates over so many blocks is.
#[must_use]
pub fn spread(blocks: u32) -> &'static str {
    match blocks {
        0 => "nothing was measured",
        1 => "one block shows no spread: do not compare these numbers",
        2..=5 => "±: to the furthest block (fewer than six blocks carry no 95 % interval)",
        _ => "±: to the further end of the 95 % interval of the median over blocks",
    }
}

/// Said of a run that has fewer blocks than were planned; `None` of a whole one.
#[must_use]
pub fn unfinished(summary: &Summary) -> Option<String> {
    let runs = [&summary.run].into_iter().chain(&summary.further);
    let of_run = |run: &RunRecord| {
        // A run that stops early is finished when it has looked everywhere.
        let first = run.plan.stopping.as_ref().and_then(|stopping| stopping.looks.first());
        let planned = first.copied().unwrap_or(run.plan.blocks);
        let is_its = |contest: &&ContestSummary| {
            let Contest { workload, load, placement } = &contest.contest;
            run.plan.contests.iter().any(|own| {
                own.workload == *workload
                    && own.load == load.to_string()
                    && own.placement == *placement
            })
        };
        let its = summary.contests.iter().filter(is_its);
        let least = its.map(ContestSummary::blocks).min()?;
        (least < planned).then(|| {
            format!(
                "the run is not finished: {least} of {planned} blocks have been measured everywhere"
            )
        })
    };
    runs.into_iter().find_map(of_run)
}

/// How a run was to stop early, and what it spent; nothing of others.
#[must_use]
pub fn stopping(summary: &Summary) -> Vec<String> {
    let (Some(stopping), Some(spent)) = (&summary.run.plan.stopping, Spent::of(summary)) else {
        return Vec::new();
    };
    let looks: Vec<String> = stopping.looks.iter().map(u32::to_string).collect();
    let (looks, share) = (looks.join(", "), quantity::digits(stopping.alpha() * 100.0));
    let wanted = match stopping.metric.as_str() {
        "all" => "all metrics are".to_owned(),
        metric => format!("{} is", plain(metric)),
    };
    let most = stopping.budget_ns.map(|ns| format!("; at most {} s", ns / 1_000_000_000));
    let mut lines = vec![
        format!(
            "stops early: a comparison ends when {wanted} decided; looks after {looks} blocks{}",
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
    let judged = |cell: &CellSummary| cell.role == Role::Runner && cell.verdict.is_some();
    for (contest, cell) in summary.cells().filter(|(_, cell)| judged(cell)) {
        if stopping.judges_a_tail() {
            let against = plain(contest.baseline.as_deref().unwrap_or("?"));
            let verdict = cell.verdict.and_then(|judgement| judgement.tail);
            let found = match (&cell.tail, verdict) {
                (Some(effect), Some(one)) => {
                    format!("{} {}", effect_text(effect), one.verdict.text(Metric::P50))
                }
                _ => "some block has too few operations beyond it".into(),
            };
            let cell = plain(&cell.cell);
            lines.push(format!("{} of {cell} against {against}: {found}", stopping.metric));
        }
    }
    lines
}

/// Said of a recording whose last line was torn; `None` of a whole one.
#[must_use]
pub fn torn(summary: &Summary) -> Option<String> {
    summary.torn.then(|| "the last line of the recording was torn and has been left out".into())
}

/// What went on around the measurement, line by line: strangers, the machine itself, and what could not be seen. None
/// of recordings that do not know.
#[must_use]
pub fn surroundings(summary: &Summary) -> Vec<String> {
    let Surroundings { slices, set_aside, watched, foreign_cores, estimated_cores, hiccups } =
        summary.surroundings;
    let mut lines = Vec::new();
    if watched > 0 {
        let unwatched = match slices - watched {
            0 => String::new(),
            count => format!("; {count} of {slices} slices could not be watched"),
        };
        lines.push(format!(
            "strangers used {foreign_cores:.3} cores ({estimated_cores:.3} of them estimated); {set_aside} of \
             {slices} slices were set aside for them and run again{unwatched}"
        ));
    }
    if let Some(Hiccups { median_share, most_share, longest_ns, blocks }) = hiccups {
        let longest = quantity::time(longest_ns as f64);
        lines.push(format!(
            "the machine itself took {:.2} % of the time (median of {}; at most {:.2} %), {longest} at a time at most",
            100.0 * median_share,
            self::blocks(blocks as u32),
            100.0 * most_share,
        ));
    }
    let watch = summary.run.watch.iter();
    lines.extend(
        watch.flat_map(|watch| &watch.unseen).map(|text| format!("not seen: {}", plain(text))),
    );
    lines
}

/// A number of blocks.
#[must_use]
pub fn blocks(count: u32) -> String {
    if count == 1 { "1 block".into() } else { format!("{count} blocks") }
}

/// Why a cell has no numbers: `unavailable: the kernel has no io_uring`.
#[must_use]
pub fn absence(cell: &CellSummary) -> String {
    let why = cell.reason.as_deref().map_or_else(String::new, |why| format!(": {}", plain(why)));
    format!("{}{why}", state(cell.state))
}

/// Recorded text without characters that command a terminal or reorder a line; line ends become spaces.
#[must_use]
pub fn plain(text: &str) -> String {
    let harmless = |letter: char| match letter {
        '\n' | '\r' | '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
        _ => letter,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_a_terminal_are_taken_out() {
        assert_eq!(plain("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb c");
        assert_eq!(plain("\u{202e}x"), "\u{fffd}x");
        assert_eq!(plain("µs é"), "µs é");
    }
}
