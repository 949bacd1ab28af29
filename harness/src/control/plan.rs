//! Which cells will be measured, and how?
//!
//! A request becomes contests; each gets its runners, a null arm (the baseline runner once more) and a
//! floor. A pair that cannot work keeps its cell, with the reason. Nothing has been started or written
//! when the plan stands. Next: [`super::schedule`].

use super::{
    entries::{Entry, entries},
    external::External,
    open_plan::{self, OpenPlan},
    placement::Cores,
    selection::{Request, matching, unknown},
    suites,
};
use crate::{clock, exit::Failure};
use simul_results::{
    Cell, Contest, Load, Placement, Role, State,
    record::{ContestRecord, PlanRecord},
};
use simul_runners::{Runner, bare};
use simul_workloads::{
    Class, Needs, Parameters, Profile, Workload, registry, server::call::call_of,
};
use std::{collections::BTreeMap, num::NonZeroUsize};

/// What is dropped at the beginning of a slice: caches and the scheduler come back from another process.
const DROP_NS: u64 = 5_000_000;

/// A sweep visits a dozen rates, each for seconds, on every runner: six blocks would take half an hour.
const BLOCKS_OF_A_SWEEP: u32 = 3;

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
    /// How many actors work; under open load, how many connections a server must hold.
    pub actors: u32,
    /// What a trial needs.
    pub needs: Needs,
    /// Where everything runs.
    pub cores: Cores,
    /// Rounds in a block; of a sweep, rounds at each rate.
    pub rounds: u32,
    /// How an open load is brought; `None` for a closed one, and where no request stands for the work.
    pub open: Option<OpenPlan>,
    /// The runner that the others are compared with.
    pub baseline: Option<String>,
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
    /// The server, where it is not ours.
    pub external: Option<External>,
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
        open_plan::check_names(&request.servers, &all_names()).map_err(bad)?;
        let seed = request.seed.unwrap_or_else(|| clock::now_ns() ^ u64::from(std::process::id()));
        let mut contests: Vec<ContestPlan> = Vec::new();
        for entry in entries(request, suite).map_err(bad)? {
            let site = Site { request, suite, runners: &runners, available, seed };
            let plan = ContestPlan::make(&entry, &site).map_err(bad)?;
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
        if !request.servers.is_empty() && contests.iter().all(|contest| contest.open.is_none()) {
            return Err(bad("--server needs an open load; add --load open-1000 or --sweep".into()));
        }
        let slice = request.slice.unwrap_or(suite.slice);
        let slice_ns = clock::to_ns(slice);
        let record = PlanRecord {
            seed,
            blocks: request.blocks.unwrap_or_else(|| {
                let sweeps = contests.iter().all(|contest| contest.contest.load.is_sweep());
                if sweeps { BLOCKS_OF_A_SWEEP.min(suite.blocks) } else { suite.blocks }
            }),
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

impl ContestPlan {
    fn make(entry: &Entry, site: &Site<'_>) -> Result<Self, String> {
        let Entry { profile, parameters, load, placement } = entry;
        let Site { request, suite, runners, available, seed } = *site;
        let label = parameters.label();
        let colon = if label.is_empty() { "" } else { ":" };
        let workload = format!("{}{colon}{label}", profile.name);
        let (actors, call) = match *load {
            Load::Closed(actors) => (actors, None),
            _ => (request.connections.unwrap_or(open_plan::CONNECTIONS), Some(call_of(&workload))),
        };
        let visitor = NeedsOf { parameters, seed, actors };
        let needs = registry::visit(profile.name, visitor)
            .ok_or_else(|| format!("no workload '{}'", profile.name))?
            .map_err(|error| error.to_string())?;
        let placement = placement.unwrap_or_else(|| match load.is_open() && available.len() > 1 {
            // The generator needs a core of its own.
            true => Placement::Separate,
            false => usual_placement(profile.class, &needs, available),
        });
        let cores = Cores::of(placement, available).map_err(|reason| {
            format!("placement '{}' is not possible here: {reason}", placement.name())
        })?;
        let contest = Contest { workload, load: *load, placement };
        let (call, routeless) = match call {
            Some(Err(reason)) => (None, Some(reason)),
            Some(Ok(call)) => (Some(call), None),
            None => (None, None),
        };
        let open = call.and_then(|call| OpenPlan::of(*load, call, request, suite.name == "smoke"));
        let rounds = open.as_ref().map_or_else(
            || request.rounds.unwrap_or(suite.rounds),
            |open| open.record.rounds,
        );
        let mut plan = Self {
            contest,
            profile,
            parameters: parameters.to_map(),
            actors,
            needs,
            cores,
            rounds,
            open,
            baseline: None,
            arms: Vec::new(),
        };
        plan.arms = runners.iter().map(|runner| plan.arm(runner, Role::Runner)).collect();
        if load.is_open() {
            plan.arms.extend(request.servers.iter().map(|server| plan.external(server)));
        }
        if let Some(reason) = routeless {
            for arm in &mut plan.arms {
                arm.refusal = Some((State::NotApplicable, reason.clone()));
            }
        }
        plan.add_references(request.null_arms);
        Ok(plan)
    }

    /// The null arms and the floor. Open loads have no floor: nothing bare speaks HTTP here.
    fn add_references(&mut self, null_arms: u32) {
        self.baseline = self.choose_baseline();
        let Some(at) = self.baseline.as_deref().and_then(|name| self.position(name)) else { return };
        let mut null = self.arms[at].clone();
        null.cell.role = Role::Null;
        self.arms.extend((0..null_arms).map(|copy| null.numbered(copy)));
        if !self.contest.load.is_open() {
            self.arms.push(self.arm(bare::floor_of(self.profile.name), Role::Floor));
        }
    }

    fn position(&self, runner: &str) -> Option<usize> {
        self.arms.iter().position(|arm| arm.cell.runner == runner)
    }

    fn external(&self, server: &External) -> ArmPlan {
        ArmPlan {
            cell: Cell {
                contest: self.contest.clone(),
                runner: server.name.clone(),
                role: Role::Runner,
            },
            program: server.name.clone(),
            external: Some(server.clone()),
            // How many threads it has is its own affair.
            workers: 0,
            refusal: None,
        }
    }

    fn arm(&self, runner: &str, role: Role) -> ArmPlan {
        let program = runner.strip_prefix("floor-").filter(|name| *name == "inline");
        let program = program.unwrap_or(runner);
        let (one_worker, refusal) = self.refusal(program);
        ArmPlan {
            cell: Cell { contest: self.contest.clone(), runner: runner.to_owned(), role },
            program: program.to_owned(),
            external: None,
            workers: if one_worker { 1 } else { self.cores.workers },
            refusal: refusal.map(|reason| (State::NotApplicable, reason)),
        }
    }

    /// Whether a program has one worker by design, and why it cannot do this work, if so.
    fn refusal(&self, program: &str) -> (bool, Option<String>) {
        if self.contest.load.is_open() && bare::find(program).is_some() {
            return (true, Some("it is a bare loop and no server".into()));
        }
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
            measure: self.measure().to_owned(),
            load: self.contest.load.to_string(),
            placement: self.contest.placement,
            baseline: self.baseline.clone(),
            cells: self.arms.iter().map(|arm| arm.cell.to_string()).collect(),
            open: self.open.as_ref().map(|open| open.record.clone()),
        }
    }

    /// What its times are: whatever the work, an open load measures its response.
    #[must_use]
    pub fn measure(&self) -> &'static str {
        if self.contest.load.is_open() { "response" } else { self.profile.measure.name() }
    }
}

/// What a contest is planned from, besides its entry.
#[derive(Clone, Copy)]
struct Site<'a> {
    request: &'a Request,
    suite: &'a suites::Suite,
    runners: &'a [&'static str],
    available: &'a [u32],
    seed: u64,
}

/// Every name that a runner has, hidden ones included.
fn all_names() -> Vec<&'static str> {
    let runners = simul_runners::registry::ALL.iter().chain(simul_runners::registry::CANARIES);
    runners.map(|runner| runner.name).chain(bare::ALL.iter().map(|bare| bare.name)).collect()
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
        Plan::make(&request, &[0, 1]).map_err(|failure| failure.to_string())
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
