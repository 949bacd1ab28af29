//! One trial, seen from the controller: is it alive, what did it say, what will be written down?
//!
//! An arm owns its trial's process and its peer's, asks one thing at a time with a time limit, and keeps the
//! record. Whatever goes wrong becomes the record's state with a reason; nothing here fails the run. It must
//! not know the order of slices. Next: [`super::working`], from the warm-up to the end.

use super::{
    child::Start,
    dialogue::Dialogue,
    inbox::{Inbox, Interrupted},
    outside::Outside,
    plan::{ArmPlan, ContestPlan},
    recording, stranger,
};
use crate::{
    clock,
    protocol::{Finished, Mode, Order, PROTOCOL, PeerReady, Ready, Reply, Spec},
};
use simul_results::{State, TrialRecord, record::ReceiptRecord};
use simul_workloads::Surroundings;
use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

/// How long a process may take to start and to set its actors up.
const SETTING_UP: Duration = Duration::from_secs(20);
/// How long operations in flight are awaited at the end of a slice.
pub const DRAIN: Duration = Duration::from_secs(2);
/// How much longer than that a trial may take to answer.
pub(super) const ANSWERING: Duration = Duration::from_secs(5);
/// How long a program may take to end after its last answer: as long as to start, since all end together.
pub(super) const ENDING: Duration = Duration::from_secs(20);

/// One cell in one block.
pub struct Arm<'a> {
    /// The plan.
    pub plan: &'a ArmPlan,
    /// The record, as far as it is known.
    pub record: TrialRecord,
    pub(super) trial: Option<Dialogue>,
    pub(super) peer: Option<Dialogue>,
    /// The trial's CPU clock after its last slice; from there on, what it burns is deferred.
    pub(super) rested_at_ns: u64,
    /// Whether the runner has one worker by design.
    pub one_worker: bool,
    /// What it said in the end.
    pub finished: Option<Finished>,
    /// Operations that the recorder had no room for.
    pub unrecorded: u64,
    /// How many actors work.
    pub(super) actors: u32,
    /// Operations of all slices, warm-up included.
    pub(super) operations: u64,
    /// A program that is not ours, seen from outside.
    pub(super) outside: Option<Outside>,
    pub(super) surroundings: Surroundings,
    pub(super) workload: &'a str,
    pub(super) seed: u64,
}

/// What is needed to start an arm.
pub struct Launch<'a> {
    /// The contest.
    pub contest: &'a ContestPlan,
    /// Which block, from 0.
    pub block: u32,
    /// Decides everything that is random in this block.
    pub seed: u64,
    /// The usual length of a slice.
    pub usual_slice_ns: u64,
}

impl<'a> Arm<'a> {
    /// An arm whose processes have not been started.
    #[must_use]
    pub fn new(plan: &'a ArmPlan, launch: &Launch<'a>) -> Self {
        let record = recording::blank(plan, launch.contest, launch.block);
        Self {
            plan,
            record,
            trial: None,
            peer: None,
            rested_at_ns: 0,
            one_worker: false,
            finished: None,
            unrecorded: 0,
            actors: launch.contest.actors,
            operations: 0,
            outside: None,
            surroundings: Surroundings::default(),
            workload: &launch.contest.contest.workload,
            seed: launch.seed,
        }
    }

