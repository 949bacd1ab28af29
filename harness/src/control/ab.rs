//! Which trials tell whether new code is as good as old code?
//!
//! Both sides are commands that speak the trial protocol: other builds of simul, or runner programs. Each runner gets
//! an arm of either side and a null arm, a second copy of one of them, and all live through the same blocks. In the
//! second stage the roles are reversed: then the new code has the null arm. A pair that is decided is measured no
//! further. It must not know how anything is judged: [`simul_results::gate`] does. Next: [`super::session`].

use super::{
    child::Foreign,
    plan::{ContestPlan, Plan},
    programs::Programs,
    selection::Request,
    session::Referee,
    workshop::errand,
};
use crate::{clock::to_ns, exit::Failure};
use simul_results::{
    Role, TrialRecord,
    gate::{self, BASE, LOOKS, NEW, Pair},
};
use simul_runners::{
    program::{Class, Program},
    registry,
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// The least length of a slice. Many short slices are worth more here than few long ones: what disturbs a machine
/// disturbs some of them, which the trimmed mean over a block then leaves out. Ten milliseconds would be shorter than
/// what lies between two slices is long on a busy machine.
const SLICE: Duration = Duration::from_millis(20);
/// Slices of each trial in a block. With them, on one core beside compilers, blocks of identical code varied by 0.1 to
/// 0.5 % in the median and by 0.3 to 1.7 % in CPU time per operation, and six such blocks find 5 %. Three trials need
/// 0.9 s for them, and a block half as much again for its processes: six blocks some nine seconds, so that a suspect
/// has been measured twice within thirty. Throughput varied most, and is what later looks are for.
const ROUNDS: u32 = 14;
/// The warm-up of each trial: ten thousand messages in an optimised build.
const WARM_UP: Duration = Duration::from_millis(100);

/// How long a command may take to say its version.
const ASKING: Duration = Duration::from_secs(10);

/// What shells say of a command that is not there, or may not be started.
const UNSTARTABLE: [&str; 4] = ["not found", "No such file", "denied", "Is a directory"];

/// One side of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// As it was given, for a shell.
    pub command: String,
    /// Whether it is a build of simul, whose `trial` command is meant.
    pub is_build: bool,
}

impl Side {
    /// Finds out what a command is. A single word that says `simul` when it is asked for its version is a build of
    /// simul; everything else is started as it stands.
    ///
    /// # Errors
    /// It is empty; or a single word that cannot be started.
    pub fn of(command: &str) -> Result<Self, Failure> {
        let command = command.trim().to_owned();
        if command.is_empty() {
            return Err(Failure::BadInput(
                "an empty command; give a build of simul, or a runner program".into(),
            ));
        }
        let mut side = Self { command, is_build: false };
        if side.command.split_whitespace().count() == 1 {
            let asked = Foreign { command: side.shell(" --version"), ..Foreign::default() };
            match errand(&asked, ASKING) {
                Ok(said) => side.is_build = said.printed.starts_with("simul "),
                Err(error) if UNSTARTABLE.iter().any(|words| error.contains(words)) => {
                    return Err(Failure::BadInput(format!(
                        "'{}' cannot be started ({error}); give a build of simul, or a runner program",
                        side.command
                    )));
                }
                // A program need not know --version.
                Err(_) => {}
            }
        }
        Ok(side)
    }

    /// The command with further words, started by a shell that it takes the place of.
    fn shell(&self, words: &str) -> Vec<String> {
        vec!["sh".into(), "-c".into(), format!("exec {}{words}", self.command)]
    }

    /// One runner of this side.
    fn program(&self, runner: &str, mark: &str) -> Program {
        let trial = if self.is_build { " trial" } else { "" };
        let run = self.shell(trial);
        let mut program = Program::undeclared(&format!("{runner}{mark}"), run, Some(runner.into()));
        program.describes = format!("{runner} of {}", self.command);
        program.remedy = "look at its command".into();
        if self.is_build {
            program.class = Class::Simul;
            program.serve = true;
            program.package = runner.to_owned();
            program.version = self.shell(&format!(" trial --receipt {runner}"));
            program.folder = std::env::current_dir().unwrap_or_default();
        }
        program.one_worker = registry::find(runner).is_some_and(|profile| profile.one_worker);
        program
    }
}

/// What is compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The old code.
    pub base: Side,
    /// The new code.
    pub new: Side,
    /// Runners, by names that both sides know.
    pub runners: Vec<String>,
}

/// Which side has the null arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The old code.
    First,
    /// The new code.
    Reversed,
}

impl Comparison {
    /// All runners of both sides.
    #[must_use]
    pub fn programs(&self) -> Programs {
        let both =
            |runner: &String| [self.base.program(runner, BASE), self.new.program(runner, NEW)];
        Programs::given(self.runners.iter().flat_map(both).collect())
    }

