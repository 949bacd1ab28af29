//! Did a cell change from run to run on this host, and where?
//!
//! Runs of one host in the order of their start; each gives one value a cell and metric, the mean over its
//! blocks, with its interval. A change is where the series changes its level ([`crate::statistics::change`]) by at
//! least 1 %, or of lateness by 1 µs. Nobody interleaved the runs, so a change can be the machine's doing as well as the
//! code's: this tells where to look, and a comparison of two builds side by side tells what it was.
//!
//! A series is of runs that measured a cell alike: with the same parameters of the work, rounds, slices and warm-up, and
//! under an open load the same connections and server. Another way of measuring is a series of its own, since a step
//! between the two would be the measurement's doing. So work that is calibrated anew for every run has no history but
//! single points. What else may differ between runs, such as the kernel, splits nothing.
//!
//! It must not know how anything is shown. Read next: `alike.rs`, `statistics/change.rs`, `chart/history.rs`.

use crate::{
    Contest, Role, State,
    alike::{self, Fact},
    compare::{block_values, identity, scale},
    judged::{self, JudgedCell, JudgedContest},
    statistics::{
        Paired,
        change::{self, Change},
    },
    store::Recording,
    summary::{Measure, Metric, Scale},
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
    /// Cell by cell and metric by metric, as they come in the runs from the oldest on.
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
    /// What it was measured in, for charts.
    #[serde(skip)]
    pub contest: Contest,
    /// What its times are, for charts.
    #[serde(skip)]
    pub measure: Measure,
    /// What tells it from the other series of the cell, such as `connections: 64`; empty where all runs measured it alike.
    pub conditions: Vec<String>,
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
    /// The ends of its 95 % interval over blocks (Student's, as the value is a mean); `None` of one block.
    pub interval: Option<(f64, f64)>,
    /// From how many blocks.
    pub blocks: u32,
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

impl Step {
    /// How far and to which side: `+8.3 %, worse`.
    #[must_use]
    pub fn words(&self) -> String {
        let side = if self.better { "better" } else { "worse" };
        match self.scale {
            Scale::Ratio => format!("{:+.1} %, {side}", (self.change - 1.0) * 100.0),
            Scale::DifferenceUs => format!("{:+.2} µs, {side}", self.change),
        }
    }
}

/// The runs that measured a cell in one way.
struct Way {
    facts: Vec<Fact>,
    contest: Contest,
    measure: Measure,
    /// By metric: values by run, on their scale.
    metrics: [Vec<Value>; 3],
}

impl Way {
    /// The one of these in which the cell was measured, which may be a new one.
    fn of<'a>(
        ways: &'a mut Vec<Self>,
        facts: Vec<Fact>,
        contest: &JudgedContest<'_>,
    ) -> &'a mut Self {
        let known = ways.iter().position(|way| way.facts == facts);
        let at = known.unwrap_or_else(|| {
            let (contest, measure) = (contest.contest.clone(), contest.measure);
            ways.push(Self { facts, contest, measure, metrics: Default::default() });
            ways.len() - 1
        });
        &mut ways[at]
    }

    /// Takes in what a run says.
    fn add(&mut self, run: usize, cell: &JudgedCell<'_>) {
        for (metric, values) in Metric::ALL.into_iter().zip(&mut self.metrics) {
            let blocks = block_values(scale(self.measure, metric), metric, &cell.trials);
            values.extend(Value::of(run, &blocks));
        }
    }
}

/// One run's value on its scale.
struct Value {
    run: usize,
    centre: f64,
    ends: Option<(f64, f64)>,
    blocks: u32,
}

impl Value {
    /// From one value a block; `None` without any.
    fn of(run: usize, blocks: &[f64]) -> Option<Self> {
        let paired = Paired::over(blocks);
        let centre = paired.map(|paired| paired.centre).or_else(|| blocks.first().copied())?;
        let ends = paired.and_then(|paired| paired.interval(1.0 - COVERAGE));
        let ends = ends.map(|ends| (ends.low, ends.high));
        Some(Self { run, centre, ends, blocks: u32::try_from(blocks.len()).unwrap_or(u32::MAX) })
    }
}

