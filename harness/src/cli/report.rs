//! Write the report of a stored run again, and show its table.

use super::{run::refused, say};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    report,
    store::{self, Recording},
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
pub struct ReportOptions {
    /// The folder of the run
    run: PathBuf,
    /// Show what each cell costs as well: switches, waiting for a core, page faults, memory
    #[arg(long)]
    wide: bool,
}

/// Reads the run and writes what can be derived from it.
///
/// # Errors
/// No such run, a damaged one, or a folder that cannot be written.
pub fn main(options: &ReportOptions) -> Result<ExitCode, Failure> {
    let recording = store::load(&options.run).map_err(refused)?;
    tell_torn(&recording, &options.run);
    let summary = Summary::of(&recording).map_err(Failure::BadInput)?;
    report::write_summary(&options.run, &summary)
        .map_err(|error| Failure::Broken(error.to_string()))?;
    let render = if options.wide { table::render_wide } else { table::render };
    say(&render(&summary, None))?;
    say(&format!("report: {}", options.run.join("report.html").display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Says on standard error that a recording's last line was left out, where it was.
pub(super) fn tell_torn(recording: &Recording, folder: &Path) {
    if recording.torn {
        let folder = folder.display();
        let _ = writeln!(io::stderr(), "the last line of '{folder}' is torn and left out");
    }
}
