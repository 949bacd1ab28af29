//! Which cells will be measured, and how?
//!
//! A request becomes contests; each gets its runners, a null arm (the baseline runner once more) and a
//! floor. A pair that cannot work keeps its cell, with the reason. Nothing has been started or written
//! when the plan stands. Next: [`super::schedule`].

use super::{
    placement::Cores,
    selection::{Request, matching, unknown},
    suites::{self, Extra, Suite},
};
use crate::{clock, exit::Failure};
use simul_results::{
    Cell, Contest, Load, Placement, Role, State,
    record::{ContestRecord, PlanRecord},
};
use simul_runners::{Runner, bare};
use simul_workloads::{Class, Needs, Parameters, Profile, Workload, registry};
use std::{collections::BTreeMap, num::NonZeroUsize};

/// What is dropped at the beginning of a slice: caches and the scheduler come back from another process.
const DROP_NS: u64 = 5_000_000;

/// Everything that will be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// As recorded.
    pub record: PlanRecord,
    /// Whether slices have exactly the length that was asked for.
    pub exact_slice: bool,
    /// In the order of reports.
    pub contests: Vec<ContestPlan>,
}

/// Cells that are measured in the same rounds.
#[derive(Clone, Debug)]
pub struct ContestPlan {
    /// Its identity.
    pub contest: Contest,
    /// The workload.
    pub profile: &'static Profile,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// How many actors work.
    pub actors: u32,
    /// What a trial needs.
    pub needs: Needs,
    /// Where everything runs.
    pub cores: Cores,
    /// The runner that the others are compared with.
    pub baseline: Option<String>,
    /// Runners that this machine does not let run: why, and what can be done.
    pub unavailable: BTreeMap<String, String>,
    /// Its cells.
    pub arms: Vec<ArmPlan>,
}

/// One cell.
#[derive(Clone, Debug)]
pub struct ArmPlan {
    /// Its identity.
    pub cell: Cell,
    /// The runner, or bare loop, that the trial starts.
    pub program: String,
    /// Threads that it may run tasks on.
    pub workers: u32,
    /// Why it cannot be measured, if so.
    pub refusal: Option<(State, String)>,
}

impl Plan {
    /// Makes a plan on a machine with these cores.
    ///
    /// # Errors
    /// Something that was asked for does not exist, does not fit, or selects nothing.
    pub fn make(request: &Request, available: &[u32]) -> Result<Self, Failure> {
        let bad = Failure::BadInput;
        let name = request.suite.as_deref().unwrap_or(suites::DEFAULT);
        let suite = suites::find(name).ok_or_else(|| {
            let names: Vec<&str> = suites::ALL.iter().map(|suite| suite.name).collect();
            bad(unknown(name, "suite", &names))
        })?;
        let runners = selected_runners(request).map_err(bad)?;
        let seed = request.seed.unwrap_or_else(|| clock::now_ns() ^ u64::from(std::process::id()));
        let mut contests: Vec<ContestPlan> = Vec::new();
        for entry in entries(request, suite).map_err(bad)? {
            let plan = ContestPlan::make(&entry, &runners, available, request, seed);
            let plan = plan.map_err(bad)?;
            if contests.iter().all(|other| other.contest != plan.contest) {
                contests.push(plan);
            }
        }
        let startable =
            |contest: &ContestPlan| contest.arms.iter().any(|arm| arm.refusal.is_none());
        if !contests.iter().any(startable) {
            let why = contests.iter().flat_map(|contest| &contest.arms);
            let why = why.filter_map(|arm| arm.refusal.as_ref()).next();
            let why = why.map(|(_, reason)| format!(" ({reason})")).unwrap_or_default();
            return Err(bad(format!(
                "the selection matches no cell that can run{why}; see: simul list runners"
            )));
        }
        let slice = request.slice.unwrap_or(suite.slice);
        let slice_ns = clock::to_ns(slice);
        let record = PlanRecord {
            seed,
            blocks: request.blocks.unwrap_or(suite.blocks),
            rounds: request.rounds.unwrap_or(suite.rounds),
            slice_ns,
            // A tenth of short slices.
            drop_ns: DROP_NS.min(slice_ns / 10),
            warm_up_ns: clock::to_ns(suite.warm_up),
            keep_awake: false,
            contests: contests.iter().map(ContestPlan::record).collect(),
        };
        Ok(Self { record, exact_slice: request.slice.is_some(), contests })
    }
}

