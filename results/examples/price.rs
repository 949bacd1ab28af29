//! Does reading what slices cost change what they do? From a run with `SIMUL_PRICE=alternate`, in which rounds take
//! turns at being read and not being read, within the same processes.
//!
//! `price RUN` prints, for every runner, the throughput of slices that were read over that of slices that were not, of
//! neighbouring rounds, as one value a block, with an interval over all blocks of all runners; it ends with 1 if the
//! middle of it differs from 1 by a hundredth or more, or if too little was seen to tell.

use simul_results::{SliceRecord, State, TrialRecord, statistics, store};
use std::{collections::BTreeMap, path::Path, process::ExitCode};

/// The bar.
const MOST_CHANGE: f64 = 0.01;

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = folders.as_slice() else {
        eprintln!("error: name the folder of a run: price RUN");
        return ExitCode::from(2);
    };
    let recording = match store::load(Path::new(folder)) {
        Ok(recording) => recording,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let mut all = Vec::new();
    let mut arms: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for trial in recording.trials.iter().filter(|trial| trial.state == State::Measured) {
        if let Some(value) = change(trial) {
            arms.entry(&trial.cell).or_default().push(value);
            all.push(value);
        }
    }
    for (cell, values) in &arms {
        tell(cell, values);
    }
    let Some(middle) = tell("all", &all) else {
        eprintln!("error: no trial has slices that were read and others that were not");
        return ExitCode::FAILURE;
    };
    let held = (middle - 1.0).abs() < MOST_CHANGE;
    println!("bar: less than {MOST_CHANGE} from 1: {}", if held { "held" } else { "BROKEN" });
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The mean log ratio of neighbouring rounds of a trial, of which one was read and the other was not.
fn change(trial: &TrialRecord) -> Option<f64> {
    let per_ns = |slice: &SliceRecord| slice.completed as f64 / slice.window_ns.max(1) as f64;
    let slices: Vec<&SliceRecord> = trial.counted().collect();
    let pairs = slices.windows(2).filter_map(|pair| match [&pair[0].price, &pair[1].price] {
        [Some(_), None] => Some((per_ns(pair[0]) / per_ns(pair[1])).ln()),
        [None, Some(_)] => Some((per_ns(pair[1]) / per_ns(pair[0])).ln()),
        _ => None,
    });
    let ratios: Vec<f64> = pairs.filter(|ratio| ratio.is_finite()).collect();
    statistics::median(&ratios)
}

/// Prints and returns the median over blocks, as a ratio.
fn tell(name: &str, logs: &[f64]) -> Option<f64> {
    let estimate = statistics::Estimate::over(logs)?;
    let [low, middle, high] = [estimate.low, estimate.median, estimate.high].map(f64::exp);
    println!("{name:<44} read / not read: {middle:.4} ({low:.4}–{high:.4}), {} blocks", logs.len());
    Some(middle)
}
