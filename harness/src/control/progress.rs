//! How far is it, and when will it end?
//!
//! A bar on standard error, drawn only when an event arrives, that is, between slices: a bar that moved by
//! itself would be foreign CPU of our own making. Where nobody can see a bar, a line for each block.

use super::{
    events::{Event, Reporter},
    plan::Plan,
};
use indicatif::{ProgressBar, ProgressStyle};
use simul_results::TrialRecord;

/// A progress bar with the time that is left.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    slices_of_block: u64,
    expected: u64,
}

impl Progress {
    /// A bar that appears with the plan; on standard error, and only if that is a terminal.
    #[must_use]
    pub fn new() -> Self {
        Self { bar: ProgressBar::no_length(), slices_of_block: 0, expected: 0 }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Reporter for Progress {
    fn take_in(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned { plan, done } => {
                let per_run = slices(plan, plan.record.blocks);
                self.bar.set_length(per_run);
                let shape = "{elapsed_precise} {bar:30} {percent}% ETA {eta_precise}  {wide_msg}";
                if let Ok(style) = ProgressStyle::with_template(shape) {
                    self.bar.set_style(style);
                }
                let total = plan.record.blocks * plan.contests.len() as u32;
                self.bar.set_position(per_run * u64::from(*done) / u64::from(total.max(1)));
                self.bar.reset_eta();
            }
            Event::BlockStarted { contest, block } => {
                let arms = contest.arms.iter().filter(|arm| arm.refusal.is_none()).count() as u64;
                self.slices_of_block = arms;
                self.expected = self.bar.position();
                let block = block + 1;
                self.bar.set_message(format!("{} block {block}: starting", contest.contest));
            }
            Event::SliceEnded { cell } => {
                self.bar.inc(1);
                self.bar.set_message((*cell).to_owned());
            }
            Event::RoundSetAside { foreign_cores } => {
                let length = self.bar.length().unwrap_or(0);
                self.bar.set_length(length + self.slices_of_block);
                let text = format!("others used {foreign_cores:.2} cores: the round is run again");
                self.bar.set_message(text);
            }
            Event::TrialEnded { trial } => {
                if trial.state.is_fault() {
                    self.bar.println(fault(trial));
                }
            }
            Event::AuditStarted { cell, .. } => self.bar.set_message(format!("audit: {cell}")),
            Event::BlockEnded => self.bar.tick(),
            Event::Ended => self.bar.finish_and_clear(),
        }
    }
}

/// A line for each block, for logs that are no terminals.
#[derive(Debug, Default)]
pub struct Lines {
    blocks: u32,
    done: u32,
    now: String,
}

impl Reporter for Lines {
    fn take_in(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned { plan, done } => {
                self.blocks = plan.record.blocks * plan.contests.len() as u32;
                self.done = *done;
            }
            Event::BlockStarted { contest, block } => {
                self.now = format!("{} block {}", contest.contest, block + 1);
            }
            Event::TrialEnded { trial } if trial.state.is_fault() => eprintln!("{}", fault(trial)),
            Event::BlockEnded => {
                self.done += 1;
                eprintln!("{} of {} blocks done: {}", self.done, self.blocks, self.now);
            }
            Event::AuditStarted { contest, .. } => {
                let now = format!("audit: {}", contest.contest);
                if now != self.now {
                    eprintln!("{now}");
                    self.now = now;
                }
            }
            _ => {}
        }
    }
}

fn fault(trial: &TrialRecord) -> String {
    let reason = trial.reason.as_deref().unwrap_or("no reason given");
    format!("{}: {}: {reason}", trial.state.name(), trial.cell)
}

/// The slices of a plan: what time is mostly spent on. Nobody knows how far a sweep will climb.
fn slices(plan: &Plan, blocks: u32) -> u64 {
    const RUNGS: u64 = 10;
    let of_a_block = plan.contests.iter().map(|contest| {
        let arms = contest.arms.iter().filter(|arm| arm.refusal.is_none()).count() as u64;
        let rungs = if contest.contest.load.is_sweep() { RUNGS } else { 1 };
        arms * u64::from(contest.rounds) * rungs
    });
    of_a_block.sum::<u64>() * u64::from(blocks)
}
