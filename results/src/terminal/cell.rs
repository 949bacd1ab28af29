//! How does one cell look in a terminal?
//!
//! What it is, how far it can be believed, its percentiles as bars with their intervals, and its course: the median of
//! each slice in the order of time, in which drift and stalls show. Read next: `../summary/cell.rs`.

use super::{
    Screen,
    spark::{self, Scale},
};
use crate::{
    TrialRecord, grid, quantity,
    store::Recording,
    summary::{CellSummary, ContestSummary, Metric, Numbers},
    wording::{self, plain},
};
use std::{collections::BTreeMap, f64::consts::LOG10_2};

/// Percentiles that have a bar, as nines.
const BARS: [(&str, f64); 5] =
    [("p50", LOG10_2), ("p90", 1.0), ("p99", 2.0), ("p99.9", 3.0), ("p99.99", 4.0)];

/// One cell as text that ends with a line feed.
#[must_use]
pub fn cell(
    contest: &ContestSummary,
    cell: &CellSummary,
    recording: &Recording,
    screen: Screen,
) -> String {
    let mut lines = vec![
        screen.heading(&plain(&cell.cell)),
        screen.wrapped(&plain(&contest.question)),
        screen.wrapped(&wording::conditions(contest)),
        screen.wrapped(&believed(cell)),
    ];
    for finding in &cell.audit.findings {
        lines.push(screen.wrapped(&format!(
            "  {}: {}",
            plain(&finding.check),
            plain(&finding.reason)
        )));
    }
    if let Some(numbers) = &cell.numbers {
        lines.push(String::new());
        lines.extend(
            facts(cell, numbers)
                .into_iter()
                .map(|(name, value)| screen.wrapped(&format!("{name:<12} {value}"))),
        );
        lines.push(String::new());
        lines.push(screen.heading(&format!("{}, percentiles", contest.measure.title())));
        lines.extend(spectrum(numbers, cell.blocks, screen));
        lines.push(screen.faint(&screen.wrapped(wording::spread(cell.blocks))));
        lines.extend(effects(cell, screen));
        lines.extend(course(cell, recording, screen));
    } else if cell.sweep.is_some() {
        lines.push("a sweep: its rates are in simul report".into());
    }
    lines.push(String::new());
    lines.join("\n")
}

/// State, grade and what it is.
fn believed(cell: &CellSummary) -> String {
    let mut parts = vec![wording::absence(cell)];
    parts.extend(cell.grade().map(|grade| format!("grade {}", grade.name())));
    parts.extend(cell.version.as_deref().map(|version| format!("version {}", plain(version))));
    parts.extend(cell.backend.as_deref().map(|backend| format!("waits with {}", plain(backend))));
    if cell.workers > 0 {
        parts.push(format!("workers {}", cell.workers));
    }
    parts.join(" · ")
}

fn facts(cell: &CellSummary, numbers: &Numbers) -> Vec<(&'static str, String)> {
    let estimate = |value, unit: f64, name: &str| {
        format!("{} {name}", quantity::estimate(value, unit, cell.blocks))
    };
    let mut lines = vec![("throughput", estimate(&numbers.throughput, 1.0, "ops/s"))];
    lines.extend(numbers.cpu_us_per_op.as_ref().map(|cpu| ("CPU", estimate(cpu, 1.0, "µs/op"))));
    let above = cell.price.above_floor_us.as_ref();
    lines.extend(above.map(|above| ("above floor", estimate(above, 1.0, "µs/op"))));
    let peak = cell.price.rss_peak_bytes.as_ref();
    lines.extend(peak.map(|peak| ("peak memory", quantity::bytes(peak.median.max(0.0) as u64))));
    lines.push(("operations", quantity::digits(numbers.ops as f64)));
    lines
}

/// A bar for each percentile that the samples carry.
fn spectrum(numbers: &Numbers, blocks: u32, screen: Screen) -> Vec<String> {
    let at = |nines: f64| numbers.curve.iter().find(|point| (point.nines - nines).abs() < 1e-4);
    let mut rows: Vec<(&str, f64, String)> = BARS
        .iter()
        .filter_map(|(name, nines)| {
            let ns = at(*nines)?.ns;
            let ends = match blocks > 1 {
                true => format!(" ({}–{})", quantity::time(ns.low), quantity::time(ns.high)),
                false => String::new(),
            };
            Some((*name, ns.median, format!("{}{ends}", quantity::time(ns.median))))
        })
        .collect();
    let max_ns = numbers.max_ns as f64;
    rows.push(("max", max_ns, quantity::time(max_ns)));
    let Some(scale) = Scale::around(rows.iter().map(|row| row.1)) else { return Vec::new() };
    let texts = rows.iter().map(|row| row.2.chars().count()).max().unwrap_or(0);
    let room = screen.width.saturating_sub(7 + texts + 2);
    let drawn = rows.iter().map(|(name, value, text)| {
        let bar = if room < 4 { String::new() } else { spark::bar(*value, scale, room) };
        format!("{name:<6} {text:<texts$}  {bar}").trim_end().to_owned()
    });
    drawn.collect()
}

/// How it compares with the baseline, or a null arm with what it copies, with one letter a block.
fn effects(cell: &CellSummary, screen: Screen) -> Vec<String> {
    let mut lines = Vec::new();
    for metric in Metric::ALL {
        let Some(effect) = cell.effects.on(metric) else { continue };
        let verdict =
            cell.verdict.as_ref().map(|judgement| judgement.on(metric).verdict.word(metric));
        let values: Vec<f64> = effect.blocks.iter().map(|block| block.value).collect();
        let scale = Scale::around(values.iter().copied());
        let blocks = scale
            .map_or_else(String::new, |scale| spark::line(&spark::thinned(&values, 24), scale));
        let text = format!(
            "{:<18} {} {}  {blocks}",
            metric.name(),
            grid::effect_text(effect),
            verdict.unwrap_or_default()
        );
        lines.push(text.trim_end().to_owned());
    }
    if !lines.is_empty() {
        let base = plain(cell.against.as_deref().unwrap_or_default());
        let title = format!("against {base}, with 99.5 % intervals, and block by block");
        lines.insert(0, screen.heading(&title));
        lines.insert(0, String::new());
    }
    lines
}

/// The median of each counted slice, in the order of time.
fn course(cell: &CellSummary, recording: &Recording, screen: Screen) -> Vec<String> {
    let mine = recording.trials.iter().filter(|trial| trial.cell == cell.cell);
    // Of a block that was measured again, the later trial counts.
    let blocks: BTreeMap<u32, &TrialRecord> = mine.map(|trial| (trial.block, trial)).collect();
    let medians: Vec<f64> = blocks
        .values()
        .flat_map(|trial| trial.counted())
        .map(|slice| slice.median_ns().map_or(f64::NAN, |ns| ns as f64))
        .collect();
    let shown = spark::thinned(&medians, screen.width);
    let Some(scale) = Scale::around(medians.iter().copied()) else { return Vec::new() };
    let known = || medians.iter().copied().filter(|value| value.is_finite());
    let low = known().fold(f64::INFINITY, f64::min);
    let high = known().fold(0.0, f64::max);
    let thinned = match shown.len() < medians.len() {
        true => "; of neighbours that share a letter, the largest",
        false => "",
    };
    vec![
        String::new(),
        screen.heading("course: the median of each slice, in the order of time"),
        spark::line(&shown, scale),
        screen.faint(&screen.wrapped(&format!(
            "{} slices from {} to {}, logarithmic{thinned}",
            medians.len(),
            quantity::time(low),
            quantity::time(high)
        ))),
    ]
}
