//! What did a run spend that may stop early?
//!
//! Blocks, and how much is decided. It must not know time: nobody records how long a run took as a whole. Read next:
//! [`crate::looks`].

use super::{CellSummary, Summary};
use crate::{Role, RunRecord, ending, verdict::Verdict};

/// What was spent, and what it brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Blocks that were lived, over all contests.
    pub blocks: u32,
    /// How many there would have been if nothing had been decided.
    pub most_blocks: u32,
    /// Comparisons of a measured runner with its baseline.
    pub comparisons: u32,
    /// How many of them are decided.
    pub decided: u32,
    /// How many are not although all blocks that there could be have been lived.
    pub exhausted: u32,
    /// How many can never be, since a side of them must not be ranked.
    pub invalid: u32,
}

impl Spent {
    /// Of the first run, if it may stop early; `None` of others.
    #[must_use]
    pub fn of(summary: &Summary) -> Option<Self> {
        Self::of_run(summary, &summary.run)
    }

    /// Of one of its runs, if that may stop early.
    #[must_use]
    pub fn of_run(summary: &Summary, run: &RunRecord) -> Option<Self> {
        let stopping = run.plan.stopping.as_ref()?;
        let most = stopping.looks.last().copied().unwrap_or(0);
        let mut spent = Self {
            blocks: 0,
            most_blocks: 0,
            comparisons: 0,
            decided: 0,
            exhausted: 0,
            invalid: 0,
        };
        for contest in summary.contests.iter().filter(|contest| ending::is_of(run, contest)) {
            spent.blocks += contest.blocks();
            spent.most_blocks = spent.most_blocks.saturating_add(most);
            let is_compared =
                |cell: &&CellSummary| cell.role == Role::Runner && cell.verdict.is_some();
            for cell in contest.cells.iter().filter(is_compared) {
                spent.comparisons += 1;
                match cell.look.is_some_and(|look| look.closed) {
                    _ if is_invalid(cell) => spent.invalid += 1,
                    true => spent.decided += 1,
                    false if contest.blocks() >= most => spent.exhausted += 1,
                    false => {}
                }
            }
        }
        Some(spent)
    }
}

/// What turned out to be invalid is measured no further, and decides nothing.
fn is_invalid(cell: &CellSummary) -> bool {
    cell.verdict.as_ref().is_some_and(|judgement| {
        judgement.metrics.iter().any(|one| one.verdict == Verdict::Invalid)
    })
}
