//! What stands in `summary.csv`?
//!
//! One line a cell, all of them, with every estimate in three columns (median, low, high) and its unit in
//! the title. Empty means that there is no number. It must not round. Read next: `markdown.rs`.

use crate::{
    Summary,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Effect, Metric},
};
use csv::Writer;

/// Columns that hold one value.
const PLAIN: [&str; 22] = [
    "cell",
    "workload",
    "runner",
    "role",
    "load",
    "placement",
    "measure",
    "workers",
    "state",
    "reason",
    "marks",
    "ranked",
    "blocks",
    "ops",
    "max_ns",
    "peak_rss_bytes",
    "backend",
    "version",
    "verdict",
    "group_p50",
    "group_cpu",
    "group_throughput",
];

/// Columns that hold an estimate, each three times.
const ESTIMATES: [&str; 7] = [
    "throughput_per_sec",
    "p50_ns",
    "p90_ns",
    "p99_ns",
    "p999_ns",
    "cpu_us_per_op",
    "peer_cpu_us_per_op",
];

/// Comparisons with the baseline, each three times: a ratio, or µs for lateness (`p50` only).
const EFFECTS: [&str; 3] = ["p50_vs_baseline", "cpu_vs_baseline", "throughput_vs_baseline"];

/// All cells as comma-separated values with a header line.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    let triple = |name: &&str| ["", "_low", "_high"].map(|end| format!("{name}{end}"));
    let header: Vec<String> = PLAIN
        .iter()
        .map(ToString::to_string)
        .chain(ESTIMATES.iter().flat_map(triple))
        .chain(EFFECTS.iter().flat_map(triple))
        .collect();
    let rows = summary.cells().map(|(contest, cell)| line(contest, cell));
    for row in std::iter::once(header).chain(rows) {
        writer
            .write_record(row.into_iter().map(harmless))
            .expect("a vector takes lines of one length");
    }
    let bytes = writer.into_inner().expect("a vector can be flushed");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One cell, in the order of the header.
fn line(contest: &ContestSummary, cell: &CellSummary) -> Vec<String> {
    let numbers = cell.numbers.as_ref();
    let or_empty = |text: Option<String>| text.unwrap_or_default();
    let mut line = vec![
        cell.cell.clone(),
        contest.contest.workload.clone(),
        cell.runner.clone(),
        cell.role.name().into(),
        contest.contest.load.to_string(),
        contest.contest.placement.name().into(),
        contest.measure.name().into(),
        cell.workers.to_string(),
        cell.state.name().into(),
        or_empty(cell.reason.clone()),
        cell.marks.join(" "),
        cell.ranked.to_string(),
        cell.blocks.to_string(),
        or_empty(numbers.map(|numbers| numbers.ops.to_string())),
        or_empty(numbers.map(|numbers| numbers.max_ns.to_string())),
        or_empty(cell.peak_rss_bytes.map(|bytes| bytes.to_string())),
        or_empty(cell.backend.clone()),
        or_empty(cell.version.clone()),
        cell.verdict.as_ref().map_or("", |verdict| verdict.word()).into(),
    ];
    let group = |metric| or_empty(cell.groups.on(metric).map(|group| group.to_string()));
    line.extend(Metric::ALL.map(group));
    line.extend(estimate(numbers.map(|numbers| numbers.throughput)));
    line.extend(estimate(numbers.map(|numbers| numbers.p50_ns)));
    line.extend(estimate(numbers.map(|numbers| numbers.p90_ns)));
    line.extend(estimate(numbers.map(|numbers| numbers.p99_ns)));
    line.extend(estimate(numbers.map(|numbers| numbers.p999_ns)));
    line.extend(estimate(numbers.map(|numbers| numbers.cpu_us_per_op)));
    line.extend(estimate(numbers.and_then(|numbers| numbers.peer_cpu_us_per_op)));
    let effects = &cell.effects;
    for effect in [&effects.p50, &effects.cpu_per_op, &effects.throughput] {
        line.extend(against_baseline(effect.as_ref()));
    }
    line
}

/// A cell that no spreadsheet takes for a formula: recorded text may begin with one (OWASP, "CSV injection").
/// A number keeps its sign, since programs read these files too.
fn harmless(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula && text.parse::<f64>().is_err() { format!("'{text}") } else { text }
}

fn estimate(estimate: Option<Estimate>) -> [String; 3] {
    estimate.map_or_else(Default::default, |Estimate { median, low, high }| {
        [median, low, high].map(|value| value.to_string())
    })
}

fn against_baseline(effect: Option<&Effect>) -> [String; 3] {
    let Some(effect) = effect else { return Default::default() };
    let (low, high) = effect.interval.unzip();
    let or_empty = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    [effect.estimate.to_string(), or_empty(low), or_empty(high)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_formula() {
        for evil in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(evil.into()), format!("'{evil}"));
        }
        for plain in ["-3.5", "1e-9", "echo:64", "", "a=b"] {
            assert_eq!(harmless(plain.into()), plain);
        }
    }
}
