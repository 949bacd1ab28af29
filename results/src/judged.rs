//! What do the slices of a recording decide, without its histograms?
//!
//! Effects, verdicts and rank groups stand on what every slice carries beside its histogram, so a stored run of
//! a thousand cells is judged in seconds. [`crate::summary`] asks here too, so that tables and `rank` cannot
//! disagree.
//!
//! It must not know how anything is shown. Read next: `against.rs`, `verdict.rs`, `rank.rs`.

use crate::{
    Contest, Role, RunRecord, State, TrialRecord,
    against::Against,
    auditor::{Audit, Sight, first},
    looks::{self, Look},
    rank::{self, Groups},
    record::{ContestRecord, OpenPlanRecord},
    relation::Relations,
    statistics::median,
    store::Recording,
    summary::{
        Effect, Effects, Measure,
        effect::{Blocks, effects},
        state::{marks, worst},
    },
    verdict::{Candidate, Judgement, Rules},
};
use std::collections::BTreeMap;

/// A judged contest.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedContest<'a> {
    /// Workload, load and placement.
    pub contest: Contest,
    /// What its times are.
    pub measure: Measure,
    /// The runner that was planned as baseline.
    pub planned_baseline: Option<String>,
    /// The runner that the others are compared with.
    pub baseline: Option<String>,
    /// Of a run that may stop early: after how many blocks of it nothing had been decided yet. What is said over
    /// several contests stands on these, since no outcome has chosen their number.
    pub(crate) fixed: Option<u32>,
    /// How each ranked runner compares with each other one.
    pub relations: Relations,
    /// How requests were made; only under an open load.
    pub open: Option<OpenPlanRecord>,
    /// In the order of the plan.
    pub cells: Vec<JudgedCell<'a>>,
}

/// A judged cell.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedCell<'a> {
    /// Its printed form.
    pub cell: String,
    /// The runner's name, without the mark of a null arm.
    pub runner: String,
    /// Why it is there.
    pub role: Role,
    /// The worst that any block ended with.
    pub state: State,
    /// What any block was marked with.
    pub marks: Vec<String>,
    /// What was found in its numbers, of all blocks.
    pub audit: Audit,
    /// Whether the auditor believes the blocks that its judgement stands on.
    pub(crate) believed: bool,
    /// Whether it may be ranked; never in a sweep, which is read off a curve.
    pub ranked: bool,
    /// The runner that it is compared with: the baseline; of a null arm what it copies.
    pub against: Option<String>,
    /// What came of that.
    pub effects: Effects,
    /// The same of a percentile of the tail, where one was asked for.
    pub tail: Option<Effect>,
    /// Of a run that may stop early: the look that all this stands on.
    pub look: Option<Look>,
    /// Against the baseline; `None` for the baseline, for floors, for sweeps and where nothing was measured.
    pub verdict: Option<Judgement>,
    /// Among the ranked runners.
    pub groups: Groups,
    /// Its trials, by block.
    pub(crate) trials: Blocks<'a>,
}

impl<'a> JudgedCell<'a> {
    /// The trials that its judgement stands on.
    pub(crate) fn judged_trials(&self) -> Blocks<'a> {
        self.first(self.look.map(|look| look.blocks))
    }

    /// All its trials, in the order of blocks: of a block that was measured again the later one.
    #[must_use]
    pub fn recorded(&self) -> Vec<&'a TrialRecord> {
        self.trials.values().copied().collect()
    }

    /// Takes over what the auditor says of the blocks that it is judged by.
    pub(crate) fn believe(&mut self, believed: bool) {
        self.believed = believed;
        self.ranked = believed && self.state == State::Measured && self.role == Role::Runner;
    }

    /// Its first so many blocks, or all.
    pub(crate) fn first(&self, count: Option<u32>) -> Blocks<'a> {
        match count {
            Some(count) => first(&self.trials, count),
            None => self.trials.clone(),
        }
    }
}

