//! What do tutorials say about asynchronous input and output, and does this run bear it out?
//!
//! Ten beliefs, each judged by what was measured, in careful words: on this machine, in this run. A belief is
//! translated into comparisons (`contrast.rs`) of cells whose runners have a certain nature (`kind.rs`); only cells
//! that may be ranked count, and what was not measured is said to be so, with a command that would measure it.
//!
//! It cannot tell why something is so, nor whether it is so elsewhere. It must not know how anything is shown. Read
//! next: `contrast.rs`, then `beliefs.rs`.

mod beliefs;
mod chess;
mod computing;
mod contrast;
mod kind;
mod tasks;
mod waiting;

pub use beliefs::judge;

use crate::wording::plain;

/// What is said of a belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// What was measured bears it out.
    Holds,
    /// What was measured contradicts it.
    DoesNotHold,
    /// Some of what was measured bears it out, and some contradicts it.
    Mixed,
    /// It was measured, and the intervals are too wide, or the blocks too few.
    Undecided,
    /// One part of it was measured and another was not, so that nothing is said of the whole.
    PartlyMeasured,
    /// Nothing that was measured speaks to it.
    NotMeasured,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Mixed => "mixed",
            Self::Undecided => "undecided",
            Self::PartlyMeasured => "only partly measured here",
            Self::NotMeasured => "not measured here",
        }
    }
}

/// A belief, and what this run says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    /// What is said.
    pub says: &'static str,
    /// What is said of that.
    pub verdict: Verdict,
    /// Why, in one sentence with numbers and intervals.
    pub sentence: String,
    /// The printed cells that it rests on.
    pub cells: Vec<String>,
    /// A command that would measure what is missing; only of what was not, or only partly, measured, or not decided.
    pub command: Option<String>,
    /// What must be known to read it rightly.
    pub caveat: &'static str,
}

/// What one comparison says of a belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    For,
    Against,
    Open,
}

/// One comparison.
#[derive(Clone, Debug)]
struct Evidence {
    outcome: Outcome,
    /// With numbers and interval: `tokio/threads throughput, echo:64 closed-1000: 1.20 (1.19–1.22)`.
    text: String,
    cells: Vec<String>,
    /// The fewest blocks that any of these cells has.
    blocks: u32,
}

/// A belief before it is judged.
struct Claim {
    says: &'static str,
    /// What is compared, as the sentence names it.
    compared: &'static str,
    /// What its parts are called, where it has several.
    parts: &'static [&'static str],
    command: String,
    caveat: &'static str,
}

/// So many comparisons of one outcome are quoted.
const QUOTED: usize = 2;

/// Where something is undecided, so many times the blocks: intervals are then about half as wide.
const MORE: u32 = 4;
/// And at least so many, since few blocks have wide intervals whatever they hold.
const LEAST_MORE: u32 = 12;
/// The most that can be asked for.
const MOST_BLOCKS: u32 = 1000;

impl Claim {
    /// Judges by all that bears on it. Beliefs of several parts give one list each; nothing is said of the whole where
    /// one of them is empty.
    fn judge(self, parts: &[Vec<Evidence>]) -> Belief {
        if parts.iter().all(Vec::is_empty) {
            return Belief {
                says: self.says,
                verdict: Verdict::NotMeasured,
                sentence: format!("Nothing in this run speaks to it: it needs {}.", self.compared),
                cells: Vec::new(),
                command: Some(self.command),
                caveat: self.caveat,
            };
        }
        let verdict = match parts.iter().any(Vec::is_empty) {
            true => Verdict::PartlyMeasured,
            false => joined(&parts.iter().map(|part| of(part)).collect::<Vec<_>>()),
        };
        let all = || parts.iter().flatten();
        let mut cells: Vec<String> = all().flat_map(|one| one.cells.iter().cloned()).collect();
        cells.sort();
        cells.dedup();
        let lived = all().map(|one| one.blocks).max().unwrap_or(0);
        let command = match verdict {
            Verdict::Undecided => {
                let blocks = lived.saturating_mul(MORE).clamp(LEAST_MORE, MOST_BLOCKS);
                Some(format!("{} --blocks {blocks}", self.command))
            }
            Verdict::PartlyMeasured | Verdict::NotMeasured => Some(self.command.clone()),
            Verdict::Holds | Verdict::DoesNotHold | Verdict::Mixed => None,
        };
        Belief {
            says: self.says,
            verdict,
            sentence: plain(&self.sentence(parts)),
            cells,
            command,
            caveat: self.caveat,
        }
    }

