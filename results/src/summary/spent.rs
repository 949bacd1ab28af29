//! What did a run spend that may stop early?
//!
//! Blocks, and how much is decided. It must not know time: nobody records how long a run took as a whole. Read next:
//! [`crate::looks`].

use super::{CellSummary, Summary};
use crate::Role;

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
        let contests = u32::try_from(summary.contests.len()).unwrap_or(u32::MAX);
        let is_compared = |cell: &&CellSummary| cell.role == Role::Runner && cell.verdict.is_some();
        let compared = summary.cells().map(|(_, cell)| cell).filter(is_compared);
        let closed = compared.map(|cell| cell.look.is_some_and(|look| look.closed));
        let closed: Vec<bool> = closed.collect();
        Some(Self {
            blocks: summary.contests.iter().map(|contest| contest.blocks()).sum(),
            most_blocks: most.saturating_mul(contests),
            comparisons: closed.len() as u32,
            decided: closed.iter().filter(|closed| **closed).count() as u32,
        })
    }
}
