//! Which commands are there, and who does what each of them says?
//!
//! One line a command here, one file a command beside this one. It must not know what any of them does. Read next:
//! `mod.rs`, which reads the command line.

use super::{
    ConformOptions, DoctorOptions, ListOptions, RunOptions, ServeOptions, ab, ab_options, advise,
    broken, compare, conform, doctor, export, hidden, history, list, load, pack, rank, report, run,
    selftest, serve, show, why,
};
use crate::{control::service, exit::Failure, generator};
use clap::Subcommand;
use std::{io, process::ExitCode};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Measure (also without this word)
    Run(RunOptions),
    /// Show what there is
    List(ListOptions),
    /// Show what is here, what is missing, and what would help
    Doctor(DoctorOptions),
    /// Check a runner program step by step
    Conform(ConformOptions),
    /// Look whether this build finds every known fault, on this machine
    Selftest(selftest::SelftestOptions),
    /// Write the report of stored runs again: a page, Markdown for an issue, charts, or a README's results
    Report(report::ReportOptions),
    /// Show a stored run, or one cell of it, with small charts
    Show(show::ShowOptions),
    /// Show who is ahead in a stored run, per workload and over all
    Rank(rank::RankOptions),
    /// Show what differs between two runners of a stored run, beside their results
    Why(why::WhyOptions),
    /// Name the runners that nothing else beats, for a mix of work and a promise
    Advise(advise::AdviseOptions),
    /// Is new code as good as old code? Two builds or programs, interleaved, with a verdict
    Ab(ab_options::AbOptions),
    /// Put two stored runs side by side, without a verdict
    Compare(compare::CompareOptions),
    /// Print a stored run in another program's form
    Export(export::ExportOptions),
    /// Make a stored run small enough to be committed
    Pack(pack::PackOptions),
    /// Put many runs of one host in order and find changes
    History(history::HistoryOptions),
    /// Let a runner be a server, for any load generator
    Serve(ServeOptions),
    /// Send HTTP requests to a server at intended times, and tell when the answers came
    Load(load::LoadOptions),
    /// Run one trial over standard input and output
    #[command(hide = true)]
    Trial {
        /// Print the version of what a runner stands on, and nothing else
        #[arg(long, value_name = "RUNNER")]
        receipt: Option<String>,
    },
    /// Be the neutral process at the other end of the sockets
    #[command(hide = true)]
    Peer {
        /// What to do with what arrives
        kind: String,
    },
    /// Try a runner out, and tell whether it can be measured here
    #[command(hide = true)]
    Probe {
        /// Its name
        runner: String,
    },
    /// Be the generator of an open load
    #[command(hide = true)]
    Generator,
    /// Watch over a command and end all its descendants
    #[command(hide = true)]
    Guard(hidden::GuardOptions),
    /// Become a command that dies with its guardian
    #[command(hide = true)]
    Follow(hidden::FollowOptions),
    /// Be a runner program with a known fault
    #[command(hide = true)]
    Canary {
        /// Which
        fault: String,
    },
    /// Make a database and become its server
    #[command(hide = true)]
    Database,
    /// Wait for the end of standard input
    #[command(hide = true)]
    Keep,
}

impl Command {
    /// Does what the command says.
    pub(super) fn obey(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Run(options) => run::main(&options),
            Self::List(options) => list::main(&options),
            Self::Doctor(options) => doctor::main(&options),
            Self::Conform(options) => conform::main(&options),
            Self::Report(options) => report::main(&options),
            Self::Show(options) => show::main(&options),
            Self::Rank(options) => rank::main(&options),
            Self::Why(options) => why::main(&options),
            Self::Advise(options) => advise::main(&options),
            Self::Ab(options) => ab::main(&options),
            Self::Compare(options) => compare::main(&options),
            Self::Export(options) => export::main(&options),
            Self::Pack(options) => pack::main(&options),
            Self::History(options) => history::main(&options),
            Self::Load(options) => load::main(&options),
            Self::Serve(options) => serve::main(&options),
            Self::Trial { receipt: Some(runner) } => list::receipt(&runner),
            Self::Trial { receipt: None } => hidden::trial(None),
            Self::Peer { kind } => hidden::be_peer(&kind),
            Self::Generator => generator::main().map(|()| ExitCode::SUCCESS).map_err(broken),
            Self::Probe { runner } => hidden::probe(&runner),
            Self::Guard(options) => hidden::guard(options),
            Self::Follow(options) => Err(hidden::follow(&options)),
            Self::Selftest(options) => selftest::main(&options),
            Self::Database => Err(service::postgres::main()),
            Self::Canary { fault } => hidden::canary(&fault),
            Self::Keep => {
                crate::protocol::follow_guardian();
                io::copy(&mut io::stdin().lock(), &mut io::sink())
                    .map(|_| ExitCode::SUCCESS)
                    .map_err(broken)
            }
        }
    }
}
