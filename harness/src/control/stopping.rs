//! When has a plain run seen enough?
//!
//! Looks at a contest after the blocks that the plan says, closes the cells whose comparison is decided, and watches the
//! time. The baseline, its null arm and the floor go on as long as any comparison does. It must not know how anything is
//! judged: [`simul_results::looks`] does. Next: [`super::session`], which asks.

use super::{
    budget::Budget,
    plan::{ContestPlan, Plan},
    session::Referee,
};
use simul_results::{RunRecord, TrialRecord, looks, record::StoppingRecord};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// What a contest has seen.
#[derive(Debug, Default)]
struct Progress {
    trials: Vec<TrialRecord>,
    /// Blocks that have ended.
    done: u32,
}

/// Closes what is decided.
#[derive(Debug)]
pub struct Stopping {
    run: RunRecord,
    record: StoppingRecord,
    /// The time there is, and whether it ended before everything was decided.
    pub budget: Budget,
    contests: HashMap<String, Progress>,
    /// What kept it from judging; then nothing is stopped early.
    pub problem: Option<String>,
}

impl Stopping {
    /// Nothing seen yet; the time runs from now. `None` for a run that does not stop early.
    #[must_use]
    pub fn of(run: RunRecord) -> Option<Self> {
        let record = run.plan.stopping.clone()?;
        let until = record.budget_ns.map(|ns| Instant::now() + Duration::from_nanos(ns));
        Some(Self {
            run,
            record,
            budget: Budget::until(until),
            contests: HashMap::new(),
            problem: None,
        })
    }
}

impl Referee for Stopping {
    fn admits(&mut self, contest: &ContestPlan) -> bool {
        let printed = contest.contest.to_string();
        let done = self.contests.get(&printed).map_or(0, |seen| seen.done);
        // After the first look further blocks decide nothing before the next one. Before it they are all that there is.
        let next = self.record.looks.iter().skip(1).find(|look| **look > done);
        let looked = self.record.looks.first().is_some_and(|first| *first <= done);
        let left = next.filter(|_| looked).map_or(1, |look| look - done);
        self.budget.admits(&printed, left)
    }

    fn take_in(&mut self, contest: &ContestPlan, trials: &[TrialRecord]) -> Vec<String> {
        let printed = contest.contest.to_string();
        let resumed = !self.budget.block_ended(&printed);
        let seen = self.contests.entry(printed).or_default();
        seen.trials.extend_from_slice(trials);
        let last = trials.iter().map(|trial| trial.block + 1).max();
        seen.done = seen.done.max(last.unwrap_or(0));
        if !resumed && !self.record.looks.contains(&seen.done) {
            return Vec::new();
        }
        looks::closed(&self.run, &contest.record(), &seen.trials).unwrap_or_else(|problem| {
            self.problem = Some(problem);
            Vec::new()
        })
    }
}

/// What a run that may stop early is going to do, in one line.
#[must_use]
pub fn planned(plan: &Plan, stopping: &StoppingRecord) -> String {
    let trials: u32 = plan.trials().iter().sum();
    let contests = match plan.contests.len() {
        1 => "1 contest".to_owned(),
        count => format!("{count} contests"),
    };
    let looks: Vec<String> = stopping.looks.iter().map(u32::to_string).collect();
    let wanted = match stopping.metric.as_str() {
        "all" => "all metrics are",
        metric => &format!("{metric} is"),
    };
    let budget = stopping.budget_ns.map(Duration::from_nanos);
    let budget = budget.map(|most| format!("; at most {} s", most.as_secs())).unwrap_or_default();
    format!(
        "plan: {contests}, {trials} trials for each block; looks after {} blocks; a comparison stops when {wanted} \
         decided{budget}",
        looks.join(", ")
    )
}
