//! Is new code as good as old code, by trials of both that were interleaved?
//!
//! A recording of such a comparison has, for each runner, an arm of the old code (`tokio@base`), one of the new
//! (`tokio@new`), and a null arm, a second copy of one of them. [`stage`] judges each pair at fixed looks, after 6,
//! 8, 10 and 12 blocks, and spends a quarter of the error rate at each: by Bonferroni's inequality all looks together
//! are wrong in at most 0.5 % of contests, however they depend on one another (sequential looks without any
//! correction would be wrong several times as often: P. Armitage, C. K. McPherson and B. C. Rowe, "Repeated
//! significance tests on accumulating data", J. R. Statist. Soc. A 132 (1969)). What one look decides stays decided,
//! and a pair that is decided needs no further blocks. Judging a stored recording repeats the looks, so that it says
//! what was said when it was measured.
//!
//! A pair with a cell of grade F is not judged: its numbers describe something else than the code.
//!
//! It must not know processes or time. Read next: `look.rs`, then `outcome.rs`, which puts two stages together.

mod annotations;
mod look;
pub mod outcome;
pub mod shown;

pub use look::{Compared, Finding};

use crate::{
    Cell, Contest, Role, State, TrialRecord,
    auditor::{Sight, first},
    judged::{by_cell, take, typical_us},
    record::ContestRecord,
    statistics::ALPHA,
    summary::{Measure, Metric, effect::Blocks, state::worst},
};
use look::{Family, Member};
use std::collections::BTreeMap;

/// What the runners of the old code are called: the runner's name and this.
pub const BASE: &str = "@base";
/// What the runners of the new code are called.
pub const NEW: &str = "@new";

/// After how many blocks is looked: six are the fewest that a t interval with a quarter of the error rate is useful
/// from, and what twelve do not decide takes many more.
pub const LOOKS: [u32; 4] = [6, 8, 10, 12];

/// The error rate that each look may spend.
pub const LOOK_ALPHA: f64 = ALPHA / LOOKS.len() as f64;

/// How the old and the new code of one runner compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Workload, load and placement, printed.
    pub contest: String,
    /// The runner, without its side.
    pub runner: String,
    /// The cell, without its side, printed.
    pub cell: String,
    /// The blocks that the findings stand on.
    pub blocks: u32,
    /// What keeps it from being compared; `None` where it is.
    pub obstacle: Option<Obstacle>,
    /// The new code against the old, by metric; empty before the first look.
    pub metrics: Vec<Compared>,
    /// The null arm against what it copies, by metric, at the same look.
    pub null: Vec<Compared>,
    /// Metrics of which some block has no value, of the sides or of the null arm: nothing passes on the others alone.
    pub missing: Vec<Metric>,
    /// Where suspects are measured again: metrics on which it was worse in the first stage.
    pub suspected: Vec<Metric>,
}

/// Why a pair has no findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The old code cannot do it here.
    Absent(String),
    /// It went wrong; or the old code can do it, and the new cannot.
    Fault(String),
    /// The auditor does not believe the numbers of a side or of the null arm: grade F.
    Doubt(String),
}

impl Pair {
    /// Whether more blocks of it would be of no use: it is decided, or cannot be.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.obstacle.is_some() || look::is_decided(&self.metrics, &self.missing, &self.suspected)
    }

    /// Whether the new code is worse on any metric.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.worse().next().is_some()
    }

    fn worse(&self) -> impl Iterator<Item = Metric> {
        let worse = self.metrics.iter().filter(|compared| compared.finding == Finding::Worse);
        worse.map(|compared| compared.metric)
    }

    /// Whether two copies of the same code differ: then the noise is of a kind that the intervals do not know.
    #[must_use]
    pub fn null_differs(&self) -> bool {
        self.null.iter().any(|compared| compared.differs)
    }
}

