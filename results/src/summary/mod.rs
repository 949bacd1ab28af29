//! What does a recording say, cell by cell?
//!
//! [`Summary::of`] turns raw trials into estimates: within a block distributions are merged and counts
//! are added up; over blocks there is a median with an interval. Percentiles are never averaged. Slices
//! that were set aside are left out. A cell that went wrong keeps its row and has no numbers. A recording
//! that contradicts itself is refused: no number is better than a wrong one.
//!
//! It must not know how anything is shown. Read next: `block.rs` (one block), `effect.rs` (comparison),
//! then [`crate::table`].

mod block;
mod cell;
mod course;
pub(crate) mod effect;
mod figures;
mod numbers;
pub(crate) mod price;
mod spent;
pub(crate) mod state;
mod surroundings;
mod sweep;
mod times;

pub use cell::CellSummary;
pub use course::SliceMedian;
pub use effect::{BlockEffect, Effect, Effects, Metric, Noise, Scale};
pub use figures::FigureSummary;
pub use numbers::{Distribution, Numbers, OpenNumbers, Quantile};
pub use price::Price;
pub use spent::Spent;
pub use surroundings::{Hiccups, Surroundings};
pub use sweep::{KNEE, Reached, Rung, Sweep};

use crate::{
    Cell, Contest, Role, RunRecord,
    builds::Builds,
    judged, parallel,
    record::{ContestRecord, FigureRecord, OpenPlanRecord, StoppingRecord},
    relation::Relations,
    statistics::ALPHA,
    store::Recording,
};
use effect::Blocks;
use std::collections::BTreeMap;

/// What a recording says.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Where, when and how it was measured: as recorded.
    pub run: RunRecord,
    /// Further runs of the same host whose contests stand behind its own; see [`crate::joined`].
    pub further: Vec<RunRecord>,
    /// In the order of the plan.
    pub contests: Vec<ContestSummary>,
    /// Whether the recording's last line was torn and has been left out.
    pub torn: bool,
    /// What went on around the measurement.
    pub surroundings: Surroundings,
    /// Of runs that compare two builds: what they find.
    pub builds: Vec<Builds>,
}

/// What a contest says: cells that were measured in the same rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct ContestSummary {
    /// Workload, load and placement.
    pub contest: Contest,
    /// What the workload asks.
    pub question: String,
    /// What its times are.
    pub measure: Measure,
    /// The runner that the others are compared with: the planned one, or another that may be ranked.
    pub baseline: Option<String>,
    /// The runner that was planned as baseline, and that the null arm copies.
    pub planned_baseline: Option<String>,
    /// In the order of the plan, null arm and floor included; none is ever missing.
    pub cells: Vec<CellSummary>,
    /// What two copies of the same runner differ by; `None` without a measured null arm.
    pub noise: Option<Noise>,
    /// The error rate of its intervals: 0.005, or the share of a look where the run could stop early.
    pub alpha: f64,
    /// How each ranked runner compares with each other one.
    pub relations: Relations,
    /// How open loads were to be measured.
    pub open: Option<OpenPlanRecord>,
    /// What the workload reports besides its times, in its own order.
    pub figures: Vec<FigureRecord>,
    /// How long an operation would take at best, in nanoseconds, where the workload could say.
    pub ideal_ns: Option<u64>,
}

/// What the recorded times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// From the same actor's previous completion to completion, under closed load.
    Service,
    /// How much later than asked for something happened.
    Lateness,
    /// From the first start to the last completion of a group.
    Makespan,
    /// From the intended time to completion; exists under open load only.
    Response,
}

impl Measure {
    /// Its name in recordings and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Lateness => "lateness",
            Self::Makespan => "makespan",
            Self::Response => "response",
        }
    }

    /// Its name in tables and charts. Closed load has no response time, so none is ever named: a contest
    /// that contradicts this is refused.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Service => "service time",
            Self::Lateness => "lateness",
            Self::Makespan => "makespan",
            Self::Response => "response time",
        }
    }
}

impl std::str::FromStr for Measure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Service, Self::Lateness, Self::Makespan, Self::Response]
            .into_iter()
            .find(|measure| measure.name() == text)
            .ok_or_else(|| {
                format!("measure '{text}' is none of service, lateness, makespan, response")
            })
    }
}

impl Summary {
    /// Summarises a recording, finished or not.
    ///
    /// # Errors
    /// The recording contradicts itself, or was damaged: says which trial and how.
    pub fn of(recording: &Recording) -> Result<Self, String> {
        let mut trials = judged::by_cell(&recording.trials);
        let planned = recording.run.plan.contests.iter();
        let taken: Vec<_> = planned.map(|planned| (planned, taken(planned, &mut trials))).collect();
        let contests =
            parallel::map(&taken, |(planned, mine)| contest(&recording.run, planned, mine));
        let mut contests: Vec<ContestSummary> = contests.into_iter().collect::<Result<_, _>>()?;
        for cell in contests.iter_mut().flat_map(|contest: &mut ContestSummary| &mut contest.cells)
        {
            cell.counted = recording.audit_of(&cell.cell).cloned();
        }
        if let Some(stray) = trials.keys().next() {
            return Err(format!("cell '{stray}' was measured and is in no contest of the plan"));
        }
        Ok(Self {
            run: recording.run.clone(),
            further: Vec::new(),
            contests,
            torn: recording.torn,
            surroundings: Surroundings::of(&recording.trials),
            builds: Builds::of(recording)?.into_iter().collect(),
        })
    }

