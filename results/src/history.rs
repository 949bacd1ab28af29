//! Did a cell change from run to run on this host, and where?
//!
//! Runs of one host in the order of their start; each gives one value a cell and metric, the mean over its
//! blocks. A change is where the series changes its level ([`crate::statistics::change`]) by at least 1 %.
//! Nobody interleaved the runs, so a change can be the machine's doing as well as the code's: this tells where
//! to look, and a comparison of two builds side by side tells what it was.
//!
//! It must not know how anything is shown. Read next: `statistics/change.rs`, `chart/history.rs`.

use crate::{
    Role, State,
    compare::{block_values, identity, scale},
    judged::{self, JudgedCell},
    statistics::{
        Paired,
        change::{self, Change},
    },
    store::Recording,
    summary::{Metric, Scale},
    verdict::{LEAST_MARGIN_US, Rules},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Many runs of one host.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct History {
    /// The machine.
    pub host: String,
    /// In the order of their start.
    pub runs: Vec<RunMark>,
    /// Cell by cell and metric by metric, in the order of the newest run that has them.
    pub series: Vec<Series>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunMark {
    /// What it is called: its folder.
    pub name: String,
    /// When it began.
    pub started: String,
    /// The program that measured: the start of its SHA-256.
    pub binary: String,
}

/// One metric of one cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The cell's printed form.
    pub cell: String,
    /// `p50`, `CPU per operation` or `throughput`.
    pub metric: &'static str,
    /// What the values are in: `ns`, `µs` or `per s`.
    pub unit: &'static str,
    /// By run: which run, from 0, and its value.
    pub points: Vec<Point>,
    /// Where the level changed.
    pub changes: Vec<Step>,
}

/// One run's value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The run's number, from 0.
    pub run: usize,
    /// The value in the unit of the series.
    pub value: f64,
    /// The level that it belongs to: the median of the runs between changes.
    pub level: f64,
}

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The first run of the new level, from 0.
    pub run: usize,
    /// The new level against the old one: a ratio, or for lateness a difference in µs.
    pub change: f64,
    /// What `change` is.
    pub scale: Scale,
    /// Whether the new level is the better one.
    pub better: bool,
    /// Welch's p-value: a score, since the place was chosen by the data.
    pub p_value: f64,
}

/// The values of one metric of one cell, by run, on their scale.
type Values = (Scale, Vec<(usize, f64)>);

/// Puts runs in order and looks for changes. Names are what each is called.
///
/// # Errors
/// Runs of several hosts, no run at all, or a recording that contradicts itself.
pub fn history(mut runs: Vec<(String, Recording)>) -> Result<History, String> {
    // RFC 3339 in UTC sorts as text.
    runs.sort_by(|a, b| (&a.1.run.started, &a.0).cmp(&(&b.1.run.started, &b.0)));
    let mut hosts: Vec<String> = runs.iter().map(|(_, run)| identity(&run.run.host)).collect();
    hosts.dedup();
    hosts.sort();
    hosts.dedup();
    let host = match hosts.as_slice() {
        [host] => host.clone(),
        [] => {
            return Err("no run was found; name folders of runs, or folders that hold some".into());
        }
        several => {
            return Err(format!(
                "the runs are of {} hosts ({}); name those of one host",
                several.len(),
                several.join("; ")
            ));
        }
    };
    let mut series: BTreeMap<(String, usize), Values> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for (number, (name, recording)) in runs.iter().enumerate() {
        let contests = judged::contests(recording).map_err(|why| format!("'{name}': {why}"))?;
        // A sweep has no value of its own: its slices are of different rates.
        for contest in contests.iter().filter(|contest| !contest.contest.load.is_sweep()) {
            let runners = contest.cells.iter().filter(|cell| cell.role == Role::Runner);
            // What describes something else than the runner has no place in its history.
            let believed = |cell: &&JudgedCell<'_>| cell.audit.may_be_ranked();
            for cell in runners.filter(|cell| cell.state == State::Measured).filter(believed) {
                if !order.contains(&cell.cell) {
                    order.push(cell.cell.clone());
                }
                for (at, metric) in Metric::ALL.into_iter().enumerate() {
                    let scale = scale(contest.measure, metric);
                    let values = block_values(scale, metric, &cell.trials);
                    let centre = Paired::over(&values).map(|paired| paired.centre);
                    if let Some(centre) = centre.or_else(|| values.first().copied()) {
                        let entry = series.entry((cell.cell.clone(), at));
                        entry.or_insert((scale, Vec::new())).1.push((number, centre));
                    }
                }
            }
        }
    }
    let mut all = Vec::new();
    for cell in order {
        for (at, metric) in Metric::ALL.into_iter().enumerate() {
            if let Some((scale, values)) = series.remove(&(cell.clone(), at)) {
                all.push(one(cell.clone(), metric, scale, &values));
            }
        }
    }
    let mark = |(name, recording): (String, Recording)| RunMark {
        name,
        started: recording.run.started,
        binary: recording.run.binary.chars().take(12).collect(),
    };
    Ok(History { host, runs: runs.into_iter().map(mark).collect(), series: all })
}

fn one(cell: String, metric: Metric, scale: Scale, values: &[(usize, f64)]) -> Series {
    let plain: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    let least = match scale {
        Scale::Ratio => Rules::default().least.ln_1p(),
        Scale::DifferenceUs => LEAST_MARGIN_US,
    };
    let changes = change::changes(&plain, least);
    let levels = change::levels(&plain, &changes);
    // Slices carry nanoseconds and operations per nanosecond.
    let (unit, factor) = match (metric, scale) {
        (_, Scale::DifferenceUs) => ("µs", 1.0),
        (Metric::P50, _) => ("ns", 1.0),
        (Metric::CpuPerOp, _) => ("µs", 1e-3),
        (Metric::Throughput, _) => ("per s", 1e9),
    };
    let shown = |value: f64| if scale == Scale::Ratio { value.exp() * factor } else { value };
    let point = |(&(run, value), level): (&(usize, f64), &f64)| Point {
        run,
        value: shown(value),
        level: shown(*level),
    };
    let step = |Change { at, step, p_value }: &Change| Step {
        run: values[*at].0,
        change: if scale == Scale::Ratio { step.exp() } else { *step },
        scale,
        better: (*step < 0.0) == metric.less_is_better(),
        p_value: *p_value,
    };
    Series {
        cell,
        metric: metric.name(),
        unit,
        points: values.iter().zip(&levels).map(point).collect(),
        changes: changes.iter().map(step).collect(),
    }
}
