//! What is different between two stored runs?

use super::{report::tell_torn, run::refused, say};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    compare::{self, Comparison, Shift},
    quantity, store,
    summary::Scale,
    wording::plain,
};
use std::{path::PathBuf, process::ExitCode};

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareOptions {
    /// The folder of the run to compare with
    #[arg(value_name = "RUN_A")]
    first: PathBuf,
    /// The folder of the run to compare
    #[arg(value_name = "RUN_B")]
    second: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Compare runs of different machines
    #[arg(long)]
    across_hosts: bool,
}

/// Prints the second run against the first.
///
/// # Errors
/// No such run, a damaged one, runs of different hosts, or no cell that both measured.
pub fn main(options: &CompareOptions) -> Result<ExitCode, Failure> {
    let first = store::load_light(&options.first).map_err(refused)?;
    tell_torn(&first, &options.first);
    let second = store::load_light(&options.second).map_err(refused)?;
    tell_torn(&second, &options.second);
    let comparison = compare::compare(&first, &second, options.across_hosts)
        .map_err(|error| Failure::BadInput(error.to_string()))?;
    if options.json {
        let text = serde_json::to_string(&comparison);
        say(&text.map_err(|error| Failure::Broken(error.to_string()))?)?;
    } else {
        say(&as_text(&comparison))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_text(comparison: &Comparison) -> String {
    let mut lines = vec![format!(
        "second against first, {}: what the machine did in between is in every difference",
        comparison.verdict
    )];
    lines.extend(comparison.differences.iter().map(|what| format!("  {}", plain(what))));
    let names = comparison.cells.iter().map(|cell| plain(&cell.cell).chars().count());
    let width = names.max().unwrap_or(0);
    lines.push(format!(
        "{:<width$}  {:>28}  {:>22}  {:>22}",
        "cell", "p50", "CPU per operation", "throughput"
    ));
    for cell in &comparison.cells {
        let doubtful = if cell.marks.is_empty() {
            String::new()
        } else {
            format!("  ! {}", plain(&cell.marks.join(" ")))
        };
        lines.push(format!(
            "{:<width$}  {:>28}  {:>22}  {:>22}{doubtful}",
            plain(&cell.cell),
            text(cell.p50),
            text(cell.cpu_per_op),
            text(cell.throughput)
        ));
    }
    lines.push(
        "ratios with 99.5 % intervals over blocks; ! a mark makes the numbers doubtful".into(),
    );
    if comparison.unmatched > 0 {
        lines.push(format!("{} cells were measured in only one of the runs", comparison.unmatched));
    }
    lines.join("\n")
}

fn text(shift: Option<Shift>) -> String {
    match shift {
        None => "–".into(),
        Some(Shift { scale: Scale::Ratio, estimate, interval }) => {
            quantity::ratio(estimate, interval)
        }
        Some(Shift { estimate, interval: Some((low, high)), .. }) => {
            format!("{estimate:+.2} µs ({low:+.2} to {high:+.2})")
        }
        Some(Shift { estimate, .. }) => format!("{estimate:+.2} µs"),
    }
}
