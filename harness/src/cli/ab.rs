//! Is new code as good as old code?
//!
//! Two builds of simul, or two runner programs, are measured in the same rounds, with a null arm, until each cell is
//! decided or the time is over; suspects are measured once more with reversed roles. Next: [`crate::control::ab`] for
//! what is measured, [`simul_results::gate`] for what that says.

use super::{
    run::{begin, reporter, stored},
    say, slice_length,
};
use crate::{
    control::{
        ab::{Comparison, Looks, Side, Stage},
        events::Reporter,
        inbox::Inbox,
        placement,
        plan::Plan,
        selection::{Request, matching},
        session::{self, Ending},
    },
    exit::{self, Failure},
    host,
};
use clap::{Args, ValueEnum};
use simul_results::{
    Load, Placement,
    gate::{LOOKS, Pair, outcome::Outcome, shown::Told},
};
use simul_runners::{canary, registry};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

/// On whom it is measured unless told otherwise.
const RUNNER: &str = registry::USUAL_BASELINE;
/// What the second stage is left of the budget.
const KEPT: f64 = 1.0 / 3.0;

/// Options of `ab`.
#[derive(Debug, Args)]
#[command(after_help = "\
A single word is asked for its version; if it is a build of simul, its 'trial' is meant. Everything else is started as \
it stands and must keep runners/PROTOCOL.md.

Exit codes: 0 every cell is better, or equivalent within the margin; 1 a cell failed, or nothing could be compared; \
2 bad input; 100 a cell is worse: its interval excludes equality and its estimate exceeds the margin, twice; \
103 something is undecided, also where numbers have grade F; 104 a null arm failed, so there is no verdict; 130 interrupted. \
What comes first of 1, 104, 100, 103, 0 is told.")]
pub struct AbOptions {
    /// The old code: a command
    #[arg(long, value_name = "CMD")]
    base: String,
    /// The new code: a command
    #[arg(long, value_name = "CMD")]
    new: String,
    /// Workloads: names or patterns, with parameters as in echo:128 [default: those of suite gate: echo, sha256, spawn,
    /// sleep]
    #[arg(short, long = "workload", value_name = "NAME", value_delimiter = ',')]
    workloads: Vec<String>,
    /// Runners: names or patterns; to a program, what the spec says in 'runner' [default: tokio]
    #[arg(short, long = "runner", value_name = "NAME", value_delimiter = ',')]
    runners: Vec<String>,
    /// How much work: closed-N, or open-RATE
    #[arg(long = "load", value_name = "LOAD", value_delimiter = ',')]
    loads: Vec<Load>,
    /// Cores of runner and peer: separate, one-core, all-cores or unpinned [default: one-core, where costs show most
    /// surely; the work's own under an open load]
    #[arg(long = "placement", value_name = "PLACEMENT", value_delimiter = ',')]
    placements: Vec<Placement>,
    /// Slices of each trial in a block [default: 12; of timers 72]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// The exact length of a slice, such as 50ms [default: 20ms, longer where operations are]
    #[arg(long, value_name = "TIME", value_parser = slice_length)]
    slice: Option<Duration>,
    /// Differences up to this are none
    #[arg(long, value_name = "PERCENT", default_value = "3%", value_parser = margin)]
    margin: f64,
    /// No block is started that would end later; a third is kept for measuring suspects again
    #[arg(long, value_name = "TIME", default_value = "8m", value_parser = budget)]
    budget: Duration,
    /// Decides every order and every random input
    #[arg(long)]
    seed: Option<u64>,
    /// The folder of the run, which must not exist [default: results/local/TIME-HOST]; the second stage is in its
    /// folder 'again'
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How the outcome is told on standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the outcome into a file as well, in any form: markdown=FILE; can be given again
    #[arg(long = "write", value_name = "FORM=FILE", value_parser = written)]
    files: Vec<(Format, PathBuf)>,
    /// Exit with 0 where the worst is undecided
    #[arg(long)]
    allow_undecided: bool,
    /// Show no progress
    #[arg(long)]
    no_progress: bool,
}

/// The forms of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
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
    fn of(self, told: &Told) -> String {
        match self {
            Self::Text => told.text(),
            Self::Markdown => told.markdown(),
            Self::Json => told.json(),
            Self::Github => told.github(),
        }
    }
}

