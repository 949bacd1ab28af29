//! Which commands does the program give to itself?
//!
//! Processes that it starts from its own binary: peers, and looks at what a machine can run. They do nothing but
//! read their argument and call whoever does the work.

use super::{Failure, broken, say};
use crate::{
    control::{selection, selftest::burst},
    peer, protocol,
};
use simul_runners::{Runner, probe::Availability, registry};
use simul_workloads::Peer;
use std::process::ExitCode;

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
