//! Which cells will be measured, and how?
//!
//! A request becomes contests; each gets its runners, a null arm (the baseline runner once more) and a
//! floor. A pair that cannot work keeps its cell, with the reason. Nothing has been started or written
//! when the plan stands. Next: `contest.rs`, then [`super::schedule`].

pub use super::contest::{ArmPlan, ContestPlan};

use super::{
    calibration::Calibrator,
    contest::Site,
    entrants::{Field, selected_runners},
    entries::entries,
    lengths::Lengths,
    limits::Limits,
    open_plan,
    programs::Programs,
    rotation,
    selection::{Request, Stopping, unknown},
    suites,
};
use crate::{clock, exit::Failure};
use simul_results::{
    Role, State, looks,
    record::{PlanRecord, StoppingRecord},
};
use simul_runners::bare;

/// A sweep visits a dozen rates, each for seconds, on every runner: six blocks would take half an hour.
const BLOCKS_OF_A_SWEEP: u32 = 3;

/// Everything that will be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// As recorded.
    pub record: PlanRecord,
    /// In the order of reports.
    pub contests: Vec<ContestPlan>,
}

impl Plan {
    /// Makes a plan on a machine with these cores, within its limits.
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
        let mut taken = all_names();
        taken.extend(programs.names());
        open_plan::check_names(&request.servers, &taken).map_err(bad)?;
        let limits = Limits::of_this_machine();
        let field = Field { runners: &runners, programs, cores: available, limits: &limits };
        let seed = request.seed.unwrap_or_else(|| clock::now_ns() ^ u64::from(std::process::id()));
        let calibrator = Calibrator::default();
        let mut contests: Vec<ContestPlan> = Vec::new();
        for entry in entries(request, suite).map_err(bad)? {
            let site = Site { request, suite, field: &field, seed, calibrator: &calibrator };
            let plan = ContestPlan::make(&entry, &site).map_err(bad)?;
            if contests.iter().all(|other| other.contest != plan.contest) {
                contests.push(plan);
            }
        }
        // Whoever names something means all of it.
        if let Some(each) = suite.rotating.filter(|_| request.names_nothing()) {
            let turns = rotation::per_contest(runners.len(), each, contests.len());
            take_turns(&mut contests, turns);
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
        let stopping = stopping(request, &contests).map_err(bad)?;
        let Lengths { slice_ns, drop_ns, warm_up_ns, .. } = Lengths::of(suite, request);
        let record = PlanRecord {
            seed,
            blocks: most_blocks(&stopping).or(request.blocks).unwrap_or_else(|| {
                let sweeps = contests.iter().all(|contest| contest.contest.load.is_sweep());
                if sweeps { BLOCKS_OF_A_SWEEP.min(suite.blocks) } else { suite.blocks }
            }),
            rounds: request.rounds.unwrap_or(suite.rounds),
            slice_ns,
            drop_ns,
            warm_up_ns,
            keep_awake: false,
            audit: request.audit || suite.audit,
            stopping,
            contests: contests.iter().map(ContestPlan::record).collect(),
        };
        Ok(Self { record, contests })
    }
}

impl Plan {
    /// For each contest, how many trials a block of it has.
    #[must_use]
    pub fn trials(&self) -> Vec<u32> {
        let able = |contest: &ContestPlan| {
            contest.arms.iter().filter(|arm| arm.refusal.is_none()).count() as u32
        };
        self.contests.iter().map(able).collect()
    }
}

/// The most blocks of a comparison unless told otherwise: twice those that a run has which does not stop early.
const MOST_BLOCKS: u32 = 12;
/// Where a tail is asked for: what is rare takes more.
const MOST_BLOCKS_OF_A_TAIL: u32 = 24;

/// When comparisons have seen enough, as recorded.
fn stopping(request: &Request, contests: &[ContestPlan]) -> Result<Option<StoppingRecord>, String> {
    let Some(Stopping { wanted, budget }) = request.stopping else { return Ok(None) };
    if contests.iter().any(|contest| contest.contest.load.is_sweep()) {
        return Err(
            "a sweep has no verdicts to stop at; leave out --adaptive, --metric and --budget"
                .into(),
        );
    }
    let usual = if wanted.tail().is_some() { MOST_BLOCKS_OF_A_TAIL } else { MOST_BLOCKS };
    Ok(Some(StoppingRecord {
        looks: looks::looks(request.blocks.unwrap_or(usual), wanted)?,
        metric: wanted.name().into(),
        budget_ns: budget.map(clock::to_ns),
    }))
}

fn most_blocks(stopping: &Option<StoppingRecord>) -> Option<u32> {
    stopping.as_ref().and_then(|stopping| stopping.looks.last().copied())
}

/// Leaves each contest the runners whose turn it is, its null arms and its floor. What is not available here
/// has its turn too: its row says so.
fn take_turns(contests: &mut [ContestPlan], turns: usize) {
    let able = |contest: &ContestPlan| {
        let can = |arm: &&ArmPlan| {
            let unfit = matches!(arm.refusal, Some((State::NotApplicable, _)));
            arm.cell.role == Role::Runner && !unfit
        };
        let runners = contest.arms.iter().filter(can).map(|arm| arm.cell.runner.clone());
        rotation::Able { runners: runners.collect(), baseline: contest.baseline.clone() }
    };
    let all: Vec<rotation::Able> = contests.iter().map(able).collect();
    for (contest, chosen) in contests.iter_mut().zip(rotation::turns(&all, turns)) {
        // Where nobody can do the work, all rows say why.
        if !chosen.is_empty() {
            contest
                .arms
                .retain(|arm| arm.cell.role != Role::Runner || chosen.contains(&arm.cell.runner));
        }
    }
}

/// Every name that a runner has, hidden ones included.
fn all_names() -> Vec<&'static str> {
    let runners = simul_runners::registry::ALL.iter().chain(simul_runners::canary::profiles());
    runners.map(|runner| runner.name).chain(bare::ALL.iter().map(|bare| bare.name)).collect()
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
