//! Does the gate say what must be said?
//!
//! Made-up trials of old and new code, with differences that are known.

#[expect(dead_code, reason = "each test file uses a part of it")]
mod synthetic;

use simul_results::{
    Cell, Role, State, TrialRecord,
    gate::{self, Finding, LOOKS, Obstacle, Pair, outcome::Outcome, outcome::Verdict, shown::Told},
    record::ContestRecord,
    summary::Metric,
};
use synthetic::{Random, cell, contest, slice, trial, unmeasured};

/// How much longer than the old code's everything takes.
#[derive(Clone, Copy)]
struct Slower {
    new: f64,
    null: f64,
    /// The spread of processes' own offsets.
    spread: f64,
}

const EQUAL: Slower = Slower { new: 1.0, null: 1.0, spread: 0.01 };

fn arms() -> [Cell; 3] {
    [
        cell("tokio@base", Role::Runner),
        cell("tokio@new", Role::Runner),
        cell("tokio@base", Role::Null),
    ]
}

fn planned() -> ContestRecord {
    let arms = arms();
    contest(&arms.iter().collect::<Vec<_>>(), Some("tokio@base"))
}

fn trials(seed: u64, blocks: u32, slower: Slower) -> Vec<TrialRecord> {
    let mut random = Random(seed);
    let mut trials = Vec::new();
    for block in 0..blocks {
        for (arm, factor) in arms().iter().zip([1.0, slower.new, slower.null]) {
            let own = factor * (1.0 + slower.spread * (random.part() - 0.5));
            let slices = (0..3).map(|round| {
                // The window is as long as these take: throughput follows.
                let values = random.latencies(70_000.0 * own, 4000);
                slice(round, &values, 7.0 * own)
            });
            trials.push(trial(arm, block, slices.collect()));
        }
    }
    trials
}

fn pair(trials: &[TrialRecord]) -> Pair {
    let mut pairs = gate::stage(&planned(), "tsc", trials, 0.03).unwrap();
    assert_eq!(pairs.len(), 1);
    pairs.remove(0)
}

fn findings(pair: &Pair) -> Vec<Finding> {
    pair.metrics.iter().map(|compared| compared.finding).collect()
}

fn outcome(first: Pair, second: Option<Pair>) -> Outcome {
    Outcome::of(vec![first], second.as_slice(), 0.03)
}

#[test]
fn equal_code_is_equivalent_at_the_first_look() {
    let pair = pair(&trials(1, 12, EQUAL));
    assert_eq!((pair.blocks, findings(&pair)), (LOOKS[0], vec![Finding::Equivalent; 3]));
    assert_eq!(
        (pair.runner.as_str(), pair.cell.as_str()),
        ("tokio", "echo:64/tokio/closed-32@separate")
    );
    assert!(pair.is_closed() && !pair.is_suspect() && !pair.null_differs());
    // Two copies that spread by 1 % in all vary by half of that, and six blocks see more than that.
    let least = pair.metrics[0].detectable.unwrap();
    assert!(least > 0.03 && least < 0.08, "what is not beyond the margin is not worse: {least}");
    let outcome = outcome(pair, None);
    assert_eq!((outcome.verdict(), outcome.exit_code(false)), (Some(Verdict::Equivalent), 0));
}

#[test]
fn slower_code_is_worse_when_both_stages_say_so() {
    let slower = Slower { new: 1.05, ..EQUAL };
    let [first, again] = [2, 3].map(|seed| pair(&trials(seed, 6, slower)));
    assert_eq!(findings(&first), [Finding::Worse; 3]);
    let effect = first.metrics[0].estimate;
    assert!((effect - 1.05).abs() < 0.01, "{effect}");
    let told = outcome(first.clone(), Some(again));
    assert_eq!((told.verdict(), told.exit_code(true)), (Some(Verdict::Worse), 100));
    // What is not confirmed has not passed.
    for second in [None, Some(pair(&trials(4, 6, EQUAL))), Some(pair(&trials(4, 5, slower)))] {
        let told = outcome(first.clone(), second);
        assert_eq!((told.verdict(), told.exit_code(false)), (Some(Verdict::Undecided), 103));
        assert!(told.pairs[0].note.as_ref().unwrap().contains("worse"));
        assert_eq!(told.exit_code(true), 0);
    }
}

/// CPU time that varies so much from block to block that no look decides it.
fn with_restless_cpu(mut trials: Vec<TrialRecord>) -> Vec<TrialRecord> {
    let mut random = Random(9);
    for trial in &mut trials {
        let own = 1.0 + 0.3 * (random.part() - 0.5);
        for slice in &mut trial.slices {
            slice.cpu_ns = slice.cpu_ns.map(|ns| (ns as f64 * own) as u64);
        }
    }
    trials
}

