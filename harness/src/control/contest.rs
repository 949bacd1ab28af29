//! Which cells does a contest have, and how will they be measured?
//!
//! Each runner that was asked for, under open load each server too, a null arm (the baseline runner once more)
//! and a floor. A pair that cannot work keeps its cell, with the reason. It must not know processes. Next:
//! [`super::schedule`].

use super::{
    arm::DRAIN,
    calibration::Calibrator,
    entrants::Field,
    entries::Entry,
    external::External,
    lengths::Lengths,
    limits::{Demand, Limits},
    open_plan::{self, OpenPlan},
    placement::Cores,
    programs::Available,
    selection::Request,
    service, suites,
};
use crate::clock;
use simul_results::{
    Cell, Contest, Load, Placement, Role, State,
    record::{ContestRecord, FigureRecord},
};
use simul_runners::{Runner, bare, capabilities::Intake};
use simul_workloads::{
    Class, Needs, Parameters, Profile, Workload, registry, server::call::call_of,
    workload::Calibration,
};
use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

/// Cells that are measured in the same rounds.
#[derive(Clone, Debug)]
pub struct ContestPlan {
    /// Its identity.
    pub contest: Contest,
    /// The workload.
    pub profile: &'static Profile,
    /// The workload as trials are told it: with what was measured out for this run.
    pub told: String,
    /// Its parameters, likewise.
    pub parameters: BTreeMap<String, String>,
    /// How many actors work; under open load, how many connections a server must hold.
    pub actors: u32,
    /// What a trial needs.
    pub needs: Needs,
    /// How long an operation would take at best, where the workload can say.
    pub ideal: Option<Duration>,
    /// How long operations in flight are awaited at the end of a slice.
    pub drain: Duration,
    /// How many trials are alive at the same time at most.
    pub contenders: u64,
    /// What the machine allows.
    pub limits: Limits,
    /// Where everything runs.
    pub cores: Cores,
    /// Rounds in a block; of a sweep, rounds at each rate.
    pub rounds: u32,
    /// What is asked of slices; of a closed load.
    pub lengths: Lengths,
    /// How an open load is brought; `None` for a closed one, and where no request stands for the work.
    pub open: Option<OpenPlan>,
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
    /// The server, where it is not ours.
    pub external: Option<External>,
    /// Threads that it may run tasks on.
    pub workers: u32,
    /// Why it cannot be measured, if so.
    pub refusal: Option<(State, String)>,
    /// The program in another language, or of another build, that is to be started; `None`: our own.
    pub foreign: Option<Arc<Available>>,
}

impl ContestPlan {
    pub(super) fn make(entry: &Entry, site: &Site<'_>) -> Result<Self, String> {
        let Entry { profile, parameters, load, placement } = entry;
        let Site { request, suite, field, seed, calibrator } = *site;
        let available = field.cores;
        let workload = labelled(profile, parameters);
        let (actors, call) = match *load {
            Load::Closed(actors) => (actors, None),
            _ => (request.connections.unwrap_or(open_plan::CONNECTIONS), Some(call_of(&workload))),
        };
        let visitor = Demands { parameters, seed, actors };
        let Demanded { needs, ideal, at_worst, calibration } =
            registry::visit(profile.name, visitor)
                .ok_or_else(|| format!("no workload '{}'", profile.name))?
                .map_err(|error| error.to_string())?;
        let parameters = &calibration.map_or_else(
            || parameters.clone(),
            |wanted| parameters.with(wanted.parameter, calibrator.rounds(&wanted)),
        );
        // A server is alone with its generator in any case.
        let alone = (needs.alone || request.alone) && !load.is_open();
        let needs = Needs { alone, ..needs };
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
        let open = call.and_then(|call| OpenPlan::of(*load, call, request));
        let rounds = open
            .as_ref()
            .map_or_else(|| request.rounds.unwrap_or(suite.rounds), |open| open.record.rounds);
        let mut plan = Self {
            contest,
            profile,
            told: labelled(profile, parameters),
            parameters: parameters.to_map(),
            actors,
            needs,
            ideal,
            // Twice: not every runner computes at full speed.
            drain: DRAIN + 2 * at_worst,
            contenders: field.runners.len() as u64 + u64::from(request.null_arms) + 1,
            limits: field.limits.clone(),
            cores,
            rounds,
            lengths: Lengths::of(suite, request),
            open,
            baseline: None,
            unavailable: request.unavailable.clone(),
            arms: Vec::new(),
        };
        let arms = field.runners.iter().map(|runner| {
            let foreign = plan.foreign_arm(runner, field.programs);
            foreign.unwrap_or_else(|| plan.arm(runner, Role::Runner))
        });
        plan.arms = arms.collect();
        if load.is_open() {
            let servers = request.servers.iter().map(|server| plan.external(server));
            plan.arms.extend(servers.collect::<Vec<_>>());
        }
        if let Some(reason) = routeless {
            for arm in &mut plan.arms {
                arm.refusal = Some((State::NotApplicable, reason.clone()));
            }
        }
        if let Some(refusal) = service::refusal(&plan).filter(|_| !load.is_open()) {
            for arm in &mut plan.arms {
                arm.refusal.get_or_insert_with(|| refusal.clone());
            }
        }
        plan.add_references(request.null_arms);
        Ok(plan)
    }