/// Measures both sides and tells the outcome.
///
/// # Errors
/// Bad input, before anything is measured; a recording that cannot be written.
pub fn main(options: &AbOptions) -> Result<ExitCode, Failure> {
    let (base, new) = (Side::of(&options.base)?, Side::of(&options.new)?);
    let runners = runners(options, base.is_build || new.is_build)?;
    let comparison = Comparison { base, new, runners };
    let programs = comparison.programs();
    let request = request(options);
    let cores = placement::available();
    let plan = comparison.plan(&request, &cores, &programs, Stage::First, None)?;
    let mut bench = Bench {
        inbox: Inbox::with_signals().map_err(|error| Failure::Broken(error.to_string()))?,
        reporter: reporter(options.no_progress),
        clock: host::facts().clock,
        margin: options.margin,
    };
    let files = open(&options.files)?;
    let started = Instant::now();
    let first_until = started + options.budget.mul_f64(1.0 - KEPT);
    let Some(first) = bench.measure(&plan, options.out.as_deref(), first_until)? else {
        return Ok(exit::INTERRUPTED.into());
    };
    let suspects: Vec<Pair> =
        first.pairs.iter().filter(|pair| pair.is_suspect()).cloned().collect();
    let mut second = None;
    if !suspects.is_empty() {
        // Other blocks, and so other inputs.
        let seed = plan.record.seed.wrapping_add(u64::from(plan.record.blocks));
        let request = Request { seed: Some(seed), ..request };
        let again =
            comparison.plan(&request, &cores, &programs, Stage::Reversed, Some(&suspects))?;
        let folder = first.folder.join("again");
        let Some(seen) = bench.measure(&again, Some(&folder), started + options.budget)? else {
            return Ok(exit::INTERRUPTED.into());
        };
        second = Some(seen);
    }
    let told = Told {
        base: options.base.clone(),
        new: options.new.clone(),
        plan: planned(&plan, options.budget),
        spent: spent(&first, second.as_ref(), started.elapsed()),
        allow_undecided: options.allow_undecided,
        outcome: Outcome::of(
            first.pairs,
            &second.map(|seen| seen.pairs).unwrap_or_default(),
            options.margin,
        ),
    };
    say(&options.format.of(&told))?;
    for (format, mut file) in files {
        writeln!(file, "{}", format.of(&told)).map_err(|error| {
            Failure::Broken(format!("the outcome cannot be written into a file: {error}"))
        })?;
    }
    Ok(told.outcome.exit_code(options.allow_undecided).into())
}

/// Opens the files for the outcome before anything is measured: what cannot be written is said in time.
fn open(files: &[(Format, PathBuf)]) -> Result<Vec<(Format, File)>, Failure> {
    let opened = files.iter().map(|(format, path)| match File::create(path) {
        Ok(file) => Ok((*format, file)),
        Err(error) => Err(Failure::BadInput(format!(
            "cannot write '{}': {error}; name another file with --write",
            path.display()
        ))),
    });
    opened.collect()
}

/// What both stages are measured with.
struct Bench {
    inbox: Inbox,
    reporter: Box<dyn Reporter>,
    clock: String,
    margin: f64,
}

/// What came of a stage.
struct Seen {
    pairs: Vec<Pair>,
    folder: PathBuf,
    blocks: u32,
    ran_out: bool,
}

impl Bench {
    /// Lives one stage; `None` when it was interrupted.
    fn measure(
        &mut self,
        plan: &Plan,
        out: Option<&Path>,
        until: Instant,
    ) -> Result<Option<Seen>, Failure> {
        let (folder, mut writer) = begin(plan, out)?;
        let mut looks = Looks::new(plan, self.clock.clone(), self.margin, until);
        let ending = session::run(
            plan,
            &mut writer,
            [&[], &[]],
            &mut self.inbox,
            &mut *self.reporter,
            &mut looks,
        )
        .map_err(stored)?;
        if ending == Ending::Interrupted {
            eprintln!("interrupted; the finished blocks are in '{}'", folder.display());
            return Ok(None);
        }
        if let Some(problem) = looks.problem {
            return Err(Failure::Broken(problem));
        }
        let (blocks, ran_out) = (looks.blocks, looks.ran_out);
        let pairs = looks.pairs().map_err(Failure::Broken)?;
        Ok(Some(Seen { pairs, folder, blocks, ran_out }))
    }
}

/// The plan in one line.
fn planned(plan: &Plan, budget: Duration) -> String {
    let trials: u32 = plan.trials().iter().sum();
    let looks = LOOKS.map(|look| look.to_string()).join(", ");
    let contests = match plan.contests.len() {
        1 => "1 contest".to_owned(),
        count => format!("{count} contests"),
    };
    format!(
        "{contests}, {trials} trials for each block, null arms included; looks after {looks} blocks; \
         at most {} s",
        budget.as_secs()
    )
}

/// What it took in one line.
fn spent(first: &Seen, second: Option<&Seen>, took: Duration) -> String {
    let again = second.map(|seen| format!(" and {} for suspects", seen.blocks)).unwrap_or_default();
    let ran_out = first.ran_out || second.is_some_and(|seen| seen.ran_out);
    let end = if ran_out { "; the time ended before all was decided" } else { "" };
    let folder = first.folder.display();
    format!("{:.1} s, {} blocks{again}, kept in '{folder}'{end}", took.as_secs_f64(), first.blocks)
}

/// The runners by name: patterns mean ours, which other builds know too.
fn runners(options: &AbOptions, is_build: bool) -> Result<Vec<String>, Failure> {
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
        runners.extend(found.into_iter().filter(|name: &String| !name.is_empty()));
    }
    runners.dedup();
    Ok(runners)
}

fn request(options: &AbOptions) -> Request {
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
