//! What does a folder of `simul ab` say?
//!
//! Old and new code, measured in the same rounds until each pair is decided or the time is over. The looks of
//! [`crate::gate`] are repeated, so that a stored comparison says what was said when it was measured: of this stage, for
//! whether a suspect is worse a second time stands in the folder of the other stage. The recording does not tell whether
//! the time was over or somebody interrupted it. Read next: `gate/outcome.rs`, which puts two stages together.

use crate::{
    RunRecord,
    gate::{
        self, BASE, NEW, Pair,
        outcome::{Judged, Outcome, Verdict},
        shown,
    },
    quantity,
    store::Recording,
    wording::plain,
};
use std::collections::BTreeMap;

/// The margin of `simul ab` unless told otherwise.
const USUAL_MARGIN: f64 = 0.03;

/// One stage of a comparison of two builds.
#[derive(Clone, Debug, PartialEq)]
pub struct Builds {
    /// The command of the old code.
    pub base: String,
    /// The command of the new code.
    pub new: String,
    /// Differences up to this are none, as a part.
    pub margin: f64,
    /// Whether suspects are measured again here, with the null arm on the side of the new code.
    pub is_second: bool,
    /// The blocks that each contest has lived through, the fewest and the most.
    pub blocks: (u32, u32),
    /// How many there could have been.
    pub most_blocks: u32,
    /// What is found of each pair, in the order of the plan.
    pub pairs: Vec<Pair>,
}

/// Whether a run is such a comparison: made by that command, with old and new code in each contest.
#[must_use]
pub fn is_comparison(run: &RunRecord) -> bool {
    let has = |cells: &[String], side: &str| cells.iter().any(|cell| cell.contains(side));
    run.command.get(1).is_some_and(|word| word == "ab")
        && run
            .plan
            .contests
            .iter()
            .all(|contest| has(&contest.cells, BASE) && has(&contest.cells, NEW))
}

impl Builds {
    /// Judged again; `None` of other runs.
    ///
    /// # Errors
    /// As [`gate::stage`].
    pub fn of(recording: &Recording) -> Result<Option<Self>, String> {
        let Recording { run, trials, .. } = recording;
        if !is_comparison(run) {
            return Ok(None);
        }
        let said = |name: &str| option(&run.command, name);
        let margin = said("--margin").and_then(part).unwrap_or(USUAL_MARGIN);
        let mut pairs = Vec::new();
        for contest in &run.plan.contests {
            pairs.extend(gate::stage(contest, &run.host.clock, trials, margin)?);
        }
        let cells = || run.plan.contests.iter().flat_map(|contest| &contest.cells);
        let copied = format!("{NEW}~null");
        Ok(Some(Self {
            base: said("--base").unwrap_or("?").into(),
            new: said("--new").unwrap_or("?").into(),
            margin,
            is_second: cells().any(|cell| cell.contains(&copied)),
            blocks: lived(recording)?,
            most_blocks: run.plan.blocks,
            pairs,
        }))
    }

    /// What it is, how it ended, and what it found, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let stage =
            if self.is_second { ": suspects, measured again with reversed roles" } else { "" };
        let percent = quantity::digits(self.margin * 100.0);
        let mut lines = vec![
            format!(
                "a comparison of two builds (simul ab){stage}; base: {}; new: {}; margin ±{percent} %",
                plain(&self.base),
                plain(&self.new)
            ),
            self.ending(),
        ];
        let judged = Outcome::of(self.pairs.clone(), &[], self.margin);
        lines.extend(judged.pairs.iter().map(|judged| self.pair(judged)));
        lines.push(
            "what counts of two builds stands here: tables and words elsewhere judge each contest as if nobody had \
             looked at it before its end"
                .into(),
        );
        lines
    }

    /// After how many blocks it ended, and why.
    fn ending(&self) -> String {
        let open = self.pairs.iter().filter(|pair| !pair.is_closed()).count();
        let lived = match self.blocks {
            (least, most) if least == most => most.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let (most, all) = (self.most_blocks, self.pairs.len());
        match open {
            0 => format!("decided after {lived} of at most {most} blocks: it ended there"),
            _ if self.blocks.0 >= most => {
                format!("ended after all {most} blocks; {open} of {all} pairs not decided")
            }
            _ => format!(
                "ended after {lived} of at most {most} blocks, {open} of {all} pairs not decided: the time was over, or \
                 it was interrupted"
            ),
        }
    }

    /// What was found of a pair in this stage.
    fn pair(&self, judged: &Judged) -> String {
        let Judged { first: pair, verdict, note, .. } = judged;
        let is_suspect = *verdict == Verdict::Undecided && pair.is_suspect();
        let found = match (is_suspect && pair.obstacle.is_none(), note) {
            (true, _) => {
                let other = if self.is_second { "the first stage" } else { "folder 'again'" };
                format!("looks worse, which counts where {other} says so too")
            }
            (false, Some(note)) => format!("{} ({})", verdict.word(), plain(note)),
            (false, None) => verdict.word().to_owned(),
        };
        let metrics = pair.metrics.iter().map(|compared| {
            let (name, value) = (compared.metric.name(), shown::value(compared));
            format!("{name} {value} {}", shown::word(compared.finding))
        });
        let metrics: Vec<String> = metrics.collect();
        let after = match pair.blocks {
            0 => String::new(),
            blocks => format!(", by {blocks} blocks: {}", metrics.join("; ")),
        };
        format!("{}: {found}{after}", plain(&pair.cell))
    }
}

/// The fewest and the most blocks that any contest has lived through.
fn lived(recording: &Recording) -> Result<(u32, u32), String> {
    let mut blocks: BTreeMap<String, u32> = BTreeMap::new();
    for trial in &recording.trials {
        let lived = blocks.entry(trial.identity()?.contest.to_string()).or_default();
        *lived = (*lived).max(trial.block + 1);
    }
    // What was never begun has none.
    let all_begun = blocks.len() >= recording.run.plan.contests.len();
    let least = blocks.values().min().copied().filter(|_| all_begun).unwrap_or(0);
    Ok((least, blocks.values().max().copied().unwrap_or(0)))
}

/// The value of an option in a recorded command line, in either form.
fn option<'a>(command: &'a [String], name: &str) -> Option<&'a str> {
    command.iter().enumerate().find_map(|(at, word)| match word.strip_prefix(name)? {
        "" => command.get(at + 1).map(String::as_str),
        rest => rest.strip_prefix('='),
    })
}

/// `3%` as a part.
fn part(text: &str) -> Option<f64> {
    let percent: f64 = text.strip_suffix('%').unwrap_or(text).trim().parse().ok()?;
    Some(percent / 100.0).filter(|part| part.is_finite() && *part > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_either_form() {
        let command = ["simul", "ab", "--base", "a --new b", "--new=c", "--margin", "5 %"];
        let command = command.map(str::to_owned);
        assert_eq!(option(&command, "--base"), Some("a --new b"));
        assert_eq!(option(&command, "--new"), Some("c"));
        assert_eq!(option(&command, "--margin").and_then(part), Some(0.05));
        assert_eq!(option(&command, "--budget"), None);
        assert_eq!(part("three"), None);
    }
}
