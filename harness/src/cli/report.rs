//! Write the report of stored runs again, and show its table.

use super::{report_splice, run::refused, say, viewer};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    export::issue,
    joined, report,
    store::{self, PACKED_FILE, Recording, TRIALS_FILE},
    summary::Summary,
    table,
};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Options of `report`.
#[derive(Debug, Args)]
#[command(
    after_help = "Of one run, everything is written into its folder; of several, into a folder 'joined' in that of the \
first. html, svg and png write files there; md goes to standard output."
)]
pub struct ReportOptions {
    /// The folders of runs of one host; no two may hold the same contest
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Show what each cell costs as well: switches, waiting for a core, page faults, memory
    #[arg(long)]
    wide: bool,
    /// Show the report in a browser, if there is one
    #[arg(long)]
    open: bool,
    /// What to write
    #[arg(long, value_enum, default_value = "html")]
    format: ReportFormat,
    /// Write the results of one run between the markers of this file instead, and nothing else
    #[arg(long, value_name = "README.md", conflicts_with_all = ["open", "format", "wide"])]
    splice: Option<PathBuf>,
}

/// What `report` can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// The report, its charts and summaries
    Html,
    /// Markdown that pastes into an issue, on standard output
    Md,
    /// The charts alone
    Svg,
    /// The charts alone, as pictures of points
    Png,
}

/// Stored runs of one host as one summary, histograms merged.
///
/// # Errors
/// No such run, a damaged one, one without trials, or runs that do not go together.
pub(super) fn summarised(runs: &[PathBuf]) -> Result<Summary, Failure> {
    let mut recordings = Vec::new();
    for run in runs {
        let recording = store::load_merged(run).map_err(refused)?;
        with_trials(&recording, run)?;
        tell_torn(&recording, run);
        recordings.push(recording);
    }
    joined::join(recordings).map_err(|error| Failure::BadInput(error.to_string()))
}

/// Reads the runs and writes what can be derived from them.
///
/// # Errors
/// No such run, a damaged one, one without trials, runs that do not go together, or a folder that cannot be written.
pub fn main(options: &ReportOptions) -> Result<ExitCode, Failure> {
    if options.open && options.format != ReportFormat::Html {
        return Err(Failure::BadInput(
            "--open shows the report, which is html; leave --format out, or --open".into(),
        ));
    }
    let spliced = match (&options.splice, options.runs.as_slice()) {
        (None, _) => None,
        (Some(document), [run]) => Some((document, run)),
        (Some(_), runs) => {
            return Err(Failure::BadInput(format!(
                "--splice tells of one run, by its command, its day and its folder, and {} are named; name one of \
                 them",
                runs.len()
            )));
        }
    };
    let summary = summarised(&options.runs)?;
    if let Some((document, run)) = spliced {
        return report_splice::splice(document, run, &summary);
    }
    let folder = folder(&options.runs);
    let broken = |error: report::ReportError| Failure::Broken(error.to_string());
    match options.format {
        ReportFormat::Html => {
            std::fs::create_dir_all(&folder).map_err(super::broken)?;
            report::write_summary(&folder, &summary).map_err(broken)?;
            show(options, &summary, &folder.join(report::REPORT_FILE))?;
        }
        ReportFormat::Md => {
            let text = issue::render(&summary);
            say(text.trim_end())?;
            let letters = text.chars().count();
            if letters > issue::MOST_LETTERS {
                let most = issue::MOST_LETTERS;
                let _ =
                    writeln!(io::stderr(), "{letters} letters: an issue of GitHub holds {most}");
            }
        }
        ReportFormat::Svg => tell(&report::write_charts(&folder, &summary).map_err(broken)?)?,
        ReportFormat::Png => tell(&report::write_images(&folder, &summary).map_err(broken)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints where files are.
fn tell(paths: &[PathBuf]) -> Result<(), Failure> {
    paths.iter().try_for_each(|path| say(&path.display().to_string()))
}

/// Where what is derived goes.
fn folder(runs: &[PathBuf]) -> PathBuf {
    match runs {
        [only] => only.clone(),
        [first, ..] => first.join("joined"),
        [] => PathBuf::new(),
    }
}

/// The table, where the report is, and the report itself if that was asked for.
fn show(options: &ReportOptions, summary: &Summary, path: &Path) -> Result<(), Failure> {
    let render = if options.wide { table::render_wide } else { table::render };
    say(&render(summary, None))?;
    say(&format!("report: {}", path.display()))?;
    if options.open
        && let Err(why) = viewer::open(path)
    {
        let path = path.display();
        let _ = writeln!(io::stderr(), "it is not shown, since {why}; open '{path}' yourself");
    }
    Ok(())
}

/// Refuses a recording of which no trial is there: every cell would be called failed, in the place of what was derived
/// from the trials while they were there, and that may be all that is left of them.
pub(super) fn with_trials(recording: &Recording, folder: &Path) -> Result<(), Failure> {
    if !recording.trials.is_empty() {
        return Ok(());
    }
    let shown = folder.display();
    Err(Failure::BadInput(match trials_are_gone(folder) {
        true => format!(
            "the trials of '{shown}' are not there, so nothing was written and what there is stays; put its \
             {TRIALS_FILE} or {PACKED_FILE} back"
        ),
        false => format!(
            "no trial of '{shown}' is whole, so nothing was written; go on with it: simul run --resume '{shown}'"
        ),
    }))
}

/// Whether the folder of a run has no file of trials, which every run gets before its first block.
pub(super) fn trials_are_gone(folder: &Path) -> bool {
    ![TRIALS_FILE, PACKED_FILE].iter().any(|name| folder.join(name).exists())
}

/// Says on standard error that a recording's last line was left out, where it was.
pub(super) fn tell_torn(recording: &Recording, folder: &Path) {
    if recording.torn {
        let folder = folder.display();
        let _ = writeln!(io::stderr(), "the last line of '{folder}' is torn and left out");
    }
}
