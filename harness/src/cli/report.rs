//! Write the report of a stored run again, and show its table.

use super::{ReportOptions, run::refused, say};
use crate::exit::Failure;
use simul_results::{report, store, summary::Summary, table};
use std::process::ExitCode;

/// Reads the run and writes what can be derived from it.
///
/// # Errors
/// No such run, a damaged one, or a folder that cannot be written.
pub fn main(options: &ReportOptions) -> Result<ExitCode, Failure> {
    let recording = store::load(&options.run).map_err(refused)?;
    super::tell_torn(&recording, &options.run);
    let summary = Summary::of(&recording).map_err(Failure::BadInput)?;
    report::write_summary(&options.run, &summary)
        .map_err(|error| Failure::Broken(error.to_string()))?;
    say(&table::render(&summary, None))?;
    say(&format!("report: {}", options.run.join("report.html").display()))?;
    Ok(ExitCode::SUCCESS)
}
