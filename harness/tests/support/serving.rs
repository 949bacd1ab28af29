//! Starts `simul serve` with every runner that can serve, and ends it.

use crate::support::{Place, text};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simul_runners::{Intake, Runner, registry};
use std::{
    error::Error,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    num::NonZeroUsize,
    process::{Child, Stdio},
};

/// A server and the line that it has said.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) line: String,
    child: Child,
}

impl Served {
    pub(crate) fn start(place: &Place, arguments: &str) -> Self {
        let mut command = place.simul(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split(' ').nth(2).and_then(|url| url.strip_prefix("http://")?.parse().ok());
        let Some(address) = address else {
            let mut errors = String::new();
            child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            panic!("'{arguments}' says no address: '{line}' {errors}");
        };
        Self { address, line, child }
    }

    pub(crate) fn terminate(&self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).unwrap();
    }

    /// Its exit code, and what it said on standard error.
    pub(crate) fn wait(&mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let mut errors = Vec::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_end(&mut errors).unwrap();
        }
        (status.code(), text(&errors))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a runner serves, and what it lacks on this machine.
struct CanServe;

impl registry::Visitor for CanServe {
    type Output = (bool, Option<String>);

    fn visit<R: Runner>(self) -> Self::Output {
        let intake = R::capabilities(NonZeroUsize::MIN).intake;
        (!matches!(intake, Intake::Absent(_)), R::missing().map(|missing| missing.reason))
    }
}

/// Has a server of each runner checked, and names those with a fault. Each must live to the end of its check.
pub(crate) fn for_each_runner(
    workload: &str,
    check: impl Fn(&mut Served) -> Result<(), Box<dyn Error>>,
) {
    let place = Place::new();
    let mut faults = Vec::new();
    let mut served = 0;
    for runner in registry::ALL {
        let (can, missing) = registry::visit(runner.name, CanServe).unwrap();
        if let Some(reason) = missing.filter(|_| can) {
            eprintln!("skipped: {}: {reason}", runner.name);
            continue;
        }
        if !can {
            continue;
        }
        served += 1;
        // Two, whatever the machine has: fewer than the clients of any check.
        let arguments = format!("serve {workload} -r {} --workers 2", runner.name);
        let mut server = Served::start(&place, &arguments);
        if let Err(fault) = check(&mut server) {
            let _ = server.child.kill();
            faults.push(format!("{}: {fault} {}", runner.name, server.wait().1));
        }
    }
    assert!(served > 2, "some runners serve everywhere");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    place.assert_clean();
}
