//! Starts `simul serve` with every runner that can serve, and ends it.

use crate::support::{Place, text};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simul::protocol::PROTOCOL;
use simul_runners::{Intake, Runner, registry};
use std::{
    error::Error,
    io::{BufRead, BufReader, Lines, Read, Write},
    net::SocketAddr,
    num::NonZeroUsize,
    process::{Child, ChildStdin, ChildStdout, Stdio},
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
        let address =
            line.split(' ').nth(2).and_then(|url| url.strip_prefix("http://")?.parse().ok());
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

/// A trial that is told to be a server.
pub(crate) struct Trial {
    child: Child,
    orders: Option<ChildStdin>,
    replies: Lines<BufReader<ChildStdout>>,
}

/// Starts a trial as the controller would, and has it checked.
pub(crate) fn with_trial(runner: &str, check: impl FnOnce(&mut Trial)) {
    let place = Place::new();
    let mut command = place.simul("trial");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let replies = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut trial = Trial { orders: child.stdin.take(), child, replies };
    let spec = serde_json::json!({
        "protocol": PROTOCOL, "workload": "echo:64", "runner": runner, "mode": "serve",
        "actors": 8, "workers": 1, "seed": 1, "surroundings": {},
        "usual_slice_ns": 2_000_000_000_u64, "drain_ns": 1_000_000_000_u64,
    });
    trial.write(&spec.to_string());
    check(&mut trial);
    trial.close();
    trial.child.wait().unwrap();
    place.assert_clean();
}

impl Trial {
    pub(crate) fn write(&mut self, line: &str) {
        writeln!(self.orders.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn read(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.replies.next().unwrap().unwrap()).unwrap()
    }

    pub(crate) fn close(&mut self) {
        self.orders = None;
    }

    /// Whether it says no more and ends well.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.replies.next().is_none() && self.child.wait().unwrap().success()
    }
}
