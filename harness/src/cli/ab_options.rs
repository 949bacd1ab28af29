//! What is to be compared, and how is it to be told? The options of `ab`.
//!
//! They become a plain request; what is measured for it is in [`crate::control::ab`]. Read next: `ab.rs`.

use super::slice_length;
use crate::{
    control::selection::{Request, matching},
    exit::Failure,
};
use clap::{Args, ValueEnum};
use simul_results::{Load, Placement, gate::shown::Told};
use simul_runners::{canary, registry};
use std::{path::PathBuf, time::Duration};

/// On whom it is measured unless told otherwise.
const RUNNER: &str = registry::USUAL_BASELINE;

/// Options of `ab`.
#[derive(Debug, Args)]
#[command(after_help = "\
A single word is asked for its version; if it is a build of simul, its 'trial' is meant. Everything else is started as \
it stands and must keep runners/PROTOCOL.md.

Exit codes: 0 every cell is better, or equivalent within the margin; 1 a cell failed, or the new code cannot do any \
more what the old code can, or nothing could be compared; 2 bad input; 100 a cell is worse: its interval excludes \
equality and its estimate exceeds the margin, twice; \
103 something is undecided, also where numbers have grade F; 104 a null arm failed, so there is no verdict; 130 interrupted. \
What comes first of 1, 104, 100, 103, 0 is told.")]
pub struct AbOptions {
    /// The old code: a command
    #[arg(long, value_name = "CMD")]
    pub(super) base: String,
    /// The new code: a command
    #[arg(long, value_name = "CMD")]
    pub(super) new: String,
    /// Workloads: names or patterns, with parameters as in echo:128 [default: those of suite gate: echo, sha256, spawn,
    /// sleep]
    #[arg(short, long = "workload", value_name = "NAME", value_delimiter = ',')]
    pub(super) workloads: Vec<String>,
    /// Runners: names or patterns; to a program, what the spec says in 'runner' [default: tokio]
    #[arg(short, long = "runner", value_name = "NAME", value_delimiter = ',')]
    pub(super) runners: Vec<String>,
    /// How much work: closed-N, or open-RATE
    #[arg(long = "load", value_name = "LOAD", value_delimiter = ',')]
    pub(super) loads: Vec<Load>,
    /// Cores of runner and peer: separate, one-core, all-cores or unpinned [default: one-core, where costs show most
    /// surely; the work's own under an open load]
    #[arg(long = "placement", value_name = "PLACEMENT", value_delimiter = ',')]
    pub(super) placements: Vec<Placement>,
    /// Slices of each trial in a block [default: 48; of timers 320; under an open load 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: Option<u32>,
    /// The exact length of a slice, such as 50ms [default: 5ms; of timers 10ms; longer where operations are]
    #[arg(long, value_name = "TIME", value_parser = slice_length)]
    pub(super) slice: Option<Duration>,
    /// Differences up to this are none
    #[arg(long, value_name = "PERCENT", default_value = "3%", value_parser = margin)]
    pub(super) margin: f64,
    /// No block is started that would end later; a third is kept for measuring suspects again
    #[arg(long, value_name = "TIME", default_value = "8m", value_parser = budget)]
    pub(super) budget: Duration,
    /// Decides every order and every random input
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// The folder of the run, which must not exist [default: results/local/TIME-HOST]; the second stage is in its
    /// folder 'again'
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: Option<PathBuf>,
    /// How the outcome is told on standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Write the outcome into a file as well, in any form: markdown=FILE; can be given again
    #[arg(long = "write", value_name = "FORM=FILE", value_parser = written)]
    pub(super) files: Vec<(Format, PathBuf)>,
    /// Exit with 0 where the worst is undecided
    #[arg(long)]
    pub(super) allow_undecided: bool,
    /// Show no progress
    #[arg(long)]
    pub(super) no_progress: bool,
}

/// The forms of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person
    Text,
    /// For a job summary or a comment
    Markdown,
    /// One JSON object
    Json,
    /// GitHub's workflow commands
    Github,
}

