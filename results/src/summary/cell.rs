//! What does one cell say over all its blocks?
//!
//! A state, marks and, if every block was measured, numbers with their spread over blocks. It must not
//! know other cells. Read next: `effect.rs`, which compares two of them.

use super::{
    Effects,
    block::Block,
    state::{marks, worst},
};
use crate::{
    Contest, Role, TrialRecord,
    rank::Groups,
    record::{State, mark},
    statistics::Estimate,
    verdict::Judgement,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
pub struct CellSummary {
    /// The cell's printed form: `echo:64/tokio/closed-32@separate`.
    pub cell: String,
    /// The runner's name as tables show it: `tokio~null` for a null arm.
    pub arm: String,
    /// The runner's name.
    pub runner: String,
    /// Why it is there.
    pub role: Role,
    /// The worst that any block ended with.
    pub state: State,
    /// Why, unless it was measured.
    pub reason: Option<String>,
    /// What any block was marked with, each once, in the order of [`mark`].
    pub marks: Vec<String>,
    /// Whether it may be ranked: measured, a runner, and without a mark of [`mark::NOT_RANKED`].
    pub ranked: bool,
    /// In how many blocks it was measured.
    pub blocks: u32,
    /// Threads that the runner was given; 0 if no trial started.
    pub workers: u32,
    /// The workload's parameters; empty if no trial was recorded.
    pub parameters: BTreeMap<String, String>,
    /// What it really waited with.
    pub backend: Option<String>,
    /// The version of what it stands on.
    pub version: Option<String>,
    /// How it does things.
    pub card: BTreeMap<String, String>,
    /// The largest resident set of any block; `None` where it was not measured.
    pub peak_rss_bytes: Option<u64>,
    /// Its numbers; `None` unless all its blocks were measured.
    pub numbers: Option<Numbers>,
    /// How it compares with the baseline; a null arm with the runner that it copies.
    pub effects: Effects,
    /// What that decides; `None` for the baseline, for floors and where nothing was measured.
    pub verdict: Option<Judgement>,
    /// Its rank groups within the contest.
    pub groups: Groups,
}

/// A measured cell's numbers. Times are of what the contest's measure says.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// Operations that were completed in counted slices, over all blocks.
    pub ops: u64,
    /// Operations that the smallest block recorded: how far into the tail its percentiles carry.
    pub least_recorded: u64,
    /// Completed operations per second.
    pub throughput: Estimate,
    /// The median, in nanoseconds.
    pub p50_ns: Estimate,
    /// The 90th percentile, in nanoseconds.
    pub p90_ns: Estimate,
    /// The 99th percentile, in nanoseconds.
    pub p99_ns: Estimate,
    /// The 99.9th percentile, in nanoseconds.
    pub p999_ns: Estimate,
    /// The largest value of all blocks, in nanoseconds.
    pub max_ns: u64,
    /// The percentile curve, as far as [`Self::carries`] allows.
    pub curve: Vec<Quantile>,
    /// CPU time per operation in µs.
    pub cpu_us_per_op: Estimate,
    /// CPU time per operation in µs that was burnt between its own slices, while others worked.
    pub deferred_cpu_us_per_op: Estimate,
    /// CPU time of the peer per operation in µs; `None` without a peer.
    pub peer_cpu_us_per_op: Option<Estimate>,
    /// Operations that never ended, and are in no percentile.
    pub unfinished: u64,
    /// The age of the oldest of them, in nanoseconds.
    pub oldest_unfinished_ns: u64,
}

/// One point of a percentile curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// −log10(1 − quantile): 0 is the smallest value, 1 is p90, 2 is p99, 3 is p99.9.
    pub nines: f64,
    /// The time in nanoseconds.
    pub ns: Estimate,
}

/// Operations that must lie above a percentile in every block for it to be drawn or printed: with fewer,
/// it is the story of single operations.
const LEAST_ABOVE: f64 = 10.0;

/// The last nine that curves go to: p99.99.
const MOST_NINES: f64 = 4.0;

impl Numbers {
    /// Whether every block recorded at least ten operations above this quantile (from 0 to 1).
    #[must_use]
    pub fn carries(&self, quantile: f64) -> bool {
        // The addend forgives the rounding of, for instance, 1 − 0.9.
        self.least_recorded as f64 * (1.0 - quantile) + 1e-6 >= LEAST_ABOVE
    }

    fn over(blocks: &[&Block]) -> Option<Self> {
        let over = |value: &dyn Fn(&Block) -> f64| {
            Estimate::over(&blocks.iter().map(|block| value(block)).collect::<Vec<_>>())
        };
        let [p50_ns, p90_ns, p99_ns, p999_ns] =
            quantiles(blocks, &[0.5, 0.9, 0.99, 0.999])?.try_into().ok()?;
        let peers: Option<Vec<f64>> = blocks.iter().map(|block| block.peer_cpu_us()).collect();
        let least_recorded = blocks.iter().map(|block| block.recorded()).min()?;
        Some(Self {
            ops: blocks.iter().fold(0, |sum, block| sum.saturating_add(block.completed)),
            least_recorded,
            throughput: over(&Block::per_sec)?,
            p50_ns,
            p90_ns,
            p99_ns,
            p999_ns,
            max_ns: blocks.iter().map(|block| block.max_ns).max()?,
            curve: curve(blocks, least_recorded)?,
            cpu_us_per_op: over(&Block::cpu_us)?,
            deferred_cpu_us_per_op: over(&Block::deferred_cpu_us)?,
            peer_cpu_us_per_op: peers.and_then(|peers| Estimate::over(&peers)),
            unfinished: blocks.iter().fold(0, |sum, block| sum.saturating_add(block.unfinished)),
            oldest_unfinished_ns: blocks.iter().map(|block| block.oldest_unfinished_ns).max()?,
        })
    }
}

