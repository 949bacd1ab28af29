//! Write a stored run in another program's form.

use super::{
    report::{tell_torn, with_trials},
    run::refused,
    say,
};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    Role, State, TrialRecord,
    export::{csv, hdr, junit, openmetrics, trackers},
    store::{self, Recording},
    summary::Summary,
};
use std::{path::PathBuf, process::ExitCode};

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The folder of the run
    run: PathBuf,
    /// The form
    #[arg(long, value_enum)]
    to: ExportFormat,
    /// The cell, for hgrm and hlog [default: the first that was measured]
    #[arg(long, value_name = "CELL")]
    cell: Option<String>,
}

/// What `export` can write.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ExportFormat {
    /// All cells with intervals, for spreadsheets
    Csv,
    /// One cell's percentile distribution, for HdrHistogram plotters
    Hgrm,
    /// One cell's interval log, for HdrHistogram readers
    Hlog,
    /// Bencher Metric Format
    Bmf,
    /// The customSmallerIsBetter list of github-action-benchmark
    GhBenchmark,
    /// JUnit XML
    Junit,
    /// OpenMetrics text
    Openmetrics,
}

/// Prints the run in the form that was asked for, and nothing else.
///
/// # Errors
/// No such run, a damaged one, or a cell that it has not measured.
pub fn main(options: &ExportOptions) -> Result<ExitCode, Failure> {
    let recording = store::load(&options.run).map_err(refused)?;
    with_trials(&recording, &options.run)?;
    tell_torn(&recording, &options.run);
    let bad = Failure::BadInput;
    let text = match options.to {
        ExportFormat::Hgrm => hdr::hgrm(&trials(&recording, options)?).map_err(bad)?,
        ExportFormat::Hlog => hdr::hlog(&trials(&recording, options)?).map_err(bad)?,
        _ if options.cell.is_some() => {
            return Err(Failure::BadInput(
                "--cell is for hgrm and hlog, which hold one cell; the other formats hold all: leave it out"
                    .into(),
            ));
        }
        format => {
            let summary = Summary::of(&recording).map_err(bad)?;
            match format {
                ExportFormat::Csv => csv::render(&summary),
                ExportFormat::Bmf => trackers::bmf(&summary),
                ExportFormat::GhBenchmark => trackers::gh_benchmark(&summary),
                ExportFormat::Junit => junit::render(&summary),
                _ => openmetrics::render(&summary),
            }
        }
    };
    say(text.strip_suffix('\n').unwrap_or(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// The measured trials of the cell that was asked for, else of the first measured runner in the plan.
fn trials<'a>(
    recording: &'a Recording,
    options: &ExportOptions,
) -> Result<Vec<&'a TrialRecord>, Failure> {
    let measured = |cell: &str| -> Vec<&'a TrialRecord> {
        // Of a block that was measured again, the later trial counts.
        let mut blocks = std::collections::BTreeMap::new();
        for trial in recording.trials.iter().filter(|trial| trial.cell == cell) {
            blocks.insert(trial.block, trial);
        }
        blocks.into_values().filter(|trial| trial.state == State::Measured).collect()
    };
    let folder = options.run.display();
    match &options.cell {
        Some(cell) => {
            let found = measured(cell);
            if found.is_empty() {
                return Err(Failure::BadInput(format!(
                    "no cell '{cell}' was measured in '{folder}'; see its cells: simul export '{folder}' --to csv"
                )));
            }
            Ok(found)
        }
        None => {
            let first = recording
                .trials
                .iter()
                .find(|trial| trial.role == Role::Runner && trial.state == State::Measured);
            first.map(|trial| measured(&trial.cell)).ok_or_else(|| {
                Failure::BadInput(format!(
                    "'{folder}' has no measured cell; see why: simul report '{folder}'"
                ))
            })
        }
    }
}
