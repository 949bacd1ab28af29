//! What is measured: which process, how is it started, and what can be seen of it?
//!
//! Normally a trial of our own program, which says when it is ready. Under open load also a server that
//! somebody else wrote: started here below a guardian and found ready by connecting, or running already. A
//! runner program ([`super::programs`]) is a trial that is watched from outside as well. It must not know who
//! brings the work. Next: [`super::driver`].

use super::{
    arm::{ANSWERING, DRAIN, SETTING_UP},
    child::{Foreign, Start},
    dialogue::Dialogue,
    driver::{Launch, Step, Stop},
    external::{External, Source, free_port},
    inbox::Inbox,
    outside::Outside,
    placement,
    plan::ArmPlan,
    recording, stranger,
    vetting::Ordered,
};
use crate::{
    clock,
    protocol::{Costs, Finished, Mode, Order, PROTOCOL, Ready, Reply, Spec},
};
use simul_results::{State, record::ReceiptRecord};
use simul_workloads::Surroundings;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    num::NonZeroUsize,
    time::{Duration, Instant},
};

/// How long one attempt to connect to a server that is starting may take.
const KNOCKING: Duration = Duration::from_millis(200);
/// How long is waited between attempts.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a program may take to end after its last answer: as long as to start, since all end together.
const ENDING: Duration = Duration::from_secs(20);

/// The process under test.
pub struct Subject {
    process: Option<Process>,
    /// Where it listens, once it is ready; of a server only.
    pub address: Option<SocketAddr>,
}

enum Process {
    /// Of our program, or one that speaks as it does: it answers.
    Trial(Trial),
    /// Of somebody else, started by us.
    Command(Dialogue),
    /// Of somebody else, running already.
    Remote,
}

/// A process that answers.
struct Trial {
    dialogue: Dialogue,
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
}

impl Subject {
    /// Nothing has been started.
    #[must_use]
    pub fn none() -> Self {
        Self { process: None, address: None }
    }

