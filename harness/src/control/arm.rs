//! One cell in one block, seen from the controller: is it alive, what was seen, what will be written down?
//!
//! An arm owns the process under test ([`super::subject`]) and whoever brings the work ([`super::driver`]),
//! asks one thing at a time with a time limit, and keeps the record. Whatever goes wrong becomes the record's
//! state with a reason; nothing here fails the run. It must not know the order of slices. Next:
//! [`super::block`].

use super::{
    account::Account,
    closed::Closed,
    driver::{Driver, Launch, Step, Stop, Turn},
    inbox::{Inbox, Interrupted},
    lengths::Lengths,
    marks,
    open::Open,
    parking::{self, Rest},
    plan::{ArmPlan, ContestPlan},
    recording,
    subject::Subject,
};
use crate::{clock, protocol::Finished};
use simul_results::{SliceRecord, State, TrialRecord, record::mark};
use std::time::Duration;

/// How long a process may take to start and to set its actors up. All of a contest do so at the same time, often
/// on one core: nineteen that write 32 MiB each took more than 20 s, unoptimised and beside other work.
pub const SETTING_UP: Duration = Duration::from_secs(90);
/// How long operations in flight are awaited at the end of a slice.
pub const DRAIN: Duration = Duration::from_secs(2);
/// How much longer than that a process may take to answer.
pub const ANSWERING: Duration = Duration::from_secs(5);

/// One cell in one block.
pub struct Arm<'a> {
    /// The record, as far as it is known.
    pub record: TrialRecord,
    plan: &'a ArmPlan,
    pub(super) subject: Subject,
    pub(super) driver: Box<dyn Driver>,
    /// The CPU clock of the process under test after its last slice; from there on, what it burns is
    /// deferred.
    rested_at_ns: u64,
    /// When that was.
    resting_since_ns: Option<u64>,
    /// What it burnt while others worked.
    rest: Rest,
    /// Whether it is stopped while others work.
    parked: bool,
    /// Whether it burnt on although it should have been stopped.
    unstoppable: bool,
    account: Account,
    /// Whether the runner has one worker by design.
    one_worker: bool,
    /// What it said in the end.
    finished: Option<Finished>,
}

impl<'a> Arm<'a> {
    /// An arm whose processes have not been started.
    #[must_use]
    pub fn new(launch: &Launch<'a>, lengths: Lengths) -> Self {
        let driver: Box<dyn Driver> = match &launch.contest.open {
            None => Box::new(Closed::new(launch, lengths)),
            Some(open) => Box::new(Open::new(launch, open)),
        };
        Self {
            record: recording::blank(launch.arm, launch.contest, launch.block),
            plan: launch.arm,
            subject: Subject::none(),
            driver,
            rested_at_ns: 0,
            resting_since_ns: None,
            rest: Rest::default(),
            parked: false,
            unstoppable: false,
            account: Account::new(),
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

    /// Ends it before it has begun.
    pub fn refuse(&mut self, state: State, reason: String) {
        self.end(state, reason);
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
        let presented = self.step(|arm| {
            let presented = arm.subject.await_ready(arm.plan, inbox)?;
            arm.driver.meet(&mut arm.subject, launch, inbox)?;
            Ok(presented)
        })?;
        if let Some(presented) = presented {
            self.record.receipt = presented.receipt;
            self.record.card = presented.card;
            self.one_worker = presented.one_worker;
            let actors = launch.contest.actors;
            self.account.open(&self.subject.priced(), actors, presented.actors_anonymous_bytes);
        }
        Ok(())
    }

    /// Lets it warm up and learns its pace; how many operations it did.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn warm_up(&mut self, turn: Turn, inbox: &mut Inbox) -> Result<u64, Interrupted> {
        self.wake();
        let done = self.step(|arm| arm.driver.warm_up(&mut arm.subject, turn, inbox))?;
        self.rest();
        Ok(done.unwrap_or(0))
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
        self.wake();
        self.step(|arm| arm.driver.before_slice(&mut arm.subject, inbox)).map(|_| ())
    }

    /// Has one slice measured and keeps it; returns its place in the record, unless what was seen from outside
    /// meanwhile is of other slices too, which were ordered in vain.
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
        let rested_ns = self.resting_since_ns.map_or(0, |since_ns| clock::now_ns() - since_ns);
        let measured = self.is_alive();
        if measured {
            self.account.before_slice(turn.round, rested_ns, &self.subject.priced());
        }
        let measured = match measured.then(|| self.driver.slice(&mut self.subject, turn, inbox)) {
            None => None,
            Some(Ok(slice)) => Some(slice),
            Some(Err(stop)) => self.stopped(stop)?,
        };
        self.rest();
        let Some(mut slice) = measured else { return Ok(None) };
        slice.deferred_cpu_ns = deferred_cpu_ns;
        self.record.slices.push(slice);
        Ok(self.record.slices.last_mut().filter(|_| self.driver.attempts() == 1))
    }

