//! How does a run go, from the first block to the last?
//!
//! Ask the schedule, live the block, write it down, tell; again until nothing is left or somebody
//! interrupts. Every finished block is on the disk before the next one starts.

use super::{
    audit,
    block::Block,
    events::{Event, Reporter},
    inbox::{Inbox, Interrupted},
    plan::{ContestPlan, Plan},
    repeats::Repeats,
    schedule::{self, Seen},
};
use simul_results::{
    State, TrialRecord,
    store::{StoreError, Writer},
};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything was done, and nothing went wrong.
    Complete,
    /// Everything was done; some cells failed, timed out or were discarded.
    WithFaults,
    /// It was interrupted.
    Interrupted,
}

/// Who says when enough has been seen, before every block has been lived that was planned.
pub trait Referee {
    /// Whether there is time for one more block of this contest; `false` ends the run.
    fn admits(&mut self, contest: &ContestPlan) -> bool;

    /// Takes in the trials of a block that has ended, or of all that ended before the run was resumed, and names the
    /// cells of which no more are wanted.
    fn take_in(&mut self, contest: &ContestPlan, trials: &[TrialRecord]) -> Vec<String>;
}

/// Everything that was planned.
#[derive(Clone, Copy, Debug)]
pub struct Everything;

impl Referee for Everything {
    fn admits(&mut self, _contest: &ContestPlan) -> bool {
        true
    }

    fn take_in(&mut self, _contest: &ContestPlan, _trials: &[TrialRecord]) -> Vec<String> {
        Vec::new()
    }
}

/// Does what is left of the plan, after the trials and audits that are there already.
///
/// # Errors
/// The recording cannot be written.
pub fn run(
    plan: &Plan,
    writer: &mut Writer,
    [before, audited]: [&[TrialRecord]; 2],
    inbox: &mut Inbox,
    reporter: &mut dyn Reporter,
    referee: &mut dyn Referee,
) -> Result<Ending, StoreError> {
    let mut seen = Seen::default();
    let mut faults = false;
    let mut repeats = Repeats::default();
    for trial in before {
        note(&mut seen, &mut faults, trial);
    }
    for contest in &plan.contests {
        let printed = contest.contest.to_string();
        let is_of = |trial: &&TrialRecord| {
            trial.identity().is_ok_and(|cell| cell.contest.to_string() == printed)
        };
        let mine: Vec<TrialRecord> = before.iter().filter(is_of).cloned().collect();
        if !mine.is_empty() {
            referee.take_in(contest, &mine).into_iter().for_each(|cell| seen.close(cell));
        }
    }
    reporter.take_in(&Event::Planned { plan, done: blocks_in(before) });
    while let Some(next) = schedule::next(&plan.contests, plan.record.blocks, &seen) {
        let contest = &plan.contests[next.contest];
        if !referee.admits(contest) {
            break;
        }
        reporter.take_in(&Event::BlockStarted { contest, block: next.block });
        let block = Block::new(plan, contest, next.block, &seen, &mut repeats);
        let trials = match inbox.check().and_then(|()| block.live(inbox, reporter)) {
            Ok(trials) => trials,
            Err(Interrupted) => {
                reporter.take_in(&Event::Ended);
                return Ok(Ending::Interrupted);
            }
        };
        writer.append(&trials)?;
        for trial in &trials {
            note(&mut seen, &mut faults, trial);
            reporter.take_in(&Event::TrialEnded { trial });
        }
        referee.take_in(contest, &trials).into_iter().for_each(|cell| seen.close(cell));
        seen.block_ended(contest.contest.to_string(), next.block);
        reporter.take_in(&Event::BlockEnded);
    }
    if plan.record.audit {
        let audits = audit::all(plan, &seen, audited, writer, inbox, reporter)?;
        if audits == Err(Interrupted) {
            reporter.take_in(&Event::Ended);
            return Ok(Ending::Interrupted);
        }
    }
    reporter.take_in(&Event::Ended);
    Ok(if faults { Ending::WithFaults } else { Ending::Complete })
}

fn note(seen: &mut Seen, faults: &mut bool, trial: &TrialRecord) {
    *faults |= State::is_fault(trial.state);
    seen.note(trial);
}

/// How many blocks these trials lived in.
fn blocks_in(trials: &[TrialRecord]) -> u32 {
    let mut blocks: Vec<_> = trials
        .iter()
        .map(|trial| (&trial.label, &trial.load, trial.placement, trial.block))
        .collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks.len() as u32
}
