//! What is measured: which process, how is it started, and what can be seen of it?
//!
//! Normally a trial of our own program, which says when it is ready. Under open load also a server that
//! somebody else wrote: started here below a guardian and found ready by connecting, or running already. A
//! runner program ([`super::programs`]) is a trial that is watched from outside as well. It must not know who
//! brings the work. Next: [`super::driver`].

use super::{
    arm::SETTING_UP,
    child::{Foreign, Start},
    dialogue::Dialogue,
    driver::{Launch, Purpose, Step, Stop},
    external::{External, Source, free_port},
    guardian,
    inbox::Inbox,
    plan::ArmPlan,
    recording,
    trial_process::{Presented, TrialProcess},
};
use crate::protocol::{Mode, PeerReady, Reply};
use simul_results::State;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
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
    /// Of our program, or one that speaks as it does: it answers.
    Trial(Box<TrialProcess>),
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
        peer: Option<PeerReady>,
        inbox: &mut Inbox,
    ) -> Step<Self> {
        let failed =
            |error| Stop::ended(State::Failed, format!("its process could not start: {error}"));
        match &launch.arm.external {
            None => {
                let mut trial = TrialProcess::start(launch, mode, peer, inbox).map_err(failed)?;
                if launch.purpose != Purpose::SystemCalls {
                    trial.begin()?;
                }
                Ok(Self { process: Some(Process::Trial(Box::new(trial))), address: None })
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
            Some(Process::Trial(trial)) => match trial.answer(inbox, SETTING_UP)? {
                Reply::Ready(ready) => {
                    self.address = ready.address;
                    trial.present(ready, plan)
                }
                Reply::Refused { state, reason } => Err(match state {
                    State::Failed => trial.condemn(state, &reason),
                    State::Unavailable | State::NotApplicable => Stop::ended(state, reason),
                    State::Measured | State::TimedOut | State::Discarded => {
                        let name = state.name();
                        trial.condemn(State::Failed, &format!("it refused as '{name}': {reason}"))
                    }
                }),
                other => Err(trial.unexpected(&other)),
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

    /// The process that takes orders and answers.
    ///
    /// # Errors
    /// It is none.
    pub fn trial(&mut self) -> Step<&mut TrialProcess> {
        match &mut self.process {
            Some(Process::Trial(trial)) => Ok(trial),
            _ => Err(Stop::ended(State::Failed, "it answers no orders")),
        }
    }

    /// What can be spoken to.
    fn dialogue_mut(&mut self) -> Option<&mut Dialogue> {
        match self.process.as_mut()? {
            Process::Trial(trial) => Some(&mut trial.dialogue),
            Process::Command(dialogue) => Some(dialogue),
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
            Process::Trial(trial) => trial.cpu_ns(),
            Process::Command(command) => command.cpu_of_all_ns(),
            Process::Remote => None,
        }
    }

    /// The processes whose price is what it costs: those that its CPU time is of.
    #[must_use]
    pub fn priced(&self) -> Vec<i32> {
        match &self.process {
            Some(Process::Trial(trial)) => trial.priced(),
            Some(Process::Command(command)) => guardian::descendants(command.guardian_pid()),
            Some(Process::Remote) | None => Vec::new(),
        }
    }

    /// Who watches over it; `None` of what is not ours.
    #[must_use]
    pub fn guardian_pid(&self) -> Option<i32> {
        match self.process.as_ref()? {
            Process::Trial(trial) => Some(trial.dialogue.guardian_pid()),
            Process::Command(command) => Some(command.guardian_pid()),
            Process::Remote => None,
        }
    }

    /// The processes that are known.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        match &self.process {
            Some(Process::Trial(trial)) => trial.processes().collect(),
            Some(Process::Command(command)) => command.processes().into(),
            Some(Process::Remote) | None => Vec::new(),
        }
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
            Some(Process::Trial(trial)) => trial.dialogue.bury(inbox),
            Some(Process::Command(dialogue)) => dialogue.bury(inbox),
            Some(Process::Remote) | None => {}
        }
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