/// Of a run's interval: what those of medians have too. Nothing is judged by it.
const COVERAGE: f64 = 0.95;

/// Puts runs in order and looks for changes. Names are what each is called.
///
/// # Errors
/// Runs of several hosts, no run at all, or a recording that contradicts itself.
pub fn history(mut runs: Vec<(String, Recording)>) -> Result<History, String> {
    // RFC 3339 in UTC sorts as text.
    runs.sort_by(|a, b| (&a.1.run.started, &a.0).cmp(&(&b.1.run.started, &b.0)));
    let host = host(&runs)?;
    let mut cells: BTreeMap<String, Vec<Way>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for (number, (name, recording)) in runs.iter().enumerate() {
        let contests = judged::contests(recording).map_err(|why| format!("'{name}': {why}"))?;
        // A sweep has no value of its own: its slices are of different rates.
        for contest in contests.iter().filter(|contest| !contest.contest.load.is_sweep()) {
            let runners = contest.cells.iter().filter(|cell| cell.role == Role::Runner);
            // What describes something else than the runner has no place in its history.
            let believed = |cell: &&JudgedCell<'_>| cell.audit.may_be_ranked();
            for cell in runners.filter(|cell| cell.state == State::Measured).filter(believed) {
                let ways = cells.entry(cell.cell.clone()).or_insert_with(|| {
                    order.push(cell.cell.clone());
                    Vec::new()
                });
                let facts = alike::facts(&recording.run.plan, contest, cell);
                Way::of(ways, facts, contest).add(number, cell);
            }
        }
    }
    let series = order.iter().flat_map(|cell| of_cell(cell, &cells[cell])).collect();
    let mark = |(name, recording): (String, Recording)| RunMark {
        name,
        started: recording.run.started,
        binary: recording.run.binary.chars().take(12).collect(),
    };
    Ok(History { host, runs: runs.into_iter().map(mark).collect(), series })
}

/// The machine of all of them.
fn host(runs: &[(String, Recording)]) -> Result<String, String> {
    let mut hosts: Vec<String> = runs.iter().map(|(_, run)| identity(&run.run.host)).collect();
    hosts.sort();
    hosts.dedup();
    match hosts.as_slice() {
        [host] => Ok(host.clone()),
        [] => Err("no run was found; name folders of runs, or folders that hold some".into()),
        several => Err(format!(
            "the runs are of {} hosts ({}); name those of one host",
            several.len(),
            several.join("; ")
        )),
    }
}

/// Way by way and metric by metric.
fn of_cell(cell: &str, ways: &[Way]) -> Vec<Series> {
    let all: Vec<&[Fact]> = ways.iter().map(|way| way.facts.as_slice()).collect();
    let mut series = Vec::new();
    for way in ways {
        let conditions = alike::telling(&way.facts, &all);
        let known = Metric::ALL.into_iter().zip(&way.metrics).filter(|(_, runs)| !runs.is_empty());
        series.extend(known.map(|(metric, runs)| Series {
            cell: cell.to_owned(),
            conditions: conditions.clone(),
            ..one(way, metric, runs)
        }));
    }
    series
}

/// One metric of a cell that was measured in one way, without their names.
fn one(way: &Way, metric: Metric, runs: &[Value]) -> Series {
    let scale = scale(way.measure, metric);
    let plain: Vec<f64> = runs.iter().map(|value| value.centre).collect();
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
    let point = |(value, level): (&Value, &f64)| Point {
        run: value.run,
        value: shown(value.centre),
        interval: value.ends.map(|(low, high)| (shown(low), shown(high))),
        blocks: value.blocks,
        level: shown(*level),
    };
    let step = |Change { at, step, p_value }: &Change| Step {
        run: runs[*at].run,
        change: if scale == Scale::Ratio { step.exp() } else { *step },
        scale,
        better: (*step < 0.0) == metric.less_is_better(),
        p_value: *p_value,
    };
    Series {
        cell: String::new(),
        contest: way.contest.clone(),
        measure: way.measure,
        conditions: Vec::new(),
        metric: metric.name(),
        unit,
        points: runs.iter().zip(&levels).map(point).collect(),
        changes: changes.iter().map(step).collect(),
    }
}
