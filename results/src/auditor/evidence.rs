//! What may a check look at?
//!
//! The trials of one cell, and those of the other cells of its contest, which were measured in the same
//! rounds: what all of them show is the machine's doing. Only slices that estimates are made from count. It
//! must not judge. Read next: `little.rs`.

use super::Audit;
use crate::{
    Load, Role, SliceRecord, State, TrialRecord,
    statistics::{Estimate, median},
    summary::{Measure, effect::Blocks},
};

/// One cell in its contest, as recorded.
pub(crate) struct Evidence<'a> {
    /// Under which load.
    pub(crate) load: Load,
    /// What its times are.
    pub(crate) measure: Measure,
    /// The host's clock source.
    pub(crate) clock: &'a str,
    /// Its trials, by block.
    pub(crate) trials: &'a Blocks<'a>,
    /// The trials of all cells of the contest, its own included.
    pub(crate) contest: &'a [(&'a str, Blocks<'a>)],
}

/// One contest, as recorded: in which each of its cells is audited.
pub(crate) struct Sight<'a> {
    pub(crate) load: Load,
    pub(crate) measure: Measure,
    /// The host's clock source.
    pub(crate) clock: &'a str,
    /// All cells, with their trials by block.
    pub(crate) cells: Vec<(&'a str, Blocks<'a>)>,
}

impl<'a> Sight<'a> {
    /// What was seen when there were so many blocks.
    pub(crate) fn first(&self, count: u32) -> Self {
        let cells = self.cells.iter().map(|(cell, all)| (*cell, first(all, count))).collect();
        Self { cells, ..*self }
    }

    /// Audits one of the cells by these trials of it.
    pub(crate) fn audit(&self, trials: &Blocks<'_>) -> Audit {
        let Self { load, measure, clock, ref cells } = *self;
        super::audit(&Evidence { load, measure, clock, trials, contest: cells })
    }
}

/// The first so many blocks.
pub(crate) fn first<'a>(trials: &Blocks<'a>, count: u32) -> Blocks<'a> {
    trials.range(..count).map(|(block, trial)| (*block, *trial)).collect()
}

impl Evidence<'_> {
    /// Why the cell is there; a runner where nothing was recorded.
    pub(super) fn role(&self) -> Role {
        self.trials.values().next().map_or(Role::Runner, |trial| trial.role)
    }

    /// The runner's name; empty where nothing was recorded.
    pub(super) fn runner(&self) -> &str {
        self.trials.values().next().map_or("", |trial| trial.runner.as_str())
    }

    /// The trials that measured something.
    pub(super) fn measured(&self) -> impl Iterator<Item = &TrialRecord> {
        measured(self.trials)
    }

    /// Its slices, over all blocks.
    pub(super) fn slices(&self) -> impl Iterator<Item = &SliceRecord> {
        self.measured().flat_map(TrialRecord::counted)
    }

    /// Whether one closed load was held all the time.
    pub(super) fn is_closed(&self) -> bool {
        !self.load.is_open()
    }

    /// Whether one open load was held all the time; a sweep has rungs with findings of their own.
    pub(super) fn is_steadily_open(&self) -> bool {
        self.load.is_open() && !self.load.is_sweep()
    }

    /// The floor's trials.
    pub(super) fn floor(&self) -> Option<&Blocks<'_>> {
        let is_floor = |blocks: &Blocks<'_>| {
            blocks.values().next().is_some_and(|trial| trial.role == Role::Floor)
        };
        self.contest.iter().map(|(_, blocks)| blocks).find(|blocks| is_floor(blocks))
    }

    /// The trials of all cells of the contest that are of another runner, floor included.
    pub(super) fn trials_of_others(&self) -> impl Iterator<Item = &TrialRecord> {
        let own = self.runner();
        let trials = self.contest.iter().flat_map(|(_, blocks)| measured(blocks));
        // Further null arms have a number: `tokio.2`.
        let is_copy = move |trial: &TrialRecord| {
            let rest = trial.runner.strip_prefix(own);
            trial.role == Role::Null && rest.is_some_and(|rest| rest.starts_with('.'))
        };
        trials.filter(move |trial| trial.runner != own && !is_copy(trial))
    }
}