/// The trials of one pair.
#[derive(Clone, Debug, Default)]
struct Trials<'a> {
    base: Blocks<'a>,
    new: Blocks<'a>,
    null: Blocks<'a>,
    /// Whether the null arm is a copy of the new code.
    null_of_new: bool,
}

/// Judges one contest from all its trials, in the order of the plan; `clock` is the host's clock source, `margin` a
/// part: 0.03.
///
/// # Errors
/// A trial contradicts the plan, or a histogram was needed and cannot be read.
pub fn stage(
    planned: &ContestRecord,
    clock: &str,
    trials: &[TrialRecord],
    margin: f64,
) -> Result<Vec<Pair>, String> {
    let measure: Measure = planned.measure.parse()?;
    let contest = Contest {
        workload: planned.workload.clone(),
        load: planned.load.parse()?,
        placement: planned.placement,
    };
    if contest.load.is_sweep() {
        return Err(format!(
            "contest '{contest}' is a sweep, which is read off a curve and has no verdict"
        ));
    }
    let (mut sides, done) = sides(&contest, trials)?;
    let mut pairs = Vec::new();
    for name in names(&contest, planned) {
        // Of what is planned and has not been begun, nothing is known.
        let own = sides.entry(name.clone()).or_default();
        for blocks in [&own.base, &own.new, &own.null] {
            crate::summary::check(&name, blocks, planned)?;
        }
        let suspected = planned.suspects.get(&name).into_iter().flatten();
        let suspected = suspected.map(|metric| metric.parse()).collect::<Result<_, _>>()?;
        pairs.push(Pair {
            contest: contest.to_string(),
            cell: printed(&contest, &name),
            runner: name,
            blocks: 0,
            obstacle: obstacle(own),
            metrics: Vec::new(),
            null: Vec::new(),
            missing: Vec::new(),
            suspected,
        });
    }
    let cells = take(planned, &mut by_cell(trials));
    let sight = Sight { load: contest.load, measure, clock, cells };
    for look in LOOKS.into_iter().take_while(|look| *look <= done) {
        let seen = sight.first(look);
        for pair in pairs.iter_mut().filter(|pair| !pair.is_closed()) {
            pair.obstacle = doubt(&seen, &sides[&pair.runner], look);
        }
        at_look(look, measure, margin, &mut pairs, &sides)?;
    }
    Ok(pairs)
}

/// What a contest's second stage has to confirm, as recorded ([`ContestRecord::suspects`]), by the pairs of the first.
#[must_use]
pub fn suspects(contest: &str, first: &[Pair]) -> BTreeMap<String, Vec<String>> {
    let own = first.iter().filter(|pair| pair.contest == contest && pair.is_suspect());
    let worse = |pair: &Pair| pair.worse().map(|metric| metric.name().to_owned()).collect();
    own.map(|pair| (pair.runner.clone(), worse(pair))).collect()
}

/// The pairs of a contest in the order of the plan: the runners that have old code.
fn names(contest: &Contest, planned: &ContestRecord) -> Vec<String> {
    let printed = printed(contest, BASE);
    let Some((before, after)) = printed.split_once(BASE) else { return Vec::new() };
    let runners = planned.cells.iter().filter_map(|cell| {
        cell.strip_prefix(before)?.strip_suffix(after)?.strip_suffix(BASE).map(str::to_owned)
    });
    runners.collect()
}

/// The trials of each pair of a contest, and how many blocks there are.
fn sides<'a>(
    contest: &Contest,
    trials: &'a [TrialRecord],
) -> Result<(BTreeMap<String, Trials<'a>>, u32), String> {
    let mut sides: BTreeMap<String, Trials<'a>> = BTreeMap::new();
    let mut done = 0;
    for trial in trials {
        let cell = trial.identity()?;
        if cell.contest != *contest {
            continue;
        }
        done = done.max(trial.block + 1);
        let Some((name, is_new)) = side(&cell) else { continue };
        let pair = sides.entry(name.to_owned()).or_default();
        match (cell.role, is_new) {
            (Role::Null, of_new) => {
                pair.null_of_new = of_new;
                pair.null.insert(trial.block, trial);
            }
            (_, true) => drop(pair.new.insert(trial.block, trial)),
            (_, false) => drop(pair.base.insert(trial.block, trial)),
        }
    }
    Ok((sides, done))
}