impl Plan {
    /// The listed runners that this plan would start, natives' counterparts included.
    #[must_use]
    pub fn runners(&self) -> Vec<&'static str> {
        let arms = || self.contests.iter().flat_map(|contest| &contest.arms);
        let stands_on = |arm: &ArmPlan| {
            let bare = bare::find(&arm.program).and_then(|bare| bare.counterpart_of);
            bare.unwrap_or(&arm.program).to_owned()
        };
        let wanted: Vec<String> =
            arms().filter(|arm| arm.refusal.is_none()).map(stands_on).collect();
        let listed = simul_runners::registry::ALL.iter().map(|runner| runner.name);
        listed.filter(|name| wanted.iter().any(|wanted| wanted == name)).collect()
    }
}

/// The runners that were asked for, canaries and hand-written counterparts included if named.
fn selected_runners(request: &Request) -> Result<Vec<&'static str>, String> {
    let listed: Vec<&str> = simul_runners::registry::ALL.iter().map(|runner| runner.name).collect();
    if request.runners.is_empty() {
        return Ok(listed);
    }
    let canaries = simul_runners::registry::CANARIES.iter().map(|runner| runner.name);
    let natives = bare::ALL.iter().filter(|bare| bare.counterpart_of.is_some());
    let hidden: Vec<&str> = canaries.chain(natives.map(|bare| bare.name)).collect();
    let mut selected = Vec::new();
    for pattern in &request.runners {
        for name in matching(pattern, "runner", &listed, &hidden)? {
            if !selected.contains(&name) {
                selected.push(name);
            }
        }
    }
    Ok(selected)
}

/// A contest to be planned.
struct Entry {
    profile: &'static Profile,
    parameters: Parameters,
    load: Load,
    placement: Option<Placement>,
}

fn entries(request: &Request, suite: &Suite) -> Result<Vec<Entry>, String> {
    let mut wanted: Vec<(String, Extra)> = Vec::new();
    if request.workloads.is_empty() {
        wanted.extend(suite.contests().map(|extra| (extra.workload.to_owned(), extra)));
    }
    let names: Vec<&str> = registry::ALL.iter().map(|profile| profile.name).collect();
    for text in &request.workloads {
        let (pattern, parameters) = text.split_once(':').map_or((&**text, ""), |(p, q)| (p, q));
        for workload in matching(pattern, "workload", &names, &[])? {
            let colon = if parameters.is_empty() { "" } else { ":" };
            let extra = Extra { workload, load: None, placement: None };
            wanted.push((format!("{workload}{colon}{parameters}"), extra));
        }
    }
    let mut entries = Vec::new();
    for (text, extra) in wanted {
        let Some(profile) = registry::find(extra.workload) else { continue };
        let parameters = Parameters::parse(profile, text.split(':').skip(1))
            .map_err(|error| format!("{error}; see: simul list workloads"))?;
        let usual = extra.load.unwrap_or(Load::Closed(profile.actors));
        for load in or(&request.loads, usual) {
            let placements: Vec<_> = request.placements.iter().copied().map(Some).collect();
            for placement in or(&placements, extra.placement) {
                entries.push(Entry { profile, parameters: parameters.clone(), load, placement });
            }
        }
    }
    Ok(entries)
}

/// What was asked for, or else the usual.
fn or<T: Copy>(asked: &[T], usual: T) -> Vec<T> {
    if asked.is_empty() { vec![usual] } else { asked.to_vec() }
}

