//! What can be asked on the command line?
//!
//! The structures here check form and become plain requests; they do nothing else. Each command is one
//! file: [`run`] (also without a name), [`list`], [`report`], and of stored runs [`rank`], [`compare`],
//! [`export`] and [`history`]. `trial`, `peer` and `guard` are hidden: they
//! are the other processes of a run, and can be run by hand under `perf` or `strace`.

pub mod compare;
pub mod export;
pub mod history;
pub mod list;
pub mod rank;
pub mod report;
pub mod run;

use crate::{
    control::guardian::{self, Charge},
    exit::Failure,
    peer, trial,
};
use clap::{Args, Parser, Subcommand};
use simul_results::{Load, Placement, store::Recording};
use simul_workloads::Peer;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
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

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure (also without this word)
    Run(RunOptions),
    /// Show what there is
    List(ListOptions),
    /// Write the report of a stored run again
    Report(ReportOptions),
    /// Show who is ahead in a stored run, per workload and over all
    Rank(RankOptions),
    /// Put two stored runs side by side, without a verdict
    Compare(CompareOptions),
    /// Print a stored run in another program's form
    Export(ExportOptions),
    /// Put many runs of one host in order and find changes
    History(HistoryOptions),
    /// Run one trial over standard input and output
    #[command(hide = true)]
    Trial,
    /// Be the neutral process at the other end of the sockets
    #[command(hide = true)]
    Peer {
        /// What to do with what arrives
        kind: String,
    },
    /// Watch over a command and end all its descendants
    #[command(hide = true)]
    Guard(GuardOptions),
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
    /// How much work at a time: closed-N, N actors without think time
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
    /// Show no progress: neither the bar nor, where there is no terminal, a line for each block
    #[arg(long)]
    no_progress: bool,
    /// How many null arms each contest has
    #[arg(long, hide = true, default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=50))]
    null_arms: u32,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub struct ListOptions {
    /// runners, workloads or suites
    #[arg(value_parser = ["runners", "workloads", "suites"])]
    kind: String,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportOptions {
    /// The folder of the run
    run: PathBuf,
}

/// Options of `rank`.
#[derive(Debug, Args)]
pub struct RankOptions {
    /// The folder of the run
    run: PathBuf,
    /// Compare only these over all workloads
    #[arg(short, long = "runner", value_name = "NAME", value_delimiter = ',')]
    runners: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareOptions {
    /// The folder of the run to compare with
    #[arg(value_name = "RUN_A")]
    first: PathBuf,
    /// The folder of the run to compare
    #[arg(value_name = "RUN_B")]
    second: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Compare runs of different machines
    #[arg(long)]
    across_hosts: bool,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The folder of the run
    run: PathBuf,
    /// The form
    #[arg(long, value_enum)]
    to: ExportFormat,
    /// The cell, for hgrm and hlog [default: the first that was measured]
    #[arg(long, value_name = "CELL")]
    cell: Option<String>,
}

/// What `export` can write.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ExportFormat {
    /// All cells with intervals, for spreadsheets
    Csv,
    /// One cell's percentile distribution, for HdrHistogram plotters
    Hgrm,
    /// One cell's interval log, for HdrHistogram readers
    Hlog,
    /// Bencher Metric Format
    Bmf,
    /// The customSmallerIsBetter list of github-action-benchmark
    GhBenchmark,
    /// JUnit XML
    Junit,
    /// OpenMetrics text
    Openmetrics,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub struct HistoryOptions {
    /// Folders of runs, or folders that hold some
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write a chart into this file, which must not exist
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Options of `guard`.
#[derive(Debug, Args)]
struct GuardOptions {
    /// Cores for the command
    #[arg(long, value_delimiter = ',')]
    cores: Vec<u32>,
    /// A temporary folder to remove in the end
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The command
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Reads the command line, does what it says, and tells how that ended.
#[must_use]
pub fn main() -> ExitCode {
    let CommandLine { command, run: options } = CommandLine::parse();
    let outcome = match command.unwrap_or(Command::Run(options)) {
        Command::Run(options) => run::main(&options),
        Command::List(options) => list::main(&options),
        Command::Report(options) => report::main(&options),
        Command::Rank(options) => rank::main(&options),
        Command::Compare(options) => compare::main(&options),
        Command::Export(options) => export::main(&options),
        Command::History(options) => history::main(&options),
        Command::Trial => trial::main().map(|()| ExitCode::SUCCESS).map_err(broken),
        Command::Peer { kind } => serve(&kind),
        Command::Guard(GuardOptions { cores, folder, command }) => {
            guardian::watch(&Charge { cores, folder, command })
        }
    };
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

/// Says on standard error that a recording's last line was left out, where it was.
fn tell_torn(recording: &Recording, folder: &Path) {
    if recording.torn {
        let folder = folder.display();
        let _ = writeln!(io::stderr(), "the last line of '{folder}' is torn and left out");
    }
}

fn serve(kind: &str) -> Result<ExitCode, Failure> {
    if kind != Peer::Echo.name() {
        return Err(Failure::BadInput(format!("no peer '{kind}'; there is: echo")));
    }
    peer::serve(Peer::Echo).map(|()| ExitCode::SUCCESS).map_err(broken)
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
