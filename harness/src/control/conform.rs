//! Does a runner program keep the protocol, step by step?
//!
//! It is started, ordered and vetted by the very code that measures, so what passes here passes in a run; besides,
//! it is watched while it should be idle, sent what it cannot know, and left without input. The first step
//! that goes wrong ends the checks of a workload. Next: [`super::conform_server`] for servers.

use super::{
    arm::Arm,
    child::{Foreign, Start},
    conform_server,
    dialogue::Dialogue,
    driver::{Launch, Purpose, Turn},
    inbox::{Inbox, Interrupted},
    lengths::Lengths,
    plan::{ContestPlan, Plan},
    programs::{Available, Programs},
    selection::Request,
    service,
    workshop::errand,
};
use crate::{
    exit::Failure,
    protocol::{Mode, PROTOCOL, Reply, Spec},
};
use simul_results::State;
use simul_workloads::{Surroundings, registry};
use std::time::Duration;

/// What a step has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// As it should be.
    Right(String),
    /// It says that it cannot do this, which is right too.
    Refused(String),
    /// Not as it should be.
    Wrong(String),
}

/// Hears of each step and its finding.
pub type Listener<'a> = dyn FnMut(&str, Finding) -> Result<(), Failure> + 'a;

/// Lengths of warm-up and slices, and what is dropped of them: enough for slow interpreters.
const LENGTHS: Lengths = Lengths {
    slice_ns: SLICE_NS,
    drop_ns: 10_000_000,
    warm_up_ns: 50_000_000,
    least_operations: 1,
    exact: true,
    alike: false,
};
const SLICE_NS: u64 = 100_000_000;
/// How long idleness is watched.
const WATCHED: Duration = Duration::from_millis(300);
/// A tenth of a core, as for strangers during a slice.
const MOST_IDLE_NS: u64 = 30_000_000;
/// How long it may take to end without input: as long as set-up and end together.
const ENDING: Duration = Duration::from_secs(25);
/// Beyond 32 bits, and below what every language can read.
const SEED: u64 = 4_503_599_627_370_503;

