//! What is measured: which process, how is it started, and what can be seen of it?
//!
//! Normally a trial of our own program, which says when it is ready. Under open load also a server that
//! somebody else wrote: started here below a guardian and found ready by connecting, or running already. It
//! must not know who brings the work. Next: [`super::driver`].

use super::{
    arm::SETTING_UP,
    child::{OWN_PROGRAM, Start},
    dialogue::Dialogue,
    driver::{Launch, Step, Stop},
    external::{External, Source, free_port},
    inbox::Inbox,
};
use crate::{
    clock,
    protocol::{GUARDIAN_VARIABLE, Mode, Order, PROTOCOL, Ready, Reply, Spec},
};
use simul_results::State;
use simul_workloads::Surroundings;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    num::NonZeroUsize,
    time::{Duration, Instant},
};

/// How long one attempt to connect to a server that is starting may take.
const KNOCKING: Duration = Duration::from_millis(200);
/// How long is waited between attempts.
const PAUSE: Duration = Duration::from_millis(10);

/// The process under test.
pub struct Subject {
    process: Option<Process>,
    /// Where it listens, once it is ready; of a server only.
    pub address: Option<SocketAddr>,
}

enum Process {
    /// Of our program: it answers.
    Trial(Dialogue),
    /// Of somebody else, started by us.
    Command(Dialogue),
    /// Of somebody else, running already.
    Remote,
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
                let trial = start_trial(launch, mode, peer, inbox).map_err(failed)?;
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

    /// Waits until it is ready; what a trial says of itself.
    ///
    /// # Errors
    /// It is not, within [`SETTING_UP`].
    pub fn await_ready(&mut self, inbox: &mut Inbox) -> Step<Option<Ready>> {
        match &mut self.process {
            Some(Process::Trial(_)) => match self.answer(inbox, SETTING_UP)? {
                Reply::Ready(ready) => {
                    if let Some(Process::Trial(trial)) = &mut self.process {
                        trial.pid = ready.pid;
                    }
                    self.address = ready.address;
                    Ok(Some(ready))
                }
                Reply::Refused { state, reason } => Err(Stop::ended(state, reason)),
                other => {
                    Err(Stop::ended(State::Failed, format!("expected 'ready', got {other:?}")))
                }
            },
            Some(Process::Command(command)) => {
                knock(self.address, Some(command), inbox).map(|()| None)
            }
            Some(Process::Remote) => knock(self.address, None, inbox).map(|()| None),
            None => Ok(None),
        }
    }

    /// Sends an order; whoever is not a trial takes none.
    pub fn tell(&mut self, order: Order) {
        if let Some(Process::Trial(trial)) = &mut self.process {
            trial.tell(&order);
        }
    }

    /// The trial's next answer.
    ///
    /// # Errors
    /// There is none, and then the process has been ended.
    pub fn answer(&mut self, inbox: &mut Inbox, patience: Duration) -> Step<Reply> {
        match &mut self.process {
            Some(Process::Trial(trial)) => {
                trial.answer(inbox, patience)?.map_err(|silence| Stop::silence("", silence))
            }
            _ => Err(Stop::ended(State::Failed, "it answers no orders")),
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
        let Some(Process::Trial(dialogue) | Process::Command(dialogue)) = &mut self.process else {
            return Ok(None);
        };
        Ok(dialogue.obituary(inbox, NOTICING)?.map(|(_, reason)| reason))
    }

    /// CPU time so far, with all that a command has started and that still lives; `None` where it cannot be
    /// seen.
    #[must_use]
    pub fn cpu_ns(&self) -> Option<u64> {
        match self.process.as_ref()? {
            Process::Trial(trial) => trial.cpu_ns(),
            Process::Command(command) => command.cpu_of_all_ns(),
            Process::Remote => None,
        }
    }

    /// The processes that are known.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        match &self.process {
            Some(Process::Trial(dialogue) | Process::Command(dialogue)) => {
                dialogue.processes().to_vec()
            }
            Some(Process::Remote) | None => Vec::new(),
        }
    }

    /// Tells the guardian to end it, without waiting.
    pub fn release(&mut self) {
        if let Some(Process::Trial(dialogue) | Process::Command(dialogue)) = &mut self.process {
            dialogue.release();
        }
    }

    /// Waits until it is gone.
    pub fn bury(&mut self, inbox: &mut Inbox) {
        if let Some(Process::Trial(dialogue) | Process::Command(dialogue)) = self.process.take() {
            dialogue.bury(inbox);
        }
    }
}

fn start_trial(
    launch: &Launch<'_>,
    mode: Mode,
    peer: Option<SocketAddr>,
    inbox: &mut Inbox,
) -> std::io::Result<Dialogue> {
    let workers = NonZeroUsize::new(launch.arm.workers as usize).unwrap_or(NonZeroUsize::MIN);
    let environment = simul_runners::registry::environment(&launch.arm.program, workers);
    let start = Start {
        id: inbox.new_child(),
        cores: &launch.contest.cores.runner,
        program: OWN_PROGRAM,
        arguments: &["trial"],
        environment: &environment,
        folder: launch.contest.needs.files,
        answers: true,
    };
    let mut dialogue = Dialogue::start(&start, inbox)?;
    let surroundings = Surroundings { peer, folder: dialogue.folder() };
    dialogue.tell(&Spec {
        protocol: PROTOCOL,
        workload: launch.contest.contest.workload.clone(),
        runner: launch.arm.program.clone(),
        mode,
        actors: launch.contest.actors,
        workers: launch.arm.workers,
        seed: launch.seed,
        surroundings,
        usual_slice_ns: launch.usual_slice_ns,
        drain_ns: clock::to_ns(super::arm::DRAIN),
    });
    Ok(dialogue)
}

fn start_command(
    launch: &Launch<'_>,
    command: &str,
    port: u16,
    inbox: &mut Inbox,
) -> std::io::Result<Dialogue> {
    // The shell reads quotes. Our guardian's name is for children that are ours: it is not theirs to follow,
    // since the shell stands between.
    let line = format!("unset {GUARDIAN_VARIABLE}; {}", External::command_at(command, port));
    let start = Start {
        id: inbox.new_child(),
        cores: &launch.contest.cores.runner,
        program: "/bin/sh",
        arguments: &["-c", &line],
        environment: &[("PORT", port.to_string())],
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