    /// Starts the process.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        launch: &Launch<'_>,
        mode: Mode,
        peer: Option<SocketAddr>,
        inbox: &mut Inbox,
    ) -> Step<Self> {
        let failed =
            |error| Stop::ended(State::Failed, format!("its process could not start: {error}"));
        match &launch.arm.external {
            None => {
                let mut trial = Trial::start(launch, mode, peer, inbox).map_err(failed)?;
                trial.begin()?;
                Ok(Self { process: Some(Process::Trial(trial)), address: None })
            }
            Some(External { source: Source::Command(command), .. }) => {
                // Others have been given a port and have not bound it yet: each begins its search elsewhere.
                let spread = u64::from(std::process::id()) * 101 + inbox.new_child().0 * 13;
                let port = free_port(spread).ok_or_else(|| {
                    Stop::ended(State::Failed, "no port is free for it between 20000 and 32000")
                })?;
                let command = start_command(launch, command, port, inbox).map_err(failed)?;
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                Ok(Self { process: Some(Process::Command(command)), address: Some(address) })
            }
            Some(External { source: Source::Url { address, .. }, .. }) => {
                Ok(Self { process: Some(Process::Remote), address: Some(*address) })
            }
        }
    }

    /// Waits until it is ready; what is known of it then.
    ///
    /// # Errors
    /// It is not, within [`SETTING_UP`], or it is something else than was asked.
    pub fn await_ready(&mut self, plan: &ArmPlan, inbox: &mut Inbox) -> Step<Presented> {
        match &mut self.process {
            Some(Process::Trial(_)) => match self.answer(inbox, SETTING_UP)? {
                Reply::Ready(ready) => {
                    self.address = ready.address;
                    self.present(ready, plan)
                }
                Reply::Refused { state, reason } => Err(match state {
                    State::Failed => self.condemn(state, &reason),
                    State::Unavailable | State::NotApplicable => Stop::ended(state, reason),
                    State::Measured | State::TimedOut | State::Discarded => {
                        let name = state.name();
                        self.condemn(State::Failed, &format!("it refused as '{name}': {reason}"))
                    }
                }),
                other => Err(self.unexpected(&other)),
            },
            Some(Process::Command(command)) => {
                knock(self.address, Some(command), inbox).map(|()| Presented {
                    receipt: recording::external_receipt(plan),
                    ..Presented::default()
                })
            }
            Some(Process::Remote) => knock(self.address, None, inbox).map(|()| Presented {
                receipt: recording::external_receipt(plan),
                ..Presented::default()
            }),
            None => Ok(Presented::default()),
        }
    }

    /// What a trial says when it waits for orders.
    fn present(&mut self, ready: Ready, plan: &ArmPlan) -> Step<Presented> {
        let Ready { pid, receipt, card, one_worker, .. } = ready;
        let Some(Process::Trial(trial)) = &mut self.process else {
            return Ok(Presented::default());
        };
        trial.dialogue.pid = pid;
        let Some(available) = &plan.foreign else {
            let receipt = receipt.map(|(package, version, source)| ReceiptRecord {
                package,
                version,
                source,
            });
            return Ok(Presented { receipt, card, one_worker });
        };
        let outside = Outside::below(trial.dialogue.guardian_pid());
        let known = outside.processes().any(|process| process == pid);
        trial.outside = Some(outside);
        if !known {
            let why = format!("process {pid} is none of its own");
            return Err(self.condemn(State::Failed, &why));
        }
        let one_worker = one_worker || available.program.one_worker;
        match stranger::receipt(available, receipt.as_ref()) {
            Ok(receipt) => Ok(Presented { receipt: Some(receipt), card, one_worker }),
            Err(why) => Err(self.condemn(State::Failed, &why)),
        }
    }

    /// Sends an order; whoever is not a trial takes none.
    ///
    /// # Errors
    /// It had said something that nobody asked for.
    pub fn tell(&mut self, order: Order, inbox: &mut Inbox) -> Step<()> {
        let Some(Process::Trial(trial)) = &mut self.process else { return Ok(()) };
        if let Some(silence) = trial.dialogue.unasked(inbox)? {
            return Err(Stop::silence("", silence));
        }
        trial.dialogue.tell(&order);
        Ok(())
    }

    /// The trial's next answer.
    ///
    /// # Errors
    /// There is none, and then the process has been ended.
    pub fn answer(&mut self, inbox: &mut Inbox, patience: Duration) -> Step<Reply> {
        match &mut self.process {
            Some(Process::Trial(trial)) => trial
                .dialogue
                .answer(inbox, patience)?
                .map_err(|silence| Stop::silence("", silence)),
            _ => Err(Stop::ended(State::Failed, "it answers no orders")),
        }
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
        let cpu_before_ns = self.outside().map(|outside| outside.cpu_ns());
        let told_ns = clock::now_ns();
        self.tell(order, inbox)?;
        let patience = Duration::from_nanos(duration_ns) + DRAIN + ANSWERING;
        let answer = self.answer(inbox, patience)?;
        let heard_ns = clock::now_ns();
        if let Some(outside) = self.outside() {
            outside.look_again();
        }
        let cpu_after_ns = self.outside().map(|outside| outside.cpu_ns());
        let cpu_ns =
            cpu_after_ns.zip(cpu_before_ns).map(|(after, before)| after.saturating_sub(before));
        let cores = placement::of_the_machine();
        Ok((answer, Ordered { duration_ns, drop_ns, told_ns, heard_ns, cpu_ns, cores }))
    }

    /// Orders the end of a trial; what it says, and what it cost as far as anybody knows.
    ///
    /// # Errors
    /// It says something else, or what it worked on was not what was put up.
    pub fn finish(&mut self, inbox: &mut Inbox) -> Step<(Finished, Option<Costs>)> {
        // While its processes and files are there.
        let seen = self.outside().map(|outside| (outside.costs(), outside.backend().to_owned()));
        let spoilt = match &self.process {
            Some(Process::Trial(trial)) => trial.verify().err(),
            _ => None,
        };
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
        match &mut self.process {
            Some(Process::Trial(trial)) if trial.is_foreign => {
                let ended = trial.dialogue.await_end(ENDING);
                ended.map_err(|silence| Stop::silence("", silence))
            }
            _ => Ok(()),
        }
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
        match &mut self.process {
            Some(Process::Trial(trial)) if trial.is_foreign => {
                Stop::silence("", trial.dialogue.silenced(state, why))
            }
            _ => Stop::ended(state, why),
        }
    }

    /// Whether it is a program that is not ours and is watched from outside.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        matches!(&self.process, Some(Process::Trial(Trial { outside: Some(_), .. })))
    }

    fn outside(&mut self) -> Option<&mut Outside> {
        match &mut self.process {
            Some(Process::Trial(trial)) => trial.outside.as_mut(),
            _ => None,
        }
    }

    /// What can be spoken to.
    fn dialogue(&self) -> Option<&Dialogue> {
        match self.process.as_ref()? {
            Process::Trial(Trial { dialogue, .. }) | Process::Command(dialogue) => Some(dialogue),
            Process::Remote => None,
        }
    }

    fn dialogue_mut(&mut self) -> Option<&mut Dialogue> {
        match self.process.as_mut()? {
            Process::Trial(Trial { dialogue, .. }) | Process::Command(dialogue) => Some(dialogue),
            Process::Remote => None,
        }
    }

    /// Whether it takes orders and tells what it cost.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        matches!(self.process, Some(Process::Trial(_)))
    }

    /// Whether we have started it: its cores and its CPU time are known.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        !matches!(self.process, Some(Process::Remote))
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// Interrupted.
    pub fn obituary(&mut self, inbox: &mut Inbox) -> Step<Option<String>> {
        // Whoever was killed just now has still to be noticed by its guardian.
        const NOTICING: Duration = Duration::from_millis(500);
        let Some(dialogue) = self.dialogue_mut() else { return Ok(None) };
        Ok(dialogue.obituary(inbox, NOTICING)?.map(|(_, reason)| reason))
    }

    /// CPU time so far, with all that a command has started and that still lives; `None` where it cannot be
    /// seen.
    #[must_use]
    pub fn cpu_ns(&self) -> Option<u64> {
        match self.process.as_ref()? {
            Process::Trial(Trial { outside: Some(outside), .. }) => Some(outside.cpu_ns()),
            Process::Trial(trial) => trial.dialogue.cpu_ns(),
            Process::Command(command) => command.cpu_of_all_ns(),
            Process::Remote => None,
        }
    }

    /// The processes that are known.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        let mut all: Vec<i32> = self.dialogue().iter().flat_map(|one| one.processes()).collect();
        if let Some(Process::Trial(Trial { outside: Some(outside), .. })) = &self.process {
            all.extend(outside.processes());
        }
        all
    }

    /// Tells the guardian to end it, without waiting.
    pub fn release(&mut self) {
        if let Some(dialogue) = self.dialogue_mut() {
            dialogue.release();
        }
    }

    /// Waits until it is gone.
    pub fn bury(&mut self, inbox: &mut Inbox) {
        match self.process.take() {
            Some(Process::Trial(Trial { dialogue, .. }) | Process::Command(dialogue)) => {
                dialogue.bury(inbox);
            }
            Some(Process::Remote) | None => {}
        }
    }
}

