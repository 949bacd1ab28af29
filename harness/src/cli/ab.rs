//! Is new code as good as old code?
//!
//! Two builds of simul, or two runner programs, are measured in the same rounds, with a null arm, until each cell is
//! decided or the time is over; suspects are measured once more with reversed roles. Next: [`crate::control::ab`] for
//! what is measured, [`simul_results::gate`] for what that says.

use super::{
    ab_options::{AbOptions, Format, request, runners},
    run::{begin, reporter, stored},
    say,
};
use crate::{
    control::{
        ab::{Comparison, Looks, Side, Stage},
        events::Reporter,
        inbox::Inbox,
        placement,
        plan::Plan,
        selection::Request,
        session::{self, Ending},
    },
    exit::{self, Failure},
    host,
};
use simul_results::gate::{LOOKS, Pair, outcome::Outcome, shown::Told};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

/// What the second stage is left of the budget.
const KEPT: f64 = 1.0 / 3.0;

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
    let most = options.budget.mul_f64(1.0 - KEPT);
    let Some(first) = bench.measure(&plan, options.out.as_deref(), most)? else {
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
        let most = options.budget.saturating_sub(started.elapsed());
        let Some(seen) = bench.measure(&again, Some(&folder), most)? else {
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
        replace(&mut file, &format.of(&told)).map_err(|error| {
            Failure::Broken(format!("the outcome cannot be written into a file: {error}"))
        })?;
    }
    Ok(told.outcome.exit_code(options.allow_undecided).into())
}

/// Opens the files for the outcome before anything is measured: what cannot be written is said in time. What they hold
/// stays until there is an outcome.
fn open(files: &[(Format, PathBuf)]) -> Result<Vec<(Format, File)>, Failure> {
    let file = |path: &PathBuf| File::options().write(true).create(true).truncate(false).open(path);
    let opened = files.iter().map(|(format, path)| match file(path) {
        Ok(file) => Ok((*format, file)),
        Err(error) => Err(Failure::BadInput(format!(
            "cannot write '{}': {error}; name another file with --write",
            path.display()
        ))),
    });
    opened.collect()
}

/// Writes a text and the end of its line in place of what a file holds; what is no file, such as a pipe, holds nothing.
fn replace(file: &mut File, text: &str) -> std::io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    writeln!(file, "{text}")
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
    /// Lives one stage, for so long at most from its first block on; `None` when it was interrupted.
    fn measure(
        &mut self,
        plan: &Plan,
        out: Option<&Path>,
        most: Duration,
    ) -> Result<Option<Seen>, Failure> {
        // Looking at the machine and at our own program takes a while, which is nobody's.
        let (folder, mut writer) = begin(plan, out)?;
        let until = Instant::now() + most;
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
        let (blocks, ran_out) = (looks.blocks, looks.budget.ran_out);
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
