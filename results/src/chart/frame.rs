//! May these things stand in one chart, and what must be written over them?
//!
//! Whoever draws says first what each line, bar or row stands for; [`lint`] judges it, and a chart that fails is not
//! drawn but says why. So no chart is without its unit, its number of blocks and its placement; none compares
//! different placements; none draws a response time from a closed loop. It must not know how anything is
//! drawn. Read next: `rows.rs`.

use crate::{
    Load, Placement,
    summary::{CellSummary, ContestSummary, Measure},
    wording,
};
use std::fmt;

/// What a line, a bar or a row stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Its name in the chart.
    pub label: String,
    /// How the work came.
    pub load: Load,
    /// On which cores.
    pub placement: Placement,
    /// In how many blocks it was measured.
    pub blocks: u32,
    /// What its times are; `None` where no times are drawn.
    pub times: Option<Measure>,
    /// What a number of it means: `µs per operation`.
    pub unit: String,
}

/// Why something may not be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// On other cores something else is measured.
    Placements {
        /// The first, and where it ran.
        one: (String, Placement),
        /// The one that ran elsewhere.
        other: (String, Placement),
    },
    /// In a closed loop requests are never due, so none has a response time.
    ClosedResponse(String),
    /// A number without a unit.
    NoUnit(String),
    /// Nothing was measured, so nothing is known.
    NoBlocks(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placements { one, other } => write!(
                f,
                "'{}' ran on other cores ({}) than '{}' ({})",
                other.0,
                other.1.name(),
                one.0,
                one.1.name()
            ),
            Self::ClosedResponse(label) => {
                write!(f, "'{label}' has a response time from a closed loop, which has none")
            }
            Self::NoUnit(label) => write!(f, "'{label}' has no unit"),
            Self::NoBlocks(label) => write!(f, "'{label}' was measured in no block"),
        }
    }
}

/// Whether these may be drawn in one chart, to be compared.
///
/// # Errors
/// The first thing that is wrong with them.
pub fn lint(subjects: &[Subject]) -> Result<(), Fault> {
    for subject in subjects {
        let label = || subject.label.clone();
        if let Some(first) = subjects.first().filter(|first| first.placement != subject.placement) {
            let one = (first.label.clone(), first.placement);
            return Err(Fault::Placements { one, other: (label(), subject.placement) });
        }
        if subject.times == Some(Measure::Response) && !subject.load.is_open() {
            return Err(Fault::ClosedResponse(label()));
        }
        if subject.unit.trim().is_empty() {
            return Err(Fault::NoUnit(label()));
        }
        if subject.blocks == 0 {
            return Err(Fault::NoBlocks(label()));
        }
    }
    Ok(())
}

/// What stands over a chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    /// Of what, and what it shows.
    pub(super) title: String,
    /// Load, placement, blocks, measure and unit.
    pub(super) conditions: String,
    /// Why nothing stands under it.
    pub(super) fault: Option<Fault>,
}

impl Frame {
    /// Of a chart of one contest, with what its lines or rows stand for.
    pub(super) fn of(contest: &ContestSummary, what: &str, subjects: &[Subject]) -> Self {
        Self {
            title: format!("{}: {what}", contest.contest.workload),
            conditions: format!("{}{}", wording::conditions(contest), units(subjects)),
            fault: lint(subjects).err(),
        }
    }

    /// Of a chart over several contests, under conditions that the caller knows.
    pub(super) fn over(title: &str, conditions: &str, subjects: &[Subject]) -> Self {
        Self {
            title: title.into(),
            conditions: format!("{conditions}{}", units(subjects)),
            fault: lint(subjects).err(),
        }
    }
}

/// Each unit once: ` · in µs per operation`.
fn units(subjects: &[Subject]) -> String {
    let mut units: Vec<&str> = Vec::new();
    for subject in subjects {
        if !units.contains(&subject.unit.as_str()) {
            units.push(&subject.unit);
        }
    }
    if units.is_empty() { String::new() } else { format!(" · in {}", units.join(", ")) }
}

/// Times of the contest's own measure, for whoever draws them on an axis whose ticks have units.
pub(super) const TIMES: &str = "ns, µs, ms or s";

/// A cell whose times, as its contest measures them, are drawn.
pub(super) fn timed(contest: &ContestSummary, cell: &CellSummary) -> Subject {
    Subject { times: Some(contest.measure), ..counted(contest, cell, TIMES) }
}

/// A cell of which something else is drawn.
pub(super) fn counted(contest: &ContestSummary, cell: &CellSummary, unit: &str) -> Subject {
    Subject {
        label: cell.arm.clone(),
        load: contest.contest.load,
        placement: contest.contest.placement,
        blocks: cell.blocks,
        times: None,
        unit: unit.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(label: &str) -> Subject {
        Subject {
            label: label.into(),
            load: Load::Closed(32),
            placement: Placement::Separate,
            blocks: 6,
            times: Some(Measure::Service),
            unit: "µs".into(),
        }
    }

    #[test]
    fn what_may_be_compared_passes() {
        assert_eq!(lint(&[subject("tokio"), subject("smol")]), Ok(()));
        assert_eq!(lint(&[]), Ok(()));
        let open = Load::Open { rate_per_sec: 1000, arrivals: crate::Arrivals::Poisson };
        let answered = Subject { load: open, times: Some(Measure::Response), ..subject("tokio") };
        assert_eq!(lint(&[answered]), Ok(()));
    }

    #[test]
    fn different_placements_fail() {
        let elsewhere = Subject { placement: Placement::AllCores, ..subject("smol") };
        let fault = lint(&[subject("tokio"), subject("may"), elsewhere]).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "'smol' ran on other cores (all-cores) than 'tokio' (separate)"
        );
    }

    #[test]
    fn a_response_from_a_closed_loop_fails() {
        let lying = Subject { times: Some(Measure::Response), ..subject("tokio") };
        let fault = lint(&[subject("smol"), lying]).unwrap_err();
        assert_eq!(fault, Fault::ClosedResponse("tokio".into()));
    }

    #[test]
    fn numbers_need_a_unit_and_blocks() {
        let unit = Subject { unit: " ".into(), ..subject("tokio") };
        assert_eq!(lint(&[unit]), Err(Fault::NoUnit("tokio".into())));
        let blocks = Subject { blocks: 0, ..subject("tokio") };
        assert_eq!(lint(&[blocks]), Err(Fault::NoBlocks("tokio".into())));
    }

    #[test]
    fn units_are_told_once() {
        let bytes = Subject { unit: "MiB".into(), ..subject("tokio") };
        assert_eq!(units(&[subject("tokio"), subject("smol"), bytes]), " · in µs, MiB");
    }
}