    /// The null arms and the floor. Open loads have no floor: nothing bare speaks HTTP here.
    fn add_references(&mut self, null_arms: u32) {
        self.baseline = self.choose_baseline();
        let Some(at) = self.baseline.as_deref().and_then(|name| self.position(name)) else {
            return;
        };
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
            foreign: None,
        }
    }

    fn arm(&self, runner: &str, role: Role) -> ArmPlan {
        let program = runner.strip_prefix("floor-").filter(|name| *name == "inline");
        let program = program.unwrap_or(runner);
        let (one_worker, refusal) = self.refusal(program, role);
        ArmPlan {
            cell: Cell { contest: self.contest.clone(), runner: runner.to_owned(), role },
            program: program.to_owned(),
            external: None,
            workers: if one_worker { 1 } else { self.cores.workers },
            refusal,
            foreign: None,
        }
    }

    /// Whether a program has one worker by design, and why it cannot be measured, if so.
    fn refusal(&self, program: &str, role: Role) -> (bool, Option<(State, String)>) {
        let (one_worker, unfit) = self.unfitness(program, role);
        let runner = bare::find(program).and_then(|bare| bare.counterpart_of).unwrap_or(program);
        let unavailable =
            || self.unavailable.get(runner).map(|why| (State::Unavailable, why.clone()));
        (one_worker, unfit.map(|why| (State::NotApplicable, why)).or_else(unavailable))
    }

    /// Whether a program has one worker by design, and why it cannot do this work, if so.
    fn unfitness(&self, program: &str, role: Role) -> (bool, Option<String>) {
        if self.contest.load.is_open() && bare::find(program).is_some() {
            return (true, Some("it is a bare loop and no server".into()));
        }
        if let Some(bare) = bare::find(program) {
            let fits = bare.workload == self.profile.name;
            let reason = format!("it is hand-written for {}", bare.workload);
            return (bare.counterpart_of.is_none(), (!fits).then_some(reason));
        }
        let needs = (!self.contest.load.is_open()).then_some(&self.needs);
        let visitor = Admission { needs, workers: self.cores.workers, role };
        let (one_worker, task_is_thread, unfit) = simul_runners::registry::visit(program, visitor)
            .unwrap_or_else(|| (false, false, Some("it is not built in".into())));
        (one_worker, unfit.or_else(|| self.beyond_limits(task_is_thread)))
    }

    /// What the machine does not allow this work on a runner whose tasks are, or are not, threads.
    pub(super) fn beyond_limits(&self, task_is_thread: bool) -> Option<String> {
        if self.contest.load.is_open() {
            return None;
        }
        let needs = &self.needs;
        // Those that live through a block together; what they keep, they keep all the time.
        let alive = if needs.alone { 1 } else { self.contenders };
        let tasks = needs.live_tasks.saturating_add(u64::from(self.actors));
        self.limits.refuse(&Demand {
            threads: if task_is_thread { tasks } else { 0 },
            descriptors: needs.descriptors,
            ports: needs.ports,
            memory_bytes: needs.memory_bytes.saturating_mul(alive),
        })
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

    pub(super) fn record(&self) -> ContestRecord {
        ContestRecord {
            workload: self.contest.workload.clone(),
            question: self.profile.question.to_owned(),
            measure: self.measure().to_owned(),
            load: self.contest.load.to_string(),
            placement: self.contest.placement,
            baseline: self.baseline.clone(),
            cells: self.arms.iter().map(|arm| arm.cell.to_string()).collect(),
            rounds: None,
            slice_ns: None,
            drop_ns: None,
            suspects: BTreeMap::new(),
            open: self.open.as_ref().map(|open| open.record.clone()),
            // A server is asked over the wire, where no ledger is.
            figures: if self.contest.load.is_open() { Vec::new() } else { self.figures() },
            ideal_ns: self.ideal.filter(|_| !self.contest.load.is_open()).map(clock::to_ns),
        }
    }

    fn figures(&self) -> Vec<FigureRecord> {
        let figures = self.profile.figures.iter();
        figures
            .map(|figure| FigureRecord {
                name: figure.name.into(),
                unit: figure.unit.into(),
                describes: figure.describes.into(),
            })
            .collect()
    }

    /// What its times are: whatever the work, an open load measures its response.
    #[must_use]
    pub fn measure(&self) -> &'static str {
        if self.contest.load.is_open() { "response" } else { self.profile.measure.name() }
    }
}

