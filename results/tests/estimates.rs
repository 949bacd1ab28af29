//! Does a summary say what the raw values say?
//!
//! Every number is checked against an oracle that is computed from the plain values, without histograms.

mod synthetic;

use simul_results::{
    Role, State, Summary, TrialRecord, histogram,
    record::mark,
    statistics::{Estimate, trimmed_mean},
    store::Recording,
    summary::{CellSummary, Scale},
};
use synthetic::{Random, cell, contest, recording, run, slice, trial, unmeasured};

/// The smallest value that at least this part of all values does not exceed.
fn nearest_rank(values: &mut [u64], quantile: f64) -> u64 {
    values.sort_unstable();
    let rank = (quantile * values.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    values[rank - 1]
}

/// A recording of two runners, `tokio` the baseline, from their trials.
fn of(trials: Vec<TrialRecord>) -> Recording {
    let (tokio, smol) = (cell("tokio", Role::Runner), cell("smol", Role::Runner));
    let null = cell("tokio", Role::Null);
    let floor = cell("floor-epoll", Role::Floor);
    let plan = contest(&[&tokio, &smol, &null, &floor], Some("tokio"));
    Recording { run: run(vec![plan], 6), trials, audits: Vec::new(), torn: false }
}

fn row<'a>(summary: &'a Summary, arm: &str) -> &'a CellSummary {
    summary.contests[0].cells.iter().find(|cell| cell.arm == arm).expect("every cell has a row")
}

#[test]
fn percentiles_are_those_of_the_sorted_values() {
    let mut random = Random(1);
    let tokio = cell("tokio", Role::Runner);
    let mut oracle: Vec<Vec<u64>> = Vec::new();
    let mut trials = Vec::new();
    for block in 0..5 {
        let mut all = Vec::new();
        let slices = (0..4)
            .map(|round| {
                let values = random.latencies(90_000.0 + 500.0 * f64::from(block), 3000);
                all.extend_from_slice(&values);
                slice(round, &values, 7.0)
            })
            .collect();
        oracle.push(all);
        trials.push(trial(&tokio, block, slices));
    }
    let summary = Summary::of(&of(trials)).unwrap();
    let numbers = row(&summary, "tokio").numbers.clone().unwrap();
    let got = [
        (0.5, numbers.p50_ns),
        (0.9, numbers.p90_ns),
        (0.99, numbers.p99_ns),
        (0.999, numbers.p999_ns),
    ];
    for (quantile, estimate) in got {
        let mut exact: Vec<f64> =
            oracle.iter_mut().map(|values| nearest_rank(values, quantile) as f64).collect();
        exact.sort_by(f64::total_cmp);
        // Five blocks: the middle one, and smallest to largest. Three digits: within 0.1 %.
        for (ours, theirs) in
            [(estimate.median, exact[2]), (estimate.low, exact[0]), (estimate.high, exact[4])]
        {
            assert!((ours / theirs - 1.0).abs() <= 0.001_001, "p{quantile}: {ours} and {theirs}");
        }
    }
    assert_eq!(Some(numbers.max_ns), oracle.iter().flatten().copied().max(), "exact");
    assert!(numbers.curve.windows(2).all(|two| two[0].ns.median <= two[1].ns.median));
    assert_eq!((numbers.ops, numbers.least_recorded), (60_000, 12_000));
}

#[test]
fn merging_slices_is_concatenating_their_values() {
    let mut random = Random(2);
    let parts: Vec<Vec<u64>> = (0..7).map(|_| random.latencies(1e6, 500)).collect();
    let mut merged = histogram::empty();
    for part in &parts {
        let stored = slice(0, part, 1.0).histogram;
        merged.add(histogram::decode(&stored).unwrap()).unwrap();
    }
    let whole = slice(0, &parts.concat(), 1.0).histogram;
    assert_eq!(merged, histogram::decode(&whole).unwrap());
}

#[test]
fn percentiles_are_never_averaged() {
    // One slow slice out of two: the mean of two medians would be 550 µs.
    let tokio = cell("tokio", Role::Runner);
    let fast = slice(0, &[100_000; 300], 1.0);
    let slow = slice(1, &[1_000_000; 100], 1.0);
    let summary = Summary::of(&of(vec![trial(&tokio, 0, vec![fast, slow])])).unwrap();
    let median = row(&summary, "tokio").numbers.as_ref().unwrap().p50_ns.median;
    assert!((median / 100_000.0 - 1.0).abs() < 0.001);
}

