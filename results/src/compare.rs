//! What is different between two stored runs?
//!
//! Cell by cell, the second run against the first, for what both measured. Nobody interleaved them, so what the
//! machine did in between is in every difference: there are intervals over blocks, and no verdict. Each block
//! gives one value, the 20 % trimmed mean over its slices of the logarithm (of lateness: of µs); between the
//! two sets of blocks stands Welch's t, from ten blocks on Yuen's. What else differs is told: between the machines and the
//! programs, and cell by cell in how it was measured, parameters of the work included.
//!
//! It must not know how anything is shown. Read next: `alike.rs`, `statistics/two_samples.rs`.

use crate::{
    Role, SliceRecord, State, TrialRecord, alike,
    judged::{JudgedCell, JudgedContest},
    record::HostRecord,
    statistics::{Paired, contrast, trimmed_mean},
    store::Recording,
    summary::{Measure, Metric, Scale, effect::Blocks},
};
use serde::Serialize;

/// What is said of every comparison of stored runs.
pub const NO_VERDICT: &str = "not interleaved: no verdict";

/// So many differences in how cells were measured are told of a whole comparison.
pub const MOST_DIFFERENCES: usize = 12;

/// Two runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// [`NO_VERDICT`].
    pub verdict: &'static str,
    /// What else differs between the runs: host, system, program; and how cells were measured, each such difference once
    /// and at most [`MOST_DIFFERENCES`] of them, since all stand with their cells. Empty where nothing does.
    pub differences: Vec<String>,
    /// Cells that both measured, in the order of the first.
    pub cells: Vec<CellComparison>,
    /// Cells of the first that the second did not measure, and the other way round.
    pub unmatched: u32,
}

/// One cell of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellComparison {
    /// Its printed form.
    pub cell: String,
    /// Marks that keep it out of rankings in either run.
    pub marks: Vec<String>,
    /// What differs in how it was measured: rounds, slices, connections, parameters; empty where nothing does.
    pub differences: Vec<String>,
    /// Blocks of the first and of the second run.
    pub blocks: (usize, usize),
    /// Of the median.
    pub p50: Option<Shift>,
    /// Of CPU time per operation.
    pub cpu_per_op: Option<Shift>,
    /// Of throughput.
    pub throughput: Option<Shift>,
}

/// The second run against the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// What the numbers are.
    pub scale: Scale,
    /// A ratio, or a difference in µs.
    pub estimate: f64,
    /// Its 99.5 % interval; `None` with one block in either run.
    pub interval: Option<(f64, f64)>,
}

/// Why two runs are not compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Different machines, and nobody asked for that.
    #[error(
        "the runs are of different hosts ({0} and {1}), which says more about the machines than about the \
         runners; compare runs of one host, or ask for it with --across-hosts"
    )]
    Hosts(String, String),
    /// Nothing to compare.
    #[error(
        "no cell was measured in both runs; run the same workloads, runners, loads and placements twice, \
         then compare again"
    )]
    Disjoint,
    /// A recording contradicts itself.
    #[error("{0}")]
    Contradiction(String),
}

/// What a machine is known by: the same name on other hardware is another machine, and a kernel update is not.
#[must_use]
pub fn identity(host: &HostRecord) -> String {
    format!("{}, {}, {} cores", host.name, host.processor, host.cores.len())
}

/// Compares the second run with the first; both may be without histograms.
///
/// # Errors
/// Different hosts without `across_hosts`, no common cell, or a recording that contradicts itself.
pub fn compare(
    first: &Recording,
    second: &Recording,
    across_hosts: bool,
) -> Result<Comparison, CompareError> {
    let hosts = [first, second].map(|recording| identity(&recording.run.host));
    if hosts[0] != hosts[1] && !across_hosts {
        let [one, other] = hosts;
        return Err(CompareError::Hosts(one, other));
    }
    let judge = |recording| crate::judged::contests(recording).map_err(CompareError::Contradiction);
    let (ours, theirs) = (judge(first)?, judge(second)?);
    let measured = |contests: &[JudgedContest<'_>]| {
        let cells = contests.iter().flat_map(|contest| &contest.cells);
        cells.filter(|cell| cell.state == State::Measured).count()
    };
    // The slices of a sweep are of different rates, and their mean would say nothing.
    let [ours, theirs] = [ours, theirs].map(|mut contests: Vec<JudgedContest<'_>>| {
        contests.retain(|contest| !contest.contest.load.is_sweep());
        contests
    });
    let mut cells = Vec::new();
    for contest in &ours {
        for cell in contest.cells.iter().filter(|cell| cell.state == State::Measured) {
            let mut twin = theirs.iter().filter(|other| other.measure == contest.measure);
            let twin = twin.find_map(|other| {
                Some((other, other.cells.iter().find(|twin| twin.cell == cell.cell)?))
            });
            if let Some((other, twin)) = twin.filter(|(_, twin)| twin.state == State::Measured) {
                let ours = alike::facts(&first.run.plan, contest, cell);
                let theirs = alike::facts(&second.run.plan, other, twin);
                let differences = alike::differences(&ours, &theirs);
                cells.push(CellComparison { differences, ..pair(contest.measure, cell, twin) });
            }
        }
    }
    if cells.is_empty() {
        return Err(CompareError::Disjoint);
    }
    let unmatched = measured(&ours) + measured(&theirs) - 2 * cells.len();
    let mut differences = differences(first, second);
    differences.extend(of_cells(&cells));
    Ok(Comparison {
        verdict: NO_VERDICT,
        differences,
        cells,
        unmatched: u32::try_from(unmatched).unwrap_or(u32::MAX),
    })
}

