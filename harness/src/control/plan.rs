//! Which cells will be measured, and how?
//!
//! A request becomes contests; each gets its runners, a null arm (the baseline runner once more) and a
//! floor. A pair that cannot work keeps its cell, with the reason. Nothing has been started or written
//! when the plan stands. Next: [`super::schedule`].

use super::{
    entrants::{Field, selected_runners},
    placement::Cores,
    programs::{Available, Programs},
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
use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

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
    /// The program in another language, or of another build, that is to be started; `None`: our own.
    pub foreign: Option<Arc<Available>>,
}

impl Plan {
    /// Makes a plan on a machine with these cores.
    ///
    /// # Errors
    /// Something that was asked for does not exist, does not fit, or selects nothing.
    pub fn make(
        request: &Request,
        available: &[u32],
        programs: &Programs,
    ) -> Result<Self, Failure> {
        let bad = Failure::BadInput;
        let name = request.suite.as_deref().unwrap_or(suites::DEFAULT);
        let suite = suites::find(name).ok_or_else(|| {
            let names: Vec<&str> = suites::ALL.iter().map(|suite| suite.name).collect();
            bad(unknown(name, "suite", &names))
        })?;
        let runners = selected_runners(request, programs).map_err(bad)?;
        let field = Field { runners: &runners, programs, cores: available };
        let seed = request.seed.unwrap_or_else(|| clock::now_ns() ^ u64::from(std::process::id()));
        let mut contests: Vec<ContestPlan> = Vec::new();
        for entry in entries(request, suite).map_err(bad)? {
            let plan = ContestPlan::make(&entry, &field, request, seed);
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
        field: &Field<'_>,
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
            placement.unwrap_or_else(|| usual_placement(profile.class, &needs, field.cores));
        let cores = Cores::of(placement, field.cores).map_err(|reason| {
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
        let arms = field.runners.iter().map(|runner| {
            let foreign = plan.foreign_arm(runner, field.programs);
            foreign.unwrap_or_else(|| plan.arm(runner, Role::Runner))
        });
        plan.arms = arms.collect();
        plan.baseline = plan.choose_baseline();
        if let Some(baseline) = plan.baseline.clone() {
            let null = plan.null_of(&baseline);
            plan.arms.extend((0..request.null_arms).map(|copy| null.numbered(copy)));
            plan.arms.push(plan.arm(bare::floor_of(profile.name), Role::Floor));
        }
        Ok(plan)
    }

    pub(super) fn arm(&self, runner: &str, role: Role) -> ArmPlan {
        let program = runner.strip_prefix("floor-").filter(|name| *name == "inline");
        let program = program.unwrap_or(runner);
        let (one_worker, refusal) = self.refusal(program);
        ArmPlan {
            cell: Cell { contest: self.contest.clone(), runner: runner.to_owned(), role },
            program: program.to_owned(),
            workers: if one_worker { 1 } else { self.cores.workers },
            refusal,
            foreign: None,
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
mod tests {
    use super::*;

    fn plan(workload: &str, runners: &[&str]) -> Result<Plan, String> {
        let request = Request {
            workloads: vec![workload.into()],
            runners: runners.iter().map(|runner| (*runner).into()).collect(),
            null_arms: 1,
            seed: Some(1),
            ..Request::default()
        };
        Plan::make(&request, &[0, 1], &Programs::default()).map_err(|failure| failure.to_string())
    }

    fn cells(plan: &Plan) -> Vec<String> {
        plan.record.contests.iter().flat_map(|contest| contest.cells.clone()).collect()
    }

    #[test]
    fn a_contest_has_its_runners_a_null_arm_and_a_floor() {
        let plan = plan("echo:128", &["threads", "inline"]).unwrap();
        assert_eq!(
            cells(&plan),
            [
                "echo:128/threads/closed-32@separate",
                "echo:128/inline/closed-32@separate",
                "echo:128/threads~null/closed-32@separate",
                "echo:128/floor-epoll/closed-32@separate",
            ]
        );
    }

    #[test]
    fn what_is_unavailable_keeps_its_cells_and_is_no_baseline() {
        let request = Request {
            workloads: vec!["echo".into()],
            runners: vec!["tokio".into(), "threads".into(), "native-tokio".into()],
            unavailable: [("tokio".to_owned(), "no; do this".to_owned())].into(),
            null_arms: 1,
            seed: Some(1),
            ..Request::default()
        };
        let plan = Plan::make(&request, &[0, 1], &Programs::default()).unwrap();
        let arms = &plan.contests[0].arms;
        let why = Some((State::Unavailable, "no; do this".to_owned()));
        assert_eq!((&arms[0].refusal, &arms[2].refusal), (&why, &why), "the native one as well");
        assert_eq!(plan.contests[0].baseline.as_deref(), Some("threads"));
        assert_eq!(plan.runners(), ["threads"]);
    }

    #[test]
    fn the_floor_of_computing_is_inline_under_a_name_of_its_own() {
        let plan = plan("sha256", &["inline"]).unwrap();
        let floor = plan.contests[0].arms.last().unwrap();
        assert_eq!((&*floor.cell.runner, &*floor.program), ("floor-inline", "inline"));
        assert_eq!((floor.workers, plan.contests[0].cores.workers), (1, 2));
    }

    #[test]
    fn refusals_quote_and_advise() {
        assert_eq!(
            plan("ecoh", &[]).unwrap_err(),
            "no workload matches 'ecoh'; did you mean 'echo'? see: simul list workloads"
        );
        assert_eq!(
            plan("echo:3", &[]).unwrap_err(),
            "parameter bytes = '3' is not a whole number from 16 to 1048576"
        );
        assert_eq!(
            plan("sha256", &["native-threads"]).unwrap_err(),
            "the selection matches no cell that can run (it is hand-written for echo); \
             see: simul list runners"
        );
    }
}
