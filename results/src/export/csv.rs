//! What stands in `summary.csv`?
//!
//! One line a cell, all of them, and of a sweep one line a rung, with every estimate in three columns (median,
//! low, high) and its unit in the title. `…_vs_baseline` compares with the runner in `against`: the baseline, but of a null
//! arm what it copies. Then what audits counted, `audit_…`; figures of the workloads' own stand at the end,
//! `figure_NAME_UNIT`, those of all workloads of the run. Empty means that there is no number: a percentile above `reach`
//! lies among requests that failed, and one with fewer than ten operations above it in some block is the story of these.
//! It must not round. Read next: `markdown.rs`.

use crate::{
    Load, Summary,
    auditor::Grade,
    record::mark,
    statistics::Estimate,
    summary::{
        CellSummary, ContestSummary, Distribution, Effect, Metric, Numbers, OpenNumbers, Price,
        Rung,
    },
};
use csv::Writer;

/// Columns that hold one value.
const PLAIN: [&str; 33] = [
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
    "grade",
    "findings",
    "blocks",
    "ops",
    "max_ns",
    "peak_rss_bytes",
    "threads_peak",
    "backend",
    "version",
    "verdict",
    "group_p50",
    "group_cpu",
    "group_throughput",
    "rate_per_sec",
    "drawn",
    "failed",
    "unfinished",
    "reconnects",
    "saturated",
    "generator_limited",
    "reach",
];

/// Columns that hold an estimate, each three times.
const ESTIMATES: [&str; 30] = [
    "throughput_per_sec",
    "p50_ns",
    "p90_ns",
    "p99_ns",
    "p999_ns",
    "cpu_us_per_op",
    "peer_cpu_us_per_op",
    "offered_per_sec",
    "service_p50_ns",
    "service_p99_ns",
    "wait_p50_ns",
    "wait_p99_ns",
    "lag_p50_ns",
    "lag_p99_ns",
    "over_ideal",
    "cpu_above_floor_us_per_op",
    "system_part",
    "voluntary_switches_per_op",
    "involuntary_switches_per_op",
    "run_queue_us_per_op",
    "minor_faults_per_op",
    "major_faults_per_op",
    "read_call_bytes_per_op",
    "write_call_bytes_per_op",
    "loopback_bytes_per_op",
    "rss_ready_bytes",
    "rss_idle_bytes",
    "rss_peak_bytes",
    "bytes_per_actor",
    "idle_cores",
];

/// What the next columns compare with: the baseline, but of a null arm the runner that it copies.
const AGAINST: &str = "against";

/// Comparisons with [`AGAINST`], each three times: a ratio, or µs for lateness (`p50` only).
const EFFECTS: [&str; 3] = ["p50_vs_baseline", "cpu_vs_baseline", "throughput_vs_baseline"];

/// What audits counted. The last one names system calls: `futex=1.02 read=1`.
const AUDITED: [&str; 9] = [
    "audit_syscalls_per_op",
    "audit_allocations_per_op",
    "audit_allocated_bytes_per_op",
    "audit_polls_per_op",
    "audit_poll_p50_ns",
    "audit_poll_p99_ns",
    "audit_poll_max_ns",
    "audit_migrations_per_op",
    "audit_syscalls",
];

/// All cells as comma-separated values with a header line.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    let figures = all_figures(summary);
    fn triple(name: &impl std::fmt::Display) -> [String; 3] {
        ["", "_low", "_high"].map(|end| format!("{name}{end}"))
    }
    let header: Vec<String> = PLAIN
        .iter()
        .map(ToString::to_string)
        .chain(ESTIMATES.iter().flat_map(triple))
        .chain([AGAINST.to_owned()])
        .chain(EFFECTS.iter().flat_map(triple))
        .chain(AUDITED.iter().map(ToString::to_string))
        .chain(figures.iter().flat_map(|(name, unit)| triple(&column(name, unit))))
        .collect();
    let rows = summary.cells().flat_map(|(contest, cell)| {
        let mut lines = lines(contest, cell);
        for line in &mut lines {
            line.extend(of_audit(cell));
            line.extend(of_figures(cell, &figures));
        }
        lines
    });
    for row in std::iter::once(header).chain(rows) {
        writer
            .write_record(row.into_iter().map(harmless))
            .expect("a vector takes lines of one length");
    }
    let bytes = writer.into_inner().expect("a vector can be flushed");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One cell: a line, or a line for each rung of a sweep.
