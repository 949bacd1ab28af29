//! May this number be believed?
//!
//! Each cell gets a grade: A, nothing was found; B, something must be said with its numbers; F, its numbers describe
//! something else than the runner, and it is not ranked. `audit` is a pure function of what was recorded, so old
//! recordings are audited like new ones. Each check has a file, or shares it with its relatives; where a field
//! is missing that it needs, it says nothing. Marks, which were set while measuring, are findings too.
//!
//! A check must not decode histograms: a thousand cells are audited in seconds. It cannot tell what no
//! recording shows: a runner that cheats evenly, from the first operation to the last, passes. Read next:
//! `evidence.rs`, then any check.

mod backend;
mod bimodal;
mod evidence;
mod floor;
mod growth;
mod little;
mod machine;
mod marks;
mod order;
mod rates;
mod slope;
mod stall;

use evidence::Evidence;
pub(crate) use evidence::{Sight, first};
pub use little::breaks_little;
pub use marks::words;

use serde::Serialize;

/// How far a cell's numbers can be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub enum Grade {
    /// Nothing was found.
    #[default]
    A,
    /// Something must be said with its numbers.
    B,
    /// Its numbers must not be ranked.
    F,
}

impl Grade {
    /// One letter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::F => "F",
        }
    }
}

/// What a finding means for the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub enum Severity {
    /// Must be said.
    Marked,
    /// Bars from every ranking.
    NotRanked,
}

impl Severity {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Marked => "marked",
            Self::NotRanked => "not ranked",
        }
    }
}

/// What a check found in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct Finding {
    /// The check's name, or the mark's: `little`, `slope`, `peer-bound`.
    pub check: String,
    /// What it means for the cell.
    pub severity: Severity,
    /// Why, in one sentence with the figures.
    pub reason: String,
}

impl Finding {
    fn marked(check: &str, reason: String) -> Self {
        Self { check: check.into(), severity: Severity::Marked, reason }
    }

    fn not_ranked(check: &str, reason: String) -> Self {
        Self { check: check.into(), severity: Severity::NotRanked, reason }
    }
}

/// All that was found in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The worst of the findings.
    pub grade: Grade,
    /// What bars from ranking first; each check at most once.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Whether the numbers may be ranked.
    #[must_use]
    pub fn may_be_ranked(&self) -> bool {
        self.grade != Grade::F
    }

    /// The findings that bar from ranking.
    pub fn barring(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::NotRanked)
    }

    fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let grade = match findings.iter().map(|finding| finding.severity).max() {
            None => Grade::A,
            Some(Severity::Marked) => Grade::B,
            Some(Severity::NotRanked) => Grade::F,
        };
        Self { grade, findings }
    }
}

/// A check: what it finds, if anything.
type Check = fn(&Evidence<'_>) -> Option<Finding>;

/// In the order in which findings of one severity are told.
const CHECKS: [Check; 14] = [
    order::order,
    little::little,
    rates::offered,
    rates::unfinished,
    rates::generator,
    backend::backend,
    floor::below_floor,
    machine::contaminated,
    machine::timer,
    slope::slope,
    bimodal::bimodal,
    stall::stall,
    growth::memory,
    growth::threads,
];

/// Audits one cell.
fn audit(evidence: &Evidence<'_>) -> Audit {
    let mut findings: Vec<Finding> = CHECKS.iter().filter_map(|check| check(evidence)).collect();
    marks::add(evidence, &mut findings);
    Audit::of(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, record::mark, synthetic};

    /// What is found in the first cell of a made-up recording, after a change to its trials.
    fn audited(change: impl Fn(&mut crate::TrialRecord)) -> Audit {
        let mut recording = synthetic::recording(&["tokio", "smol"], 6, 8, 200);
        let first = recording.trials[0].cell.clone();
        recording.trials.iter_mut().filter(|trial| trial.cell == first).for_each(change);
        let contests = crate::judged::contests(&recording).unwrap();
        contests[0].cells[0].audit.clone()
    }

    #[test]
    fn a_clean_cell_is_an_a() {
        assert_eq!(audited(|_| {}), Audit::default());
    }

    #[test]
    fn the_worst_finding_decides_and_stands_first() {
        let found = audited(|trial| {
            trial.marks = vec![mark::CONTAMINATED.into(), "new".into(), mark::STARVED.into()];
            trial.slices.iter_mut().for_each(|slice| slice.foreign_cpu_ns = None);
        });
        let names: Vec<&str> = found.findings.iter().map(|one| one.check.as_str()).collect();
        assert_eq!(names, ["starved", "contaminated", "new"]);
        assert_eq!((found.grade, found.barring().count()), (Grade::F, 1));
        let only = audited(|trial| trial.marks = vec!["new".into()]);
        assert_eq!((only.grade, only.may_be_ranked()), (Grade::B, true));
        assert!(Grade::A < Grade::B && Grade::B < Grade::F);
    }

    #[test]
    fn a_mark_and_a_check_of_one_name_are_one_finding() {
        let found = audited(|trial| {
            trial.marks = vec![mark::CONTAMINATED.into()];
            trial.slices[0].foreign_cpu_ns = Some(30_000_000);
        });
        assert_eq!(found.findings.len(), 1, "{found:?}");
        assert!(found.findings[0].reason.contains("6 of 48 slices"), "{found:?}");
    }

    #[test]
    fn each_cell_of_a_made_up_recording_is_graded() {
        let recording = synthetic::recording(&["tokio", "smol"], 6, 8, 200);
        let contests = crate::judged::contests(&recording).unwrap();
        let measured = |cell: &&crate::judged::JudgedCell<'_>| cell.state == crate::State::Measured;
        for cell in contests[0].cells.iter().filter(measured) {
            assert_eq!(cell.audit, Audit::default(), "{}", cell.cell);
            assert_eq!(cell.ranked, cell.role == Role::Runner);
        }
    }
}
