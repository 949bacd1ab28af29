//! Measure: from the options to the recording, the table and the report.
//!
//! Next: [`crate::control::plan`] decides what is measured, [`crate::control::session`] measures it.

use super::{CommandLine, RunOptions, report::trials_are_gone, say};
use crate::{
    control::{
        availability,
        contamination::sight,
        events::{Reporter, Silence},
        inbox::{Inbox, Interrupted},
        placement,
        plan::Plan,
        programs::Programs,
        progress::{Lines, Progress},
        selection::Request,
        session::{self, Ending, Everything, Referee},
        stopping::{self, Stopping},
    },
    exit::{self, Failure},
    host,
};
use clap::Parser;
use sha2::{Digest, Sha256};
use simul_results::{
    export,
    record::{RunRecord, SCHEMA},
    report,
    store::{self, Recording, StoreError, TRIALS_FILE, Writer},
    summary::Summary,
    table,
};
use std::{
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

/// Measures what the options say.
///
/// # Errors
/// Bad input, before anything is written; or a recording that cannot be written.
pub fn main(options: &RunOptions) -> Result<ExitCode, Failure> {
    let mut prepared = Prepared::from(options)?;
    let mut inbox = Inbox::with_signals().map_err(|error| Failure::Broken(error.to_string()))?;
    let mut reporter = reporter(options.no_progress);
    let Prepared { plan, writer, before, audited, folder, .. } = &mut prepared;
    let mut stopping = Stopping::of(store::load_run(folder).map_err(stored)?);
    if let Some(record) = plan.record.stopping.as_ref().filter(|_| !options.no_progress) {
        eprintln!("{}", stopping::planned(plan, record));
    }
    let started = Instant::now();
    let referee: &mut dyn Referee = match &mut stopping {
        Some(stopping) => stopping,
        None => &mut Everything,
    };
    let ending = session::run(plan, writer, [before, audited], &mut inbox, &mut *reporter, referee);
    let ending = ending.map_err(stored)?;
    let took = started.elapsed();
    let recording = store::load(folder).map_err(stored)?;
    show(&recording, folder, options)?;
    if let Some(stopping) = stopping {
        tell_spent(&stopping, took, options.no_progress)?;
    }
    if ending == Ending::Interrupted {
        eprintln!("interrupted; every finished block is kept. Go on with:");
        eprintln!("  simul run --resume '{}'", folder.display());
    }
    Ok(match ending {
        Ending::Complete => exit::OK,
        Ending::WithFaults => exit::FAILED,
        Ending::Interrupted => exit::INTERRUPTED,
    }
    .into())
}

/// Says what a run took that may stop early.
fn tell_spent(stopping: &Stopping, took: Duration, quietly: bool) -> Result<(), Failure> {
    if let Some(problem) = &stopping.problem {
        return Err(Failure::Broken(problem.clone()));
    }
    if !quietly {
        let end =
            if stopping.budget.ran_out { "; the time ended before all was decided" } else { "" };
        eprintln!("spent: {:.1} s{end}", took.as_secs_f64());
    }
    Ok(())
}

/// Everything that stands before the first process starts.
struct Prepared {
    plan: Plan,
    #[expect(dead_code, reason = "keeps what was unpacked and built for as long as the run lasts")]
    programs: Programs,
    writer: Writer,
    /// Trials of a resumed run.
    before: Vec<simul_results::TrialRecord>,
    /// Its audits.
    audited: Vec<simul_results::TrialRecord>,
    folder: PathBuf,
}

impl Prepared {
    fn from(options: &RunOptions) -> Result<Self, Failure> {
        match &options.resume {
            None => Self::fresh(options),
            Some(folder) => Self::resumed(folder, options),
        }
    }

    fn fresh(options: &RunOptions) -> Result<Self, Failure> {
        let programs = programs(options)?;
        let plan = plan_for(request(options), &programs)?;
        let (folder, writer) = begin(&plan, options.out.as_deref())?;
        Ok(Self { plan, programs, writer, before: Vec::new(), audited: Vec::new(), folder })
    }

    fn resumed(folder: &Path, options: &RunOptions) -> Result<Self, Failure> {
        let Recording { run, trials, audits, torn } = store::load(folder).map_err(refused)?;
        let refuse = |what: &str| {
            let folder = folder.display();
            Err(Failure::BadInput(format!(
                "'{folder}' cannot be resumed: {what} differs; start a new run without --resume"
            )))
        };
        if trials_are_gone(folder) {
            // Measured anew, it would be written over the report of what was measured.
            let folder = folder.display();
            return Err(Failure::BadInput(format!(
                "'{folder}' cannot be resumed: its trials are not there; put its {TRIALS_FILE} back, or start a new \
                 run without --resume"
            )));
        }
        if run.schema != SCHEMA {
            return refuse("the schema");
        }
        if run.binary != binary()? {
            return refuse("the program");
        }
        if !host::is_same(&run.host, &host::facts()) {
            return refuse("the host");
        }
        let options = selection(options, &run)?;
        let mut request = request(&options);
        request.seed = request.seed.or(Some(run.plan.seed));
        let programs = programs(&options)?;
        let plan = plan_for(request, &programs)?;
        if plan.record != run.plan {
            return refuse("the plan");
        }
        if let Some(name) = other_version(&plan, &trials) {
            return refuse(&format!("the version of '{name}'"));
        }
        if torn {
            eprintln!("the last line of '{}' was torn and is left out", folder.display());
        }
        let writer = Writer::resume(folder).map_err(refused)?;
        Ok(Self {
            plan,
            programs,
            writer,
            before: trials,
            audited: audits,
            folder: folder.to_owned(),
        })
    }
}

/// Begins a recording, in this folder or in one that is named by time and host.
pub(super) fn begin(plan: &Plan, out: Option<&Path>) -> Result<(PathBuf, Writer), Failure> {
    let started = jiff::Timestamp::now();
    let run = RunRecord {
        schema: SCHEMA,
        simul: env!("CARGO_PKG_VERSION").into(),
        binary: binary()?,
        command: std::env::args().collect(),
        started: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        host: host::facts(),
        plan: plan.record.clone(),
        watch: Some(sight::record()),
    };
    let folder = out.map(Path::to_owned).unwrap_or_else(|| {
        let time = started.strftime("%Y%m%dT%H%M%SZ");
        Path::new("results/local").join(format!("{time}-{}", run.host.name))
    });
    let writer = Writer::create(&folder, &run).map_err(|error| match error {
        StoreError::Io { path, source } => Failure::BadInput(format!(
            "cannot write '{}': {source}; choose another folder with --out",
            path.display()
        )),
        other => refused(other),
    })?;
    Ok((folder, writer))
}

/// A runner program whose version is not that of the trials before, if there is one.
fn other_version<'a>(plan: &'a Plan, before: &[simul_results::TrialRecord]) -> Option<&'a str> {
    let arms = plan.contests.iter().flat_map(|contest| &contest.arms);
    let mut programs = arms.filter_map(|arm| arm.foreign.as_ref());
    let other = programs.find(|available| {
        let name = &available.program.name;
        let receipts = before.iter().filter(|trial| trial.runner == *name);
        let mut receipts = receipts.filter_map(|trial| trial.receipt.as_ref());
        receipts.any(|receipt| receipt.version != available.version)
    });
    other.map(|available| &*available.program.name)
}

