//! One cell in one block, seen from the controller: is it alive, what was seen, what will be written down?
//!
//! An arm owns the process under test ([`super::subject`]) and whoever brings the work ([`super::driver`]),
//! asks one thing at a time with a time limit, and keeps the record. Whatever goes wrong becomes the record's
//! state with a reason; nothing here fails the run. It must not know the order of slices. Next:
//! [`super::block`].

use super::{
    closed::{Closed, Lengths},
    driver::{Driver, Launch, Step, Stop, Turn},
    inbox::{Inbox, Interrupted},
    marks,
    open::Open,
    plan::ArmPlan,
    recording,
    subject::Subject,
};
use crate::protocol::{Finished, Order, Ready, Reply};
use simul_results::{SliceRecord, State, TrialRecord, record::ReceiptRecord};
use std::time::Duration;

/// How long a process may take to start and to set its actors up.
pub const SETTING_UP: Duration = Duration::from_secs(20);
/// How long operations in flight are awaited at the end of a slice.
pub const DRAIN: Duration = Duration::from_secs(2);
/// How much longer than that a process may take to answer.
pub const ANSWERING: Duration = Duration::from_secs(5);

/// One cell in one block.
pub struct Arm<'a> {
    /// The record, as far as it is known.
    pub record: TrialRecord,
    plan: &'a ArmPlan,
    subject: Subject,
    driver: Box<dyn Driver>,
    /// The CPU clock of the process under test after its last slice; from there on, what it burns is
    /// deferred.
    rested_at_ns: u64,
    /// Whether the runner has one worker by design.
    one_worker: bool,
    /// What it said in the end.
    finished: Option<Finished>,
}

impl<'a> Arm<'a> {
    /// An arm whose processes have not been started.
    #[must_use]
    pub fn new(plan: &'a ArmPlan, launch: &Launch<'_>, lengths: Lengths) -> Self {
        let driver: Box<dyn Driver> = match &launch.contest.open {
            None => Box::new(Closed::new(launch, lengths)),
            Some(open) => Box::new(Open::new(launch, open)),
        };
        Self {
            record: recording::blank(plan, launch.contest, launch.block),
            plan,
            subject: Subject::none(),
            driver,
            rested_at_ns: 0,
            one_worker: false,
            finished: None,
        }
    }