#[test]
fn a_suspect_is_measured_until_that_is_decided_which_it_is_suspected_of() {
    let suspected = |of: &str, trials: &[TrialRecord]| {
        let suspects = [("tokio".to_owned(), vec![of.to_owned()])].into();
        let planned = ContestRecord { suspects, ..planned() };
        gate::stage(&planned, "tsc", trials, 0.03).unwrap().remove(0)
    };
    let slower = with_restless_cpu(trials(10, 12, Slower { new: 1.05, ..EQUAL }));
    let ended = [pair(&slower), suspected("p50", &slower), suspected("CPU per operation", &slower)];
    assert_eq!(ended.each_ref().map(|pair| pair.blocks), [LOOKS[0], LOOKS[0], LOOKS[3]]);
    assert_eq!(ended.each_ref().map(Pair::is_closed), [true, true, false]);
    // What it is not suspected of need not be decided.
    let equal = with_restless_cpu(trials(11, 12, EQUAL));
    let ended = [pair(&equal), suspected("p50", &equal)];
    assert_eq!(ended.each_ref().map(|pair| pair.blocks), [LOOKS[3], LOOKS[0]]);
    // What the first stage found is what the second is told.
    let told = gate::suspects(&ended[0].contest, &[pair(&slower), ended[0].clone()]);
    assert_eq!(told["tokio"], ["p50", "throughput"]);
    assert!(gate::suspects("another", &[pair(&slower)]).is_empty());
}

#[test]
fn quicker_code_is_better_and_passes() {
    let pair = pair(&trials(5, 6, Slower { new: 0.95, ..EQUAL }));
    assert_eq!(findings(&pair), [Finding::Better; 3]);
    assert_eq!(outcome(pair, None).exit_code(false), 0);
}

#[test]
fn what_is_worse_by_less_than_the_margin_is_not_worse() {
    let pair = pair(&trials(6, 6, Slower { new: 1.015, spread: 0.002, ..EQUAL }));
    assert_eq!(findings(&pair), [Finding::Equivalent; 3]);
    assert!(pair.metrics[0].differs, "and yet it differs");
}

#[test]
fn copies_that_differ_forbid_a_verdict() {
    let pair = pair(&trials(7, 6, Slower { null: 1.05, ..EQUAL }));
    assert!(pair.null_differs());
    let outcome = outcome(pair, None);
    assert_eq!((outcome.verdict(), outcome.exit_code(true)), (Some(Verdict::NoVerdict), 104));
}

#[test]
fn before_the_first_look_nothing_is_said() {
    let pair = pair(&trials(8, 5, Slower { new: 2.0, ..EQUAL }));
    assert!(pair.metrics.is_empty() && !pair.is_closed());
    assert_eq!(outcome(pair, None).exit_code(false), 103);
    let never_begun = self::pair(&[]);
    assert_eq!((&never_begun.obstacle, never_begun.runner.as_str()), (&None, "tokio"));
    assert_eq!(outcome(never_begun, None).exit_code(false), 103);
}

#[test]
fn what_one_look_decides_stays_decided() {
    // Restless at first, so that only a later look decides; then the new code turns slow, which nobody asks for.
    let mut all = trials(9, 6, EQUAL);
    all.extend(trials(10, 12, Slower { new: 1.3, ..EQUAL }).into_iter().filter(|it| it.block >= 6));
    let first = pair(&all);
    assert_eq!((first.blocks, findings(&first)), (6, vec![Finding::Equivalent; 3]));
    let restless = Slower { spread: 0.2, ..EQUAL };
    let open = pair(&trials(11, 12, restless));
    assert_eq!((open.blocks, open.is_closed()), (12, false));
}

#[test]
fn faults_and_absences_are_told_apart() {
    let mut broken = trials(12, 6, EQUAL);
    broken.push(unmeasured(&arms()[1], 6, State::Failed, "it died"));
    let found = pair(&broken);
    assert!(matches!(&found.obstacle, Some(Obstacle::Fault(why)) if why.contains("it died")));
    assert_eq!(outcome(found, None).exit_code(true), 1);
    let mut marked = trials(13, 6, EQUAL);
    for trial in marked.iter_mut().filter(|trial| trial.cell == arms()[1].to_string()).take(3) {
        trial.marks = vec!["starved".into()];
    }
    let doubted = pair(&marked);
    let Some(Obstacle::Doubt(why)) = &doubted.obstacle else { panic!("{:?}", doubted.obstacle) };
    assert!(why.starts_with("new has grade F, starved: ") && doubted.is_closed(), "{why}");
    let told = outcome(doubted, None);
    assert_eq!((told.verdict(), told.exit_code(false)), (Some(Verdict::Undecided), 103));
    assert!(told.pairs[0].note.as_ref().unwrap().contains("grade F"));
    let absent =
        |arm: usize, block| unmeasured(&arms()[arm], block, State::Unavailable, "no such runner");
    let found = pair(&[absent(0, 0), absent(1, 0), absent(2, 0)]);
    assert!(matches!(&found.obstacle, Some(Obstacle::Absent(_))) && found.is_closed());
    // Where nothing was compared nothing has passed; beside another cell it counts for nothing.
    assert_eq!(outcome(found.clone(), None).exit_code(false), 1);
    let both = Outcome::of(vec![found, pair(&trials(14, 6, EQUAL))], &[], 0.03);
    assert_eq!(both.exit_code(false), 0);
    // A runner that only the new code has is compared with nothing.
    let mut only_new = trials(15, 1, EQUAL);
    only_new.retain(|trial| trial.cell == arms()[1].to_string());
    only_new.extend([absent(0, 0), absent(2, 0)]);
    assert!(matches!(pair(&only_new).obstacle, Some(Obstacle::Absent(_))));
}