    /// How many comparisons say what, the telling ones with their numbers, and which part has none.
    fn sentence(&self, parts: &[Vec<Evidence>]) -> String {
        let count = |outcome| parts.iter().flatten().filter(|one| one.outcome == outcome).count();
        let mut quoted = Vec::new();
        for part in parts {
            for outcome in [Outcome::Against, Outcome::For, Outcome::Open] {
                let decided = part.iter().any(|one| one.outcome != Outcome::Open);
                if outcome == Outcome::Open && decided {
                    continue;
                }
                let these = part.iter().filter(|one| one.outcome == outcome);
                quoted.extend(these.take(QUOTED).map(|one| one.text.as_str()));
            }
        }
        let total = parts.iter().flatten().count();
        let missing = parts.iter().zip(self.parts).filter(|(part, _)| part.is_empty());
        let missing: Vec<&str> = missing.map(|(_, name)| *name).collect();
        let missing = match missing.as_slice() {
            [] => String::new(),
            names => format!(" Not measured: {}.", names.join("; ")),
        };
        format!(
            "Of {total} comparison{} ({}), {} bear it out, {} contradict it and {} are undecided: {}.{missing}",
            if total == 1 { "" } else { "s" },
            self.compared,
            count(Outcome::For),
            count(Outcome::Against),
            count(Outcome::Open),
            quoted.join("; ")
        )
    }
}

/// What comparisons say together: all that are decided agree, and they are at least as many as the others; or they
/// do not agree; or too few are decided.
fn of(evidence: &[Evidence]) -> Verdict {
    let count = |outcome| evidence.iter().filter(|one| one.outcome == outcome).count();
    let (good, bad, open) = (count(Outcome::For), count(Outcome::Against), count(Outcome::Open));
    match (good, bad) {
        (1.., 1..) => Verdict::Mixed,
        (1.., 0) if good >= open => Verdict::Holds,
        (0, 1..) if bad >= open => Verdict::DoesNotHold,
        _ => Verdict::Undecided,
    }
}

/// What the parts of a belief say together.
fn joined(parts: &[Verdict]) -> Verdict {
    let has = |verdict| parts.contains(&verdict);
    match (has(Verdict::Holds), has(Verdict::DoesNotHold)) {
        _ if has(Verdict::Mixed) => Verdict::Mixed,
        (true, true) => Verdict::Mixed,
        _ if has(Verdict::Undecided) => Verdict::Undecided,
        (true, false) => Verdict::Holds,
        _ => Verdict::DoesNotHold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(outcomes: &[Outcome]) -> Vec<Evidence> {
        let one = |outcome: &Outcome| Evidence {
            outcome: *outcome,
            text: format!("{outcome:?}"),
            cells: vec!["echo:64/tokio/closed-32@separate".into()],
            blocks: 6,
        };
        outcomes.iter().map(one).collect()
    }

    #[test]
    fn verdicts_need_agreement_and_enough_that_is_decided() {
        use Outcome::{Against, For, Open};
        for (outcomes, verdict) in [
            (&[For, For, Open][..], Verdict::Holds),
            (&[For, Open, Open], Verdict::Undecided),
            (&[Against, Open], Verdict::DoesNotHold),
            (&[For, For, For, Against], Verdict::Mixed),
            (&[Open], Verdict::Undecided),
        ] {
            assert_eq!(of(&evidence(outcomes)), verdict, "{outcomes:?}");
        }
        use Verdict::{DoesNotHold, Holds, Mixed, Undecided};
        assert_eq!(joined(&[Holds, DoesNotHold]), Mixed);
        assert_eq!(joined(&[Holds, Undecided]), Undecided);
        assert_eq!(joined(&[DoesNotHold, DoesNotHold]), DoesNotHold);
    }

    #[test]
    fn a_part_without_evidence_leaves_the_whole_open() {
        let claim = || Claim {
            says: "x",
            compared: "y",
            parts: &["this", "that"],
            command: "simul".into(),
            caveat: "",
        };
        let parts = [evidence(&[Outcome::For]), Vec::new()];
        let belief = claim().judge(&parts);
        assert_eq!(
            (belief.verdict, belief.command.as_deref()),
            (Verdict::PartlyMeasured, Some("simul"))
        );
        assert!(belief.sentence.ends_with("For. Not measured: that."), "{}", belief.sentence);
        let belief = claim().judge(&parts[1..]);
        assert_eq!(
            (belief.verdict, belief.command.as_deref()),
            (Verdict::NotMeasured, Some("simul"))
        );
        assert!(belief.cells.is_empty());
        let belief = claim().judge(&parts[..1]);
        assert_eq!((belief.verdict, belief.command), (Verdict::Holds, None));
        assert!(belief.sentence.starts_with("Of 1 comparison (y), 1 bear it out"));
    }

    #[test]
    fn what_is_undecided_needs_more_blocks() {
        let judged = |blocks| {
            let claim =
                Claim { says: "x", compared: "y", parts: &[], command: "simul".into(), caveat: "" };
            let open = Evidence { blocks, ..evidence(&[Outcome::Open]).remove(0) };
            claim.judge(&[vec![open]]).command.unwrap()
        };
        assert_eq!(judged(6), "simul --blocks 24");
        assert_eq!(judged(1), "simul --blocks 12");
        assert_eq!(judged(900), "simul --blocks 1000");
    }
}