    /// Whether it can still be measured.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.record.state == State::Measured
    }

    /// Starts the peer's process, if the work needs one.
    pub fn start_peer(&mut self, launch: &Launch<'_>, inbox: &mut Inbox) {
        let Some(peer) = launch.contest.needs.peer.filter(|_| self.is_alive()) else { return };
        let start = Start {
            id: inbox.new_child(),
            cores: &launch.contest.cores.peer,
            arguments: &["peer", peer.name()],
            program: None,
            environment: &[],
            folder: false,
        };
        match Dialogue::start(&start, inbox) {
            Ok(dialogue) => self.peer = Some(dialogue),
            Err(error) => self.end(State::Failed, format!("its peer could not start: {error}")),
        }
    }

    /// Starts the trial's process, once the peer has said where it listens.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn start_trial(
        &mut self,
        launch: &Launch<'_>,
        inbox: &mut Inbox,
    ) -> Result<(), Interrupted> {
        let peer = self.await_peer(inbox)?;
        if !self.is_alive() {
            return Ok(());
        }
        let workers = NonZeroUsize::new(self.plan.workers as usize).unwrap_or(NonZeroUsize::MIN);
        let environment = simul_runners::registry::environment(&self.plan.program, workers);
        let start = Start {
            id: inbox.new_child(),
            cores: &launch.contest.cores.runner,
            arguments: &["trial"],
            program: self.plan.foreign.as_ref().map(|available| &available.start),
            environment: &environment,
            folder: launch.contest.needs.files,
        };
        match Dialogue::start(&start, inbox) {
            Ok(mut dialogue) => {
                self.surroundings = Surroundings { peer, folder: dialogue.folder() };
                if let Err(error) = self.prepare() {
                    self.end(State::Failed, format!("set-up failed: {error}"));
                }
                dialogue.tell(&self.spec(launch, self.surroundings.clone()));
                self.trial = Some(dialogue);
            }
            Err(error) => self.end(State::Failed, format!("its process could not start: {error}")),
        }
        Ok(())
    }

    fn spec(&self, launch: &Launch<'_>, surroundings: Surroundings) -> Spec {
        Spec {
            protocol: PROTOCOL,
            workload: launch.contest.contest.workload.clone(),
            runner: self.plan.program.clone(),
            mode: Mode::Closed,
            actors: launch.contest.actors,
            workers: self.plan.workers,
            seed: launch.seed,
            surroundings,
            usual_slice_ns: launch.usual_slice_ns,
            drain_ns: clock::to_ns(DRAIN),
        }
    }

    /// Our own trial prepares its work itself.
    fn prepare(&self) -> Result<(), String> {
        if self.plan.foreign.is_none() {
            return Ok(());
        }
        stranger::prepare(self.workload, self.seed, &self.surroundings)
    }

    fn await_peer(&mut self, inbox: &mut Inbox) -> Result<Option<SocketAddr>, Interrupted> {
        let Some(peer) = &mut self.peer else { return Ok(None) };
        match peer.answer::<PeerReady>(inbox, SETTING_UP)? {
            Ok(ready) => {
                peer.pid = ready.pid;
                return Ok(Some(ready.address));
            }
            Err((state, reason)) => self.end(state, format!("its peer did not start: {reason}")),
        }
        Ok(None)
    }

    /// Waits until the trial's actors are at the gate.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn await_ready(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        if !self.is_alive() {
            return Ok(());
        }
        match self.answer(inbox, SETTING_UP)? {
            Some(Reply::Ready(ready)) => self.take_in(ready),
            Some(Reply::Refused { state, reason }) => match state {
                State::Failed => self.condemn(state, &reason),
                State::Unavailable | State::NotApplicable => self.end(state, reason),
                State::Measured | State::TimedOut | State::Discarded => {
                    let name = state.name();
                    self.condemn(State::Failed, &format!("it refused as '{name}': {reason}"));
                }
            },
            Some(other) => self.unexpected(&other),
            None => {}
        }
        Ok(())
    }

    /// What a trial says when it waits for orders.
    fn take_in(&mut self, ready: Ready) {
        let Ready { pid, receipt, card, one_worker, .. } = ready;
        let Some(trial) = &mut self.trial else { return };
        trial.pid = pid;
        self.record.card = card;
        self.one_worker = one_worker;
        let Some(available) = &self.plan.foreign else {
            self.record.receipt = receipt.map(|(package, version, source)| ReceiptRecord {
                package,
                version,
                source,
            });
            return;
        };
        let outside = Outside::below(trial.guardian_pid());
        let known = outside.processes().any(|process| process == pid);
        self.outside = Some(outside);
        self.one_worker |= available.program.one_worker;
        match stranger::receipt(available, receipt.as_ref()) {
            Ok(receipt) => self.record.receipt = Some(receipt),
            Err(why) => return self.condemn(State::Failed, &why),
        }
        if !known {
            self.condemn(State::Failed, &format!("process {pid} is none of its own"));
        }
    }

    /// Writes down how it ended. The first reason stands.
    pub fn end(&mut self, state: State, reason: String) {
        if self.is_alive() {
            self.record.state = state;
            self.record.reason = Some(reason);
        }
    }

    /// Tells both guardians to end their processes, without waiting.
    pub fn release(&mut self) {
        [&mut self.trial, &mut self.peer].into_iter().flatten().for_each(Dialogue::release);
    }

    /// Waits until both processes are gone, with all that they started.
    pub fn bury(&mut self, inbox: &mut Inbox) {
        for dialogue in [self.trial.take(), self.peer.take()].into_iter().flatten() {
            dialogue.bury(inbox);
        }
    }

    /// The processes that belong to this arm.
    pub fn processes(&self) -> impl Iterator<Item = i32> {
        [&self.trial, &self.peer].into_iter().flatten().flat_map(Dialogue::processes)
    }

    pub(super) fn tell(&mut self, order: Order, inbox: &mut Inbox) -> Result<(), Interrupted> {
        let Some(trial) = &mut self.trial else { return Ok(()) };
        if let Some((state, reason)) = trial.unasked(inbox)? {
            self.end(state, reason);
        } else {
            trial.tell(&order);
        }
        Ok(())
    }

    /// The next answer; `None` when there was none, and then the arm has ended.
    pub(super) fn answer(
        &mut self,
        inbox: &mut Inbox,
        patience: Duration,
    ) -> Result<Option<Reply>, Interrupted> {
        if !self.is_alive() {
            return Ok(None);
        }
        let Some(trial) = &mut self.trial else { return Ok(None) };
        match trial.answer(inbox, patience)? {
            Ok(reply) => Ok(Some(reply)),
            Err((state, reason)) => {
                self.end(state, reason);
                Ok(None)
            }
        }
    }

    pub(super) fn unexpected(&mut self, reply: &Reply) {
        match reply {
            Reply::Failed { reason, timed_out, .. } => {
                let state = if *timed_out { State::TimedOut } else { State::Failed };
                self.condemn(state, reason);
            }
            other => {
                let what = format!("an answer out of order: '{}'", other.name());
                self.condemn(State::Failed, &what);
            }
        }
    }

    /// Ends it for what it has said, with the last words of a program that is not ours.
    pub(super) fn condemn(&mut self, state: State, why: &str) {
        let words = match &mut self.trial {
            Some(trial) if self.plan.foreign.is_some() => trial.silenced(state, why).1,
            _ => why.to_owned(),
        };
        self.end(state, words);
    }

    pub(super) fn cpu_ns(&self) -> u64 {
        if let Some(outside) = &self.outside {
            return outside.cpu_ns();
        }
        self.trial.as_ref().and_then(Dialogue::cpu_ns).unwrap_or(self.rested_at_ns)
    }

    pub(super) fn peer_cpu_ns(&self) -> Option<u64> {
        self.peer.as_ref()?.cpu_ns()
    }

    /// From here on, its CPU time is deferred.
    pub(super) fn rest(&mut self) {
        self.rested_at_ns = self.cpu_ns();
    }
}