impl Format {
    /// The outcome in this form.
    pub(super) fn of(self, told: &Told) -> String {
        match self {
            Self::Text => told.text(),
            Self::Markdown => told.markdown(),
            Self::Json => told.json(),
            Self::Github => told.github(),
        }
    }
}

/// The runners by name: patterns mean ours, which other builds know too.
pub(super) fn runners(options: &AbOptions, is_build: bool) -> Result<Vec<String>, Failure> {
    if options.runners.is_empty() {
        return Ok(vec![RUNNER.into()]);
    }
    let listed: Vec<&str> = registry::ALL.iter().map(|runner| runner.name).collect();
    let mut runners: Vec<String> = Vec::new();
    for pattern in &options.runners {
        // A canary's name may hold a number, so it is what was asked for.
        let canary = canary::find(pattern).map(|_| pattern.as_str());
        let known = matching(pattern, "runner", &listed, canary.as_slice());
        let found = match known {
            Ok(found) => found.into_iter().map(str::to_owned).collect(),
            // What a program that is not ours calls its runners is its own affair.
            Err(_) if !is_build => vec![pattern.clone()],
            Err(error) => return Err(Failure::BadInput(error)),
        };
        for name in found {
            if !name.is_empty() && !runners.contains(&name) {
                runners.push(name);
            }
        }
    }
    Ok(runners)
}

/// What is measured.
pub(super) fn request(options: &AbOptions) -> Request {
    let mut placements = options.placements.clone();
    if placements.is_empty() && !options.loads.iter().any(|load| load.is_open()) {
        // Across cores it is the waking that varies most, and it may be the peer that is measured.
        placements.push(Placement::OneCore);
    }
    Request {
        workloads: options.workloads.clone(),
        loads: options.loads.clone(),
        placements,
        rounds: options.rounds,
        slice: options.slice,
        seed: options.seed,
        ..Request::default()
    }
}

fn written(text: &str) -> Result<(Format, PathBuf), String> {
    let parts = text.split_once('=').filter(|(_, path)| !path.is_empty());
    let parsed =
        parts.and_then(|(form, path)| Some((Format::from_str(form, false).ok()?, path.into())));
    parsed.ok_or_else(|| {
        format!("'{text}' is not text=FILE, markdown=FILE, json=FILE or github=FILE")
    })
}

/// The largest margin: beyond it, twice as slow would be equivalent.
const MOST_PERCENT: f64 = 50.0;

fn margin(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>().ok();
    number
        .filter(|percent| *percent >= 1.0 && *percent <= MOST_PERCENT)
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("'{text}' is not a part from 1% to {MOST_PERCENT}%, such as 3%"))
}

/// The shortest and the longest time that can be given.
const BUDGETS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(86_400);

pub(super) fn budget(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let length = parsed.and_then(|length| Duration::try_from(length).ok());
    length
        .filter(|length| BUDGETS.contains(length))
        .ok_or_else(|| format!("'{text}' is not a time from 1s to 24h, such as 8m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_are_parts_in_percent() {
        assert_eq!((margin("3%"), margin("1.5"), margin("50 %")), (Ok(0.03), Ok(0.015), Ok(0.5)));
        for bad in ["0", "0.5%", "51%", "-3%", "NaN", "%", "three"] {
            assert!(margin(bad).unwrap_err().contains("such as 3%"), "{bad}");
        }
    }

    #[test]
    fn files_have_a_form() {
        assert_eq!(written("github=a=b"), Ok((Format::Github, "a=b".into())));
        for bad in ["markdown", "markdown=", "html=x", "=x"] {
            assert!(written(bad).unwrap_err().contains("markdown=FILE"), "{bad}");
        }
    }

    #[test]
    fn budgets_have_a_unit_and_a_length() {
        assert_eq!(budget("8m"), Ok(Duration::from_secs(480)));
        for bad in ["0s", "500ms", "25h", "8", "soon"] {
            assert!(budget(bad).unwrap_err().contains("such as 8m"), "{bad}");
        }
    }
}
