//! Which trials tell whether new code is as good as old code?
//!
//! Both sides are commands that speak the trial protocol: other builds of simul, or runner programs. Each runner gets
//! an arm of either side and a null arm, a second copy of one of them, and all live through the same blocks. In the
//! second stage the roles are reversed: then the new code has the null arm. A pair that is decided is measured no
//! further. It must not know how anything is judged: [`simul_results::gate`] does. Next: [`super::session`].

use super::{
    budget::Budget,
    child::Foreign,
    plan::{ContestPlan, Plan},
    programs::Programs,
    selection::Request,
    session::Referee,
    suites,
    workshop::errand,
};
use crate::exit::Failure;
use simul_results::{
    Role, TrialRecord,
    gate::{self, BASE, LOOKS, NEW, Pair},
    record::{ContestRecord, PlanRecord},
    summary::Measure,
};
use simul_runners::{
    program::{Class, Program},
    registry,
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Rounds where operations are timers: many, since their CPU time per operation varies from slice to slice by 15 to 25 %,
/// with a thousand actors as in the suite (sleep on tokio, one core, Xeon, 2026-11-22), or by 25 to 40 % with 32 of them.
/// With 240, twelve blocks of the same code left ± 2.9 %, where 3 % are the margin; with 480, twelve blocks of the whole
/// suite did not fit into the usual budget.
const ROUNDS_OF_TIMERS: u32 = 320;

/// Their slices. The median wants time: timers that fall due together are one sample, and with a timer of whole
/// milliseconds a slice of 10 ms holds some ten. And slices of 5 ms would be shorter than three of their operations.
const SLICE_OF_TIMERS: Duration = Duration::from_millis(10);

/// Rounds under an open load, whose slices hold thousands of arrivals and take seconds: six blocks of three trials
/// fit into the usual budget.
const ROUNDS_OF_OPEN: u32 = 4;

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
        let asked = |line: String| Foreign {
            command: vec!["sh".into(), "-c".into(), line],
            ..Foreign::default()
        };
        let unstartable = |why: &str| {
            let command = &side.command;
            Failure::BadInput(format!(
                "'{command}' cannot be started ({why}); give a build of simul, or a runner program"
            ))
        };
        // Whether there is such a program, a shell knows, by the word that the shell takes for its name.
        let named = format!("set -- {}; command -v \"$1\"", side.command);
        if errand(&asked(named), ASKING).is_err() {
            return Err(unstartable("there is no such program"));
        }
        if side.command.split_whitespace().count() == 1 {
            match errand(&asked(format!("exec {} --version", side.command)), ASKING) {
                Ok(said) => side.is_build = said.printed.starts_with("simul "),
                Err(error) if UNSTARTABLE.iter().any(|words| error.contains(words)) => {
                    return Err(unstartable(&error));
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
            suite: Some(suites::GATES.into()),
            null_arms: 0,
            ..request.clone()
        };
        if request.loads.iter().any(|load| load.is_sweep()) {
            return Err(Failure::BadInput(
                "a sweep is read off a curve and has no verdict; name a rate with --load open-RATE"
                    .into(),
            ));
        }
        let mut plan = Plan::make(&request, cores, programs)?;
        let asked = request.rounds;
        for contest in &mut plan.contests {
            let is_of_timers = contest.measure() == Measure::Lateness.name();
            contest.rounds = match asked {
                Some(rounds) => rounds,
                None if contest.open.is_some() => ROUNDS_OF_OPEN,
                None if is_of_timers => ROUNDS_OF_TIMERS,
                None => contest.rounds,
            };
            if is_of_timers && request.slice.is_none() {
                contest.lengths = contest.lengths.with_slice(SLICE_OF_TIMERS);
            }
            contest.lengths.alike = true;
            if let Some(open) = &mut contest.open {
                open.record.rounds = contest.rounds;
            }
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
        let PlanRecord { rounds, slice_ns, drop_ns, .. } = plan.record;
        let record = |contest: &ContestPlan| {
            let closed = contest.open.is_none();
            let ContestPlan { rounds: own, lengths, .. } = contest;
            ContestRecord {
                rounds: Some(*own).filter(|own| closed && *own != rounds),
                slice_ns: Some(lengths.slice_ns).filter(|own| closed && *own != slice_ns),
                drop_ns: Some(lengths.drop_ns).filter(|own| closed && *own != drop_ns),
                suspects: gate::suspects(&contest.contest.to_string(), only.unwrap_or_default()),
                ..contest.record()
            }
        };
        plan.record.contests = plan.contests.iter().map(record).collect();
        Ok(plan)
    }
}

fn without_side(name: &str) -> &str {
    name.strip_suffix(BASE).or_else(|| name.strip_suffix(NEW)).unwrap_or(name)
}

/// Looks after each block, since a side that broke ends its pair at once, and watches the time.
#[derive(Debug)]
pub struct Looks<'a> {
    plan: &'a Plan,
    /// The host's clock source, for the auditor.
    clock: String,
    margin: f64,
    /// The time there is, and whether it ended before everything was decided.
    pub budget: Budget,
    /// All trials so far.
    pub trials: Vec<TrialRecord>,
    /// What has been found, by contest.
    found: HashMap<String, Vec<Pair>>,
    /// Blocks that have ended.
    pub blocks: u32,
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
            budget: Budget::until(Some(until)),
            trials: Vec::new(),
            found: HashMap::new(),
            blocks: 0,
            problem: None,
        }
    }

    /// All pairs, in the order of the plan; those that were never begun as well.
    ///
    /// # Errors
    /// What was measured cannot be judged.
    pub fn pairs(self) -> Result<Vec<Pair>, String> {
        let Self { plan, mut found, clock, margin, .. } = self;
        let pairs = plan.contests.iter().zip(&plan.record.contests).map(|(contest, recorded)| {
            let known = found.remove(&contest.contest.to_string());
            known.map_or_else(|| gate::stage(recorded, &clock, &[], margin), Ok)
        });
        Ok(pairs.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

impl Referee for Looks<'_> {
    fn admits(&mut self, contest: &ContestPlan) -> bool {
        self.budget.admits(&contest.contest.to_string(), 1)
    }

    fn take_in(&mut self, contest: &ContestPlan, trials: &[TrialRecord]) -> Vec<String> {
        let printed = contest.contest.to_string();
        self.budget.block_ended(&printed);
        self.blocks += 1;
        self.trials.extend_from_slice(trials);
        let mut all = self.plan.contests.iter().zip(&self.plan.record.contests);
        let Some((_, recorded)) = all.find(|(own, _)| own.contest == contest.contest) else {
            return Vec::new();
        };
        let pairs = match gate::stage(recorded, &self.clock, &self.trials, self.margin) {
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

#[cfg(test)]
mod tests {
    use super::{super::lengths::Lengths, *};
    use simul_results::{Load, Placement, record::Lived};

    /// What a comparison of two programs under this load would measure.
    fn plan(load: Option<&str>) -> Result<Plan, Failure> {
        let side = || Side { command: "true".into(), is_build: false };
        let comparison = Comparison { base: side(), new: side(), runners: vec!["tokio".into()] };
        let request = Request {
            workloads: vec!["echo".into(), "sleep".into()],
            loads: load.map(|load| load.parse::<Load>().unwrap()).into_iter().collect(),
            placements: vec![Placement::OneCore],
            ..Request::default()
        };
        comparison.plan(&request, &[0], &comparison.programs(), Stage::First, None)
    }

    #[test]
    fn what_is_lived_is_what_is_recorded() {
        let plan = plan(None).unwrap();
        let record = &plan.record;
        let told = record.contests.iter().map(|contest| contest.lived(record));
        let lived = plan.contests.iter().map(|contest| {
            let Lengths { slice_ns, drop_ns, .. } = contest.lengths;
            Lived { rounds: contest.rounds, slice_ns, drop_ns }
        });
        let timers = Lived { rounds: ROUNDS_OF_TIMERS, slice_ns: 10_000_000, drop_ns: 1_000_000 };
        let usual = Lived { rounds: 48, slice_ns: 5_000_000, drop_ns: 500_000 };
        assert_eq!(lived.zip(told).collect::<Vec<_>>(), [(usual, usual), (timers, timers)]);
    }

    #[test]
    fn a_sweep_is_refused() {
        let refused = plan(Some("sweep-500")).unwrap_err().to_string();
        assert!(refused.contains("open-RATE"), "{refused}");
    }
}
