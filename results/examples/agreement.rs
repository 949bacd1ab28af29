//! Do two runs agree? For every pair of runners of every contest: what each run says, and whether any pair
//! that both call different has changed sides.
//!
//! `agreement RUN_A RUN_B` prints a table and ends with 1 if any pair has changed sides. It compares what
//! two runs conclude, never their numbers, so drift of the machine between them does not matter.

use simul_results::{
    Role, SliceRecord, State, TrialRecord,
    record::mark,
    statistics,
    store::{self, Recording},
};
use std::{collections::BTreeMap, path::Path, process::ExitCode};

/// Smaller differences are called none, as in the verdicts of the design.
const LEAST_EFFECT: f64 = 0.01;

/// What is compared: a name, and the value of a slice.
type Metric = (&'static str, fn(&SliceRecord) -> f64);

const METRICS: [Metric; 3] = [
    ("p50", |slice| slice.p50_ns as f64),
    ("CPU/op", |slice| slice.cpu_us_per_op().unwrap_or(f64::NAN)),
    ("ops/s", |slice| slice.completed as f64 / slice.window_ns.max(1) as f64),
];

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let [a, b] = folders.as_slice() else {
        eprintln!("error: name two folders of runs: agreement RUN_A RUN_B");
        return ExitCode::from(2);
    };
    match (store::load(Path::new(a)), store::load(Path::new(b))) {
        (Ok(a), Ok(b)) => compare(&a, &b),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(a: &Recording, b: &Recording) -> ExitCode {
    println!(
        "{:<34} {:<7} {:>6} {:>10} {:>9} {:>6}",
        "contest", "metric", "pairs", "both say", "agree", "flip"
    );
    let (mut both, mut flips) = (0, Vec::new());
    let (a, b) = (contests(a), contests(b));
    for (contest, arms) in &a {
        let Some(others) = b.get(contest) else { continue };
        for (name, value) in METRICS {
            let (mut pairs, mut said, mut flipped) = (0, 0, 0);
            for (at, first) in arms.keys().enumerate() {
                for second in arms.keys().skip(at + 1) {
                    let (Some(here), Some(there)) =
                        (side(arms, first, second, value), side(others, first, second, value))
                    else {
                        continue;
                    };
                    pairs += 1;
                    said += u32::from(here != 0 && there != 0);
                    if here * there < 0 {
                        flipped += 1;
                        flips.push(format!("{contest}: {first} and {second} on {name}"));
                    }
                }
            }
            both += said;
            println!(
                "{contest:<34} {name:<7} {pairs:>6} {said:>10} {:>9} {flipped:>6}",
                said - flipped
            );
        }
    }
    println!("{both} pairs called different by both runs, {} changed sides", flips.len());
    flips.iter().for_each(|flip| println!("  {flip}"));
    if flips.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// For each contest: its ranked runners, and for each the trials by block.
type Arms<'a> = BTreeMap<&'a str, BTreeMap<u32, &'a TrialRecord>>;

fn contests(recording: &Recording) -> BTreeMap<String, Arms<'_>> {
    let mut contests: BTreeMap<String, Arms<'_>> = BTreeMap::new();
    for trial in &recording.trials {
        let ranked = trial.marks.iter().all(|mark| !mark::NOT_RANKED.contains(&mark.as_str()));
        if trial.role == Role::Runner && trial.state == State::Measured && ranked {
            let contest = format!("{}/{}@{}", trial.label, trial.load, trial.placement.name());
            let arms = contests.entry(contest).or_default();
            arms.entry(&trial.runner).or_default().insert(trial.block, trial);
        }
    }
    contests
}

/// −1 or 1 when the run calls the pair different, else 0; `None` without common blocks.
fn side(arms: &Arms<'_>, first: &str, second: &str, value: fn(&SliceRecord) -> f64) -> Option<i32> {
    let (first, second) = (arms.get(first)?, arms.get(second)?);
    let effects: Vec<f64> = first
        .iter()
        .filter_map(|(block, trial)| effect(trial, second.get(block)?, value))
        .collect();
    let interval = statistics::interval(&effects)?;
    let differs = interval.low > 0.0 || interval.high < 0.0;
    let large = interval.centre.abs() >= LEAST_EFFECT.ln_1p();
    Some(if differs && large { interval.centre.signum() as i32 } else { 0 })
}

/// One block's effect: the trimmed mean over the rounds of the log ratio.
fn effect(one: &TrialRecord, other: &TrialRecord, value: fn(&SliceRecord) -> f64) -> Option<f64> {
    let of_round = |round| other.counted().find(|slice| slice.round == round);
    let ratios = one.counted().filter_map(|slice| {
        let ratio = (value(slice) / value(of_round(slice.round)?)).ln();
        ratio.is_finite().then_some(ratio)
    });
    statistics::trimmed_mean(&ratios.collect::<Vec<f64>>())
}
