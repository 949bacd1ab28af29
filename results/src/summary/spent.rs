//! What did a run spend that may stop early?
//!
//! Blocks, and how much is decided. It must not know time: nobody records how long a run took as a whole. Read next:
//! [`crate::looks`].

use super::{CellSummary, ContestSummary, Summary};
use crate::{Role, verdict::Verdict};

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
}

impl Spent {
    /// Of a run that may stop early; `None` of others.
    #[must_use]
    pub fn of(summary: &Summary) -> Option<Self> {
        let stopping = summary.run.plan.stopping.as_ref()?;
        let most = stopping.looks.last().copied().unwrap_or(0);
        // A report may be of further runs, which spent their own time.
        let planned = &summary.run.plan.contests;
        let own = summary.contests.iter().take(planned.len());
        let compared = |cell: &&CellSummary| cell.role == Role::Runner && cell.verdict.is_some();
        let closed: Vec<bool> = own
            .clone()
            .flat_map(|contest| &contest.cells)
            .filter(compared)
            .map(is_decided)
            .collect();
        let contests = u32::try_from(planned.len()).unwrap_or(u32::MAX);
        Some(Self {
            blocks: own.map(ContestSummary::blocks).sum(),
            most_blocks: most.saturating_mul(contests),
            comparisons: closed.len() as u32,
            decided: closed.iter().filter(|closed| **closed).count() as u32,
        })
    }
}

/// Whether a look has decided what was wanted. What turned out to be invalid is measured no further, and decides nothing.
fn is_decided(cell: &CellSummary) -> bool {
    let is_invalid = cell.verdict.as_ref().is_some_and(|judgement| {
        judgement.metrics.iter().any(|one| one.verdict == Verdict::Invalid)
    });
    !is_invalid && cell.look.is_some_and(|look| look.closed)
}