/// What else is not the same of the machines and the programs.
fn differences(first: &Recording, second: &Recording) -> Vec<String> {
    let (a, b) = (&first.run, &second.run);
    let microseconds = |ns: u64| format!("{} µs", ns as f64 / 1e3);
    let facts = [
        ("host", identity(&a.host), identity(&b.host)),
        ("system", a.host.system.clone(), b.host.system.clone()),
        ("program", short(&a.binary), short(&b.binary)),
        ("clock", a.host.clock.clone(), b.host.clock.clone()),
        ("timer slack", microseconds(a.host.timer_slack_ns), microseconds(b.host.timer_slack_ns)),
        ("keep-awake", a.plan.keep_awake.to_string(), b.plan.keep_awake.to_string()),
    ];
    let differing = facts.into_iter().filter(|(_, one, other)| one != other);
    differing.map(|(name, one, other)| format!("{name}: {one} → {other}")).collect()
}

/// What is not the same in how cells were measured, each difference once, with whose it is.
fn of_cells(cells: &[CellComparison]) -> Vec<String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for cell in cells {
        for what in &cell.differences {
            match found.iter_mut().find(|(known, _)| *known == what.as_str()) {
                Some((_, whose)) => whose.push(&cell.cell),
                None => found.push((what.as_str(), vec![cell.cell.as_str()])),
            }
        }
    }
    let line = |(what, whose): &(&str, Vec<&str>)| match whose.as_slice() {
        all if all.len() == cells.len() => (*what).to_owned(),
        [only] => format!("{what} ({only})"),
        [first, more @ ..] => format!("{what} ({first}, and {} more)", more.len()),
        [] => String::new(),
    };
    let mut lines: Vec<String> = found.iter().take(MOST_DIFFERENCES).map(line).collect();
    if let Some(more @ 1..) = found.len().checked_sub(lines.len()) {
        lines.push(format!("{more} more differences in how cells were measured"));
    }
    lines
}

/// The start of a long hexadecimal number.
fn short(binary: &str) -> String {
    binary.chars().take(12).collect()
}

fn pair(measure: Measure, one: &JudgedCell<'_>, other: &JudgedCell<'_>) -> CellComparison {
    let barring = one.audit.barring().chain(other.audit.barring());
    let mut marks: Vec<String> = barring.map(|finding| finding.check.clone()).collect();
    marks.sort();
    marks.dedup();
    let timed = one.role != Role::Floor;
    let shift = |metric| shift(measure, metric, &one.trials, &other.trials);
    CellComparison {
        cell: one.cell.clone(),
        marks,
        differences: Vec::new(),
        blocks: (one.trials.len(), other.trials.len()),
        p50: shift(Metric::P50).filter(|_| timed),
        cpu_per_op: shift(Metric::CpuPerOp),
        throughput: shift(Metric::Throughput).filter(|_| timed),
    }
}

fn shift(measure: Measure, metric: Metric, one: &Blocks<'_>, other: &Blocks<'_>) -> Option<Shift> {
    let scale = scale(measure, metric);
    let [before, after] = [one, other].map(|blocks| block_values(scale, metric, blocks));
    let shown = |value: f64| if scale == Scale::Ratio { value.exp() } else { value };
    if let Some(contrast) = contrast(&after, &before) {
        let ends = contrast.difference;
        let interval = Some((shown(ends.low), shown(ends.high)));
        return Some(Shift { scale, estimate: shown(ends.centre), interval });
    }
    let centre = |values: &[f64]| {
        Paired::over(values).map(|paired| paired.centre).or_else(|| values.first().copied())
    };
    let estimate = shown(centre(&after)? - centre(&before)?);
    Some(Shift { scale, estimate, interval: None })
}

/// Lateness is compared as a difference, everything else as a ratio.
pub(crate) fn scale(measure: Measure, metric: Metric) -> Scale {
    let late = measure == Measure::Lateness && metric == Metric::P50;
    if late { Scale::DifferenceUs } else { Scale::Ratio }
}

/// One value a block: the trimmed mean over its counted slices. Where some slice has none, for instance because no
/// operation ended in it, leaving that slice out would favour the slower: then the whole block's value counts, and a block
/// that has none is left out. There is none at all where failed requests hide the median of any slice: to leave that slice out would favour who failed.
pub(crate) fn block_values(scale: Scale, metric: Metric, blocks: &Blocks<'_>) -> Vec<f64> {
    let mut slices = blocks.values().flat_map(|trial| trial.counted());
    let is_hidden = |slice: &SliceRecord| slice.open.is_some() && slice.median_ns().is_none();
    if metric == Metric::P50 && slices.any(is_hidden) {
        return Vec::new();
    }
    let of_block = |trial: &&TrialRecord| {
        let scaled = |value: f64| match scale {
            Scale::Ratio => value.ln(),
            Scale::DifferenceUs => value * 1e-3,
        };
        let values = trial.counted().map(|slice| scaled(metric.of_slice(slice)));
        let whole = || Some(scaled(metric.of_trial(trial).ok()?)).filter(|value| value.is_finite());
        trimmed_mean(&values.collect::<Vec<f64>>()).or_else(whole)
    };
    blocks.values().filter_map(of_block).collect()
}