/// Judges every contest of a recording, whose histograms may have been left out ([`crate::store::load_light`]).
///
/// # Errors
/// The recording contradicts itself: says which trial and how.
pub fn contests(recording: &Recording) -> Result<Vec<JudgedContest<'_>>, String> {
    let mut trials = by_cell(&recording.trials);
    let plan = &recording.run.plan.contests;
    plan.iter()
        .map(|planned| contest(&recording.run, planned, &take(planned, &mut trials)))
        .collect()
}

/// The trials of every cell, by block. A resumed run may repeat a block that was cut off: the later trial
/// replaces the earlier, since only trials that were alive together may be paired.
pub(crate) fn by_cell(trials: &[TrialRecord]) -> BTreeMap<&str, Blocks<'_>> {
    let mut cells: BTreeMap<&str, Blocks<'_>> = BTreeMap::new();
    for trial in trials {
        cells.entry(&trial.cell).or_default().insert(trial.block, trial);
    }
    cells
}

/// Takes the planned cells of one contest out of `trials`, in the order of the plan.
pub(crate) fn take<'a, 'b>(
    planned: &'b ContestRecord,
    trials: &mut BTreeMap<&str, Blocks<'a>>,
) -> Vec<(&'b str, Blocks<'a>)> {
    let cells = planned.cells.iter();
    cells.map(|cell| (cell.as_str(), trials.remove(cell.as_str()).unwrap_or_default())).collect()
}

/// Judges one contest.
///
/// # Errors
/// A trial that is not what the plan says, or a histogram that was needed and cannot be read.
pub(crate) fn contest<'a>(
    run: &RunRecord,
    planned: &ContestRecord,
    trials: &[(&str, Blocks<'a>)],
) -> Result<JudgedContest<'a>, String> {
    let measure: Measure = planned.measure.parse()?;
    let contest = Contest {
        workload: planned.workload.clone(),
        load: planned.load.parse()?,
        placement: planned.placement,
    };
    if contest.load.is_open() != (measure == Measure::Response) {
        return Err(format!(
            "contest '{contest}' says that it measured '{}': open loads have a response time, and no \
             other load has",
            measure.name()
        ));
    }
    let sight =
        Sight { load: contest.load, measure, clock: &run.host.clock, cells: trials.to_vec() };
    let mut cells = Vec::new();
    for (printed, blocks) in trials {
        crate::summary::check(printed, blocks, planned)?;
        cells.push(unjudged(printed, blocks, sight.audit(blocks)));
    }
    if contest.load.is_sweep() {
        // Its slices are of different rates: one value a block would say nothing.
        cells.iter_mut().for_each(|cell| cell.ranked = false);
        let baseline = planned.baseline.clone();
        let planned_baseline = baseline.clone();
        return Ok(JudgedContest {
            contest,
            measure,
            planned_baseline,
            baseline,
            fixed: None,
            relations: Relations::default(),
            open: planned.open.clone(),
            cells,
        });
    }
    let (rules, baseline) = match &run.plan.stopping {
        Some(stopping) => looks::judge(stopping, planned, &sight, &mut cells)?,
        None => {
            let rules = Rules::default();
            let against = Against::of_all(planned, &cells);
            compare(measure, &mut cells, against)?;
            judge(&rules, &mut cells, against);
            (Some(rules), against.baseline)
        }
    };
    let relations = match rules {
        Some(rules) => rank::group(&rules, measure, &mut cells, baseline)?,
        None => Relations::default(),
    };
    let fixed = run.plan.stopping.as_ref().and_then(|stopping| stopping.looks.first().copied());
    Ok(JudgedContest {
        contest,
        measure,
        planned_baseline: planned.baseline.clone(),
        baseline: baseline.map(|at| cells[at].runner.clone()).or_else(|| planned.baseline.clone()),
        fixed,
        relations,
        open: planned.open.clone(),
        cells,
    })
}

