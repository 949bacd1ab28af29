//! What does the port cost? CPU per operation of runners against hand-written native code.
//!
//! The standing self-test of the abstraction: `echo` with 16 connections through the port, against the same
//! work written by hand for the runtime alone, as arms of one contest: interleaved slice by slice, fresh
//! processes in every block, an A/A control (the null arm) beside them. The bar is a ratio of at most 1.02
//! (monoio: 1.03) with a half-width of the 99 % interval of at most 1 %.
//!
//! `cargo bench -p simul --bench port -- [RUNNER…] [--blocks N] [--rounds N]`: all runners that have a
//! counterpart, unless some are named. Fewer blocks make a quick look, and wide intervals.

use simul_results::{
    Role, SliceRecord, TrialRecord, statistics,
    store::{self, Recording},
};
use simul_runners::bare;
use std::{env, path::Path, process::Command, process::ExitCode};

/// The printed intervals miss the truth so often.
const ALPHA: f64 = 0.01;
/// Connections, as the bar says.
const LOAD: &str = "closed-16";
/// The widest half-width of an interval with which a ratio is called shown.
const WIDEST: f64 = 0.01;

/// What may be asked for.
struct Asked {
    runners: Vec<String>,
    blocks: String,
    rounds: String,
}

fn main() -> ExitCode {
    // `cargo test --benches` and `cargo bench -- --test` only want to know whether it starts.
    if env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    match asked(env::args().skip(1)) {
        Ok(asked) => {
            look(&asked);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// The runners that have a hand-written counterpart.
fn comparable() -> impl Iterator<Item = (&'static str, &'static bare::Profile)> {
    bare::ALL.iter().filter_map(|native| Some((native.counterpart_of?, native)))
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked { runners: Vec::new(), blocks: "12".into(), rounds: "30".into() };
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().unwrap_or_default();
            let error = || format!("{argument} wants a number, not '{value}'");
            value.parse::<u32>().map(|_| value.clone()).map_err(|_| error())
        };
        match &*argument {
            // Cargo's own.
            "--bench" => {}
            "--blocks" => asked.blocks = number()?,
            "--rounds" => asked.rounds = number()?,
            name if comparable().any(|(runner, _)| runner == name) => asked.runners.push(argument),
            name => {
                let names: Vec<&str> = comparable().map(|(runner, _)| runner).collect();
                let names = names.join(", ");
                return Err(format!("no counterpart of '{name}'; there are some of: {names}"));
            }
        }
    }
    Ok(asked)
}

fn look(asked: &Asked) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Asked { runners, blocks, rounds } = asked;
    println!("port against native code: echo, {LOAD}, {blocks} blocks of {rounds} rounds");
    for (runner, native) in comparable() {
        if !runners.is_empty() && !runners.iter().any(|name| name == runner) {
            continue;
        }
        let out = folder.path().join(native.name);
        let pair = format!("{runner},{}", native.name);
        let status = Command::new(env!("CARGO_BIN_EXE_simul"))
            .args(["-w", native.workload, "-r", &pair, "--load", LOAD])
            .args(["--blocks", blocks, "--rounds", rounds, "--json", "--no-progress"])
            .arg("--out")
            .arg(&out)
            .stdout(std::process::Stdio::null())
            .status()
            .expect("the program starts");
        assert!(status.success(), "{pair}: {status}");
        print(runner, native.name, &out);
    }
}

/// The highest ratio that the project accepts. A prototype's port cost 2 to 5 % on monoio, and at most 1 % on
/// compio and tokio.
fn bar(runner: &str) -> f64 {
    if runner == "monoio" { 1.03 } else { 1.02 }
}

fn print(runner: &str, native: &str, folder: &Path) {
    let recording = store::load(folder).expect("a recording that was just written");
    let port = |trial: &&TrialRecord| trial.runner == runner && trial.role == Role::Runner;
    let null = |trial: &&TrialRecord| trial.role == Role::Null;
    let hand = |trial: &&TrialRecord| trial.runner == native;
    for (what, above, below, bar) in [
        ("port / native", trials(&recording, port), trials(&recording, hand), Some(bar(runner))),
        ("A/A control", trials(&recording, null), trials(&recording, port), None),
    ] {
        let pairs = above.iter().zip(&below);
        let ratios: Vec<f64> = pairs.filter_map(|(above, below)| log_ratio(above, below)).collect();
        let Some(interval) = statistics::student(&ratios, ALPHA) else {
            let reason = above.iter().chain(&below).find_map(|trial| trial.reason.as_deref());
            let reason = reason.unwrap_or("an interval needs two blocks or more");
            println!("{runner:<12} {what:<14} no ratio: {reason}");
            continue;
        };
        let half_width = (interval.high - interval.low) / 2.0;
        let ratio = interval.centre.exp();
        let verdict = match bar {
            None => String::new(),
            Some(bar) if half_width > WIDEST => format!("; too wide to judge by {bar}"),
            Some(bar) if ratio > bar => format!("; above the bar of {bar}"),
            Some(bar) => format!("; within the bar of {bar}"),
        };
        println!(
            "{runner:<12} {what:<14} CPU per operation × {ratio:.4}, 99 % interval {:.4} to {:.4} \
             (half-width {:.2} %), {} blocks{verdict}",
            interval.low.exp(),
            interval.high.exp(),
            half_width * 100.0,
            ratios.len()
        );
    }
}

/// The trials of one arm, block by block.
fn trials(recording: &Recording, which: impl Fn(&&TrialRecord) -> bool) -> Vec<&TrialRecord> {
    let mut trials: Vec<&TrialRecord> = recording.trials.iter().filter(which).collect();
    trials.sort_by_key(|trial| trial.block);
    trials
}

/// One block's effect: the trimmed mean, over the rounds, of the log ratio of CPU per operation.
fn log_ratio(above: &TrialRecord, below: &TrialRecord) -> Option<f64> {
    let cost = |slice: &SliceRecord| slice.cpu_us_per_op().unwrap_or(f64::NAN);
    let of_round = |round| below.counted().find(|slice| slice.round == round);
    let logs: Vec<f64> = above
        .counted()
        .filter_map(|slice| Some((cost(slice) / cost(of_round(slice.round)?)).ln()))
        .collect();
    statistics::trimmed_mean(&logs)
}