/// What is to be measured, once the runners that are asked for have been tried out. What does not fit is said
/// before that.
fn plan_for(mut request: Request, programs: &Programs) -> Result<Plan, Failure> {
    let cores = placement::available();
    let plan = Plan::make(&request, &cores, programs)?;
    // Drawn once.
    request.seed = Some(plan.record.seed);
    // No signal is caught yet: an interruption ends this process, and the guardians do the rest.
    let mut inbox = Inbox::default();
    let found = availability::of(&plan.runners(), &mut inbox);
    let found = found.map_err(|Interrupted| Failure::Broken("interrupted".into()))?;
    let refused = found
        .iter()
        .filter_map(|(name, availability)| Some(((*name).to_owned(), availability.refusal()?)));
    request.unavailable = refused.collect();
    if request.unavailable.is_empty() { Ok(plan) } else { Plan::make(&request, &cores, programs) }
}

/// What a resumed run is to measure: what the options say now, or else what they said then.
fn selection(options: &RunOptions, run: &RunRecord) -> Result<RunOptions, Failure> {
    let says_nothing =
        request(options) == request(&RunOptions { null_arms: 1, ..Default::default() });
    if !says_nothing {
        return Ok(options.clone());
    }
    let then = CommandLine::try_parse_from(&run.command)
        .map_err(|_| Failure::BadInput("the recorded command line is not understood".into()))?;
    Ok(match then.command {
        Some(super::Command::Run(then)) => then,
        _ => then.run,
    })
}