/// Twenty points a nine, and p50 itself, as far as the smallest block carries.
fn curve(blocks: &[&Block], least_recorded: u64) -> Option<Vec<Quantile>> {
    let end = (least_recorded as f64 / LEAST_ABOVE).log10().min(MOST_NINES) + 1e-9;
    let mut points: Vec<f64> = (0..=80).map(|step| f64::from(step) / 20.0).collect();
    points.push(2.0_f64.log10());
    points.retain(|nines| *nines <= end);
    points.sort_by(f64::total_cmp);
    let parts: Vec<f64> = points.iter().map(|nines| 1.0 - 10.0_f64.powf(-nines)).collect();
    let estimates = quantiles(blocks, &parts)?;
    Some(points.into_iter().zip(estimates).map(|(nines, ns)| Quantile { nines, ns }).collect())
}

/// Ascending quantiles of each block, estimated over blocks, in nanoseconds.
fn quantiles(blocks: &[&Block], quantiles: &[f64]) -> Option<Vec<Estimate>> {
    let by_block: Vec<Vec<f64>> =
        blocks.iter().map(|block| block.quantiles_ns(quantiles)).collect();
    let over =
        |at: usize| Estimate::over(&by_block.iter().map(|values| values[at]).collect::<Vec<_>>());
    (0..quantiles.len()).map(over).collect()
}

/// Summarises the trials of one cell, by block. Its effects, verdict and groups are for the caller to add.
pub(super) fn summarise(
    printed: &str,
    contest: &Contest,
    trials: &BTreeMap<u32, &TrialRecord>,
) -> Result<CellSummary, String> {
    let Some(first) = trials.values().next() else {
        return Ok(missing(printed, contest));
    };
    let identity = first.identity()?;
    let (mut state, mut reason) = worst(trials);
    let mut blocks: Vec<(&TrialRecord, Block)> = Vec::new();
    let mut numbers = None;
    if state == State::Measured {
        for trial in trials.values() {
            blocks.push((trial, Block::of(trial)?));
        }
        let idle =
            |(_, block): &&(&TrialRecord, Block)| block.recorded() == 0 || block.completed == 0;
        if let Some((trial, _)) = blocks.iter().find(idle) {
            let block = trial.block;
            reason = Some(format!("block {block}: no operation ended in any counted slice"));
        } else {
            let sums: Vec<&Block> = blocks.iter().map(|(_, block)| block).collect();
            numbers = Numbers::over(&sums);
        }
        if numbers.is_none() {
            state = State::Failed;
            reason.get_or_insert_with(|| "its counts and times give no finite number".into());
        }
    }
    let marks = marks(trials);
    let clean = !marks.iter().any(|mark| mark::NOT_RANKED.contains(&mark.as_str()));
    let measured = trials.values().filter(|trial| trial.state == State::Measured);
    let summary = CellSummary {
        cell: printed.into(),
        arm: identity.arm(),
        runner: identity.runner,
        role: identity.role,
        state,
        reason,
        ranked: clean && numbers.is_some() && identity.role == Role::Runner,
        marks,
        blocks: u32::try_from(measured.count()).unwrap_or(u32::MAX),
        workers: first.workers,
        parameters: first.parameters.clone(),
        backend: joined(trials.values().filter_map(|trial| trial.backend.as_deref())),
        version: joined(
            trials.values().filter_map(|trial| Some(trial.receipt.as_ref()?.version.as_str())),
        ),
        card: trials
            .values()
            .map(|trial| &trial.card)
            .find(|card| !card.is_empty())
            .cloned()
            .unwrap_or_default(),
        peak_rss_bytes: numbers.as_ref().and_then(|_| {
            trials.values().filter_map(|trial| Some(trial.costs.as_ref()?.peak_rss_bytes)).max()
        }),
        numbers,
        effects: Effects::default(),
        verdict: None,
        groups: Groups::default(),
    };
    Ok(summary)
}

/// The row of a cell that was planned and has no trial.
fn missing(printed: &str, contest: &Contest) -> CellSummary {
    let tail = format!("/{}@{}", contest.load, contest.placement.name());
    let head = format!("{}/", contest.workload);
    let arm = printed.strip_prefix(&head).and_then(|rest| rest.strip_suffix(&tail));
    let arm = arm.unwrap_or(printed);
    let (runner, role) = match arm.strip_suffix("~null") {
        Some(runner) => (runner, Role::Null),
        None if arm.starts_with("floor") => (arm, Role::Floor),
        None => (arm, Role::Runner),
    };
    CellSummary {
        cell: printed.into(),
        arm: arm.into(),
        runner: runner.into(),
        role,
        state: State::Failed,
        reason: Some("no trial was recorded: the run ended early; go on with --resume".into()),
        marks: Vec::new(),
        ranked: false,
        blocks: 0,
        workers: 0,
        parameters: BTreeMap::new(),
        backend: None,
        version: None,
        card: BTreeMap::new(),
        peak_rss_bytes: None,
        numbers: None,
        effects: Effects::default(),
        verdict: None,
        groups: Groups::default(),
    }
}

/// Different values, joined by commas: normally just one.
fn joined<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let different: BTreeSet<&str> = values.collect();
    (!different.is_empty()).then(|| different.into_iter().collect::<Vec<_>>().join(", "))
}