    /// What a stage measures: everything, or only these pairs.
    ///
    /// # Errors
    /// As [`Plan::make`].
    pub fn plan(
        &self,
        request: &Request,
        cores: &[u32],
        programs: &Programs,
        stage: Stage,
        only: Option<&[Pair]>,
    ) -> Result<Plan, Failure> {
        let marks = match stage {
            Stage::First => [BASE, NEW],
            Stage::Reversed => [NEW, BASE],
        };
        let names = |runner: &String| marks.map(|mark| format!("{runner}{mark}"));
        let request = Request {
            runners: self.runners.iter().flat_map(names).collect(),
            blocks: Some(LOOKS[LOOKS.len() - 1]),
            rounds: request.rounds.or(Some(ROUNDS)),
            null_arms: 0,
            ..request.clone()
        };
        let mut plan = Plan::make(&request, cores, programs)?;
        if !plan.exact_slice {
            plan.record.slice_ns = to_ns(SLICE);
            plan.record.drop_ns = to_ns(SLICE) / 10;
        }
        plan.record.warm_up_ns = to_ns(WARM_UP);
        for contest in &mut plan.contests {
            let printed = contest.contest.to_string();
            let wanted = |runner: &str| {
                only.is_none_or(|pairs| {
                    pairs.iter().any(|pair| pair.contest == printed && pair.runner == runner)
                })
            };
            contest.arms.retain(|arm| {
                arm.cell.role == Role::Runner && wanted(without_side(&arm.cell.runner))
            });
            let copied = contest.arms.iter().filter(|arm| arm.cell.runner.ends_with(marks[0]));
            let mut nulls: Vec<_> = copied.cloned().collect();
            nulls.iter_mut().for_each(|arm| arm.cell.role = Role::Null);
            contest.baseline = nulls.first().map(|arm| arm.cell.runner.clone());
            contest.arms.append(&mut nulls);
        }
        plan.contests.retain(|contest| !contest.arms.is_empty());
        plan.record.contests = plan.contests.iter().map(ContestPlan::record).collect();
        Ok(plan)
    }
}

fn without_side(name: &str) -> &str {
    name.strip_suffix(BASE).or_else(|| name.strip_suffix(NEW)).unwrap_or(name)
}

/// Looks after each block, and watches the time.
#[derive(Debug)]
pub struct Looks<'a> {
    plan: &'a Plan,
    /// The host's clock source, for the auditor.
    clock: String,
    margin: f64,
    /// When no further block may be running.
    until: Instant,
    block_started: Instant,
    /// The longest block of each contest.
    longest: HashMap<String, Duration>,
    /// All trials so far.
    pub trials: Vec<TrialRecord>,
    /// What has been found, by contest.
    found: HashMap<String, Vec<Pair>>,
    /// Blocks that have ended.
    pub blocks: u32,
    /// Whether the time ended before everything was decided.
    pub ran_out: bool,
    /// What kept it from judging; then nothing is stopped early.
    pub problem: Option<String>,
}

impl<'a> Looks<'a> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(plan: &'a Plan, clock: String, margin: f64, until: Instant) -> Self {
        Self {
            plan,
            clock,
            margin,
            until,
            block_started: Instant::now(),
            longest: HashMap::new(),
            trials: Vec::new(),
            found: HashMap::new(),
            blocks: 0,
            ran_out: false,
            problem: None,
        }
    }

    /// All pairs, in the order of the plan; those that were never begun as well.
    ///
    /// # Errors
    /// What was measured cannot be judged.
    pub fn pairs(self) -> Result<Vec<Pair>, String> {
        let Self { plan, mut found, clock, margin, .. } = self;
        let pairs = plan.contests.iter().map(|contest| {
            let known = found.remove(&contest.contest.to_string());
            known.map_or_else(|| gate::stage(&contest.record(), &clock, &[], margin), Ok)
        });
        Ok(pairs.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

impl Referee for Looks<'_> {
    fn admits(&mut self, contest: &ContestPlan) -> bool {
        self.block_started = Instant::now();
        let usual = self.longest.get(&contest.contest.to_string()).copied().unwrap_or_default();
        let fits = self.block_started + usual <= self.until;
        self.ran_out |= !fits;
        fits
    }

    fn take_in(&mut self, contest: &ContestPlan, trials: &[TrialRecord]) -> Vec<String> {
        let printed = contest.contest.to_string();
        let longest = self.longest.entry(printed.clone()).or_default();
        *longest = (*longest).max(self.block_started.elapsed());
        self.blocks += 1;
        self.trials.extend_from_slice(trials);
        let pairs = match gate::stage(&contest.record(), &self.clock, &self.trials, self.margin) {
            Ok(pairs) => pairs,
            Err(problem) => {
                self.problem = Some(problem);
                return Vec::new();
            }
        };
        let closed = |runner: &str| {
            pairs.iter().any(|pair| pair.runner == without_side(runner) && pair.is_closed())
        };
        let cells = contest.arms.iter().filter(|arm| closed(&arm.cell.runner));
        let cells = cells.map(|arm| arm.cell.to_string()).collect();
        self.found.insert(printed, pairs);
        cells
    }
}
