//! What is a cell compared with?
//!
//! Runners and floors with the baseline of their contest: the planned one if it may be ranked, else the first runner of
//! the plan that may, in the order of the plan, since choosing the best of the measured ones would favour it by its
//! luck. Null arms with what they copy. It must not judge. Read next: `judged.rs`.

use crate::{Role, State, judged::JudgedCell, record::ContestRecord};

/// What cells are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Against {
    /// Runners: the planned baseline if it may be ranked, else the first that may.
    pub(crate) baseline: Option<usize>,
    /// Null arms of a runner that is not there: the planned baseline.
    copied: Option<usize>,
}

impl Against {
    /// What the cells of a contest are compared with, by what may be ranked of them now.
    pub(crate) fn of_all(planned: &ContestRecord, cells: &[JudgedCell<'_>]) -> Self {
        let named = |name: &str| {
            cells.iter().position(|cell| {
                cell.role == Role::Runner && cell.runner == name && cell.state == State::Measured
            })
        };
        let wanted = planned.baseline.as_deref().and_then(named);
        let fit = wanted.filter(|at| cells[*at].ranked);
        // A contest without any planned baseline, as one of floors alone, has none.
        let first = || cells.iter().position(|cell| cell.ranked);
        let other = planned.baseline.as_ref().and_then(|_| first());
        Self { baseline: fit.or(other).or(wanted), copied: wanted }
    }

    /// What a cell is compared with; `None` for the baseline itself.
    pub(crate) fn of(self, cells: &[JudgedCell<'_>], at: usize) -> Option<usize> {
        let against = match cells[at].role {
            Role::Null => self.of_null(cells, at),
            _ => self.baseline,
        };
        against.filter(|against| *against != at)
    }

    /// What a null arm is a copy of: the runner of its name, where there is one. Further copies have a number, `tokio.2`,
    /// and are the planned baseline's.
    fn of_null(self, cells: &[JudgedCell<'_>], null: usize) -> Option<usize> {
        let name = &cells[null].runner;
        let named = cells.iter().position(|cell| cell.role == Role::Runner && cell.runner == *name);
        match named {
            Some(at) => Some(at).filter(|at| cells[*at].state == State::Measured),
            None => self.copied,
        }
    }
}
