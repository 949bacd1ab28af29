//! What happens, for whoever wants to know?
//!
//! The engine tells and forgets; progress bar and log are readers of this one stream, and a new kind of
//! output changes nothing in the engine. Events come between slices, never during one.

use super::plan::{ContestPlan, Plan};
use simul_results::TrialRecord;

/// Something that has happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The plan stands, and so many blocks of it are done already.
    Planned {
        /// The plan.
        plan: &'a Plan,
        /// Blocks of a resumed run.
        done: u32,
    },
    /// A block's processes are being started.
    BlockStarted {
        /// Its contest.
        contest: &'a ContestPlan,
        /// Which of its blocks, from 0.
        block: u32,
    },
    /// A cell has had its turn.
    SliceEnded {
        /// The printed cell.
        cell: &'a str,
    },
    /// A round was contaminated and will be re-run.
    RoundSetAside {
        /// Foreign CPU in cores, of its worst slice.
        foreign_cores: f64,
    },
    /// A cell's trial has ended, for better or worse.
    TrialEnded {
        /// What came of it.
        trial: &'a TrialRecord,
    },
    /// All blocks are over, and a cell is being audited.
    AuditStarted {
        /// Its contest.
        contest: &'a ContestPlan,
        /// The printed cell.
        cell: &'a str,
    },
    /// All trials of the block are on the disk.
    BlockEnded,
    /// Everything has been done, or the run was interrupted.
    Ended,
}

/// Somebody who wants to know.
pub trait Reporter {
    /// Takes an event in. Must return soon: the next slice waits.
    fn take_in(&mut self, event: &Event<'_>);
}

/// Nobody.
#[derive(Clone, Copy, Debug)]
pub struct Silence;

impl Reporter for Silence {
    fn take_in(&mut self, _event: &Event<'_>) {}
}
