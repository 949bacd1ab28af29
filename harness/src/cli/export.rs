//! Write a stored run in another program's form.

use super::{
    report::{tell_torn, with_trials},
    run::refused,
    say,
};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    Role, State,
    export::{csv, hdr, junit, openmetrics, trackers},
    judged::{self, JudgedCell, JudgedContest},
    store,
    summary::Summary,
    wording::{self, plain},
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
    /// The cell, for hgrm and hlog [default: the first runner that was measured, and not of grade F]
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
/// No such run, a damaged one, one without trials, or a cell that has no numbers.
pub fn main(options: &ExportOptions) -> Result<ExitCode, Failure> {
    let recording = store::load(&options.run).map_err(refused)?;
    with_trials(&recording, &options.run)?;
    tell_torn(&recording, &options.run);
    let bad = Failure::BadInput;
    let text = match options.to {
        ExportFormat::Hgrm | ExportFormat::Hlog => {
            // As in tables and ranks, a cell of which any block went wrong has no numbers.
            let contests = judged::contests(&recording).map_err(bad)?;
            let cell = chosen(&contests, options)?;
            let form = if matches!(options.to, ExportFormat::Hgrm) { hdr::hgrm } else { hdr::hlog };
            form(&cell.recorded(), &cell.audit).map_err(bad)?
        }
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

/// The cell that was asked for, else the first runner of the plan that was measured and is believed. Either has numbers.
fn chosen<'a>(
    contests: &'a [JudgedContest<'a>],
    options: &ExportOptions,
) -> Result<&'a JudgedCell<'a>, Failure> {
    let folder = options.run.display();
    let mut cells = contests.iter().flat_map(|contest| &contest.cells);
    let Some(asked) = &options.cell else {
        let is_believed = |cell: &&JudgedCell<'_>| {
            cell.role == Role::Runner && cell.state == State::Measured && cell.audit.may_be_ranked()
        };
        return cells.find(is_believed).ok_or_else(|| {
            Failure::BadInput(format!(
                "'{folder}' has no measured runner with a grade better than F; see why: simul report '{folder}'"
            ))
        });
    };
    match cells.find(|cell| cell.cell == *asked) {
        Some(cell) if cell.state == State::Measured => Ok(cell),
        Some(cell) => Err(Failure::BadInput(format!(
            "cell '{}' has no numbers, since it ended as '{}'; see why: simul report '{folder}'",
            plain(asked),
            wording::state(cell.state)
        ))),
        None => Err(Failure::BadInput(format!(
            "no cell '{asked}' was measured in '{folder}'; see its cells: simul export '{folder}' --to csv"
        ))),
    }
}