impl ContestPlan {
    fn make(
        entry: &Entry,
        runners: &[&'static str],
        available: &[u32],
        request: &Request,
        seed: u64,
    ) -> Result<Self, String> {
        let Entry { profile, parameters, load, placement } = entry;
        let Load::Closed(actors) = *load;
        let visitor = NeedsOf { parameters, seed, actors };
        let needs = registry::visit(profile.name, visitor)
            .ok_or_else(|| format!("no workload '{}'", profile.name))?
            .map_err(|error| error.to_string())?;
        let placement =
            placement.unwrap_or_else(|| usual_placement(profile.class, &needs, available));
        let cores = Cores::of(placement, available).map_err(|reason| {
            format!("placement '{}' is not possible here: {reason}", placement.name())
        })?;
        let label = parameters.label();
        let colon = if label.is_empty() { "" } else { ":" };
        let workload = format!("{}{colon}{label}", profile.name);
        let contest = Contest { workload, load: *load, placement };
        let mut plan = Self {
            contest,
            profile,
            parameters: parameters.to_map(),
            actors,
            needs,
            cores,
            baseline: None,
            unavailable: request.unavailable.clone(),
            arms: Vec::new(),
        };
        plan.arms = runners.iter().map(|runner| plan.arm(runner, Role::Runner)).collect();
        plan.baseline = plan.choose_baseline();
        if let Some(baseline) = plan.baseline.clone() {
            let null = plan.arm(&baseline, Role::Null);
            plan.arms.extend((0..request.null_arms).map(|copy| null.numbered(copy)));
            plan.arms.push(plan.arm(bare::floor_of(profile.name), Role::Floor));
        }
        Ok(plan)
    }

    fn arm(&self, runner: &str, role: Role) -> ArmPlan {
        let program = runner.strip_prefix("floor-").filter(|name| *name == "inline");
        let program = program.unwrap_or(runner);
        let (one_worker, refusal) = self.refusal(program);
        ArmPlan {
            cell: Cell { contest: self.contest.clone(), runner: runner.to_owned(), role },
            program: program.to_owned(),
            workers: if one_worker { 1 } else { self.cores.workers },
            refusal,
        }
    }

    /// Whether a program has one worker by design, and why it cannot be measured, if so.
    fn refusal(&self, program: &str) -> (bool, Option<(State, String)>) {
        let (one_worker, unfit) = self.unfitness(program);
        let runner = bare::find(program).and_then(|bare| bare.counterpart_of).unwrap_or(program);
        let unavailable =
            || self.unavailable.get(runner).map(|why| (State::Unavailable, why.clone()));
        (one_worker, unfit.map(|why| (State::NotApplicable, why)).or_else(unavailable))
    }

    /// Whether a program has one worker by design, and why it cannot do this work, if so.
    fn unfitness(&self, program: &str) -> (bool, Option<String>) {
        if let Some(bare) = bare::find(program) {
            let fits = bare.workload == self.profile.name;
            let reason = format!("it is hand-written for {}", bare.workload);
            return (bare.counterpart_of.is_none(), (!fits).then_some(reason));
        }
        let visitor = Admission { needs: &self.needs, workers: self.cores.workers };
        simul_runners::registry::visit(program, visitor)
            .unwrap_or_else(|| (false, Some("it is not built in".into())))
    }

    fn choose_baseline(&self) -> Option<String> {
        let able = || self.arms.iter().filter(|arm| arm.refusal.is_none());
        let listed = |arm: &&ArmPlan| {
            simul_runners::registry::ALL.iter().any(|runner| runner.name == arm.cell.runner)
        };
        let usual = able().find(|arm| arm.cell.runner == simul_runners::registry::USUAL_BASELINE);
        // A canary or a hand-written loop is compared with a runner, if there is one.
        let best = usual.or_else(|| able().find(listed)).or_else(|| able().next());
        best.map(|arm| arm.cell.runner.clone())
    }

    fn record(&self) -> ContestRecord {
        ContestRecord {
            workload: self.contest.workload.clone(),
            question: self.profile.question.to_owned(),
            measure: self.profile.measure.name().to_owned(),
            load: self.contest.load.to_string(),
            placement: self.contest.placement,
            baseline: self.baseline.clone(),
            cells: self.arms.iter().map(|arm| arm.cell.to_string()).collect(),
        }
    }
}

impl ArmPlan {
    /// Further null arms need names of their own: `tokio.2~null`.
    fn numbered(&self, copy: u32) -> Self {
        let mut arm = self.clone();
        if copy > 0 {
            arm.cell.runner = format!("{}.{}", self.cell.runner, copy + 1);
        }
        arm
    }
}

/// Work with a peer has a core of its own, computing has all, and tasks that wait for one another share
/// one: else the wake-up of a halted core is what would be measured.
fn usual_placement(class: Class, needs: &Needs, available: &[u32]) -> Placement {
    match (class, needs.peer) {
        (_, Some(_)) if available.len() > 1 => Placement::Separate,
        (Class::Cpu, None) => Placement::AllCores,
        _ => Placement::OneCore,
    }
}

struct NeedsOf<'a> {
    parameters: &'a Parameters,
    seed: u64,
    actors: u32,
}

impl registry::Visitor for NeedsOf<'_> {
    type Output = Result<Needs, simul_workloads::ParameterError>;

    fn visit<W: Workload>(self) -> Self::Output {
        Ok(W::new(self.parameters, self.seed)?.needs(self.actors))
    }
}

struct Admission<'a> {
    needs: &'a Needs,
    workers: u32,
}

impl simul_runners::registry::Visitor for Admission<'_> {
    type Output = (bool, Option<String>);

    fn visit<R: Runner>(self) -> Self::Output {
        let workers = if R::PROFILE.one_worker { 1 } else { self.workers };
        let workers = NonZeroUsize::new(workers as usize).unwrap_or(NonZeroUsize::MIN);
        (R::PROFILE.one_worker, R::capabilities(workers).admit(self.needs).err())
    }
}

#[cfg(test)]
mod tests;