/// Checks one program on these workloads; none: all.
///
/// # Errors
/// A workload that does not exist; or the listener's.
pub fn check(
    programs: &Programs,
    name: &str,
    workloads: &[String],
    listener: &mut Listener<'_>,
) -> Result<(), Failure> {
    let Some(Ok(available)) = programs.availability(name) else {
        return Err(Failure::BadInput(format!("'{name}' is unavailable")));
    };
    let all = registry::ALL.iter().map(|profile| profile.name.to_owned());
    let wanted = if workloads.is_empty() { all.collect() } else { workloads.to_vec() };
    let mut accepted = None;
    for workload in wanted {
        let request = Request {
            workloads: vec![workload],
            runners: vec![name.to_owned()],
            seed: Some(SEED),
            ..Request::default()
        };
        let plan = match Plan::make(&request, &super::placement::available(), programs) {
            Ok(plan) => plan,
            // The declaration says that it cannot do it, and there is nobody else.
            Err(failure) if failure.to_string().contains("matches no cell that can run") => {
                listener(&request.workloads[0], Finding::Refused(failure.to_string()))?;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        for contest in &plan.contests {
            if check_contest(contest, listener)? {
                accepted.get_or_insert_with(|| contest.contest.workload.clone());
            }
        }
    }
    match accepted {
        None => listener("workloads", Finding::Wrong("it accepts none of them".into()))?,
        Some(workload) => {
            listener("end of input", without_input(available, &workload))?;
        }
    }
    let unknown = unknown_work(available);
    let unknown = unknown.map_err(|Interrupted| interrupted())?;
    listener("unknown work", unknown)?;
    conform_server::check(available, listener)
}

/// One workload from the spec to the end; whether it was accepted.
fn check_contest(plan: &ContestPlan, listener: &mut Listener<'_>) -> Result<bool, Failure> {
    let label = &plan.contest.workload;
    let Some(arm_plan) = plan.arms.first() else { return Ok(false) };
    if let Some((_, reason)) = &arm_plan.refusal {
        listener(label, Finding::Refused(format!("by its declaration: {reason}")))?;
        return Ok(false);
    }
    let mut inbox = Inbox::default();
    let mut service =
        match plan.needs.service.map(|needed| service::start(needed, plan, &mut inbox)) {
            None => None,
            Some(Ok(Ok(running))) => Some(running),
            Some(Ok(Err((_, why)))) => {
                listener(label, Finding::Refused(format!("the service that it needs: {why}")))?;
                return Ok(false);
            }
            Some(Err(Interrupted)) => return Err(interrupted()),
        };
    let launch = Launch {
        contest: plan,
        arm: arm_plan,
        block: 0,
        seed: SEED,
        usual_slice_ns: SLICE_NS,
        service: service.as_ref().map(|service| service.standing("arm_0".into())),
        purpose: Purpose::Times,
    };
    let mut arm = Arm::new(&launch, LENGTHS);
    let outcome = live(&mut arm, &launch, &mut inbox, listener);
    arm.release();
    if let Some(mut service) = service.take() {
        service.release();
        service.bury(&mut inbox);
    }
    let Ok(accepted) = outcome else { return Err(interrupted()) };
    let accepted = accepted?;
    if accepted && arm.is_alive() {
        let record = arm.judged(plan);
        let operations = record.actors.as_ref().map_or(0, |actors| actors.total);
        let finding = match (record.state, record.reason) {
            (State::Measured, _) => {
                Finding::Right(format!("all {operations} operations have the right digests"))
            }
            (_, reason) => Finding::Wrong(reason.unwrap_or_default()),
        };
        listener(&format!("{label}, work"), finding)?;
    }
    Ok(accepted)
}

fn interrupted() -> Failure {
    Failure::Broken("interrupted".into())
}

/// The listener's outcome, below an interruption.
type Told = Result<Result<bool, Failure>, Interrupted>;

fn live(
    arm: &mut Arm<'_>,
    launch: &Launch<'_>,
    inbox: &mut Inbox,
    listener: &mut Listener<'_>,
) -> Told {
    let label = launch.contest.contest.workload.clone();
    // Whether to go on after a step.
    let mut told = |arm: &Arm<'_>, step: &str, right: String| {
        let finding = match (arm.record.state, &arm.record.reason) {
            (State::Measured, _) => Finding::Right(right),
            (State::NotApplicable | State::Unavailable, Some(reason)) if step == "set-up" => {
                Finding::Refused(reason.clone())
            }
            (_, reason) => Finding::Wrong(reason.clone().unwrap_or_default()),
        };
        listener(&format!("{label}, {step}"), finding).map(|()| arm.is_alive())
    };
    macro_rules! step {
        ($name:expr, $right:expr) => {
            match told(arm, $name, $right) {
                Ok(true) => {}
                Ok(false) => return Ok(Ok($name != "set-up")),
                Err(failure) => return Ok(Err(failure)),
            }
        };
    }
    arm.prepare(launch, inbox)?;
    arm.start(launch, inbox)?;
    arm.await_ready(launch, inbox)?;
    step!("set-up", "it is ready".into());
    watch_idle(arm)?;
    step!("idle before work", "it burns nothing".into());
    let turn = |round| Turn { round, position: 0, rate_per_sec: 0, seed: SEED };
    let operations = arm.warm_up(turn(0), inbox)?;
    step!("warm-up", format!("{operations} operations"));
    for round in 0..2 {
        let slice = arm.slice(turn(round), inbox)?;
        let recorded = slice.map_or(0, |slice| slice.recorded);
        step!("slice", format!("{recorded} operations, and numbers that can be true"));
    }
    watch_idle(arm)?;
    step!("idle between slices", "it burns nothing".into());
    arm.finish(inbox)?;
    step!("finish", "it told what it did, ended, and left nothing behind".into());
    Ok(Ok(true))
}

/// What it burns while nothing is asked.
fn watch_idle(arm: &mut Arm<'_>) -> Result<(), Interrupted> {
    let before_ns = arm.cpu_ns();
    std::thread::sleep(WATCHED);
    let burnt_ns = arm.cpu_ns().saturating_sub(before_ns);
    if burnt_ns > MOST_IDLE_NS {
        let (burnt, watched) = (Duration::from_nanos(burnt_ns), WATCHED);
        let why = format!("it burnt {burnt:.1?} of CPU time within {watched:?} of waiting");
        arm.condemn(State::Failed, &why)?;
    }
    Ok(())
}

/// A spec for a program outside of any contest.
pub(super) fn spec(available: &Available, workload: &str, mode: Mode) -> Spec {
    Spec {
        protocol: PROTOCOL,
        workload: workload.to_owned(),
        runner: available.program.spec_name().to_owned(),
        mode,
        actors: 2,
        workers: 1,
        seed: SEED,
        surroundings: Surroundings::default(),
        usual_slice_ns: SLICE_NS,
        drain_ns: 2_000_000_000,
        audit: false,
    }
}

/// A pipe that holds the spec and then ends: the program must end by itself.
fn piped(available: &Available, spec: &Spec) -> Result<String, String> {
    let line = serde_json::to_string(spec).unwrap_or_default();
    let script = "printf '%s\\n' \"$0\" | \"$@\"";
    let mut command: Vec<String> = ["sh", "-c", script, &line].map(str::to_owned).into();
    command.extend(available.start.command.iter().cloned());
    let foreign = Foreign { command, ..available.start.clone() };
    let done = errand(&foreign, ENDING).map_err(|error| error.replace(&line, "<spec>"))?;
    Ok(done.printed)
}

fn without_input(available: &Available, workload: &str) -> Finding {
    // What needs a peer or a folder may refuse or fail here; it must end all the same.
    match piped(available, &spec(available, workload, Mode::Closed)) {
        Ok(_) => Finding::Right("it ends when its standard input does".into()),
        Err(why) if why.contains("had not ended") => {
            Finding::Wrong(format!("it does not end when its standard input does: {why}"))
        }
        // How it ended is its affair: the controller is gone.
        Err(_) => Finding::Right("it ends when its standard input does".into()),
    }
}

/// Work that it cannot know, with its standard input open: the end of that would excuse silence.
fn unknown_work(available: &Available) -> Result<Finding, Interrupted> {
    let mut inbox = Inbox::default();
    let start = Start {
        id: inbox.new_child(),
        cores: &[],
        arguments: &[],
        program: Some(&available.start),
        environment: &[],
        folder: true,
        answers: true,
    };
    let mut program = match Dialogue::start(&start, &inbox) {
        Ok(program) => program,
        Err(error) => return Ok(Finding::Wrong(error.to_string())),
    };
    let surroundings = Surroundings { folder: program.folder(), ..Surroundings::default() };
    program.tell(&Spec { surroundings, ..spec(available, "no-such-workload:1", Mode::Closed) });
    Ok(match program.answer::<Reply>(&mut inbox, ENDING)? {
        Ok(Reply::Refused { .. }) => match program.await_end(ENDING) {
            Ok(()) => Finding::Right("it refuses what it does not know, and ends".into()),
            Err((_, why)) => Finding::Wrong(format!("it refused 'no-such-workload', but {why}")),
        },
        Ok(other) => {
            Finding::Wrong(format!("asked for 'no-such-workload' it said '{}'", other.name()))
        }
        Err((_, why)) => Finding::Wrong(format!("asked for 'no-such-workload': {why}")),
    })
}
