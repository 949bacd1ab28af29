//! Are the words of a contest those of its decisions?

use super::*;
use crate::{
    Summary, TrialRecord,
    record::{Saturation, mark},
    synthetic, synthetic_open,
};

const RUNNERS: [&str; 4] = ["base", "near", "slow", "worst"];

/// The clauses of a made-up contest in which each runner is 15 % slower than the one before, after a change.
fn said(blocks: u32, change: impl Fn(&mut TrialRecord)) -> Vec<String> {
    let mut recording = synthetic::recording(&RUNNERS, blocks, 4, 400);
    recording.trials.iter_mut().for_each(change);
    clauses(&Summary::of(&recording).unwrap().contests[0])
}

/// As if a trial's runner were so many times as slow as it was, in time alone.
fn slower(trial: &mut TrialRecord, factor: f64) {
    for slice in &mut trial.slices {
        slice.p50_ns = (slice.p50_ns as f64 * factor) as u64;
    }
}

#[test]
fn who_is_ahead_behind_and_left_out() {
    let said = said(6, |_| {});
    assert_eq!(said[0], "base is fastest");
    assert!(said[1].starts_with("behind: near +14 %, slow +30 %, worst +"), "{said:?}");
    assert_eq!(said[2], "least CPU: base");
    assert_eq!(said[3], "glommio is not available here");
    assert_eq!(said.len(), 4, "{said:?}");
}

#[test]
fn ties_share_a_place_and_their_prices_are_compared() {
    let said = said(12, |trial| {
        if trial.runner == "near" {
            slower(trial, 1.0 / 1.15);
        }
    });
    assert_eq!(said[0], "base and near tie", "{said:?}");
    assert!(said[1].starts_with("behind: slow +"), "{said:?}");
    assert!(said[2..].iter().any(|text| text.starts_with("near costs 1")), "{said:?}");
}

#[test]
fn what_is_undecided_is_called_so() {
    let said = said(6, |trial| {
        let block = trial.block;
        if trial.runner == "near" {
            slower(trial, if block % 2 == 0 { 1.0 } else { 1.0 / 1.3 });
        }
    });
    assert!(said[0].ends_with(" seems fastest"), "{said:?}");
    assert!(said[1].ends_with("is undecided, and may equal it"), "{said:?}");
}

#[test]
fn what_could_be_written_is_not_called_unfit() {
    let said = said(6, |trial| {
        if trial.runner == "glommio" {
            trial.state = State::NotApplicable;
            trial.reason = Some("not written".into());
        }
    });
    assert_eq!(said.last().map(String::as_str), Some("glommio is not written for this"));
    assert!(!said.iter().any(|text| text.contains("not made")), "{said:?}");
}

#[test]
fn one_block_decides_nothing() {
    let said = said(1, |_| {});
    assert!(said[0].starts_with("one block decides nothing"), "{said:?}");
    assert!(!said.iter().any(|text| text.contains('%') || text.contains("CPU")), "{said:?}");
}

#[test]
fn who_is_barred_has_no_place_and_says_why() {
    let said = said(6, |trial| {
        if trial.runner == "base" {
            trial.marks = vec![mark::STARVED.into()];
        }
    });
    assert_eq!(said[0], "near is fastest");
    assert!(said.contains(&"base is not ranked (starved)".into()), "{said:?}");
}