fn measured<'b>(blocks: &'b Blocks<'_>) -> impl Iterator<Item = &'b TrialRecord> {
    blocks.values().copied().filter(|trial| trial.state == State::Measured)
}

/// Slices out of how many: `7 of 72 slices`.
pub(super) fn part(some: usize, all: usize) -> String {
    format!("{some} of {all} {}", if all == 1 { "slice" } else { "slices" })
}

/// A sum that no damaged recording can overflow.
pub(super) fn sum(parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, u64::saturating_add)
}

/// How many cores processes that are not ours used during a slice, estimates included; `None` where it was not seen.
pub(super) fn foreign_cores(slice: &SliceRecord) -> Option<f64> {
    let length_ns = slice.ended_ns.saturating_sub(slice.started_ns).max(1);
    let estimated_ns = slice.foreign_estimated_ns.unwrap_or(0);
    Some(slice.foreign_cpu_ns?.saturating_add(estimated_ns) as f64 / length_ns as f64)
}

/// Whether other processes used so much of the processor that it explains what is odd in a slice: a tenth of a core
/// moved medians of identical code by up to 10 %.
pub(super) fn is_disturbed(slice: &SliceRecord) -> bool {
    foreign_cores(slice).is_some_and(|cores| cores > MOST_FOREIGN_CORES)
}

/// More foreign CPU in a slice, in cores, contaminates it.
const MOST_FOREIGN_CORES: f64 = 0.10;

/// CPU time per operation in µs, over blocks, without disturbed slices; `None` where it is unknown.
pub(super) fn cpu_us_per_op(blocks: &Blocks<'_>) -> Option<Estimate> {
    let of_block = |trial: &TrialRecord| {
        let quiet = || trial.counted().filter(|slice| !is_disturbed(slice));
        let known = quiet().all(|slice| slice.cpu_ns.is_some()) && quiet().next().is_some();
        let cpu_ns = sum(quiet().filter_map(|slice| slice.cpu_ns)) as f64;
        known.then(|| cpu_ns * 1e-3 / sum(quiet().map(SliceRecord::paid)) as f64)
    };
    let values: Option<Vec<f64>> = measured(blocks).map(of_block).collect();
    Estimate::over(&values?)
}

/// The median of each block's slice medians, in ns.
pub(super) fn block_medians_ns(evidence: &Evidence<'_>) -> Vec<f64> {
    let of_block = |trial: &TrialRecord| {
        let slices = trial.counted().filter_map(SliceRecord::median_ns);
        median(&slices.map(|ns| ns as f64).collect::<Vec<_>>())
    };
    evidence.measured().filter_map(of_block).collect()
}

#[cfg(test)]
pub(super) mod samples {
    //! Evidence for the checks' own tests.

    use super::*;
    use crate::{store::Recording, synthetic};

    /// A clean recording: the first cell is tokio's, 6 blocks of 8 slices of 200 operations.
    pub(in crate::auditor) fn clean() -> Recording {
        synthetic::recording(&["tokio", "smol"], 6, 8, 200)
    }

    /// Changes each slice of the recording's first cell.
    pub(in crate::auditor) fn each_slice(
        recording: &mut Recording,
        mut change: impl FnMut(u32, &mut SliceRecord),
    ) {
        let first = recording.trials[0].cell.clone();
        for trial in recording.trials.iter_mut().filter(|trial| trial.cell == first) {
            let block = trial.block;
            trial.slices.iter_mut().for_each(|slice| change(block, slice));
        }
    }

    /// What a check finds in one of the recording's cells.
    pub(in crate::auditor) fn checked(
        recording: &Recording,
        check: super::super::Check,
        at: usize,
    ) -> Option<super::super::Finding> {
        let plan = &recording.run.plan.contests[0];
        let mut cells = crate::judged::by_cell(&recording.trials);
        let contest: Vec<(&str, Blocks<'_>)> = plan
            .cells
            .iter()
            .map(|cell| (cell.as_str(), cells.remove(cell.as_str()).unwrap_or_default()))
            .collect();
        check(&Evidence {
            load: plan.load.parse().unwrap(),
            measure: plan.measure.parse().unwrap(),
            clock: &recording.run.host.clock,
            trials: &contest[at].1,
            contest: &contest,
        })
    }
}
