//! What does one cell say over all its blocks?
//!
//! A state, marks and, if every block was measured, numbers with their spread over blocks. It must not
//! know other cells. Read next: `numbers.rs`, then `effect.rs`, which compares two of them.

use super::{
    Effect, Effects, FigureSummary, Price,
    block::Block,
    course::{self, SliceMedian},
    effect::Blocks,
    numbers::Numbers,
    state::{marks, worst},
    sweep::Sweep,
};
use crate::{
    Contest, Role, TrialRecord,
    auditor::{Audit, Grade},
    looks::Look,
    rank::Groups,
    record::{AuditRecord, ObjectiveRecord, State},
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
    /// What any block was marked with, each once, in the order of [`crate::record::mark`].
    pub marks: Vec<String>,
    /// What was found in its numbers, marks included.
    pub audit: Audit,
    /// Whether it may be ranked: measured, a runner, and of a grade that is not F.
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
    /// What it costs besides time.
    pub price: Price,
    /// Its numbers; `None` unless all its blocks were measured, and for a sweep, which has them at each rung.
    pub numbers: Option<Numbers>,
    /// The medians of its slices in the order of time; empty for a sweep, and unless all its blocks were measured.
    pub course: Vec<SliceMedian>,
    /// How latency grew with load; only of a sweep whose blocks were all measured.
    pub sweep: Option<Sweep>,
    /// What it reports besides its times, in the workload's order; without those that some block has not.
    pub figures: Vec<FigureSummary>,
    /// Its median over the ideal time: 1 could not be better. Only of a makespan, where the ideal is known.
    pub over_ideal: Option<Estimate>,
    /// What its audit trial counted, if it had one that did the right work.
    pub counted: Option<AuditRecord>,
    /// The runner that it is compared with: the baseline; of a null arm what it copies.
    pub against: Option<String>,
    /// How it compares with that.
    pub effects: Effects,
    /// The same of a percentile of the tail, where one was asked for.
    pub tail: Option<Effect>,
    /// Of a run that may stop early: the look that all this stands on.
    pub look: Option<Look>,
    /// What that decides; `None` for the baseline, for floors, for sweeps and where nothing was measured.
    pub verdict: Option<Judgement>,
    /// Its rank groups within the contest.
    pub groups: Groups,
}

impl CellSummary {
    /// Whether there is anything to show besides its state.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.numbers.is_some() || self.sweep.is_some()
    }

    /// How far its numbers can be believed; `None` where there are none.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        self.is_measured().then_some(self.audit.grade)
    }

    /// Takes over what was found in it.
    pub(super) fn audited(&mut self, audit: Audit) {
        self.ranked = audit.may_be_ranked() && self.is_measured() && self.role == Role::Runner;
        self.audit = audit;
    }
}

/// Summarises the trials of one cell, by block. Its audit, effects, verdict and groups are for the caller to add.
pub(super) fn summarise(
    printed: &str,
    contest: &Contest,
    objective: Option<ObjectiveRecord>,
    trials: &Blocks<'_>,
) -> Result<CellSummary, String> {
    let Some(first) = trials.values().next() else {
        return Ok(missing(printed, contest));
    };
    let identity = first.identity()?;
    let (mut state, mut reason) = worst(trials);
    let mut blocks: Vec<(&TrialRecord, Block)> = Vec::new();
    let (mut numbers, mut sweep) = (None, None);
    if state == State::Measured {
        for trial in trials.values() {
            blocks.push((trial, Block::of(trial, trial.counted())?));
        }
        let idle = |(_, block): &&(&TrialRecord, Block)| {
            block.times.recorded() == 0 || block.completed == 0
        };
        if let Some((trial, _)) = blocks.iter().find(idle) {
            let block = trial.block;
            reason = Some(format!("block {block}: no operation ended in any counted slice"));
        } else if contest.load.is_sweep() {
            let trials: Vec<&TrialRecord> = blocks.iter().map(|(trial, _)| *trial).collect();
            sweep = Sweep::over(&trials, objective)?;
        } else {
            let sums: Vec<&Block> = blocks.iter().map(|(_, block)| block).collect();
            numbers = Numbers::over(&sums);
        }
        if numbers.is_none() && sweep.is_none() {
            state = State::Failed;
            reason.get_or_insert_with(|| "its counts and times give no finite number".into());
        }
    }
    let marks = marks(trials);
    let measured = trials.values().filter(|trial| trial.state == State::Measured);
    let summary = CellSummary {
        cell: printed.into(),
        arm: identity.arm(),
        runner: identity.runner,
        role: identity.role,
        state,
        reason,
        marks,
        audit: Audit::default(),
        ranked: false,
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
        peak_rss_bytes: trials
            .values()
            .filter_map(|trial| Some(trial.costs.as_ref()?.peak_rss_bytes))
            .max()
            .filter(|_| state == State::Measured),
        price: Price::default(),
        course: if numbers.is_some() { course::of(trials) } else { Vec::new() },
        numbers,
        sweep,
        figures: Vec::new(),
        over_ideal: None,
        counted: None,
        effects: Effects::default(),
        against: None,
        tail: None,
        look: None,
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
        audit: Audit::default(),
        ranked: false,
        blocks: 0,
        workers: 0,
        parameters: BTreeMap::new(),
        backend: None,
        version: None,
        card: BTreeMap::new(),
        peak_rss_bytes: None,
        price: Price::default(),
        numbers: None,
        course: Vec::new(),
        sweep: None,
        figures: Vec::new(),
        over_ideal: None,
        counted: None,
        effects: Effects::default(),
        against: None,
        tail: None,
        look: None,
        verdict: None,
        groups: Groups::default(),
    }
}

/// Different values, joined by commas: normally just one.
fn joined<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let different: BTreeSet<&str> = values.collect();
    (!different.is_empty()).then(|| different.into_iter().collect::<Vec<_>>().join(", "))
}