    /// Reads what the slice that has just ended cost, and parks it if it must be.
    pub fn after_slice(&mut self, turn: Turn) {
        let price = self.account.after_slice(&self.subject.priced());
        let price = price.filter(|_| self.driver.attempts() == 1);
        let last = self.record.slices.last_mut();
        if let Some(slice) = last.filter(|slice| slice.round == turn.round) {
            slice.price = price;
        }
        self.lie_down();
    }

    /// Looks what it burns while another works; stops it if that is too much.
    pub fn watch_rest(&mut self) {
        if self.is_alive()
            && let Some(cpu_ns) = self.subject.cpu_ns()
        {
            self.rest.look(clock::now_ns(), cpu_ns);
            if self.rest.is_burning() {
                self.unstoppable |= self.parked;
                self.parked = true;
                self.account.park();
                // What it burnt before must not be held against it once more.
                self.rest = Rest::default();
                self.lie_down();
            }
        }
    }

    /// Orders the end and keeps what the trial cost.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn finish(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        self.wake();
        self.record.price = self.account.closed();
        if !self.subject.is_trial() {
            return Ok(());
        }
        let finished = self.step(|arm| arm.subject.trial()?.finish(inbox))?;
        if let Some((finished, costs)) = finished {
            self.record.backend.clone_from(&finished.backend);
            self.record.costs = costs.as_ref().map(recording::costs);
            if let Some(price) = &mut self.record.price {
                price.whole_switches = !self.subject.trial().is_ok_and(|trial| trial.is_watched());
            }
            self.finished = Some(finished);
        }
        // Only when its costs are kept: what is wrong with its end is the last that is said of it.
        self.step(|arm| arm.subject.trial()?.await_end()).map(|_| ())
    }

    /// The record, after its work has been verified and its numbers have been looked at.
    #[must_use]
    pub fn judged(mut self, contest: &ContestPlan) -> TrialRecord {
        if let Some(finished) = self.finished.take() {
            if let Some(complaint) = self.driver.complaint(&finished) {
                self.end(State::Discarded, complaint);
            }
            self.record.actors = marks::evenness(&finished.actors);
        }
        if self.is_without_operations() {
            let why = "no operation ended in any counted slice; ask for longer ones with --slice";
            self.end(State::Failed, why.into());
        }
        if let Some(how) = self.driver.cpu_seen_from_outside() {
            self.record.card.insert("cpu".into(), how.into());
        }
        let slices: Vec<&SliceRecord> = self.record.counted().collect();
        let mut all = self.driver.marks(&slices);
        all.extend(marks::of(&self.record, contest, self.one_worker));
        all.extend(self.parked.then_some(mark::PARKED));
        all.extend(self.unstoppable.then_some(mark::BURNS_IDLE));
        self.record.marks = all.into_iter().map(str::to_owned).collect();
        self.record
    }

    /// Whether it was measured, and there is nothing to be told.
    fn is_without_operations(&self) -> bool {
        let mut counted = self.record.counted().peekable();
        self.record.state == State::Measured
            && counted.peek().is_some()
            && counted.all(|slice| slice.recorded == 0 || slice.completed == 0)
    }

    /// CPU time of the process under test so far; 0 where it cannot be seen.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        self.subject.cpu_ns().unwrap_or(0)
    }

    /// Ends it for what it has done, with the last words of a program that is not ours.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn condemn(&mut self, state: State, why: &str) -> Result<(), Interrupted> {
        self.step::<()>(|arm| Err(arm.subject.trial()?.condemn(state, why))).map(|_| ())
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
    pub(super) fn step<T>(
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
        let now_ns = clock::now_ns();
        self.rested_at_ns = self.subject.cpu_ns().unwrap_or(self.rested_at_ns);
        self.resting_since_ns = Some(now_ns);
        self.rest.begin(now_ns, self.rested_at_ns);
    }

    /// It is stopped while others work, if it is one of those that must be.
    fn lie_down(&mut self) {
        if self.parked
            && let Some(guardian) = self.subject.guardian_pid()
        {
            self.unstoppable |= !parking::stop(guardian);
            self.rest.begin(clock::now_ns(), self.cpu_ns());
        }
    }

    /// It may go on, for its turn or its end.
    fn wake(&mut self) {
        self.rest.end();
        if self.parked
            && let Some(guardian) = self.subject.guardian_pid()
        {
            parking::resume(guardian);
        }
    }
}