    /// All runs that it is of, the first one first.
    pub fn runs(&self) -> impl Iterator<Item = &RunRecord> {
        [&self.run].into_iter().chain(&self.further)
    }

    /// All cells with their contests, in the order of the plan.
    pub fn cells(&self) -> impl Iterator<Item = (&ContestSummary, &CellSummary)> {
        self.contests
            .iter()
            .flat_map(|contest| contest.cells.iter().map(move |cell| (contest, cell)))
    }
}

impl ContestSummary {
    /// The measured cell that the others are compared with.
    #[must_use]
    pub fn baseline_cell(&self) -> Option<&CellSummary> {
        let name = self.baseline.as_deref()?;
        self.cells.iter().find(|cell| cell.role == Role::Runner && cell.runner == name)
    }

    /// What a cell is compared with in place of the baseline, where it is: what a null arm copies may be another runner.
    #[must_use]
    pub fn compared_elsewhere<'a>(&self, cell: &'a CellSummary) -> Option<&'a str> {
        let against = cell.against.as_deref()?;
        (self.baseline.as_deref() != Some(against)).then_some(against)
    }

    /// The most blocks that any of its cells was measured in.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.cells.iter().map(|cell| cell.blocks).max().unwrap_or(0)
    }
}

/// The trials of a contest, taken out of all.
fn taken<'a>(
    planned: &'a ContestRecord,
    trials: &mut BTreeMap<&str, Blocks<'a>>,
) -> Vec<(&'a str, Blocks<'a>)> {
    let cells = planned.cells.iter();
    cells.map(|cell| (cell.as_str(), trials.remove(cell.as_str()).unwrap_or_default())).collect()
}

/// Summarises one contest.
fn contest(
    run: &RunRecord,
    planned: &ContestRecord,
    mine: &[(&str, Blocks<'_>)],
) -> Result<ContestSummary, String> {
    let load = planned.load.parse()?;
    let contest =
        Contest { workload: planned.workload.clone(), load, placement: planned.placement };
    let judged = judged::contest(run, planned, mine)?;
    let objective = planned.open.as_ref().and_then(|open| open.objective);
    let is_floor = |(_, blocks): &&(&str, Blocks<'_>)| {
        blocks.values().next().is_some_and(|trial| trial.role == Role::Floor)
    };
    let floor = mine.iter().find(is_floor).map(|(_, blocks)| blocks);
    let mut cells = Vec::new();
    for ((printed, blocks), own) in mine.iter().zip(judged.cells) {
        let mut cell = cell::summarise(printed, &contest, objective, blocks)?;
        cell.audited(own.audit);
        figures::add(&mut cell, planned, judged.measure, blocks);
        price::add(&mut cell, blocks, floor);
        cell.effects = own.effects;
        cell.tail = own.tail;
        cell.look = own.look;
        cell.verdict = own.verdict;
        cell.groups = own.groups;
        cell.against = own.against;
        cells.push(cell);
    }
    let nulls = cells.iter().filter(|cell| cell.role == Role::Null);
    let noise =
        nulls.filter_map(Noise::of).max_by(|one, other| one.size().total_cmp(&other.size()));
    Ok(ContestSummary {
        contest,
        question: planned.question.clone(),
        measure: judged.measure,
        baseline: judged.baseline,
        planned_baseline: judged.planned_baseline,
        cells,
        noise,
        alpha: run.plan.stopping.as_ref().map_or(ALPHA, StoppingRecord::alpha),
        relations: judged.relations,
        open: planned.open.clone(),
        figures: planned.figures.clone(),
        ideal_ns: planned.ideal_ns,
    })
}

/// Refuses trials that are not what their cell says.
pub(crate) fn check(
    printed: &str,
    blocks: &Blocks<'_>,
    planned: &ContestRecord,
) -> Result<(), String> {
    for trial in blocks.values() {
        let Cell { contest, .. } = trial.identity()?;
        let same = contest.workload == planned.workload
            && contest.load.to_string() == planned.load
            && contest.placement == planned.placement
            && trial.measure == planned.measure;
        if !same {
            return Err(format!(
                "cell '{printed}', block {}: workload, load, placement or measure is not the plan's",
                trial.block
            ));
        }
        let is_open = contest.load.is_open();
        if let Some(slice) = trial.counted().find(|slice| slice.open.is_some() != is_open) {
            return Err(format!(
                "cell '{printed}', block {}, round {}: a slice is not of its cell's load",
                trial.block, slice.round
            ));
        }
    }
    Ok(())
}
