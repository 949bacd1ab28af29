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
        let mut doubtful = String::new();
        if !cell.differences.is_empty() {
            doubtful.push_str("  ≠");
        }
        if !cell.marks.is_empty() {
            doubtful.push_str(&format!("  ! {}", plain(&cell.marks.join(" "))));
        }
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
    if comparison.cells.iter().any(|cell| !cell.differences.is_empty()) {
        lines.push("≠ not measured alike, as is said above; --json tells it of each cell".into());
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use simul_results::compare::CellComparison;

    #[test]
    fn what_was_not_measured_alike_has_a_sign() {
        let cell = |name: &str, differences: &[&str]| CellComparison {
            cell: name.into(),
            marks: Vec::new(),
            differences: differences.iter().map(ToString::to_string).collect(),
            blocks: (6, 6),
            p50: None,
            cpu_per_op: None,
            throughput: None,
        };
        let mut comparison = Comparison {
            verdict: compare::NO_VERDICT,
            differences: vec!["rounds: 5 → 20 (b)".into()],
            cells: vec![cell("a", &[]), cell("b", &["rounds: 5 → 20"])],
            unmatched: 0,
        };
        let text = as_text(&comparison);
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
        assert!(line("b ").ends_with("  ≠") && !line("a ").contains('≠'), "{text}");
        assert!(line("≠").contains("not measured alike") && text.contains("5 → 20 (b)"), "{text}");
        comparison.cells.pop();
        assert!(!as_text(&comparison).contains('≠'), "{}", as_text(&comparison));
    }
}