fn unjudged<'a>(printed: &str, trials: &Blocks<'a>, audit: Audit) -> JudgedCell<'a> {
    let (mut state, _) = worst(trials);
    let sum = |trial: &TrialRecord, part: fn(&crate::SliceRecord) -> u64| {
        trial.counted().fold(0_u64, |sum, slice| sum.saturating_add(part(slice)))
    };
    let idle = |trial: &&TrialRecord| {
        sum(trial, |slice| slice.recorded) == 0 || sum(trial, |slice| slice.completed) == 0
    };
    if state == State::Measured && trials.values().any(idle) {
        state = State::Failed;
    }
    let first = trials.values().next();
    let mut cell = JudgedCell {
        cell: printed.into(),
        runner: first.map(|trial| trial.runner.clone()).unwrap_or_default(),
        role: first.map_or(Role::Runner, |trial| trial.role),
        state,
        marks: marks(trials),
        believed: false,
        ranked: false,
        audit,
        against: None,
        effects: Effects::default(),
        tail: None,
        look: None,
        verdict: None,
        groups: Groups::default(),
        trials: trials.clone(),
    };
    cell.believe(cell.audit.may_be_ranked());
    cell
}

/// Fills in the effects: against the baseline; of a null arm against what it copies.
fn compare(measure: Measure, cells: &mut [JudgedCell<'_>], against: Against) -> Result<(), String> {
    for at in 0..cells.len() {
        let Some(against) = against.of(cells, at) else { continue };
        if cells[at].state == State::Measured {
            let (ours, theirs) = (&cells[at], &cells[against]);
            let found = effects(measure, ours.role, &theirs.trials, &ours.trials)?;
            cells[at].against = Some(theirs.runner.clone());
            cells[at].effects = found;
        }
    }
    Ok(())
}

/// Fills in the verdicts: the runners as one family, each null arm as one of its own.
pub(crate) fn judge(rules: &Rules, cells: &mut [JudgedCell<'_>], against: Against) {
    let Some(base) = against.baseline else { return };
    let runners: Vec<usize> = (0..cells.len())
        .filter(|at| *at != base && cells[*at].role == Role::Runner)
        .filter(|at| cells[*at].state == State::Measured)
        .collect();
    let ranked = |at: usize| cells[at].ranked;
    let family: Vec<Candidate<'_>> = runners
        .iter()
        .map(|at| {
            let cell = &cells[*at];
            let is_closed = cell.look.is_some_and(|look| look.closed);
            Candidate {
                effects: &cell.effects,
                tail: cell.tail.as_ref(),
                valid: ranked(*at) && ranked(base),
                closed: cell.verdict.filter(|_| is_closed),
            }
        })
        .collect();
    let verdicts = rules.judge(&family, typical_us(&cells[base].judged_trials()));
    for (at, verdict) in runners.into_iter().zip(verdicts) {
        cells[at].verdict = Some(verdict);
    }
    for at in 0..cells.len() {
        let is_null = cells[at].role == Role::Null && cells[at].state == State::Measured;
        if let Some(copied) = against.of(cells, at).filter(|_| is_null) {
            let valid = cells[at].believed && cells[copied].believed;
            let effects = &cells[at].effects;
            let alone = [Candidate { effects, tail: None, valid, closed: None }];
            let verdict = rules.judge(&alone, typical_us(&cells[copied].judged_trials()));
            cells[at].verdict = verdict.first().copied();
        }
    }
}

/// The median over all counted slices of their medians, in µs: the size that a margin is a part of.
pub(crate) fn typical_us(trials: &Blocks<'_>) -> f64 {
    let slices = trials.values().flat_map(|trial| trial.counted());
    let medians: Vec<f64> =
        slices.filter_map(|slice| Some(slice.median_ns()? as f64 * 1e-3)).collect();
    median(&medians).unwrap_or(0.0)
}
