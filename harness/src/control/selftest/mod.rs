//! Does this build find what it says that it finds, on this machine?
//!
//! Each canary works in a tiny run of its own: planned, lived and recorded as `run` does it, in a temporary folder,
//! and summarised as a report does. Found is what a user of that run would have read. Healthy ones must be found to be
//! healthy. It must not know how a fault is made, or how anything is found. Next: [`cases`], then `findings.rs`.

pub mod burst;
pub mod cases;
mod findings;

pub use cases::Case;

use super::{
    contamination::sight,
    events::{Event, Reporter},
    inbox::{Inbox, Interrupted},
    placement,
    plan::Plan,
    programs::Programs,
    selection::Request,
    session::{self, Ending},
};
use crate::{exit::Failure, host};
use burst::Stranger;
use cases::{TWIN, Work};
use findings::Found;
use serde::Serialize;
use simul_results::{
    Placement,
    record::{RunRecord, SCHEMA},
    store::{self, Writer},
    summary::Summary,
};
use std::time::{Duration, Instant};

/// How often a canary is looked at while the machine has something else to do.
const MOST_LOOKS: u32 = 2;
/// After so long nothing is looked at again: all is to end within a minute.
const ENOUGH: Duration = Duration::from_secs(25);

/// Of an open load: several times what is under way at the same time.
const CONNECTIONS: u32 = 32;

/// What came of one canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// What had to be found.
    pub expected: String,
    /// What was.
    pub found: String,
    /// Whether it is that.
    pub passed: bool,
}

/// What came of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this shape.
    pub schema: u32,
    /// How many passed.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Each.
    pub canaries: Vec<Outcome>,
}

impl Report {
    /// Of these outcomes.
    #[must_use]
    pub fn of(canaries: Vec<Outcome>) -> Self {
        let passed = canaries.iter().filter(|outcome| outcome.passed).count();
        Self { schema: 1, passed, failed: canaries.len() - passed, canaries }
    }
}

/// Looks at canaries, one after the other.
pub struct Selftest {
    inbox: Inbox,
    programs: Programs,
    begun: Instant,
}

impl Selftest {
    /// Ready to look.
    ///
    /// # Errors
    /// Signals cannot be caught.
    pub fn new() -> Result<Self, Failure> {
        let inbox = Inbox::with_signals().map_err(broken)?;
        Ok(Self { inbox, programs: Programs::default(), begun: Instant::now() })
    }

    /// Looks at one; `None` when interrupted. A look that may have been disturbed and did not find what it should
    /// is repeated.
    ///
    /// # Errors
    /// Its run could not be, or could not be written down.
    pub fn look_at(&mut self, case: &Case) -> Result<Option<Outcome>, Failure> {
        let mut look = 1;
        loop {
            let Some(found) = self.look(case, look)? else { return Ok(None) };
            let passed = found.is(case.wanted);
            let again = !passed && found.may_pass() && look < MOST_LOOKS;
            if !again || self.begun.elapsed() > ENOUGH {
                let (expected, found) = (case.wanted.name(), found.in_words());
                return Ok(Some(Outcome { name: case.name.into(), expected, found, passed }));
            }
            look += 1;
        }
    }

    fn look(&mut self, case: &Case, look: u32) -> Result<Option<Found>, Failure> {
        let folder = tempfile::tempdir().map_err(broken)?;
        let place = folder.path().join("run");
        let plan = Plan::make(&request(case, look), &placement::available(), &self.programs)?;
        // It is thrown away: what it is of, nobody asks.
        let run = RunRecord {
            schema: SCHEMA,
            simul: env!("CARGO_PKG_VERSION").into(),
            binary: String::new(),
            command: Vec::new(),
            started: String::new(),
            host: host::facts(),
            plan: plan.record.clone(),
            watch: Some(sight::record()),
        };
        let mut writer = Writer::create(&place, &run).map_err(broken)?;
        let mut watcher = Watcher::of(&case.work)?;
        let (inbox, all) = (&mut self.inbox, &mut session::Everything);
        let ending = session::run(&plan, &mut writer, [&[], &[]], inbox, &mut watcher, all);
        if ending.map_err(broken)? == Ending::Interrupted {
            return Ok(None);
        }
        let recording = store::load(&place).map_err(broken)?;
        let summary = Summary::of(&recording).map_err(Failure::Broken)?;
        Ok(Some(Found::of(case.runner, &summary, &recording.trials)))
    }

    /// Whether somebody wants it to end.
    pub fn is_interrupted(&mut self) -> bool {
        self.inbox.check() == Err(Interrupted)
    }
}

/// The run in which a canary is looked at.
fn request(case: &Case, look: u32) -> Request {
    let Work { workload, load, blocks, rounds, slice, .. } = case.work;
    let mut runners = vec![case.runner.to_owned()];
    if case.work.beside_twin {
        // The first is what the others are compared with.
        runners.insert(0, TWIN.into());
    }
    Request {
        workloads: vec![workload.into()],
        runners,
        loads: vec![load],
        // Under an open load the generator needs a core of its own. Else one core for all is steadiest: who waits
        // for whom does not depend on wake-ups across cores.
        placements: if load.is_open() { Vec::new() } else { vec![Placement::OneCore] },
        // Where verdicts were disturbed, more blocks make up for it.
        blocks: Some(if blocks > 1 { blocks + 4 * (look - 1) } else { 1 }),
        rounds: Some(rounds),
        slice: Some(slice),
        connections: load.is_open().then_some(CONNECTIONS),
        generator_lag: case.work.lag,
        null_arms: u32::from(case.work.null_arm),
        ..Request::default()
    }
}

/// Lets the stranger work in the middle of a run, and listens to nothing else.
struct Watcher {
    stranger: Option<Stranger>,
    slices: u32,
}

impl Watcher {
    fn of(work: &Work) -> Result<Self, Failure> {
        let stranger = work.burst.then(Stranger::start).transpose();
        let stranger = stranger.map_err(|error| {
            Failure::Broken(format!("the process that disturbs did not start: {error}"))
        })?;
        Ok(Self { stranger, slices: 0 })
    }
}

impl Reporter for Watcher {
    fn take_in(&mut self, event: &Event<'_>) {
        if matches!(event, Event::SliceEnded { .. }) {
            self.slices += 1;
            if let Some(stranger) = self.stranger.as_mut().filter(|_| self.slices == 3) {
                stranger.burst();
            }
        }
    }
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(error.to_string())
}
