//! What can be asked on the command line?
//!
//! The structures here check form and become plain requests; they do nothing else. Each command is one
//! file: [`run`] (also without a name), [`list`], [`report`], [`serve`], [`load`], [`ab`], and of stored runs [`rank`],
//! [`why`], [`show`], [`advise`], [`pack`], [`compare`], [`export`] and [`history`]; [`selftest`] asks whether known faults are found. `trial`, `peer`,
//! `probe` and `guard` are hidden: they are the other processes of a run, to be run by hand under `perf` or `strace`.

pub mod ab;
pub mod ab_options;
pub mod advise;
mod advise_missing;
mod command;
pub mod compare;
pub mod conform;
pub mod doctor;
pub mod export;
mod hidden;
pub mod history;
pub mod list;
pub mod load;
mod load_text;
pub mod pack;
#[cfg(test)]
mod pasted;
pub mod rank;
pub mod report;
mod report_splice;
pub mod run;
pub mod selftest;
pub mod serve;
pub mod show;
mod stopping_options;
mod viewer;
pub mod why;

use crate::{
    control::{
        external::External,
        open_plan::{MOST_CONNECTIONS, objective},
    },
    exit::Failure,
};
use clap::{Args, Parser};
use command::Command;
use simul_results::{Load, Placement, record::ObjectiveRecord};
use std::{
    io::{self, Write},
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "simul", version, about, args_conflicts_with_subcommands = true)]
#[command(after_help = "Exit codes of run: 0 all cells measured, unavailable or not applicable; \
1 some failed, timed out or were discarded; 2 bad input; 130 interrupted.")]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunOptions,
}