/// What a contest is planned from, besides its entry.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) request: &'a Request,
    pub(super) suite: &'a suites::Suite,
    pub(super) field: &'a Field<'a>,
    pub(super) seed: u64,
    pub(super) calibrator: &'a Calibrator,
}

/// Work with a peer has a core of its own, computing has all, and tasks that wait for one another share
/// one: else the wake-up of a halted core is what would be measured.
fn usual_placement(class: Class, needs: &Needs, available: &[u32]) -> Placement {
    match (class, needs.peer.is_some() || needs.service.is_some()) {
        (_, true) if available.len() > 1 => Placement::Separate,
        (Class::Cpu, false) => Placement::AllCores,
        _ => Placement::OneCore,
    }
}

/// A workload's name and parameters, as it is asked for.
fn labelled(profile: &Profile, parameters: &Parameters) -> String {
    let label = parameters.label();
    let colon = if label.is_empty() { "" } else { ":" };
    format!("{}{colon}{label}", profile.name)
}

struct Demands<'a> {
    parameters: &'a Parameters,
    seed: u64,
    actors: u32,
}

/// What a workload says of itself before it runs.
struct Demanded {
    needs: Needs,
    ideal: Option<Duration>,
    at_worst: Duration,
    calibration: Option<Calibration>,
}

impl registry::Visitor for Demands<'_> {
    type Output = Result<Demanded, simul_workloads::ParameterError>;

    fn visit<W: Workload>(self) -> Self::Output {
        let work = W::new(self.parameters, self.seed)?;
        Ok(Demanded {
            needs: work.needs(self.actors),
            ideal: work.ideal(),
            at_worst: work.at_worst(),
            calibration: work.calibration(),
        })
    }
}

struct Admission<'a> {
    /// What the work needs; `None` where the runner is a server.
    needs: Option<&'a Needs>,
    workers: u32,
    role: Role,
}

impl simul_runners::registry::Visitor for Admission<'_> {
    /// Whether it has one worker by design, whether its tasks are threads, why it cannot do the work.
    type Output = (bool, bool, Option<String>);

    fn visit<R: Runner>(self) -> Self::Output {
        let workers = if R::PROFILE.one_worker { 1 } else { self.workers };
        let workers = NonZeroUsize::new(workers as usize).unwrap_or(NonZeroUsize::MIN);
        let capabilities = R::capabilities(workers);
        let refusal = match (self.needs, capabilities.intake) {
            (Some(needs), _) if self.role == Role::Floor => capabilities.admit(needs).err(),
            (Some(needs), _) => capabilities.compete(needs).err(),
            (None, Intake::Absent(reason)) => Some(reason.to_owned()),
            (None, _) => None,
        };
        (R::PROFILE.one_worker, capabilities.task_is_thread, refusal)
    }
}