    /// Its plan.
    #[must_use]
    pub fn plan(&self) -> &'a ArmPlan {
        self.plan
    }

    /// Whether it can still be measured.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.record.state == State::Measured
    }

    /// Whether what others burn meanwhile can be told from what this one does.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.subject.is_ours()
    }

    /// Starts what must be there before the process under test.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn prepare(&mut self, launch: &Launch<'_>, inbox: &mut Inbox) -> Result<(), Interrupted> {
        self.step(|arm| arm.driver.prepare(launch, inbox)).map(|_| ())
    }

    /// Starts the process under test.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn start(&mut self, launch: &Launch<'_>, inbox: &mut Inbox) -> Result<(), Interrupted> {
        let started = self.step(|arm| {
            let peer = arm.driver.peer(inbox)?;
            Subject::start(launch, arm.driver.mode(), peer, inbox)
        })?;
        if let Some(subject) = started {
            self.subject = subject;
        }
        Ok(())
    }

    /// Waits until it is ready, and whoever brings the work too.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn await_ready(
        &mut self,
        launch: &Launch<'_>,
        inbox: &mut Inbox,
    ) -> Result<(), Interrupted> {
        let ready = self.step(|arm| {
            let ready = arm.subject.await_ready(inbox)?;
            arm.driver.meet(&mut arm.subject, launch, inbox)?;
            Ok(ready)
        })?;
        match ready {
            Some(Some(Ready { receipt, card, one_worker, .. })) => {
                let (package, version, source) = receipt;
                self.record.receipt = Some(ReceiptRecord { package, version, source });
                self.record.card = card;
                self.one_worker = one_worker;
            }
            Some(None) => self.record.receipt = recording::external_receipt(self.plan),
            None => {}
        }
        Ok(())
    }

    /// Lets it warm up and learns its pace.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn warm_up(&mut self, turn: Turn, inbox: &mut Inbox) -> Result<(), Interrupted> {
        self.step(|arm| arm.driver.warm_up(&mut arm.subject, turn, inbox))?;
        self.rest();
        Ok(())
    }

    /// Whether it is to have a turn.
    #[must_use]
    pub fn wants(&self, turn: Turn) -> bool {
        self.is_alive() && self.driver.wants(turn, &self.record.slices)
    }

    /// Does what must be done just before its slice, outside it.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn before_slice(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        self.step(|arm| arm.driver.before_slice(&mut arm.subject, inbox)).map(|_| ())
    }

    /// Has one slice measured and keeps it; returns its place in the record.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn slice(
        &mut self,
        turn: Turn,
        inbox: &mut Inbox,
    ) -> Result<Option<&mut SliceRecord>, Interrupted> {
        let deferred_cpu_ns =
            self.subject.cpu_ns().map_or(0, |now_ns| now_ns.saturating_sub(self.rested_at_ns));
        let measured = self.is_alive();
        let measured = match measured.then(|| self.driver.slice(&mut self.subject, turn, inbox)) {
            None => None,
            Some(Ok(slice)) => Some(slice),
            Some(Err(stop)) => self.stopped(stop)?,
        };
        self.rest();
        let Some(mut slice) = measured else { return Ok(None) };
        slice.deferred_cpu_ns = deferred_cpu_ns;
        self.record.slices.push(slice);
        Ok(self.record.slices.last_mut())
    }

    /// Orders the end and keeps what the trial cost.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn finish(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        if !self.subject.is_trial() {
            return Ok(());
        }
        let finished = self.step(|arm| {
            arm.subject.tell(Order::Finish);
            match arm.subject.answer(inbox, DRAIN + ANSWERING)? {
                Reply::Finished(finished) => Ok(finished),
                Reply::Failed { reason, timed_out, .. } => {
                    let state = if timed_out { State::TimedOut } else { State::Failed };
                    Err(Stop::ended(state, reason))
                }
                other => {
                    Err(Stop::ended(State::Failed, format!("an answer out of order: {other:?}")))
                }
            }
        })?;
        if let Some(finished) = finished {
            self.record.backend = Some(finished.backend.clone());
            self.record.costs = Some(recording::costs(&finished));
            self.finished = Some(finished);
        }
        Ok(())
    }

    /// The record, after its work has been verified and its numbers have been looked at.
    #[must_use]
    pub fn judged(mut self, contest: &super::plan::ContestPlan) -> TrialRecord {
        if let Some(finished) = self.finished.take() {
            if let Some(complaint) = self.driver.complaint(&finished) {
                self.end(State::Discarded, complaint);
            }
            self.record.actors = marks::evenness(&finished.actors);
        }
        let slices: Vec<&SliceRecord> = self.record.counted().collect();
        let mut all = self.driver.marks(&slices);
        all.extend(marks::of(&self.record, contest, self.one_worker));
        self.record.marks = all.into_iter().map(str::to_owned).collect();
        self.record
    }

    /// Tells all guardians to end their processes, without waiting.
    pub fn release(&mut self) {
        self.subject.release();
        self.driver.release();
    }

    /// Waits until all its processes are gone, with all that they started.
    pub fn bury(&mut self, inbox: &mut Inbox) {
        self.subject.bury(inbox);
        self.driver.bury(inbox);
    }

    /// The processes that belong to this arm.
    pub fn processes(&self) -> impl Iterator<Item = i32> {
        self.subject.processes().into_iter().chain(self.driver.processes())
    }

    /// Takes a step if it is alive; `None` if it is not, or has ended by it.
    fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Step<T>,
    ) -> Result<Option<T>, Interrupted> {
        if !self.is_alive() {
            return Ok(None);
        }
        match step(self) {
            Ok(value) => Ok(Some(value)),
            Err(stop) => self.stopped(stop).map(|_| None),
        }
    }

    /// Writes down how it ended; the slice in which it happened.
    fn stopped(&mut self, stop: Stop) -> Result<Option<SliceRecord>, Interrupted> {
        match stop {
            Stop::Interrupted(interrupted) => Err(interrupted),
            Stop::Ended { state, reason, slice } => {
                self.end(state, reason);
                Ok(slice.map(|slice| *slice))
            }
        }
    }

    /// The first reason stands.
    fn end(&mut self, state: State, reason: String) {
        if self.is_alive() {
            self.record.state = state;
            self.record.reason = Some(reason);
        }
    }

    /// From here on, its CPU time is deferred.
    fn rest(&mut self) {
        self.rested_at_ns = self.subject.cpu_ns().unwrap_or(self.rested_at_ns);
    }
}
