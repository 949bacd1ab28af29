//! How does the controller speak with a process that answers?
//!
//! A trial of our own program, or a runner program ([`super::programs`]) that speaks as it does and is watched
//! from outside as well: what it says of itself, its processes and its end are not believed. It must not know
//! what the numbers mean. Next: [`super::subject`].

use super::{
    arm::{ANSWERING, DRAIN},
    child::{Foreign, OWN_PROGRAM, Start},
    dialogue::Dialogue,
    driver::{Launch, Purpose, Step, Stop},
    inbox::Inbox,
    outside::Outside,
    placement,
    plan::ArmPlan,
    stranger,
    vetting::Ordered,
};
use crate::{
    clock,
    protocol::{Costs, Finished, Mode, Order, PROTOCOL, PeerReady, Ready, Reply, Spec},
};
use simul_results::{State, record::ReceiptRecord};
use simul_workloads::Surroundings;
use std::{collections::BTreeMap, num::NonZeroUsize, time::Duration};

/// How long a program may take to end after its last answer: as long as to start, since all end together.
const ENDING: Duration = Duration::from_secs(20);

/// A process that answers.
pub struct TrialProcess {
    /// How it is spoken to.
    pub(super) dialogue: Dialogue,
    /// What it was told; what is put up for a program that is not ours is proven at the end.
    spec: Spec,
    /// A program that is not ours, seen from outside.
    outside: Option<Outside>,
    is_foreign: bool,
}

/// What a process under test says of itself, or what is known of one that says nothing.
#[derive(Debug, Default)]
pub struct Presented {
    /// Its version.
    pub receipt: Option<ReceiptRecord>,
    /// How it does things.
    pub card: BTreeMap<String, String>,
    /// Whether it has one worker by design.
    pub one_worker: bool,
    /// By how much its memory grew with its actors.
    pub actors_anonymous_bytes: Option<u64>,
}

impl TrialProcess {
    /// Starts the process; nothing has been said.
    ///
    /// # Errors
    /// No process, no descriptor, no folder left.
    pub(super) fn start(
        launch: &Launch<'_>,
        mode: Mode,
        peer: Option<PeerReady>,
        inbox: &mut Inbox,
    ) -> std::io::Result<Self> {
        let workers = NonZeroUsize::new(launch.arm.workers as usize).unwrap_or(NonZeroUsize::MIN);
        let environment = simul_runners::registry::environment(&launch.arm.program, workers);
        let is_held = launch.purpose == Purpose::SystemCalls;
        let foreign = launch.arm.foreign.as_ref();
        let foreign = foreign.map(|program| Foreign { is_held, ..program.start.clone() });
        let arguments: &[&str] =
            if is_held { &["follow", "--held", "--", OWN_PROGRAM, "trial"] } else { &["trial"] };
        let start = Start {
            id: inbox.new_child(),
            cores: &launch.contest.cores.runner,
            arguments,
            program: foreign.as_ref(),
            environment: &environment,
            folder: launch.contest.needs.files,
            answers: true,
        };
        let dialogue = Dialogue::start(&start, inbox)?;
        let spec = Spec {
            protocol: PROTOCOL,
            workload: launch.contest.told.clone(),
            runner: launch.arm.program.clone(),
            mode,
            actors: launch.contest.actors,
            workers: launch.arm.workers,
            seed: launch.seed,
            surroundings: Surroundings {
                peer: peer.as_ref().and_then(|peer| peer.address),
                socket: peer.and_then(|peer| peer.socket),
                folder: dialogue.folder(),
                actors: launch.contest.actors,
                service: launch.service.as_ref().map(|service| service.access.clone()),
                ..Surroundings::default()
            },
            usual_slice_ns: launch.usual_slice_ns,
            drain_ns: clock::to_ns(launch.contest.drain),
            audit: launch.purpose == Purpose::Counts,
        };
        Ok(Self { dialogue, spec, outside: None, is_foreign: foreign.is_some() })
    }

    /// Tells it what it is to be. What its actors share must be there before: our own trial puts it up itself.
    ///
    /// # Errors
    /// It cannot be put up.
    pub(super) fn begin(&mut self) -> Step<()> {
        if self.is_foreign && self.spec.mode == Mode::Closed {
            let Spec { workload, seed, surroundings, .. } = &self.spec;
            stranger::prepare(workload, *seed, surroundings)
                .map_err(|error| Stop::ended(State::Failed, format!("set-up failed: {error}")))?;
        }
        self.dialogue.tell(&self.spec);
        Ok(())
    }

    /// Proves that what was put up for a program that is not ours was there to the end.
    fn verify(&self) -> Result<(), String> {
        let Spec { workload, seed, surroundings, mode, .. } = &self.spec;
        if self.outside.is_none() || *mode != Mode::Closed {
            return Ok(());
        }
        stranger::verify(workload, *seed, surroundings)
    }

    /// What a trial says when it waits for orders.
    ///
    /// # Errors
    /// It is something else than was asked for.
    pub(super) fn present(&mut self, ready: Ready, plan: &ArmPlan) -> Step<Presented> {
        let Ready { pid, receipt, card, one_worker, actors_anonymous_bytes, .. } = ready;
        self.dialogue.pid = pid;
        let Some(available) = &plan.foreign else {
            let receipt = receipt.map(|(package, version, source)| ReceiptRecord {
                package,
                version,
                source,
            });
            return Ok(Presented { receipt, card, one_worker, actors_anonymous_bytes });
        };
        let outside = Outside::below(self.dialogue.guardian_pid());
        let known = outside.processes().any(|process| process == pid);
        self.outside = Some(outside);
        if !known {
            let why = format!("process {pid} is none of its own");
            return Err(self.condemn(State::Failed, &why));
        }
        let one_worker = one_worker || available.program.one_worker;
        match stranger::receipt(available, receipt.as_ref()) {
            Ok(receipt) => {
                Ok(Presented { receipt: Some(receipt), card, one_worker, actors_anonymous_bytes })
            }
            Err(why) => Err(self.condemn(State::Failed, &why)),
        }
    }