/// Options of `run`.
#[derive(Clone, Debug, Default, Args)]
pub struct RunOptions {
    /// Workloads: names or patterns, with parameters as in echo:128
    #[arg(short, long = "workload", value_name = "NAME", value_delimiter = ',')]
    workloads: Vec<String>,
    /// Runners: names or patterns
    #[arg(short, long = "runner", value_name = "NAME", value_delimiter = ',')]
    runners: Vec<String>,
    /// A file that declares runner programs
    #[arg(long = "runner-file", value_name = "FILE")]
    runner_files: Vec<PathBuf>,
    /// How much work: closed-N, N actors without think time; open-RATE, requests per second over HTTP,
    /// whatever the server does: evenly, or open-RATE-poisson, or open-RATE-burst:N
    #[arg(long = "load", value_name = "LOAD", value_delimiter = ',')]
    loads: Vec<Load>,
    /// Cores of runner and peer: separate, one-core, all-cores or unpinned
    #[arg(long = "placement", value_name = "PLACEMENT", value_delimiter = ',')]
    placements: Vec<Placement>,
    /// What to measure and how long: smoke, default or full
    #[arg(long)]
    suite: Option<String>,
    /// Fresh processes for every trial, so many times
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    blocks: Option<u32>,
    #[command(flatten)]
    stopping: stopping_options::StoppingOptions,
    /// Slices of each trial
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// The exact length of a slice, such as 50ms
    #[arg(long, value_name = "TIME", value_parser = slice_length)]
    slice: Option<Duration>,
    /// Decides every order and every random input
    #[arg(long)]
    seed: Option<u64>,
    /// The folder of the run, which must not exist [default: results/local/TIME-HOST]
    #[arg(long, value_name = "FOLDER", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Go on with an interrupted run
    #[arg(long, value_name = "RUN")]
    resume: Option<PathBuf>,
    /// Print one JSON object on standard output, and nothing else there
    #[arg(long)]
    json: bool,
    /// Show what each cell costs as well: switches, waiting for a core, page faults, memory
    #[arg(long, conflicts_with = "json")]
    wide: bool,
    /// Raise an open load until every server is saturated [from sweep-1000-poisson, or from --load open-…]
    #[arg(long)]
    sweep: bool,
    /// What a sweep is to find: the highest rate at which this holds, such as p99=10ms
    #[arg(long, value_name = "PERCENTILE=TIME", value_parser = objective, requires = "sweep")]
    slo: Option<ObjectiveRecord>,
    /// Put another server into the same open rounds: a command, with {port} or {address} in it or PORT in its
    /// environment; or the URL of a running one. It must serve the routes of simul serve. Repeatable
    #[arg(long = "server", value_name = "NAME=CMD|URL")]
    servers: Vec<External>,
    /// Connections of an open load [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_CONNECTIONS)))]
    connections: Option<u32>,
    /// Show no progress: neither the bar nor, where there is no terminal, a line for each block
    #[arg(long)]
    no_progress: bool,
    /// When all is measured, count what each measured cell's operations do, in trials of their own: system calls (with
    /// strace), allocations, polls, migrations [always in suite full]
    #[arg(long)]
    audit: bool,
    /// How many null arms each contest has
    #[arg(long, hide = true, default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=50))]
    null_arms: u32,
    /// The generator of an open load sends so much later than intended
    #[arg(long, hide = true, value_name = "TIME", value_parser = slice_length)]
    generator_lag: Option<Duration>,
    /// Each trial is alone on the machine, as footprint's are, whatever the work
    #[arg(long, hide = true)]
    alone: bool,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub struct ListOptions {
    /// runners, workloads or suites
    #[arg(value_parser = ["runners", "workloads", "suites"])]
    kind: String,
    /// A file that declares runner programs
    #[arg(long = "runner-file", value_name = "FILE")]
    runner_files: Vec<PathBuf>,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 it can be measured here; 1 it cannot; 2 bad input.")]
pub struct DoctorOptions {
    /// A file that declares runner programs
    #[arg(long = "runner-file", value_name = "FILE")]
    runner_files: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `conform`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 it keeps the protocol; 1 it does not; 2 bad input. The protocol: \
runners/PROTOCOL.md."
)]
pub struct ConformOptions {
    /// The name of a runner program
    #[arg(required_unless_present = "command", conflicts_with = "command")]
    name: Option<String>,
    /// A file that declares runner programs
    #[arg(long = "runner-file", value_name = "FILE")]
    runner_files: Vec<PathBuf>,
    /// Workloads to check, with parameters as in echo:128 [default: all]
    #[arg(short, long = "workload", value_name = "NAME", value_delimiter = ',')]
    workloads: Vec<String>,
    /// What the spec says in 'runner' to a command
    #[arg(long, value_name = "NAME", requires = "command")]
    runner: Option<String>,
    /// A command that starts a trial
    #[arg(last = true)]
    command: Vec<String>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// The work at /, with parameters as in echo:128; all routes are there besides
    workload: String,
    /// Who serves
    #[arg(short, long, value_name = "NAME")]
    runner: String,
    /// Where to listen; port 0: a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// Threads that may run tasks [default: as many as there are cores]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    workers: Option<u32>,
}

/// Reads the command line, does what it says, and tells how that ended.
#[must_use]
pub fn main() -> ExitCode {
    let CommandLine { command, run: options } = CommandLine::parse();
    let outcome = command.unwrap_or(Command::Run(options)).obey();
    outcome.unwrap_or_else(|failure| {
        // Where nobody listens, the exit code still tells.
        let _ = writeln!(io::stderr(), "error: {failure}");
        failure.code()
    })
}

/// Prints lines on standard output. Whoever reads may have left, as `head` does: that is no fault.
fn say(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(broken(error)),
        _ => Ok(()),
    }
}

fn broken(error: io::Error) -> Failure {
    Failure::Broken(error.to_string())
}

/// The shortest and the longest slice that can be asked for.
const SLICES: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(60);

fn slice_length(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let length = parsed.and_then(|length| Duration::try_from(length).ok());
    length
        .filter(|length| SLICES.contains(length))
        .ok_or_else(|| format!("'{text}' is not a time from 1ms to 60s, such as 50ms"))
}

/// The first address that a host and port mean.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| format!("'{text}' is not an address with a port, such as 127.0.0.1:8080"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn slices_have_a_unit_and_a_length() {
        assert_eq!(slice_length("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(slice_length("2s"), Ok(Duration::from_secs(2)));
        for bad in ["0ms", "50", "-1s", "2m", "soon"] {
            assert!(slice_length(bad).unwrap_err().contains("such as 50ms"), "{bad}");
        }
    }
}
