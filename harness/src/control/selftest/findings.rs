//! What did a user of this run get to know, and is it what had to be found?
//!
//! Only what the recording's summary says: states with their reasons, findings, verdicts. It must not know the
//! canary. Next: [`super::cases`].

use simul_results::{
    Role, State, TrialRecord,
    record::mark,
    summary::{CellSummary, Metric, Summary},
    verdict::Verdict,
};

/// What is said of rounds beside a busy stranger that were run again.
pub(super) const SET_ASIDE: &str = "set-aside";

/// Findings that say that the machine had something else to do.
const OF_THE_MACHINE: &[&str] =
    &[mark::CONTAMINATED, SET_ASIDE, mark::HICCUPS, mark::FOREIGN_ESTIMATED];

/// What such a machine does to whoever works on it, healthy or not.
const OF_DISTURBANCE: &[&str] = &[
    "stall",
    "bimodal",
    "slope",
    "little",
    "offered",
    "generator",
    mark::GENERATOR_LIMITED,
    mark::STARVED,
    mark::SATURATED,
    mark::PEER_BOUND,
];

/// What follows from runs that are as short as can be.
const OF_SHORTNESS: &[&str] = &[mark::FEW_OPERATIONS, mark::FEW_ARRIVALS];

/// A difference counts from here on: half of the one that was made. Verdicts alone find smaller ones, and one in two
/// hundred of those is none.
const LEAST_DIFFERENCE: f64 = 0.05;

/// What must be found in a cell.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// It ended like this, for a reason with these words.
    Ending(State, &'static str),
    /// One of these findings.
    Finding(&'static [&'static str]),
    /// A verdict for the worse against its twin.
    Worse,
}

impl Wanted {
    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Nothing => "nothing".into(),
            Self::Ending(state, words) => format!("{}: {words}", state.name()),
            Self::Finding(names) => names.first().copied().unwrap_or_default().into(),
            Self::Worse => "worse".into(),
        }
    }
}

/// What was found in one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// How it ended, unless it was measured.
    ending: Option<(State, String)>,
    /// Its findings, by name.
    findings: Vec<String>,
    /// Metrics that differ by a verdict and by enough, for the worse or the better, with how much.
    differences: Vec<(Verdict, String)>,
    /// Whether the machine had something else to do.
    pub(super) disturbed: bool,
}

impl Found {
    /// What the summary says of a runner.
    pub(super) fn of(runner: &str, summary: &Summary, trials: &[TrialRecord]) -> Self {
        let cells = || summary.cells().map(|(_, cell)| cell);
        let Some(cell) = cells().find(|cell| cell.runner == runner && cell.role == Role::Runner)
        else {
            return Self::default();
        };
        let mut findings = names(cell);
        let set_aside = |trial: &TrialRecord| trial.slices.iter().any(|slice| slice.set_aside);
        if trials.iter().any(set_aside) {
            findings.push(SET_ASIDE.into());
        }
        let of_the_machine = |name: &String| OF_THE_MACHINE.contains(&name.as_str());
        let disturbed = cells().flat_map(names).any(|name| of_the_machine(&name))
            || findings.iter().any(of_the_machine);
        // Where the runner is the baseline, it differs from what copies it.
        let copy = cells().find(|other| other.runner == runner && other.role == Role::Null);
        let mut differences = differences(cell);
        differences.extend(copy.into_iter().flat_map(self::differences));
        let ending = (cell.state != State::Measured)
            .then(|| (cell.state, cell.reason.clone().unwrap_or_default()));
        Self { ending, findings, differences, disturbed }
    }

    /// Whether it is what had to be found. What a busy machine does is not held against a healthy runner on it; what
    /// no machine does, such as growing, is.
    pub(super) fn is(&self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Nothing => {
                let excused = |name: &&str| {
                    let by_company = self.disturbed && OF_DISTURBANCE.contains(name);
                    by_company || OF_THE_MACHINE.contains(name) || OF_SHORTNESS.contains(name)
                };
                let mut findings = self.findings.iter().map(String::as_str);
                self.ending.is_none()
                    && self.differences.is_empty()
                    && findings.all(|name| excused(&name))
            }
            Wanted::Ending(wanted, words) => {
                let ending = self.ending.as_ref();
                ending.is_some_and(|(state, why)| *state == wanted && why.contains(words))
            }
            Wanted::Finding(names) => {
                self.findings.iter().any(|name| names.contains(&name.as_str()))
            }
            Wanted::Worse => self.differences.iter().any(|(verdict, _)| *verdict == Verdict::Worse),
        }
    }

    /// Whether it may be the doing of a moment, which does not come twice: the machine had something else to do, or all
    /// that was found is what such a machine does, as where it stood still and nothing else tells of it.
    pub(super) fn may_pass(&self) -> bool {
        let of_a_moment = |name: &String| {
            [OF_DISTURBANCE, OF_THE_MACHINE, OF_SHORTNESS].concat().contains(&name.as_str())
        };
        let only_that = self.ending.is_none()
            && self.differences.is_empty()
            && !self.findings.is_empty()
            && self.findings.iter().all(of_a_moment);
        self.disturbed || only_that
    }

    /// In words: `worse: CPU per operation +9.8 %`.
    pub(super) fn in_words(&self) -> String {
        let mut all: Vec<String> = Vec::new();
        if let Some((state, why)) = &self.ending {
            all.push(format!("{}: {why}", state.name()));
        }
        for (verdict, how) in &self.differences {
            let verdict = if *verdict == Verdict::Worse { "worse" } else { "better" };
            all.push(format!("{verdict}: {how}"));
        }
        all.extend(self.findings.iter().cloned());
        if all.is_empty() { "nothing".into() } else { all.join(", ") }
    }
}

