//! Let a runner be a server, for any load generator.
//!
//! Says on standard output where it listens, and serves until a signal; then it answers what is in flight and
//! ends. Next: [`crate::trial::serve`].

use super::{ServeOptions, say};
use crate::{
    control::{child::OWN_PROGRAM, placement, selection},
    exit::{self, Failure},
    protocol,
    trial::serve::{self, Offer, Server, Trouble},
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use simul_workloads::server::{call::call_of, routes};
use std::{
    io,
    num::NonZeroUsize,
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

/// How long nothing may be in hand before a server that was told to end does: requests that have arrived, but
/// whose tasks have not read them yet, still get their answers.
const QUIET: Duration = Duration::from_millis(100);
/// How long what is in flight is awaited.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until it is told to end.
///
/// # Errors
/// Bad input: no such runner or workload, a runner that cannot serve, an address that cannot be had.
pub fn main(options: &ServeOptions) -> Result<ExitCode, Failure> {
    protocol::follow_guardian();
    check(options)?;
    let workers =
        options.workers.map_or_else(|| placement::available().len(), |many| many as usize);
    let workers = NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN);
    with_environment(&options.runner, workers)?;
    // Before anybody knows where to connect, and so before anybody can want it to end.
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(super::broken)?;
    let offer =
        Offer { workload: &options.workload, runner: &options.runner, workers, on: options.listen };
    let server = serve::start(&offer).map_err(|trouble| in_a_line(trouble, options))?;
    say(&announcement(&server, options))?;
    signals.forever().next();
    thread::Builder::new()
        .name("impatience".into())
        .spawn(move || {
            if signals.forever().next().is_some() {
                std::process::exit(exit::INTERRUPTED.into());
            }
        })
        .map_err(super::broken)?;
    let left = server.stop(QUIET, PATIENCE);
    // The runner may wait for its threads when it is dropped, and they for clients: the process ends without that.
    std::mem::forget(server);
    if left > 0 {
        let seconds = PATIENCE.as_secs();
        return Err(Failure::Broken(format!(
            "{left} requests were not answered within {seconds} s"
        )));
    }
    Ok(exit::OK.into())
}

/// Whether there are such a runner and such a workload.
fn check(options: &ServeOptions) -> Result<(), Failure> {
    let bad = |reason: String| Err(Failure::BadInput(reason));
    if simul_runners::registry::find(&options.runner).is_none() {
        let names: Vec<&str> = simul_runners::registry::ALL.iter().map(|one| one.name).collect();
        return bad(selection::unknown(&options.runner, "runner", &names));
    }
    let name = options.workload.split(':').next().unwrap_or_default();
    if simul_workloads::registry::find(name).is_none() {
        let names: Vec<&str> = simul_workloads::registry::ALL.iter().map(|one| one.name).collect();
        return bad(selection::unknown(name, "workload", &names));
    }
    match call_of(&options.workload) {
        Ok(_) => Ok(()),
        Err(reason) => bad(format!("{reason}; see: simul list workloads")),
    }
}

/// Starts this program anew where the runner needs variables that the process must have had when it began.
fn with_environment(runner: &str, workers: NonZeroUsize) -> Result<(), Failure> {
    let wanted = simul_runners::registry::environment(runner, workers);
    let is_set = |(name, value): &(&str, String)| std::env::var(name).as_ref() == Ok(value);
    if wanted.iter().all(is_set) {
        return Ok(());
    }
    let mut command = Command::new(OWN_PROGRAM);
    command.arg0("simul").args(std::env::args_os().skip(1));
    command.envs(wanted);
    Err(super::broken(command.exec()))
}

fn announcement(server: &Server, options: &ServeOptions) -> String {
    let many = server.workers;
    format!(
        "listening on http://{} ({} at /; {}) with {}, {many} {}: {}",
        server.address(),
        options.workload,
        routes::IN_WORDS,
        options.runner,
        if many == 1 { "worker" } else { "workers" },
        server.intake.in_words(),
    )
}

fn in_a_line(trouble: Trouble, options: &ServeOptions) -> Failure {
    let ServeOptions { runner, listen, .. } = options;
    match trouble {
        Trouble::NotApplicable(reason) => {
            let next = "see: simul list runners";
            Failure::BadInput(format!("runner '{runner}' cannot serve: {reason}; {next}"))
        }
        Trouble::Address(error) if is_of_the_address(&error) => Failure::BadInput(format!(
            "cannot listen on '{listen}': {error}; choose another with --listen"
        )),
        Trouble::Address(error) => Failure::Broken(format!("cannot listen on '{listen}': {error}")),
        Trouble::Unavailable(reason) => {
            Failure::Broken(format!("runner '{runner}' does not start: {reason}"))
        }
        Trouble::Failed(reason) => Failure::Broken(reason),
    }
}

fn is_of_the_address(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    matches!(error.kind(), AddrInUse | AddrNotAvailable | PermissionDenied)
}
