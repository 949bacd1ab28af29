//! Which block is next?
//!
//! Asked after every block, so that it may look at what has been seen; it is not a list made beforehand.
//! Today: the contest that has the fewest blocks so far, in the plan's order, until each has as many as
//! planned. So slow drift of the machine spreads over all contests, and an interrupted run has looked at all
//! of them. A cell that has failed is not tried again, and one that a referee has closed is left
//! out. It must not know how a block is lived.

use super::plan::ContestPlan;
use simul_results::{Role, State, TrialRecord};
use std::collections::{HashMap, HashSet};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextBlock {
    /// The contest's place in the plan.
    pub contest: usize,
    /// Which of its blocks, from 0.
    pub block: u32,
}

/// What has been seen so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// For each contest's printed form: how many blocks have ended.
    blocks: HashMap<String, u32>,
    faulty: HashSet<String>,
    measured: HashSet<String>,
    closed: HashSet<String>,
}

impl Seen {
    /// Takes in a trial that has ended. Its block is on the disk, so it has ended too.
    pub fn note(&mut self, trial: &TrialRecord) {
        if let Ok(cell) = trial.identity() {
            self.block_ended(cell.contest.to_string(), trial.block);
        }
        if trial.state.is_fault() {
            self.faulty.insert(trial.cell.clone());
        }
        if trial.state == State::Measured {
            self.measured.insert(trial.cell.clone());
        }
    }

    /// A block has ended, whatever came of it.
    pub fn block_ended(&mut self, contest: String, block: u32) {
        let blocks = self.blocks.entry(contest).or_default();
        *blocks = (*blocks).max(block + 1);
    }

    /// Whether a cell has numbers: it was measured, and never failed.
    #[must_use]
    pub fn is_measured(&self, cell: &str) -> bool {
        self.measured.contains(cell) && !self.faulty.contains(cell)
    }

    /// Enough has been seen of a cell.
    pub fn close(&mut self, cell: String) {
        self.closed.insert(cell);
    }

    /// Whether a cell has failed before, or enough has been seen of it.
    #[must_use]
    pub fn is_over(&self, cell: &str) -> bool {
        self.faulty.contains(cell) || self.closed.contains(cell)
    }
}

/// The next block, or `None` when everything has been done.
#[must_use]
pub fn next(contests: &[ContestPlan], blocks: u32, seen: &Seen) -> Option<NextBlock> {
    let done =
        |plan: &ContestPlan| seen.blocks.get(&plan.contest.to_string()).copied().unwrap_or(0);
    let open = contests.iter().enumerate().filter(|(_, plan)| {
        // The first block is also where refusals are written down.
        let done = done(plan);
        done < blocks && (done == 0 || is_worthwhile(plan, seen))
    });
    let next = open.min_by_key(|(_, plan)| done(plan));
    next.map(|(contest, plan)| NextBlock { contest, block: done(plan) })
}

/// Whether any runner is left to measure.
fn is_worthwhile(plan: &ContestPlan, seen: &Seen) -> bool {
    plan.arms.iter().any(|arm| {
        let refused = arm.refusal.is_some() || seen.is_over(&arm.cell.to_string());
        arm.cell.role == Role::Runner && !refused
    })
}
