//! What does the port cost? CPU per operation of runners against hand-written native code.
//!
//! The standing self-test of the abstraction: `echo` with 16 connections through the port, against the same
//! work written by hand for the runtime alone, as arms of one contest: interleaved slice by slice, fresh
//! processes in every block, an A/A control (the null arm) beside them. The bar is a ratio of at most 1.02
//! with a half-width of the 99 % interval of at most 1 %.
//!
//! `cargo bench --bench port`; `SIMUL_PORT_BLOCKS` and `SIMUL_PORT_ROUNDS` change how long it looks.

use simul_results::{
    Role, SliceRecord, TrialRecord, statistics,
    store::{self, Recording},
};
use simul_runners::bare;
use std::{env, path::Path, process::Command};

/// The printed intervals miss the truth so often.
const ALPHA: f64 = 0.01;
/// Connections, as the bar says.
const LOAD: &str = "closed-16";

fn main() {
    // `cargo test --benches` and `cargo bench -- --test` only want to know whether it starts.
    if env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let setting = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.to_owned());
    let blocks = setting("SIMUL_PORT_BLOCKS", "12");
    let rounds = setting("SIMUL_PORT_ROUNDS", "30");
    println!("port against native code: echo, {LOAD}, {blocks} blocks of {rounds} rounds");
    for native in bare::ALL {
        let Some(runner) = native.counterpart_of else { continue };
        let out = folder.path().join(native.name);
        let pair = format!("{runner},{}", native.name);
        let status = Command::new(env!("CARGO_BIN_EXE_simul"))
            .args(["-w", native.workload, "-r", &pair, "--load", LOAD])
            .args(["--blocks", &blocks, "--rounds", &rounds, "--json", "--no-progress"])
            .arg("--out")
            .arg(&out)
            .stdout(std::process::Stdio::null())
            .status()
            .expect("the program starts");
        assert!(status.success(), "{pair}: {status}");
        print(runner, native.name, &out);
    }
}

fn print(runner: &str, native: &str, folder: &Path) {
    let recording = store::load(folder).expect("a recording that was just written");
    let port = |trial: &&TrialRecord| trial.runner == runner && trial.role == Role::Runner;
    let null = |trial: &&TrialRecord| trial.role == Role::Null;
    let hand = |trial: &&TrialRecord| trial.runner == native;
    for (what, above, below) in [
        ("port / native", trials(&recording, port), trials(&recording, hand)),
        ("A/A control", trials(&recording, null), trials(&recording, port)),
    ] {
        let pairs = above.iter().zip(&below);
        let ratios: Vec<f64> = pairs.filter_map(|(above, below)| log_ratio(above, below)).collect();
        let Some(interval) = statistics::student(&ratios, ALPHA) else { continue };
        let half_width = (interval.high - interval.low) / 2.0;
        println!(
            "{runner:<10} {what:<14} CPU per operation × {:.4}, 99 % interval {:.4} to {:.4} \
             (half-width {:.2} %), {} blocks",
            interval.centre.exp(),
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