/// The runner programs that can be named.
pub(super) fn programs_of(files: &[PathBuf]) -> Result<Programs, Failure> {
    Programs::of(files).map_err(Failure::BadInput)
}

fn programs(options: &RunOptions) -> Result<Programs, Failure> {
    programs_of(&options.runner_files)
}

pub(super) fn request(options: &RunOptions) -> Request {
    Request {
        workloads: options.workloads.clone(),
        runners: options.runners.clone(),
        loads: options.loads.clone(),
        placements: options.placements.clone(),
        suite: options.suite.clone(),
        blocks: options.blocks,
        rounds: options.rounds,
        slice: options.slice,
        seed: options.seed,
        unavailable: Default::default(),
        sweep: options.sweep,
        objective: options.slo,
        servers: options.servers.clone(),
        connections: options.connections,
        generator_lag: options.generator_lag.unwrap_or_default(),
        null_arms: options.null_arms,
        alone: options.alone,
        audit: options.audit,
        stopping: options.stopping.request(),
    }
}

pub(super) fn reporter(no_progress: bool) -> Box<dyn Reporter> {
    match (no_progress, std::io::stderr().is_terminal()) {
        (true, _) => Box::new(Silence),
        (false, true) => Box::new(Progress::new()),
        (false, false) => Box::new(Lines::default()),
    }
}

/// The program that measures, so that a resumed run is of one program.
fn binary() -> Result<String, Failure> {
    let program = fs::read("/proc/self/exe").or_else(|_| fs::read(std::env::current_exe()?));
    let program = program.map_err(|error| {
        Failure::Broken(format!("the program cannot read itself for its fingerprint: {error}"))
    })?;
    Ok(Sha256::digest(program).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Prints the table or the JSON, and writes the report beside the recording.
fn show(recording: &Recording, folder: &Path, options: &RunOptions) -> Result<(), Failure> {
    let summary = Summary::of(recording).map_err(Failure::Broken)?;
    report::write_summary(folder, &summary).map_err(|error| Failure::Broken(error.to_string()))?;
    if options.json {
        return say(&export::json::render(&summary, &folder.to_string_lossy()));
    }
    let render = if options.wide { table::render_wide } else { table::render };
    say(&render(&summary, None))?;
    say(&format!("report: {}", folder.join("report.html").display()))
}

/// A folder that cannot be read is the user's to change.
pub(super) fn refused(error: StoreError) -> Failure {
    Failure::BadInput(match error {
        StoreError::Io { path, source } => {
            format!("cannot read '{}': {source}; name the folder of a run of simul", path.display())
        }
        other => other.to_string(),
    })
}

pub(super) fn stored(error: StoreError) -> Failure {
    Failure::Broken(error.to_string())
}