#[test]
fn rates_and_costs_are_ratios_of_sums() {
    let tokio = cell("tokio", Role::Runner);
    let mut short = slice(0, &[1000; 100], 2.0);
    short.window_ns = 10_000_000;
    let mut long = slice(1, &[1000; 900], 4.0);
    long.window_ns = 45_000_000;
    let summary = Summary::of(&of(vec![trial(&tokio, 0, vec![short, long])])).unwrap();
    let numbers = row(&summary, "tokio").numbers.as_ref().unwrap();
    assert!((numbers.throughput.median / (1000.0 / 0.055) - 1.0).abs() < 1e-12);
    assert!((numbers.cpu_us_per_op.unwrap().median - 3.8).abs() < 1e-9);
    assert!((numbers.peer_cpu_us_per_op.unwrap().median - 3.0).abs() < 1e-9);
}

#[test]
fn slices_that_were_set_aside_do_not_count() {
    let tokio = cell("tokio", Role::Runner);
    let mut disturbed = slice(0, &[9_000_000; 50], 50.0);
    disturbed.set_aside = true;
    let kept = slice(1, &[1000; 100], 2.0);
    let summary = Summary::of(&of(vec![trial(&tokio, 0, vec![disturbed, kept])])).unwrap();
    let numbers = row(&summary, "tokio").numbers.as_ref().unwrap();
    assert_eq!((numbers.ops, numbers.max_ns), (100, 1000));
    assert_eq!(numbers.cpu_us_per_op, Some(Estimate { median: 2.0, low: 2.0, high: 2.0 }));
}

#[test]
fn effects_pair_slices_of_the_same_round() {
    let (tokio, smol) = (cell("tokio", Role::Runner), cell("smol", Role::Runner));
    // The machine gets twice as slow from round to round; smol stays 20 % above, in another order.
    let at = |round: u32, factor: f64| {
        let value = (100_000.0 * 2.0_f64.powi(round as i32) * factor) as u64;
        slice(round, &[value; 200], 5.0 * factor)
    };
    let trials = (0..4)
        .flat_map(|block| {
            let ours = [2, 0, 4, 1, 3].map(|round| at(round, 1.2)).to_vec();
            let theirs = (0..5).map(|round| at(round, 1.0)).collect();
            [trial(&tokio, block, theirs), trial(&smol, block, ours)]
        })
        .collect();
    let summary = Summary::of(&of(trials)).unwrap();
    let effects = &row(&summary, "smol").effects;
    let p50 = effects.p50.as_ref().unwrap();
    assert_eq!((p50.scale, p50.blocks.len()), (Scale::Ratio, 4));
    assert!((p50.estimate - 1.2).abs() < 0.002, "{p50:?}");
    assert!((effects.cpu_per_op.as_ref().unwrap().estimate - 1.2).abs() < 1e-6);
    assert!((effects.throughput.as_ref().unwrap().estimate - 1.0 / 1.2).abs() < 1e-6);
    assert_eq!(row(&summary, "tokio").effects.p50, None, "not with itself");
}

#[test]
fn one_block_is_the_trimmed_mean_of_its_pairs() {
    let (tokio, smol) = (cell("tokio", Role::Runner), cell("smol", Role::Runner));
    let mut random = Random(3);
    let (mut ours, mut theirs, mut logs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..12 {
        let a = slice(round, &random.latencies(80_000.0, 300), 5.0);
        let b = slice(round, &random.latencies(70_000.0, 300), 5.0);
        logs.push((a.p50_ns as f64 / b.p50_ns as f64).ln());
        ours.push(a);
        theirs.push(b);
    }
    let summary = Summary::of(&of(vec![trial(&tokio, 0, theirs), trial(&smol, 0, ours)])).unwrap();
    let p50 = row(&summary, "smol").effects.p50.as_ref().unwrap();
    assert!((p50.estimate - trimmed_mean(&logs).unwrap().exp()).abs() < 1e-12);
    assert_eq!(p50.interval, None, "one block has no interval");
}

#[test]
fn lateness_is_a_difference_in_us() {
    let (tokio, smol) = (cell("tokio", Role::Runner), cell("smol", Role::Runner));
    let mut recording = of((0..3)
        .flat_map(|block| {
            [
                trial(&tokio, block, vec![slice(0, &[50_000; 100], 1.0)]),
                trial(&smol, block, vec![slice(0, &[80_000; 100], 1.0)]),
            ]
        })
        .collect());
    recording.run.plan.contests[0].measure = "lateness".into();
    for trial in &mut recording.trials {
        trial.measure = "lateness".into();
    }
    let summary = Summary::of(&recording).unwrap();
    let p50 = row(&summary, "smol").effects.p50.as_ref().unwrap();
    assert_eq!(p50.scale, Scale::DifferenceUs);
    assert!((p50.estimate - 30.0).abs() < 0.1, "{p50:?}");
}

#[test]
fn a_slice_without_completions_is_not_left_out_of_the_ratio() {
    let (tokio, smol) = (cell("tokio", Role::Runner), cell("smol", Role::Runner));
    let mut none = slice(1, &[40_000_000], 1.0);
    none.completed = 0;
    let ours = vec![slice(0, &[20_000_000; 2], 1.0), none];
    let theirs = vec![slice(0, &[20_000_000; 2], 1.0), slice(1, &[20_000_000; 2], 1.0)];
    let summary = Summary::of(&of(vec![trial(&tokio, 0, theirs), trial(&smol, 0, ours)])).unwrap();
    let throughput = row(&summary, "smol").effects.throughput.as_ref().unwrap();
    assert!((throughput.estimate - 0.5).abs() < 1e-9, "half the operations");
}

#[test]
fn the_null_arm_shows_the_noise_block_by_block() {
    let summary = Summary::of(&recording(&["tokio", "smol"], 6, 3, 300)).unwrap();
    let noise = summary.contests[0].noise.as_ref().unwrap();
    assert_eq!(
        noise.p50.blocks.iter().map(|block| block.block).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5]
    );
    assert!((noise.p50.estimate - 1.0).abs() < 0.05);
    assert!(noise.sd_percent.unwrap() > 0.0 && noise.sd_us.is_none());
}

