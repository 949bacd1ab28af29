//! What differs between a closed and an open load, once the process under test is there?
//!
//! Everything else (processes, rounds, records, endings) is one frame, [`super::arm`]. A [`Driver`] brings the
//! work: [`super::closed`] orders the trial's own actors, [`super::open`] a generator at the other end of the
//! sockets. It must not know blocks or the order of turns.

use super::{
    dialogue::NoAnswer,
    inbox::{Inbox, Interrupted},
    plan::{ArmPlan, ContestPlan},
    service::Standing,
    subject::Subject,
};
use crate::protocol::{Finished, Mode, PeerReady, Slice};
use simul_results::{SliceRecord, State};
use std::time::Duration;

/// What is needed to start an arm.
pub struct Launch<'a> {
    /// The contest.
    pub contest: &'a ContestPlan,
    /// The arm.
    pub arm: &'a ArmPlan,
    /// Which block, from 0.
    pub block: u32,
    /// Decides everything that is random in this block.
    pub seed: u64,
    /// The usual length of a slice.
    pub usual_slice_ns: u64,
    /// The service that the work needs.
    pub service: Option<Standing>,
    /// What for.
    pub purpose: Purpose,
}

/// What a trial is lived for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Its times.
    Times,
    /// What it counts itself.
    Counts,
    /// Its system calls: it is held before its first instruction, and told nothing, until a tracer is there.
    SystemCalls,
}

/// One slice to come.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Which round of the block, from 0.
    pub round: u32,
    /// Which turn in its round, from 0.
    pub position: u32,
    /// Requests per second, under open load.
    pub rate_per_sec: u32,
    /// Decides the arrivals: the same for all arms of a round.
    pub seed: u64,
}

/// Why a step did not come to its end.
#[derive(Debug)]
pub enum Stop {
    /// The user wants to end.
    Interrupted(Interrupted),
    /// The arm has ended.
    Ended {
        /// As what.
        state: State,
        /// Why.
        reason: String,
        /// The slice in which it happened, as far as it went.
        slice: Option<Box<SliceRecord>>,
    },
}

/// How far a step came.
pub type Step<T> = Result<T, Stop>;

impl Stop {
    /// An end without a slice.
    pub fn ended(state: State, reason: impl Into<String>) -> Self {
        Self::Ended { state, reason: reason.into(), slice: None }
    }

    /// The end of somebody who gave no answer.
    pub fn silence(of: &str, (state, reason): NoAnswer) -> Self {
        Self::ended(state, format!("{of}{reason}"))
    }
}

impl From<Interrupted> for Stop {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

/// Whoever brings the work to the process under test.
pub trait Driver {
    /// What the process under test is to be.
    fn mode(&self) -> Mode;

    /// Starts what must be there before the process under test.
    ///
    /// # Errors
    /// As every step: interrupted, or the arm has ended.
    fn prepare(&mut self, launch: &Launch<'_>, inbox: &mut Inbox) -> Step<()>;

    /// Where the work's peer listens, if it needs one.
    ///
    /// # Errors
    /// As every step.
    fn peer(&mut self, inbox: &mut Inbox) -> Step<Option<PeerReady>>;

    /// Starts what needs the process under test, which is ready.
    ///
    /// # Errors
    /// As every step.
    fn meet(&mut self, subject: &mut Subject, launch: &Launch<'_>, inbox: &mut Inbox) -> Step<()>;

    /// Warms up, and learns the pace; how many operations that were.
    ///
    /// # Errors
    /// As every step.
    fn warm_up(&mut self, subject: &mut Subject, turn: Turn, inbox: &mut Inbox) -> Step<u64>;

    /// How long its slices are, once it has warmed up, where that goes by its pace.
    fn slice_ns(&mut self) -> Option<&mut u64> {
        None
    }

    /// Whether it wants a turn at this rate, after these slices.
    fn wants(&self, turn: Turn, slices: &[SliceRecord]) -> bool;

    /// Does what must be done just before a slice, outside it.
    ///
    /// # Errors
    /// As every step.
    fn before_slice(&mut self, subject: &mut Subject, inbox: &mut Inbox) -> Step<()>;

    /// One slice.
    ///
    /// # Errors
    /// As every step.
    fn slice(&mut self, subject: &mut Subject, turn: Turn, inbox: &mut Inbox) -> Step<SliceRecord>;

    /// How often its last slice was ordered, until it told anything: what is seen from outside is of all of these.
    fn attempts(&self) -> u32 {
        1
    }

    /// One slice of an audit, of at least this length, which is kept nowhere.
    ///
    /// # Errors
    /// As every step; and where the load is not brought by the trial itself.
    fn audit(&mut self, _: &mut Subject, _: Duration, _: &mut Inbox) -> Step<Slice> {
        Err(Stop::ended(State::NotApplicable, "only closed loads are audited"))
    }

    /// What is wrong with the work that the process under test says it did.
    fn complaint(&self, finished: &Finished) -> Option<String>;

    /// How CPU time was known, if the process under test did not tell it.
    fn cpu_seen_from_outside(&self) -> Option<&'static str>;

    /// The marks that only this load has.
    fn marks(&self, slices: &[&SliceRecord]) -> Vec<&'static str>;

    /// Tells its processes to end, without waiting.
    fn release(&mut self);

    /// Waits until they are gone.
    fn bury(&mut self, inbox: &mut Inbox);

    /// Its processes.
    fn processes(&self) -> Vec<i32>;
}