/// The runner's name and whether this is its new code; `None` for what is neither side.
fn side(cell: &Cell) -> Option<(&str, bool)> {
    let new = cell.runner.strip_suffix(NEW).map(|name| (name, true));
    new.or_else(|| cell.runner.strip_suffix(BASE).map(|name| (name, false)))
}

/// The cell of a runner whose sides are left out.
fn printed(contest: &Contest, runner: &str) -> String {
    Cell { contest: contest.clone(), runner: runner.into(), role: Role::Runner }.to_string()
}

/// Looks at all pairs that are still open, after so many blocks.
fn at_look(
    look: u32,
    measure: Measure,
    margin: f64,
    pairs: &mut [Pair],
    sides: &BTreeMap<String, Trials<'_>>,
) -> Result<(), String> {
    let mut family = Family::new(measure, margin);
    for pair in pairs.iter() {
        let trials = &sides[&pair.runner];
        // A pair that is closed has no later trials, and stays in the family.
        let count = if pair.obstacle.is_some() { 0 } else { look };
        let [base, new, null] =
            [&trials.base, &trials.new, &trials.null].map(|all| first(all, count));
        let copied = if trials.null_of_new { &new } else { &base };
        family.add(Member::of(measure, &base, &new, copied, &null, typical_us(&base))?);
    }
    for (pair, found) in pairs.iter_mut().zip(family.judge(look)) {
        if !pair.is_closed() {
            (pair.metrics, pair.null, pair.missing) = (found.metrics, found.null, found.missing);
            pair.blocks = look;
        }
    }
    Ok(())
}

/// What keeps a pair from being compared. What the new code cannot do counts for nothing only where the old code could
/// not do it either: else dropping a runner would be a way to pass.
fn obstacle(trials: &Trials<'_>) -> Option<Obstacle> {
    let sides = [("base", &trials.base), ("new", &trials.new), ("null arm", &trials.null)];
    if sides.iter().all(|(_, blocks)| blocks.is_empty()) {
        return None;
    }
    let found = sides.map(|(name, blocks)| (blocks, wrong(name, blocks)));
    let is_fault = |blocks: &Blocks<'_>| blocks.values().any(|trial| trial.state.is_fault());
    if let Some((_, Some(fault))) = found.iter().find(|(blocks, _)| is_fault(blocks)) {
        return Some(Obstacle::Fault(fault.clone()));
    }
    let [(base, of_base), (_, of_new), (_, of_null)] = found;
    let never = !base.values().any(|trial| trial.state == State::Measured);
    match of_base {
        Some(reason) if never => Some(Obstacle::Absent(reason)),
        of_base => of_base.or(of_new).or(of_null).map(Obstacle::Fault),
    }
}

/// What is wrong with the trials of an arm, if anything is.
fn wrong(name: &str, blocks: &Blocks<'_>) -> Option<String> {
    if blocks.is_empty() {
        return Some(format!("{name} has no trial"));
    }
    let (state, reason) = worst(blocks);
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    (state != State::Measured)
        .then(|| format!("{name} is {}{reason}", crate::wording::state(state)))
}

/// Why the auditor does not believe the numbers of a pair at a look, if it does not.
fn doubt(seen: &Sight<'_>, trials: &Trials<'_>, look: u32) -> Option<Obstacle> {
    let arms = [("base", &trials.base), ("new", &trials.new), ("the null arm", &trials.null)];
    arms.into_iter().find_map(|(name, blocks)| {
        let found = seen.audit(&first(blocks, look));
        let worst = found.barring().next()?;
        Some(Obstacle::Doubt(format!("{name} has grade F, {}: {}", worst.check, worst.reason)))
    })
}
