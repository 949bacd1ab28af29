//! How does a monitoring system read a summary?
//!
//! OpenMetrics 1.0 text: gauges in base units (seconds, bytes), a family a quantity, three samples a cell, which the label
//! `bound` tells apart: the median and the interval's ends. What a time is of stands in the label `measure`: service times
//! and lateness must not be added up. Cells without numbers appear in `simul_cell_state`
//! alone, a state set. It must not compute anything. Read next: [`crate::history`] for runs over time.

use crate::{
    Summary,
    record::State,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Numbers},
    wording::plain,
};
use std::fmt::Write;

/// A family of gauges: name, unit, help, factor to the base unit, value.
type Family = (&'static str, &'static str, &'static str, f64, fn(&Numbers) -> Option<Estimate>);

const FAMILIES: [Family; 6] = [
    ("simul_throughput", "", "Completed operations per second.", 1.0, |n| Some(n.throughput)),
    ("simul_time_p50_seconds", "seconds", "Median of the time that measure names.", 1e-9, |n| {
        n.reaches(0.5).then_some(n.p50_ns)
    }),
    ("simul_time_p90_seconds", "seconds", "90th percentile.", 1e-9, |n| {
        (n.carries(0.9) && n.reaches(0.9)).then_some(n.p90_ns)
    }),
    ("simul_time_p99_seconds", "seconds", "99th percentile.", 1e-9, |n| {
        (n.carries(0.99) && n.reaches(0.99)).then_some(n.p99_ns)
    }),
    ("simul_cpu_per_operation_seconds", "seconds", "CPU time per operation.", 1e-6, |n| {
        n.cpu_us_per_op
    }),
    ("simul_peer_cpu_per_operation_seconds", "seconds", "The peer's.", 1e-6, |n| {
        n.peer_cpu_us_per_op
    }),
];

const STATES: [State; 6] = [
    State::Measured,
    State::Failed,
    State::TimedOut,
    State::Unavailable,
    State::NotApplicable,
    State::Discarded,
];

/// The exposition, ending with `# EOF`.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut text = String::new();
    for (name, unit, help, factor, value) in FAMILIES {
        header(&mut text, name, "gauge", unit, help);
        for (labels, numbers) in samples(summary) {
            if let Some(estimate) = value(numbers) {
                let Estimate { median, low, high } = estimate.scaled(factor);
                for (bound, value) in [("median", median), ("low", low), ("high", high)] {
                    line(&mut text, format_args!("{name}{{{labels},bound=\"{bound}\"}} {value}"));
                }
            }
        }
    }
    header(&mut text, "simul_cell_state", "stateset", "", "How each cell ended.");
    for (contest, cell) in summary.cells() {
        let labels = labels(contest, cell);
        for state in STATES {
            let (name, on) = (state.name(), u8::from(cell.state == state));
            line(
                &mut text,
                format_args!("simul_cell_state{{{labels},simul_cell_state=\"{name}\"}} {on}"),
            );
        }
    }
    text.push_str("# EOF\n");
    text
}

fn header(text: &mut String, name: &str, kind: &str, unit: &str, help: &str) {
    line(text, format_args!("# TYPE {name} {kind}"));
    if !unit.is_empty() {
        line(text, format_args!("# UNIT {name} {unit}"));
    }
    line(text, format_args!("# HELP {name} {help}"));
}

fn samples(summary: &Summary) -> impl Iterator<Item = (String, &Numbers)> {
    summary
        .cells()
        .filter_map(|(contest, cell)| Some((labels(contest, cell), cell.numbers.as_ref()?)))
}

fn labels(contest: &ContestSummary, cell: &CellSummary) -> String {
    format!(
        "cell=\"{}\",workload=\"{}\",runner=\"{}\",grade=\"{}\",measure=\"{}\"",
        escaped(&cell.cell),
        escaped(&contest.contest.workload),
        escaped(&cell.arm),
        cell.grade().map_or("", crate::auditor::Grade::name),
        contest.measure.name()
    )
}

/// As the standard says for label values.
fn escaped(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace('"', "\\\"")
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes every text");
}