fn lines(contest: &ContestSummary, cell: &CellSummary) -> Vec<Vec<String>> {
    match &cell.sweep {
        None => vec![line(contest, cell, cell.numbers.as_ref(), None)],
        Some(sweep) => sweep
            .rungs
            .iter()
            .map(|rung| line(contest, cell, Some(&rung.numbers), Some(rung)))
            .collect(),
    }
}

/// In the order of the header.
fn line(
    contest: &ContestSummary,
    cell: &CellSummary,
    numbers: Option<&Numbers>,
    rung: Option<&Rung>,
) -> Vec<String> {
    let or_empty = |text: Option<String>| text.unwrap_or_default();
    let findings = cell.audit.findings.iter().map(|finding| finding.check.as_str());
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
        cell.grade().map_or("", Grade::name).into(),
        findings.collect::<Vec<_>>().join(" "),
        rung.map_or(cell.blocks, |rung| rung.blocks).to_string(),
        or_empty(numbers.map(|numbers| numbers.ops.to_string())),
        or_empty(numbers.map(|numbers| numbers.max_ns.to_string())),
        or_empty(cell.peak_rss_bytes.map(|bytes| bytes.to_string())),
        or_empty(cell.price.threads_peak.map(|threads| threads.to_string())),
        or_empty(cell.backend.clone()),
        or_empty(cell.version.clone()),
        cell.verdict.as_ref().map_or("", |verdict| verdict.word()).into(),
    ];
    let group = |metric| or_empty(cell.groups.on(metric).map(|group| group.to_string()));
    line.extend(Metric::ALL.map(group));
    line.extend(of_open(contest, cell, numbers, rung));
    line.extend(estimate(numbers.map(|numbers| numbers.throughput)));
    let known = |quantile, value: fn(&Numbers) -> Estimate| {
        let told = |numbers: &&Numbers| {
            numbers.reaches(quantile) && (quantile <= 0.5 || numbers.carries(quantile))
        };
        estimate(numbers.filter(told).map(value))
    };
    line.extend(known(0.5, |numbers| numbers.p50_ns));
    line.extend(known(0.9, |numbers| numbers.p90_ns));
    line.extend(known(0.99, |numbers| numbers.p99_ns));
    line.extend(known(0.999, |numbers| numbers.p999_ns));
    line.extend(estimate(numbers.and_then(|numbers| numbers.cpu_us_per_op)));
    line.extend(estimate(numbers.and_then(|numbers| numbers.peer_cpu_us_per_op)));
    let open = numbers.and_then(|numbers| numbers.open.as_ref());
    line.extend(estimate(open.map(|open| open.offered)));
    let times = |open: &OpenNumbers| [&open.service, &open.wait, &open.lag].map(Clone::clone);
    for times in open.map_or([None, None, None], |open| times(open).map(Some)) {
        let known = |quantile, value: fn(&Distribution) -> Estimate| {
            let told = |times: &&Distribution| {
                times.reaches(quantile) && (quantile <= 0.5 || times.carries(quantile))
            };
            estimate(times.as_ref().filter(told).map(value))
        };
        line.extend(known(0.5, |times| times.p50_ns));
        line.extend(known(0.99, |times| times.p99_ns));
    }
    line.extend(estimate(cell.over_ideal));
    line.extend(of_price(&cell.price).into_iter().flat_map(estimate));
    line.push(or_empty(cell.against.clone()));
    let effects = &cell.effects;
    for effect in [&effects.p50, &effects.cpu_per_op, &effects.throughput] {
        line.extend(compared(effect.as_ref()));
    }
    line
}