#[test]
fn what_the_new_code_cannot_do_any_more_has_not_passed() {
    let lost = |block| unmeasured(&arms()[1], block, State::Unavailable, "it has no such runner");
    // Never, or no longer: nothing that is lost counts for nothing.
    let mut never = trials(17, 1, EQUAL);
    never.retain(|trial| trial.cell != arms()[1].to_string());
    never.push(lost(0));
    let mut later = trials(18, 6, EQUAL);
    later.push(lost(6));
    for all in [never, later] {
        let found = pair(&all);
        let Some(Obstacle::Fault(why)) = &found.obstacle else { panic!("{:?}", found.obstacle) };
        assert_eq!(why, "new is unavailable: it has no such runner");
        let both = Outcome::of(vec![found, pair(&trials(14, 6, EQUAL))], &[], 0.03);
        assert_eq!(both.exit_code(true), 1);
    }
    // A suspect that cannot be measured again is not cleared.
    let suspect = pair(&trials(2, 6, Slower { new: 1.05, ..EQUAL }));
    let gone: Vec<TrialRecord> = arms()
        .iter()
        .map(|arm| unmeasured(arm, 0, State::Unavailable, "no memory is left"))
        .collect();
    let told = outcome(suspect, Some(pair(&gone)));
    assert_eq!((told.verdict(), told.exit_code(false)), (Some(Verdict::Undecided), 103));
    assert!(told.pairs[0].note.as_ref().unwrap().contains("could not be measured again"));
}

#[test]
fn a_metric_without_a_value_does_not_pass() {
    let mut all = trials(19, 12, EQUAL);
    let new = arms()[1].to_string();
    for trial in all.iter_mut().filter(|trial| trial.cell == new) {
        trial.slices.iter_mut().for_each(|slice| slice.cpu_ns = Some(0));
    }
    let found = pair(&all);
    assert_eq!((found.blocks, found.missing.as_slice()), (12, &[Metric::CpuPerOp][..]));
    assert_eq!(findings(&found), [Finding::Equivalent; 2]);
    let told = outcome(found, None);
    assert_eq!((told.verdict(), told.exit_code(false)), (Some(Verdict::Undecided), 103));
    let note = told.pairs[0].note.as_deref();
    assert_eq!(note, Some("CPU per operation has no value in some block"));
}

#[test]
fn a_sweep_is_not_judged() {
    let sweep = ContestRecord { load: "sweep-500".into(), ..planned() };
    let problem = gate::stage(&sweep, "tsc", &[], 0.03).unwrap_err();
    assert!(problem.contains("a sweep"), "{problem}");
}

#[test]
fn every_form_tells_the_same() {
    let slower = Slower { new: 1.05, ..EQUAL };
    let [first, again] = [15, 16].map(|seed| pair(&trials(seed, 6, slower)));
    let told = Told {
        outcome: outcome(first, Some(again)),
        base: "old|simul".into(),
        new: "new `simul`".into(),
        plan: "a plan".into(),
        spent: "a while".into(),
        allow_undecided: false,
    };
    let text = told.text();
    let (at, finds) = (text.find("  worse\n").unwrap(), text.find("can find").unwrap());
    assert!(finds < at, "what can be found stands before the verdict");
    assert!(text.ends_with("overall: worse (exit code 100)"), "{text}");
    let markdown = told.markdown();
    let rows = markdown.lines().filter(|line| line.starts_with('|'));
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 7, "{row}");
    }
    assert!(markdown.contains("`new 'simul'`"), "{markdown}");
    let github = told.github();
    let lines: Vec<&str> = github.lines().collect();
    let titles = ["::error title=simul ab::", "::error title=simul ab%3A echo%3A64/"];
    assert!(lines.iter().zip(titles).all(|(line, title)| line.starts_with(title)), "{github}");
    assert_eq!(lines.len(), titles.len());
    let (least, verdict) = lines[0].split_once("; ").unwrap();
    assert!(least.contains("::can find ") && least.ends_with(" throughput"), "{least}");
    assert!(verdict.ends_with("(exit code 100)"), "{verdict}");
    let json: serde_json::Value = serde_json::from_str(&told.json()).unwrap();
    assert_eq!((&json["verdict"], &json["exit_code"]), (&"worse".into(), &100.into()));
    assert_eq!(json["cells"][0]["second"]["metrics"][0]["finding"], "worse");
}