#[test]
fn floors_are_compared_in_cpu_only() {
    let summary = Summary::of(&recording(&["tokio", "smol"], 3, 2, 100)).unwrap();
    let floor = row(&summary, "floor-epoll");
    assert!(floor.effects.cpu_per_op.is_some());
    assert_eq!((&floor.effects.p50, &floor.effects.throughput), (&None, &None));
    assert!(!floor.ranked);
}

#[test]
fn the_worst_block_decides_and_the_row_stays() {
    let tokio = cell("tokio", Role::Runner);
    let good = || trial(&tokio, 0, vec![slice(0, &[1000; 100], 1.0)]);
    let bad = |block, state| unmeasured(&tokio, block, state, "why");
    let state = |trials| row(&Summary::of(&of(trials)).unwrap(), "tokio").clone();
    let timed_out = state(vec![good(), bad(1, State::TimedOut)]);
    assert_eq!(timed_out.state, State::TimedOut);
    assert_eq!(timed_out.reason.as_deref(), Some("block 1: why"));
    assert_eq!((timed_out.numbers, timed_out.blocks), (None, 1));
    let failed = state(vec![bad(0, State::TimedOut), bad(1, State::Failed), good()]);
    assert_eq!(failed.state, State::Failed, "the later trial of block 0 replaced the first");
    let discarded = state(vec![bad(0, State::Discarded), bad(1, State::Failed)]);
    assert_eq!(discarded.state, State::Discarded);
    let unavailable = state(vec![bad(0, State::Unavailable)]);
    assert_eq!(
        (unavailable.state, unavailable.reason.as_deref()),
        (State::Unavailable, Some("why"))
    );
    let absent = row(&Summary::of(&of(vec![good()])).unwrap(), "tokio~null").clone();
    assert_eq!((absent.state, absent.role), (State::Failed, Role::Null));
}

#[test]
fn an_empty_trial_is_no_measurement() {
    let tokio = cell("tokio", Role::Runner);
    let summary = Summary::of(&of(vec![trial(&tokio, 0, Vec::new())])).unwrap();
    assert_eq!(row(&summary, "tokio").state, State::Failed);
}

#[test]
fn marks_are_united_and_keep_their_order() {
    let tokio = cell("tokio", Role::Runner);
    let marked = |block, marks: &[&str]| {
        let mut trial = trial(&tokio, block, vec![slice(0, &[1000; 100], 1.0)]);
        trial.marks = marks.iter().map(ToString::to_string).collect();
        trial
    };
    let trials = vec![
        marked(0, &["odd", mark::CONTAMINATED]),
        marked(1, &[mark::CONTAMINATED, mark::STARVED]),
    ];
    let summary = Summary::of(&of(trials)).unwrap();
    let tokio = row(&summary, "tokio");
    assert_eq!(tokio.marks, [mark::STARVED, mark::CONTAMINATED, "odd"]);
    assert!(!tokio.ranked);
}

#[test]
fn contradictions_are_refused() {
    let tokio = cell("tokio", Role::Runner);
    let mut short = slice(3, &[1000; 100], 1.0);
    short.recorded = 101;
    let error = Summary::of(&of(vec![trial(&tokio, 2, vec![short])])).unwrap_err();
    assert_eq!(
        error,
        "cell 'echo:64/tokio/closed-32@separate', block 2, round 3: the histogram holds 100 \
         operations and the slice says 101"
    );
    let stray = trial(&cell("other", Role::Runner), 0, Vec::new());
    assert!(Summary::of(&of(vec![stray])).unwrap_err().contains("in no contest of the plan"));
}
