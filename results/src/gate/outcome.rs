//! What do both stages say together, and with which exit code?
//!
//! Whoever is worse in the first stage is a suspect and is measured again with fresh blocks and reversed roles: now
//! the new code has the null arm. It is *worse* only if both stages find so on the same metric; a suspect that is not
//! confirmed is undecided, never passed. It must not know how anything is measured or shown.
//! Read next: `shown.rs`.

use super::{Compared, Finding, Obstacle, Pair};

/// What is said of one pair in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The old code could not do it here: it counts for nothing.
    Absent,
    /// It went wrong, or the new code cannot do what the old one can.
    Failed,
    /// Two copies of the same code differed, so that nothing can be said.
    NoVerdict,
    /// The new code is worse by more than the margin.
    Worse,
    /// Not enough is known.
    Undecided,
    /// The new code is better on some metric, and on the others better or equivalent.
    Better,
    /// It is equivalent within the margin.
    Equivalent,
}

impl Verdict {
    /// In a word or two.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "not compared",
            Self::Failed => "failed",
            Self::NoVerdict => "no verdict",
            Self::Worse => "worse",
            Self::Undecided => "undecided",
            Self::Better => "better",
            Self::Equivalent => "equivalent",
        }
    }
}

/// One pair through both stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// As first measured.
    pub first: Pair,
    /// As measured again, with reversed roles; `None` where it was no suspect, or no time was left.
    pub second: Option<Pair>,
    /// What is said.
    pub verdict: Verdict,
    /// Why, where the findings alone do not tell.
    pub note: Option<String>,
}

/// Everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The margin, as a part: 0.03.
    pub margin: f64,
    /// All pairs, in the order of the plan.
    pub pairs: Vec<Judged>,
}

/// The new code is no worse, in every cell.
pub const PASSED: u8 = 0;
/// A cell failed.
pub const FAILED: u8 = 1;
/// The new code is worse in a cell.
pub const WORSE: u8 = 100;
/// Something is undecided.
pub const UNDECIDED: u8 = 103;
/// A null arm failed, so there is no verdict.
pub const NO_VERDICT: u8 = 104;

impl Outcome {
    /// Puts the stages together.
    #[must_use]
    pub fn of(first: Vec<Pair>, second: &[Pair], margin: f64) -> Self {
        let again = |pair: &Pair| {
            let same = |other: &&Pair| other.contest == pair.contest && other.runner == pair.runner;
            second.iter().find(same).cloned()
        };
        let judge = |pair: Pair| {
            let second = again(&pair);
            let (verdict, note) = judge(&pair, second.as_ref());
            Judged { first: pair, second, verdict, note }
        };
        Self { margin, pairs: first.into_iter().map(judge).collect() }
    }

    /// Of all pairs, what weighs most; `None` where none was compared.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let by_weight = [
            Verdict::Failed,
            Verdict::NoVerdict,
            Verdict::Worse,
            Verdict::Undecided,
            Verdict::Better,
            Verdict::Equivalent,
        ];
        let any = |verdict: &Verdict| self.pairs.iter().any(|pair| pair.verdict == *verdict);
        by_weight.into_iter().find(any)
    }

    /// The exit code that says the same.
    #[must_use]
    pub fn exit_code(&self, allow_undecided: bool) -> u8 {
        match self.verdict() {
            Some(Verdict::Better | Verdict::Equivalent) => PASSED,
            Some(Verdict::Worse) => WORSE,
            Some(Verdict::NoVerdict) => NO_VERDICT,
            Some(Verdict::Undecided) if allow_undecided => PASSED,
            Some(Verdict::Undecided) => UNDECIDED,
            // Where nothing was compared, nothing has passed.
            Some(Verdict::Failed | Verdict::Absent) | None => FAILED,
        }
    }
}

fn judge(first: &Pair, second: Option<&Pair>) -> (Verdict, Option<String>) {
    for (pair, is_first) in [(Some(first), true), (second, false)] {
        match pair.and_then(|pair| pair.obstacle.as_ref()) {
            Some(Obstacle::Absent(reason)) if is_first => {
                return (Verdict::Absent, Some(reason.clone()));
            }
            Some(Obstacle::Absent(reason)) => {
                return undecided(&format!(
                    "it looks worse, and could not be measured again: {reason}"
                ));
            }
            Some(Obstacle::Fault(reason)) => return (Verdict::Failed, Some(reason.clone())),
            Some(Obstacle::Doubt(reason)) => return (Verdict::Undecided, Some(reason.clone())),
            None => {}
        }
    }
    let nulls = [Some(first), second];
    if nulls.into_iter().flatten().any(Pair::null_differs) {
        let note = "two copies of the same code differed: the machine was too restless".into();
        return (Verdict::NoVerdict, Some(note));
    }
    if first.metrics.is_empty() {
        return (Verdict::Undecided, Some("the time ended before the first look".into()));
    }
    if first.is_suspect() {
        return match second {
            None => undecided("it looks worse, and no time was left to measure it again"),
            Some(second) if confirmed(first, second) => (Verdict::Worse, None),
            Some(second) if second.metrics.is_empty() => {
                undecided("it looks worse, and the time ended while it was measured again")
            }
            Some(_) => undecided("it looked worse, and did not when it was measured again"),
        };
    }
    if !first.missing.is_empty() {
        let names: Vec<&str> = first.missing.iter().map(|metric| metric.name()).collect();
        return undecided(&format!("{} has no value in some block", names.join(" and ")));
    }
    let any = |wanted| first.metrics.iter().any(|compared| compared.finding == wanted);
    match (any(Finding::Undecided), any(Finding::Better)) {
        (true, _) => (Verdict::Undecided, None),
        (_, true) => (Verdict::Better, None),
        _ => (Verdict::Equivalent, None),
    }
}

fn undecided(note: &str) -> (Verdict, Option<String>) {
    (Verdict::Undecided, Some(note.into()))
}

/// Whether both stages find the new code worse on the same metric.
fn confirmed(first: &Pair, second: &Pair) -> bool {
    let worse = |compared: &&Compared| compared.finding == Finding::Worse;
    first.metrics.iter().filter(worse).any(|compared| {
        second.metrics.iter().filter(worse).any(|again| again.metric == compared.metric)
    })
}
