//! How did a cell end, and what must be said of it, over all its blocks?
//!
//! The worst block decides, and every mark counts. It must not know numbers. Read next: `cell.rs`.

use crate::{
    TrialRecord,
    record::{State, mark},
};
use std::collections::{BTreeMap, BTreeSet};

/// How bad a state is for the whole cell.
fn severity(state: State) -> u8 {
    match state {
        State::Measured => 0,
        State::NotApplicable => 1,
        State::Unavailable => 2,
        State::TimedOut => 3,
        State::Failed => 4,
        State::Discarded => 5,
    }
}

/// The worst state of any block, and the first reason that was given for it.
pub(crate) fn worst(trials: &BTreeMap<u32, &TrialRecord>) -> (State, Option<String>) {
    let state = trials.values().map(|trial| trial.state).max_by_key(|state| severity(*state));
    let state = state.unwrap_or(State::Failed);
    let alike: Vec<_> = trials.values().filter(|trial| trial.state == state).collect();
    let reason = alike.iter().find_map(|trial| trial.reason.clone().map(|why| (trial.block, why)));
    let reason = reason.map(|(block, why)| {
        let some = state.is_fault() && alike.len() < trials.len();
        if some { format!("block {block}: {why}") } else { why }
    });
    (state, reason.filter(|_| state != State::Measured))
}

/// The known marks, in the order in which they are told.
const MARKS: [&str; 16] = [
    mark::STARVED,
    mark::PEER_BOUND,
    mark::LITTLE,
    mark::RECORDER_FULL,
    mark::OTHER_BACKEND,
    mark::GENERATOR_LIMITED,
    mark::NOT_OURS,
    mark::SATURATED,
    mark::ERRORS,
    mark::BURNS_IDLE,
    mark::RECONNECTED,
    mark::CONTAMINATED,
    mark::PARKED,
    mark::ONE_WORKER,
    mark::FEW_OPERATIONS,
    mark::FEW_ARRIVALS,
];

/// All marks once: the known ones in their order, then others by name.
pub(crate) fn marks(trials: &BTreeMap<u32, &TrialRecord>) -> Vec<String> {
    let mut all: BTreeSet<&str> =
        trials.values().flat_map(|trial| trial.marks.iter().map(String::as_str)).collect();
    let mut marks: Vec<&str> = MARKS.into_iter().filter(|mark| all.remove(mark)).collect();
    marks.extend(all);
    marks.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_known_mark_is_forgotten() {
        assert!(mark::NOT_RANKED.iter().all(|mark| MARKS.contains(mark)));
    }

    #[test]
    fn any_fault_outweighs_any_absence() {
        for fault in [State::TimedOut, State::Failed, State::Discarded] {
            for other in [State::Measured, State::NotApplicable, State::Unavailable] {
                assert!(fault.is_fault() && severity(fault) > severity(other));
            }
        }
    }
}