/// What is found in a cell, and what the machine did to any of its trials: one slice marks a trial, and need not make a
/// finding.
fn names(cell: &CellSummary) -> Vec<String> {
    let mut names: Vec<String> =
        cell.audit.findings.iter().map(|finding| finding.check.clone()).collect();
    let of_the_machine = |mark: &&String| OF_THE_MACHINE.contains(&mark.as_str());
    for mark in cell.marks.iter().filter(of_the_machine) {
        if !names.contains(mark) {
            names.push(mark.clone());
        }
    }
    names
}

/// By what a cell differs from its baseline.
fn differences(cell: &CellSummary) -> Vec<(Verdict, String)> {
    let Some(judgement) = &cell.verdict else { return Vec::new() };
    let all = Metric::ALL.into_iter().zip(judgement.metrics);
    all.filter_map(|(metric, judged)| {
        let verdict =
            Some(judged.verdict).filter(|one| matches!(one, Verdict::Better | Verdict::Worse))?;
        let part = cell.effects.on(metric)?.estimate - 1.0;
        let how = format!("{} {:+.1} %", metric.name(), part * 100.0);
        (part.abs() >= LEAST_DIFFERENCE).then_some((verdict, how))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(findings: &[&str]) -> Found {
        let findings = findings.iter().map(|name| (*name).to_owned()).collect();
        Found { findings, ..Found::default() }
    }

    #[test]
    fn each_canary_is_found_by_its_own_name_alone() {
        let ended = Found {
            ending: Some((State::TimedOut, "3 operations had not ended".into())),
            ..Found::default()
        };
        let worse =
            Found { differences: vec![(Verdict::Worse, "p50 +9.0 %".into())], ..Found::default() };
        let finding = found(&["stall"]);
        let wanted = [
            Wanted::Nothing,
            Wanted::Ending(State::TimedOut, "had not ended"),
            Wanted::Worse,
            Wanted::Finding(&["stall", "freeze"]),
        ];
        for (at, one) in [found(&[]), ended, worse, finding].iter().enumerate() {
            let fits: Vec<bool> = wanted.iter().map(|wanted| one.is(*wanted)).collect();
            let expected: Vec<bool> = (0..wanted.len()).map(|other| other == at).collect();
            assert_eq!(fits, expected, "{one:?}");
        }
        let other = Wanted::Ending(State::TimedOut, "did other work");
        assert!(!found(&[]).is(other) && !found(&["stall"]).is(Wanted::Finding(&["grows"])));
    }

    #[test]
    fn a_busy_machine_excuses_what_it_does_and_nothing_else() {
        assert!(!found(&["stall"]).is(Wanted::Nothing));
        assert!(found(&[mark::CONTAMINATED]).is(Wanted::Nothing), "that is no fault of the runner");
        let beside = |name| Found { disturbed: true, ..found(&[mark::CONTAMINATED, name]) };
        assert!(beside("stall").is(Wanted::Nothing));
        assert!(!beside("grows-memory").is(Wanted::Nothing));
        assert!(!beside(mark::OTHER_BACKEND).is(Wanted::Nothing));
    }

    #[test]
    fn what_may_be_the_doing_of_a_moment_is_looked_at_again() {
        assert!(found(&["generator", mark::FEW_ARRIVALS]).may_pass());
        assert!(!found(&["generator", "grows-memory"]).may_pass());
        assert!(!found(&[]).may_pass(), "who finds nothing where something is has missed it");
        assert!(Found { disturbed: true, ..found(&["grows-memory"]) }.may_pass());
    }

    #[test]
    fn what_was_found_is_told_in_words() {
        assert_eq!(found(&[]).in_words(), "nothing");
        assert_eq!(found(&["stall", "little"]).in_words(), "stall, little");
    }
}
