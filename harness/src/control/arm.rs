//! One trial, seen from the controller: is it alive, what did it say, what will be written down?
//!
//! An arm owns its trial's process and its peer's, asks one thing at a time with a time limit, and keeps the
//! record. Whatever goes wrong becomes the record's state with a reason; nothing here fails the run. It must
//! not know the order of slices. Next: [`super::block`].

use super::{
    child::Start,
    dialogue::Dialogue,
    inbox::{Inbox, Interrupted},
    plan::{ArmPlan, ContestPlan},
    recording,
};
use crate::{
    clock,
    protocol::{Finished, Mode, Order, PROTOCOL, PeerReady, Ready, Reply, Slice, Spec},
};
use simul_results::{SliceRecord, State, TrialRecord, record::ReceiptRecord};
use simul_workloads::Surroundings;
use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

/// How long a process may take to start and to set its actors up. All of a contest do so at the same time, often
/// on one core: nineteen that write 32 MiB each took more than 20 s, unoptimised and beside other work.
const SETTING_UP: Duration = Duration::from_secs(90);
/// How long operations in flight are awaited at the end of a slice.
pub const DRAIN: Duration = Duration::from_secs(2);
/// How much longer than that a trial may take to answer.
const ANSWERING: Duration = Duration::from_secs(5);

/// One cell in one block.
pub struct Arm<'a> {
    /// The plan.
    pub plan: &'a ArmPlan,
    /// The record, as far as it is known.
    pub record: TrialRecord,
    trial: Option<Dialogue>,
    peer: Option<Dialogue>,
    /// The trial's CPU clock after its last slice; from there on, what it burns is deferred.
    rested_at_ns: u64,
    /// Whether the runner has one worker by design.
    pub one_worker: bool,
    /// What it said in the end.
    pub finished: Option<Finished>,
    /// Operations that the recorder had no room for.
    pub unrecorded: u64,
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
    pub fn new(plan: &'a ArmPlan, launch: &Launch<'_>) -> Self {
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
            environment: &environment,
            folder: launch.contest.needs.files,
        };
        match Dialogue::start(&start, inbox) {
            Ok(mut dialogue) => {
                let surroundings = Surroundings { peer, folder: dialogue.folder() };
                dialogue.tell(&self.spec(launch, surroundings));
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
            Some(Reply::Ready(Ready { pid, receipt, card, one_worker, .. })) => {
                if let Some(trial) = &mut self.trial {
                    trial.pid = pid;
                }
                let (package, version, source) = receipt;
                self.record.receipt = Some(ReceiptRecord { package, version, source });
                self.record.card = card;
                self.one_worker = one_worker;
            }
            Some(Reply::Refused { state, reason }) => self.end(state, reason),
            Some(other) => self.end(State::Failed, format!("expected 'ready', got {other:?}")),
            None => {}
        }
        Ok(())
    }

    /// Orders a warm-up; what it gave tells the pace.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn warm_up(
        &mut self,
        duration_ns: u64,
        inbox: &mut Inbox,
    ) -> Result<Option<Slice>, Interrupted> {
        self.tell(Order::WarmUp { duration_ns });
        let slice =
            match self.answer(inbox, Duration::from_nanos(duration_ns) + DRAIN + ANSWERING)? {
                Some(Reply::Warm(slice)) => Some(slice),
                Some(other) => {
                    self.unexpected(other);
                    None
                }
                None => None,
            };
        self.rest();
        Ok(slice)
    }

    /// Orders a slice and keeps what it gave; returns its place in the record.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn slice(
        &mut self,
        [duration_ns, drop_ns]: [u64; 2],
        [round, position]: [u32; 2],
        inbox: &mut Inbox,
    ) -> Result<Option<&mut SliceRecord>, Interrupted> {
        let deferred_cpu_ns = self.cpu_ns().saturating_sub(self.rested_at_ns);
        let peer_before_ns = self.peer_cpu_ns();
        self.tell(Order::Slice { duration_ns, drop_ns });
        let patience = Duration::from_nanos(duration_ns) + DRAIN + ANSWERING;
        let answer = self.answer(inbox, patience)?;
        let peer_after_ns = self.peer_cpu_ns();
        self.rest();
        let peer_cpu_ns =
            peer_after_ns.zip(peer_before_ns).map(|(after, before)| after.saturating_sub(before));
        let slice = match answer {
            Some(Reply::Slice(slice)) => slice,
            Some(Reply::Failed { reason, slice, timed_out }) => {
                let state = if timed_out { State::TimedOut } else { State::Failed };
                self.end(state, reason);
                let Some(slice) = slice else { return Ok(None) };
                slice
            }
            Some(other) => {
                self.unexpected(other);
                return Ok(None);
            }
            None => return Ok(None),
        };
        self.unrecorded += slice.unrecorded;
        let record = recording::slice(slice, [round, position], peer_cpu_ns, deferred_cpu_ns);
        self.record.slices.push(record);
        Ok(self.record.slices.last_mut())
    }

    /// Orders the end and keeps what the trial cost.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn finish(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        if !self.is_alive() {
            return Ok(());
        }
        self.tell(Order::Finish);
        match self.answer(inbox, DRAIN + ANSWERING)? {
            Some(Reply::Finished(finished)) => {
                self.record.backend = Some(finished.backend.clone());
                self.record.costs = Some(recording::costs(&finished));
                self.finished = Some(finished);
            }
            Some(other) => self.unexpected(other),
            None => {}
        }
        Ok(())
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

    fn tell(&mut self, order: Order) {
        if let Some(trial) = &mut self.trial {
            trial.tell(&order);
        }
    }

    /// The next answer; `None` when there was none, and then the arm has ended.
    fn answer(
        &mut self,
        inbox: &mut Inbox,
        patience: Duration,
    ) -> Result<Option<Reply>, Interrupted> {
        let Some(trial) = &mut self.trial else { return Ok(None) };
        match trial.answer(inbox, patience)? {
            Ok(reply) => Ok(Some(reply)),
            Err((state, reason)) => {
                self.end(state, reason);
                Ok(None)
            }
        }
    }

    fn unexpected(&mut self, reply: Reply) {
        match reply {
            Reply::Failed { reason, timed_out, .. } => {
                self.end(if timed_out { State::TimedOut } else { State::Failed }, reason);
            }
            other => self.end(State::Failed, format!("an answer out of order: {other:?}")),
        }
    }

    fn cpu_ns(&self) -> u64 {
        self.trial.as_ref().and_then(Dialogue::cpu_ns).unwrap_or(self.rested_at_ns)
    }

    fn peer_cpu_ns(&self) -> Option<u64> {
        self.peer.as_ref()?.cpu_ns()
    }

    /// From here on, its CPU time is deferred.
    fn rest(&mut self) {
        self.rested_at_ns = self.cpu_ns();
    }
}
