//! What is counted in an audit trial, and when?
//!
//! From the opening of the gate until all are quiet, in each slice anew: [`allocations`] of the whole process, and
//! [`polls`] of the actors' tasks. Nothing of it is there in other trials. It must not know how the counts are
//! compared: the controller orders a short and a long slice, and takes their difference.

pub mod allocations;
pub mod polls;

use crate::protocol::AuditCounts;
use polls::Polls;
use std::sync::Arc;

/// Why a runner that blocks has no counts of polls.
const BLOCKS: &str = "not applicable: blocks its thread";
/// Why a bare loop has none.
const NO_TASKS: &str = "not applicable: a hand-written loop has no tasks";

/// The counters of an audit trial.
#[derive(Debug)]
pub struct Audit {
    /// Of the tasks; a bare loop has none.
    polls: Option<Arc<Polls>>,
    counts_allocations: bool,
}

impl Audit {
    /// Counters; with the polls of these tasks.
    #[must_use]
    pub fn new(polls: Option<Arc<Polls>>) -> Self {
        Self { polls, counts_allocations: allocations::is_counted() }
    }

    /// Begins to count.
    pub fn begin(&self) {
        if let Some(polls) = &self.polls {
            // What was counted while actors were set up.
            drop(polls.take());
        }
        allocations::begin();
    }

    /// Ends it.
    #[must_use]
    pub fn end(&self) -> AuditCounts {
        let [allocations, allocated_bytes] =
            allocations::end().map(|count| self.counts_allocations.then_some(count));
        let polls = self.polls.as_ref().map(|polls| polls.take());
        let without_polls = match &polls {
            None => Some(NO_TASKS),
            Some(None) => Some(BLOCKS),
            Some(Some(_)) => None,
        };
        AuditCounts {
            allocations,
            allocated_bytes,
            polls: polls.flatten(),
            without_polls: without_polls.map(str::to_owned),
        }
    }
}