/// In the order of the header.
fn of_price(price: &Price) -> [Option<Estimate>; 15] {
    [
        price.above_floor_us,
        price.system_part,
        price.voluntary_per_op,
        price.involuntary_per_op,
        price.run_queue_us_per_op,
        price.minor_faults_per_op,
        price.major_faults_per_op,
        price.read_call_bytes_per_op,
        price.write_call_bytes_per_op,
        price.loopback_bytes_per_op,
        price.rss_ready_bytes,
        price.rss_idle_bytes,
        price.rss_peak_bytes,
        price.bytes_per_actor,
        price.idle_cores,
    ]
}

/// A cell that no spreadsheet takes for a formula: recorded text may begin with one (OWASP, "CSV injection").
/// A number keeps its sign, since programs read these files too.
fn harmless(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula && text.parse::<f64>().is_err() { format!("'{text}") } else { text }
}

/// Name and unit of every figure of the run, in the order of the plan.
fn all_figures(summary: &Summary) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for figure in summary.contests.iter().flat_map(|contest| &contest.figures) {
        let found = (figure.name.clone(), figure.unit.clone());
        if !all.contains(&found) {
            all.push(found);
        }
    }
    all
}

/// The title of a figure's column.
fn column(name: &str, unit: &str) -> String {
    if unit == "1" { format!("figure_{name}") } else { format!("figure_{name}_{unit}") }
}

fn of_figures(cell: &CellSummary, all: &[(String, String)]) -> Vec<String> {
    let value = |(name, unit): &(String, String)| {
        let found = cell.figures.iter().find(|own| own.name == *name && own.unit == *unit);
        estimate(found.map(|own| own.value))
    };
    all.iter().flat_map(value).collect()
}

fn of_audit(cell: &CellSummary) -> [String; 9] {
    let Some(audit) = &cell.counted else { return Default::default() };
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let times = audit.poll_times_ns();
    let time = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
    let calls = audit.syscalls_per_op().unwrap_or_default();
    let calls: Vec<String> = calls.iter().map(|(name, calls)| format!("{name}={calls}")).collect();
    [
        number(audit.all_syscalls_per_op()),
        number(audit.allocations_per_op()),
        number(audit.allocated_bytes_per_op()),
        number(audit.polls_per_op()),
        time(times.map(|times| times.p50)),
        time(times.map(|times| times.p99)),
        time(times.map(|times| times.max)),
        number(audit.migrations_per_op()),
        calls.join(" "),
    ]
}

/// The plain columns that only open loads fill.
fn of_open(
    contest: &ContestSummary,
    cell: &CellSummary,
    numbers: Option<&Numbers>,
    rung: Option<&Rung>,
) -> [String; 8] {
    let Some((numbers, open)) = numbers.and_then(|numbers| Some((numbers, numbers.open.as_ref()?)))
    else {
        return Default::default();
    };
    let has = |mark: &str| cell.marks.iter().any(|other| other == mark);
    let rate = match contest.contest.load {
        Load::Open { rate_per_sec, .. } => Some(rate_per_sec),
        Load::Closed(_) | Load::Sweep { .. } => rung.map(|rung| rung.rate_per_sec),
    };
    let saturated = rung.map_or_else(|| has(mark::SATURATED), |rung| rung.saturated);
    let limited = rung.map_or_else(|| has(mark::GENERATOR_LIMITED), |rung| rung.generator_limited);
    [
        rate.map_or_else(String::new, |rate| rate.to_string()),
        open.drawn.to_string(),
        open.failed().to_string(),
        numbers.unfinished.to_string(),
        open.reconnects.to_string(),
        saturated.to_string(),
        limited.to_string(),
        numbers.reach.to_string(),
    ]
}

fn estimate(estimate: Option<Estimate>) -> [String; 3] {
    estimate.map_or_else(Default::default, |Estimate { median, low, high }| {
        [median, low, high].map(|value| value.to_string())
    })
}

fn compared(effect: Option<&Effect>) -> [String; 3] {
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