impl Trial {
    fn start(
        launch: &Launch<'_>,
        mode: Mode,
        peer: Option<SocketAddr>,
        inbox: &mut Inbox,
    ) -> std::io::Result<Self> {
        let workers = NonZeroUsize::new(launch.arm.workers as usize).unwrap_or(NonZeroUsize::MIN);
        let environment = simul_runners::registry::environment(&launch.arm.program, workers);
        let foreign = launch.arm.foreign.as_ref().map(|available| &available.start);
        let start = Start {
            id: inbox.new_child(),
            cores: &launch.contest.cores.runner,
            arguments: &["trial"],
            program: foreign,
            environment: &environment,
            folder: launch.contest.needs.files,
            answers: true,
        };
        let dialogue = Dialogue::start(&start, inbox)?;
        let spec = Spec {
            protocol: PROTOCOL,
            workload: launch.contest.contest.workload.clone(),
            runner: launch.arm.program.clone(),
            mode,
            actors: launch.contest.actors,
            workers: launch.arm.workers,
            seed: launch.seed,
            surroundings: Surroundings { peer, folder: dialogue.folder() },
            usual_slice_ns: launch.usual_slice_ns,
            drain_ns: clock::to_ns(DRAIN),
        };
        Ok(Self { dialogue, spec, outside: None, is_foreign: foreign.is_some() })
    }

    /// Tells it what it is to be. What its actors share must be there before: our own trial puts it up itself.
    fn begin(&mut self) -> Step<()> {
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
}

fn start_command(
    launch: &Launch<'_>,
    command: &str,
    port: u16,
    inbox: &mut Inbox,
) -> std::io::Result<Dialogue> {
    // The shell reads quotes.
    let line = External::command_at(command, port);
    let foreign = Foreign {
        command: vec!["/bin/sh".into(), "-c".into(), line],
        environment: [("PORT".to_owned(), port.to_string())].into(),
        ..Foreign::default()
    };
    let start = Start {
        id: inbox.new_child(),
        cores: &launch.contest.cores.runner,
        arguments: &[],
        program: Some(&foreign),
        environment: &[],
        folder: false,
        answers: false,
    };
    Dialogue::start(&start, inbox)
}

/// Tries to connect until it listens.
fn knock(
    address: Option<SocketAddr>,
    mut command: Option<&mut Dialogue>,
    inbox: &mut Inbox,
) -> Step<()> {
    let Some(address) = address else { return Ok(()) };
    // What is said to be running has nothing to set up.
    let patience = if command.is_some() { SETTING_UP } else { KNOCKING * 10 };
    let deadline = Instant::now() + patience;
    loop {
        if TcpStream::connect_timeout(&address, KNOCKING).is_ok() {
            return Ok(());
        }
        match &mut command {
            // Waiting for its end is the pause between attempts.
            Some(command) => {
                if let Some(silence) = command.obituary(inbox, PAUSE)? {
                    return Err(Stop::silence("", silence));
                }
            }
            None => {
                inbox.check()?;
                std::thread::sleep(PAUSE);
            }
        }
        if Instant::now() > deadline {
            let seconds = patience.as_secs();
            return Err(Stop::ended(
                State::TimedOut,
                format!("nobody listened on {address} within {seconds} s"),
            ));
        }
    }
}