#[test]
fn of_many_the_nearest_and_the_last_are_named() {
    let names: Vec<String> = (0..9).map(|i| format!("r{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let summary = Summary::of(&synthetic::recording(&names, 6, 4, 200)).unwrap();
    let said = clauses(&summary.contests[0]);
    assert!(said[1].contains("4 more, and last r8 "), "{said:?}");
}

#[test]
fn the_floor_of_noise_is_the_largest_of_the_null_arms() {
    let recording = synthetic::recording(&RUNNERS, 6, 4, 400);
    let summary = Summary::of(&recording).unwrap();
    let text = noise_floor(&summary);
    assert!(text.contains("no null arm was called different") && text.contains("(echo:64)"));
    let mut different = recording.clone();
    let null = different.trials.iter_mut().filter(|trial| trial.role == Role::Null);
    null.for_each(|trial| slower(trial, 1.2));
    let summary = Summary::of(&different).unwrap();
    assert!(noise_floor(&summary).contains("1 null arm was called different"));
    // A further copy that differs is as loud.
    let mut further = recording.clone();
    let plan = &mut further.run.plan.contests[0].cells;
    let null = plan.iter().find(|cell| cell.contains("~null")).unwrap().clone();
    let second = null.replacen("~null", ".2~null", 1);
    plan.push(second.clone());
    let copies = further.trials.iter().filter(|trial| trial.cell == null).cloned();
    let copies: Vec<_> = copies
        .map(|mut trial| {
            trial.runner = format!("{}.2", trial.runner);
            trial.cell = second.clone();
            slower(&mut trial, 1.2);
            trial
        })
        .collect();
    further.trials.extend(copies);
    let summary = Summary::of(&further).unwrap();
    assert!(noise_floor(&summary).contains("1 null arm was called different"));
    assert!(summary.contests[0].noise.as_ref().unwrap().p50.estimate > 1.1);
    assert!(clauses(&summary.contests[0])[0].contains("trust no verdict"));
    let mut without = recording;
    without.run.plan.contests[0].cells.retain(|cell| !cell.contains("~null"));
    without.trials.retain(|trial| trial.role != Role::Null);
    assert!(noise_floor(&Summary::of(&without).unwrap()).contains("unknown"));
}

#[test]
fn a_sweep_tells_who_sustained_what() {
    let recording = synthetic_open::sweeping(&["slow", "middle", "fast"], 3);
    let summary = Summary::of(&recording).unwrap();
    let contest = &summary.contests[0];
    let held =
        |at: usize| contest.cells[at].sweep.as_ref().unwrap().sustained.unwrap().held_per_sec;
    let (least, most) = (held(0), held(2));
    assert!(least < most, "{least} {most}");
    let said = clauses(contest);
    assert!(said[0].starts_with("highest rate sustained: "), "{said:?}");
    let rate = |rate: u32| format!("{}/s", quantity::digits(f64::from(rate)));
    assert!(said[0].contains("fast") && said[0].ends_with(&rate(most)), "{said:?}");
    assert!(said[1].contains(&format!("slow {}", rate(least))), "{said:?}");
}

#[test]
fn a_rate_of_nothing_is_none() {
    let said = |all: bool| {
        let mut recording = synthetic_open::sweeping(&["slow", "fast"], 3);
        let broken = |trial: &&mut TrialRecord| all || trial.runner == "slow";
        for trial in recording.trials.iter_mut().filter(broken) {
            let first = trial.slices[0].open.as_mut().unwrap();
            first.saturated = Saturation::Server;
        }
        clauses(&Summary::of(&recording).unwrap().contests[0])
    };
    assert_eq!(said(true), ["nobody sustained any rate"]);
    let one = said(false);
    assert!(one[0].starts_with("highest rate sustained: fast with "), "{one:?}");
    assert_eq!(one[1..], ["slow sustained none of the rates"]);
}

/// Two contests of the same runners, the second after a change.
fn both(change: impl Fn(&mut TrialRecord)) -> Vec<String> {
    let mut recording = synthetic::recording(&RUNNERS, 6, 4, 400);
    let mut summary = Summary::of(&recording).unwrap();
    recording.trials.iter_mut().for_each(change);
    let mut other = Summary::of(&recording).unwrap().contests.remove(0);
    other.contest.workload = "other:1".into();
    summary.contests.push(other);
    overall(&summary)
}

#[test]
fn a_run_is_told_in_three_sentences() {
    let same = both(|_| {});
    assert_eq!(
        same[0],
        "By the median nobody is shown to be ahead of base in any of the 2 contests."
    );
    assert_eq!(
        same[2],
        "How sure: of 6 comparisons with whoever is ahead by the median 6 are decided (99.5 %), none is open."
    );
    // In the second contest another one is ahead.
    let split = both(|trial| {
        if trial.runner == "slow" {
            slower(trial, 0.5);
        }
    });
    assert_eq!(
        split[0],
        "By the median nobody is ahead everywhere: base and slow are each first, or not shown to be behind, in 1 of 2 \
         contests."
    );
    assert!(split[1].starts_with("By CPU time per operation nobody is shown to be ahead of base"));
    let alone = Summary::of(&synthetic::recording(&RUNNERS, 6, 4, 400)).unwrap();
    assert!(overall(&alone).is_empty(), "one contest says it itself");
    let single = Summary::of(&synthetic::recording(&RUNNERS, 1, 4, 400)).unwrap();
    let twice = Summary { contests: [&single.contests[..]; 2].concat(), ..single };
    assert!(overall(&twice).is_empty(), "one block decides nothing");
}
