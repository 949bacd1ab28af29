//! Which commands does the program give to itself?
//!
//! Processes that it starts from its own binary: guardians, peers, and looks at what a machine can run. They do nothing
//! but read their arguments and call whoever does the work.

use super::{Failure, broken, say};
use crate::{
    control::{
        guardian::{self, Charge},
        selection,
        selftest::burst,
    },
    peer, protocol,
};
use clap::Args;
use simul_runners::{Runner, probe::Availability, registry};
use simul_workloads::Peer;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Options of `guard`.
#[derive(Debug, Args)]
pub(super) struct GuardOptions {
    /// Cores for the command
    #[arg(long, value_delimiter = ',')]
    cores: Vec<u32>,
    /// A temporary folder to remove in the end
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Say what is left behind so long after the command's own end
    #[arg(long, value_name = "MS")]
    grace_ms: Option<u64>,
    /// Ask the command to end before it is killed, and wait so long
    #[arg(long, value_name = "MS")]
    ask_ms: Option<u64>,
    /// The command
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Options of `follow`.
#[derive(Debug, Args)]
pub(super) struct FollowOptions {
    /// Stop before the command is started, until somebody continues it
    #[arg(long)]
    held: bool,
    /// Where to start it
    #[arg(long)]
    directory: Option<PathBuf>,
    /// The command
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

pub(super) fn guard(options: GuardOptions) -> Result<ExitCode, Failure> {
    let GuardOptions { cores, folder, grace_ms, ask_ms, command } = options;
    let [grace, ask] = [grace_ms, ask_ms].map(|ms| ms.map(Duration::from_millis));
    guardian::watch(&Charge { cores, folder, grace, ask, command })
}

pub(super) fn follow(options: &FollowOptions) -> Failure {
    guardian::follow(options.directory.as_deref(), &options.command, options.held)
}

pub(super) fn be_peer(kind: &str) -> Result<ExitCode, Failure> {
    let Some(peer) = Peer::ALL.iter().find(|peer| peer.name() == kind) else {
        let names: Vec<_> = Peer::ALL.iter().map(|peer| peer.name()).collect();
        return Err(Failure::BadInput(format!(
            "no peer '{kind}'; there are: {}",
            names.join(", ")
        )));
    };
    peer::serve(*peer).map(|()| ExitCode::SUCCESS).map_err(broken)
}

/// Is a trial: of the runner that its spec names, or of this one in its place.
pub(super) fn trial(in_place: Option<&str>) -> Result<ExitCode, Failure> {
    crate::trial::main(in_place).map(|()| ExitCode::SUCCESS).map_err(broken)
}

/// Is a program with a fault in what it tells, a trial of a runner with a fault (`slow=5` is `-r canary:slow=5`), or
/// the stranger of the selftest.
pub(super) fn canary(fault: &str) -> Result<ExitCode, Failure> {
    let runner = format!("canary:{fault}");
    let done = match fault {
        burst::START => burst::leave_stranger(),
        burst::NAME => burst::be_stranger(),
        fault if crate::canary::FAULTS.contains(&fault) => return crate::canary::main(fault),
        _ if simul_runners::canary::find(&runner).is_some() => return trial(Some(&runner)),
        fault => return crate::canary::main(fault),
    };
    done.map(|()| ExitCode::SUCCESS).map_err(broken)
}

/// Tries a runner out in this process, and prints what came of it as one line of JSON.
pub(super) fn probe(name: &str) -> Result<ExitCode, Failure> {
    struct Probe;
    impl registry::Visitor for Probe {
        type Output = Availability;
        fn visit<R: Runner>(self) -> Availability {
            simul_runners::probe::probe::<R>()
        }
    }
    protocol::follow_guardian();
    let names: Vec<&str> = registry::ALL.iter().map(|runner| runner.name).collect();
    let found = registry::visit(name, Probe)
        .ok_or_else(|| Failure::BadInput(selection::unknown(name, "runner", &names)))?;
    let line = serde_json::to_string(&found).map_err(|error| broken(error.into()))?;
    say(&line).map(|()| ExitCode::SUCCESS)
}