    /// Sends an order.
    ///
    /// # Errors
    /// It had said something that nobody asked for.
    pub fn tell(&mut self, order: Order, inbox: &mut Inbox) -> Step<()> {
        if let Some(silence) = self.dialogue.unasked(inbox)? {
            return Err(Stop::silence("", silence));
        }
        self.dialogue.tell(&order);
        Ok(())
    }

    /// Its next answer.
    ///
    /// # Errors
    /// There is none, and then the process has been ended.
    pub fn answer(&mut self, inbox: &mut Inbox, patience: Duration) -> Step<Reply> {
        let answer = self.dialogue.answer(inbox, patience)?;
        answer.map_err(|silence| Stop::silence("", silence))
    }

    /// Orders work for so long, of which the first part does not count, and waits for what comes of it, with
    /// what was seen from outside meanwhile.
    ///
    /// # Errors
    /// There is no answer.
    pub fn work(
        &mut self,
        order: Order,
        [duration_ns, drop_ns]: [u64; 2],
        inbox: &mut Inbox,
    ) -> Step<(Reply, Ordered)> {
        let cpu_before_ns = self.outside.as_ref().map(Outside::cpu_ns);
        let told_ns = clock::now_ns();
        self.tell(order, inbox)?;
        let drain = Duration::from_nanos(self.spec.drain_ns);
        let patience = Duration::from_nanos(duration_ns) + drain + ANSWERING;
        let answer = self.answer(inbox, patience)?;
        let heard_ns = clock::now_ns();
        if let Some(outside) = &mut self.outside {
            outside.look_again();
        }
        let cpu_after_ns = self.outside.as_ref().map(Outside::cpu_ns);
        let cpu_ns =
            cpu_after_ns.zip(cpu_before_ns).map(|(after, before)| after.saturating_sub(before));
        let cores = placement::of_the_machine();
        Ok((answer, Ordered { duration_ns, drop_ns, told_ns, heard_ns, cpu_ns, cores }))
    }

    /// Orders the end; what it says, and what it cost as far as anybody knows.
    ///
    /// # Errors
    /// It says something else, or what it worked on was not what was put up.
    pub fn finish(&mut self, inbox: &mut Inbox) -> Step<(Finished, Option<Costs>)> {
        // While its processes and files are there.
        let seen = self.outside.as_ref();
        let seen = seen.map(|outside| (outside.costs(), outside.backend().to_owned()));
        let spoilt = self.verify().err();
        self.tell(Order::Finish, inbox)?;
        match (self.answer(inbox, DRAIN + ANSWERING)?, spoilt) {
            (Reply::Finished(_), Some(why)) => Err(Stop::ended(State::Failed, why)),
            (Reply::Finished(mut finished), None) => {
                let (costs, backend) = seen.unzip();
                finished.backend = finished.backend.or(backend);
                let costs = finished.costs.clone().or(costs);
                Ok((finished, costs))
            }
            (other, _) => Err(self.unexpected(&other)),
        }
    }

    /// Waits until a program that is not ours has ended by itself; ours is ended by its guardian.
    ///
    /// # Errors
    /// It does not end, ends with a fault, or leaves processes behind.
    pub fn await_end(&mut self) -> Step<()> {
        if !self.is_foreign {
            return Ok(());
        }
        self.dialogue.await_end(ENDING).map_err(|silence| Stop::silence("", silence))
    }

    /// The end for an answer that was not the one that was asked for.
    pub fn unexpected(&mut self, reply: &Reply) -> Stop {
        match reply {
            Reply::Failed { reason, timed_out, .. } => {
                let state = if *timed_out { State::TimedOut } else { State::Failed };
                self.condemn(state, reason)
            }
            other => {
                let what = format!("an answer out of order: '{}'", other.name());
                self.condemn(State::Failed, &what)
            }
        }
    }

    /// The end for what it has said or done, with the last words of a program that is not ours.
    pub fn condemn(&mut self, state: State, why: &str) -> Stop {
        if self.is_foreign {
            return Stop::silence("", self.dialogue.silenced(state, why));
        }
        Stop::ended(state, why)
    }

    /// Whether it is a program that is not ours and is watched from outside.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.outside.is_some()
    }

    /// CPU time so far.
    #[must_use]
    pub fn cpu_ns(&self) -> Option<u64> {
        match &self.outside {
            Some(outside) => Some(outside.cpu_ns()),
            None => self.dialogue.cpu_ns(),
        }
    }

    /// The processes whose CPU time it is.
    #[must_use]
    pub fn priced(&self) -> Vec<i32> {
        match &self.outside {
            Some(outside) => outside.processes().collect(),
            None => vec![self.dialogue.pid],
        }
    }

    /// The processes that are known.
    pub fn processes(&self) -> impl Iterator<Item = i32> {
        self.dialogue
            .processes()
            .into_iter()
            .chain(self.outside.iter().flat_map(Outside::processes))
    }
}
