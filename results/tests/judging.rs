//! Do verdicts, ranks, comparisons and histories say what was put into the recording?
//!
//! Blocks are made up so that the answer is known beforehand.

mod synthetic;

use simul_results::{
    Role, SliceRecord, State, Summary, TrialRecord,
    compare::{self, CompareError},
    export::json::Output,
    history,
    judged::{self, JudgedCell, JudgedContest},
    rank::{self, Nobody},
    record::mark,
    store::{self, Recording, Writer},
    summary::Metric,
    table,
    verdict::Verdict,
};
use synthetic::{Random, cell, contest, recording, run, slice, trial};

/// A slice whose summary says what it should, of 32 actors; its histogram is a real one of a few values.
fn made(round: u32, p50_ns: f64, cpu_us: f64, completed: f64) -> SliceRecord {
    let mut slice = slice(round, &[1000; 20], cpu_us);
    let all_ns = p50_ns as u64;
    (slice.p50_ns, slice.p90_ns, slice.p99_ns, slice.max_ns) = (all_ns, all_ns, all_ns, all_ns);
    slice.sum_ns = slice.recorded * all_ns;
    slice.completed = completed as u64;
    slice.operations = slice.completed;
    slice.window_ns = (completed * p50_ns / 32.0) as u64;
    slice.cpu_ns = Some((cpu_us * 1e3 * completed) as u64);
    slice
}

/// Trials of one arm over blocks: `factor` times the usual time and CPU, with an offset of each process of up
/// to `spread` and noise within.
fn arm(
    runner: &str,
    role: Role,
    blocks: u32,
    factor: f64,
    spread: f64,
    seed: u64,
) -> Vec<TrialRecord> {
    let mut random = Random(seed);
    let cell = cell(runner, role);
    (0..blocks)
        .map(|block| {
            let offset = factor * (1.0 + spread * (2.0 * random.part() - 1.0));
            let slices = (0..8).map(|round| {
                let noise = offset * (1.0 + 0.002 * (2.0 * random.part() - 1.0));
                made(round, 100_000.0 * noise, 5.0 * noise, 100_000.0 / noise)
            });
            trial(&cell, block, slices.collect())
        })
        .collect()
}

/// A recording of tokio as baseline, its null arm, and these runners.
fn of(blocks: u32, runners: &[(&str, f64, f64)]) -> Recording {
    let mut trials = arm("tokio", Role::Runner, blocks, 1.0, 0.003, 1);
    let mut cells = vec![cell("tokio", Role::Runner)];
    for (i, (name, factor, spread)) in runners.iter().enumerate() {
        trials.extend(arm(name, Role::Runner, blocks, *factor, *spread, 10 + i as u64));
        cells.push(cell(name, Role::Runner));
    }
    trials.extend(arm("tokio", Role::Null, blocks, 1.0, 0.003, 2));
    cells.push(cell("tokio", Role::Null));
    let plan = contest(&cells.iter().collect::<Vec<_>>(), Some("tokio"));
    Recording { run: run(vec![plan], blocks), trials, audits: Vec::new(), torn: false }
}

fn find<'a, 'b>(contests: &'b [JudgedContest<'a>], runner: &str, role: Role) -> &'b JudgedCell<'a> {
    let mut cells = contests[0].cells.iter();
    cells.find(|cell| cell.runner == runner && cell.role == role).unwrap()
}

fn verdicts(contests: &[JudgedContest<'_>], runner: &str) -> [Verdict; 3] {
    let judgement = find(contests, runner, Role::Runner).verdict.unwrap();
    judgement.metrics.map(|one| one.verdict)
}

#[test]
fn each_verdict_is_given_where_it_is_due() {
    let recording = of(
        6,
        &[("slow", 1.1, 0.003), ("fast", 0.9, 0.003), ("same", 1.0, 0.003), ("wild", 1.02, 0.2)],
    );
    let contests = judged::contests(&recording).unwrap();
    assert_eq!(verdicts(&contests, "slow"), [Verdict::Worse; 3]);
    assert_eq!(verdicts(&contests, "fast"), [Verdict::Better; 3]);
    assert_eq!(verdicts(&contests, "same"), [Verdict::Equivalent; 3]);
    for verdict in verdicts(&contests, "wild") {
        assert!(
            matches!(verdict, Verdict::Undecided { more_blocks: Some(more) } if more > 6),
            "{verdict:?}"
        );
    }
    let null = find(&contests, "tokio", Role::Null).verdict.unwrap();
    assert_eq!(null.word(), "equivalent");
    assert_eq!(find(&contests, "tokio", Role::Runner).verdict, None, "the baseline");
    let judgement = find(&contests, "slow", Role::Runner).verdict.unwrap();
    for one in judgement.metrics {
        let (raw, adjusted) = (one.p_value.unwrap(), one.adjusted_p_value.unwrap());
        assert!(raw < adjusted && adjusted <= 0.005, "{one:?}");
    }
}

#[test]
fn exchanging_two_runners_exchanges_the_verdict() {
    for factor in [1.005, 1.02, 1.05, 1.3] {
        let mut recording = of(6, &[("other", factor, 0.004)]);
        let there = verdicts(&judged::contests(&recording).unwrap(), "other");
        recording.run.plan.contests[0].baseline = Some("other".into());
        let back = verdicts(&judged::contests(&recording).unwrap(), "tokio");
        let exchanged = there.map(|verdict| match verdict {
            Verdict::Better => Verdict::Worse,
            Verdict::Worse => Verdict::Better,
            same => same,
        });
        assert_eq!(back, exchanged, "factor {factor}");
    }
}

#[test]
fn one_block_decides_nothing() {
    let recording = of(1, &[("slow", 2.0, 0.0)]);
    let contests = judged::contests(&recording).unwrap();
    assert_eq!(verdicts(&contests, "slow"), [Verdict::Undecided { more_blocks: None }; 3]);
}

#[test]
fn a_marked_baseline_is_replaced_and_marked_runners_are_invalid() {
    let mut recording =
        of(6, &[("smol", 1.2, 0.003), ("threads", 1.5, 0.003), ("odd", 1.4, 0.003)]);
    for trial in &mut recording.trials {
        if trial.runner == "tokio" || trial.runner == "odd" {
            trial.marks = vec![mark::STARVED.into()];
        }
    }
    let contests = judged::contests(&recording).unwrap();
    assert_eq!(
        contests[0].baseline.as_deref(),
        Some("smol"),
        "the first of the plan, not the best"
    );
    assert_eq!(verdicts(&contests, "tokio"), [Verdict::Invalid; 3]);
    assert_eq!(verdicts(&contests, "odd"), [Verdict::Invalid; 3]);
    assert_eq!(verdicts(&contests, "threads"), [Verdict::Worse; 3]);
    let null = find(&contests, "tokio", Role::Null);
    assert!((null.effects.p50.as_ref().unwrap().estimate - 1.0).abs() < 0.01, "against tokio");
    let summary = Summary::of(&recording).unwrap();
    let shown = table::render(&summary, None);
    assert!(shown.contains("the planned baseline tokio cannot be ranked: smol is it"), "{shown}");
    assert!(shown.contains("against smol") && shown.contains("null arm tokio~null"), "{shown}");
}

#[test]
fn tables_and_json_carry_the_same_verdicts() {
    let recording = of(6, &[("slow", 1.1, 0.003), ("same", 1.0, 0.003)]);
    let summary = Summary::of(&recording).unwrap();
    let shown = table::render(&summary, None);
    assert!(shown.contains(") slower") && shown.contains(") dearer") && shown.contains(") lower"));
    assert!(shown.contains(") ≈") && shown.contains("≈ equivalent: the interval"), "{shown}");
    let output = Output::of(&summary, "x");
    let slow = output.cells[1].verdict.as_ref().unwrap();
    assert_eq!((slow.summary.as_str(), slow.baseline.as_str()), ("worse", "tokio"));
    assert_eq!(slow.p50.verdict, "slower");
    assert!(slow.p50.low.unwrap() > 1.0 && slow.p50.adjusted_p_value.unwrap() <= 0.005);
    assert_eq!(output.cells[2].groups.p50, Some(1));
    assert_eq!(output.cells[1].groups.p50, Some(2));
}

#[test]
fn lateness_is_judged_as_a_difference() {
    let mut recording = of(6, &[("later", 1.2, 0.003), ("near", 1.005, 0.001)]);
    recording.run.plan.contests[0].measure = "lateness".into();
    for trial in &mut recording.trials {
        trial.measure = "lateness".into();
    }
    let contests = judged::contests(&recording).unwrap();
    assert_eq!(verdicts(&contests, "later")[0], Verdict::Worse);
    assert_eq!(verdicts(&contests, "near")[0], Verdict::Equivalent, "0.5 µs of 100 µs");
    let standings = rank::overall(&contests, &[]).unwrap();
    assert!(standings[0].common.is_empty(), "lateness is in no geometric mean");
    assert_eq!(standings[1].common.len(), 1, "CPU is");
}

#[test]
fn ranks_are_groups_and_means_are_over_common_contests() {
    let mut recording =
        of(6, &[("same", 1.001, 0.003), ("slow", 1.1, 0.003), ("slower", 1.3, 0.003)]);
    let contests = judged::contests(&recording).unwrap();
    let group = |runner| find(&contests, runner, Role::Runner).groups.on(Metric::Throughput);
    assert_eq!(["tokio", "same", "slow", "slower"].map(group), [1, 1, 2, 3].map(Some));
    let standings = rank::overall(&contests, &[]).unwrap();
    let p50 = &standings[0];
    assert_eq!((p50.common.len(), p50.places.len()), (1, 4));
    let slower = p50.places.last().unwrap();
    assert_eq!((slower.runner.as_str(), slower.group), ("slower", 3));
    let (low, high) = slower.interval.unwrap();
    assert!(low < 1.3 && 1.3 < high && high - low < 0.05, "{slower:?}");
    let named = rank::overall(&contests, &["same".into(), "slow".into()]).unwrap();
    assert_eq!(named[0].places.len(), 2);
    let error = rank::overall(&contests, &["sloow".into()]).unwrap_err();
    assert!(error.contains("'sloow'") && error.contains("there are: tokio"), "{error}");
    // A second contest that one of them did not survive is common to the others only.
    let mut second = recording.run.plan.contests[0].clone();
    second.workload = "echo:1024".into();
    let rename = |cell: &String| cell.replace("echo:64", "echo:1024");
    second.cells = second.cells.iter().map(rename).collect();
    let mut more = recording.trials.clone();
    for trial in &mut more {
        trial.cell = rename(&trial.cell);
        trial.label = "echo:1024".into();
        if trial.runner == "slower" {
            trial.marks = vec![mark::PEER_BOUND.into()];
        }
    }
    recording.run.plan.contests.push(second);
    recording.trials.extend(more);
    let contests = judged::contests(&recording).unwrap();
    assert_eq!(rank::overall(&contests, &[]).unwrap()[0].common.len(), 1);
    let named = rank::overall(&contests, &["tokio".into(), "slow".into()]).unwrap();
    assert_eq!(named[0].common.len(), 2);
}

#[test]
fn it_is_told_why_nobody_is_ahead_over_all() {
    let nobody = |recording: &Recording, named: &[&str]| {
        let contests = judged::contests(recording).unwrap();
        let named: Vec<String> = named.iter().map(|name| (*name).into()).collect();
        let standings = rank::overall(&contests, &named).unwrap();
        assert!(standings.iter().all(|one| one.places.is_empty() == one.nobody.is_some()));
        <[Option<Nobody>; 3]>::try_from(
            standings.into_iter().map(|one| one.nobody).collect::<Vec<_>>(),
        )
        .unwrap()
    };
    let mut recording = of(6, &[("slow", 1.1, 0.003)]);
    assert_eq!(nobody(&recording, &[]), [None; 3]);
    assert_eq!(nobody(&recording, &["slow"]), [Some(Nobody::Alone); 3]);
    assert_eq!(nobody(&of(1, &[("slow", 1.1, 0.003)]), &[]), [Some(Nobody::OneBlock); 3]);
    recording.run.plan.contests[0].measure = "lateness".into();
    recording.trials.iter_mut().for_each(|trial| trial.measure = "lateness".into());
    assert_eq!(nobody(&recording, &[]), [Some(Nobody::NoRatio), None, None]);
}

#[test]
fn identical_arms_are_seldom_called_different() {
    // 200 contests of identical arms with process offsets, three metrics each: at a family error of 0.5 %
    // one is expected.
    let alarms = (0..200_u64)
        .filter(|seed| {
            let mut trials = arm("tokio", Role::Runner, 6, 1.0, 0.02, 1000 + seed);
            trials.extend(arm("same", Role::Runner, 6, 1.0, 0.02, 5000 + seed));
            let cells = [cell("tokio", Role::Runner), cell("same", Role::Runner)];
            let plan = contest(&cells.iter().collect::<Vec<_>>(), Some("tokio"));
            let recording =
                Recording { run: run(vec![plan], 6), trials, audits: Vec::new(), torn: false };
            let contests = judged::contests(&recording).unwrap();
            verdicts(&contests, "same")
                .iter()
                .any(|v| matches!(v, Verdict::Better | Verdict::Worse))
        })
        .count();
    assert!(alarms <= 6, "{alarms} of 200");
}

#[test]
fn without_histograms_the_same_is_decided() {
    let home = tempfile::TempDir::new().unwrap();
    let folder = home.path().join("run");
    let mut recording = recording(&["tokio", "smol"], 3, 4, 40);
    // A slice in which nothing began: whole blocks are compared, which takes histograms.
    let long = slice(0, &[], 1.0);
    recording.trials[0].slices[0] = SliceRecord { completed: 1, operations: 1, ..long };
    Writer::create(&folder, &recording.run).unwrap().append(&recording.trials).unwrap();
    let light = store::load_light(&folder).unwrap();
    let summary = Summary::of(&recording).unwrap();
    let contests = judged::contests(&light).unwrap();
    for (judged, whole) in contests[0].cells.iter().zip(&summary.contests[0].cells) {
        assert_eq!(judged.effects, whole.effects, "{}", whole.cell);
        assert_eq!((judged.verdict, judged.groups), (whole.verdict, whole.groups));
        assert_eq!(judged.ranked, whole.ranked);
    }
    recording.trials[0].slices[0] = slice(0, &[70_000; 40], 7.0);
    let other = home.path().join("other");
    Writer::create(&other, &recording.run).unwrap().append(&recording.trials).unwrap();
    let light = store::load_light(&other).unwrap();
    let texts = light.trials.iter().flat_map(|trial| &trial.slices);
    assert!(texts.map(|slice| slice.histogram.len()).sum::<usize>() == 0, "none is kept");
}

#[test]
fn stored_runs_are_compared_without_a_verdict() {
    let first = of(6, &[("smol", 1.2, 0.003)]);
    let mut second = of(6, &[("smol", 1.32, 0.003)]);
    second.run.host.system = "Linux 7.0".into();
    let compared = compare::compare(&first, &second, false).unwrap();
    assert_eq!(compared.verdict, "not interleaved: no verdict");
    assert!(compared.differences[0].contains("Linux 6.18 → Linux 7.0"), "{compared:?}");
    let smol = compared.cells.iter().find(|cell| cell.cell.contains("smol")).unwrap();
    let p50 = smol.p50.unwrap();
    let (low, high) = p50.interval.unwrap();
    assert!(low < 1.1 && 1.1 < high && (p50.estimate - 1.1).abs() < 0.01, "{p50:?}");
    second.run.host.processor = "Another".into();
    let refused = compare::compare(&first, &second, false).unwrap_err();
    assert!(
        matches!(refused, CompareError::Hosts(..))
            && refused.to_string().contains("--across-hosts")
    );
    assert!(compare::compare(&first, &second, true).is_ok());
    second.trials.clear();
    let disjoint = compare::compare(&first, &second, true).unwrap_err();
    assert!(matches!(disjoint, CompareError::Disjoint));
}

#[test]
fn slices_in_which_nothing_ended_are_not_left_out() {
    let first = recording(&["tokio"], 6, 4, 40);
    let mut second = first.clone();
    for slice in second.trials.iter_mut().flat_map(|trial| &mut trial.slices) {
        if slice.round % 2 == 1 {
            slice.completed = 0;
        }
    }
    let compared = compare::compare(&first, &second, false).unwrap();
    let tokio = compared.cells.iter().find(|cell| cell.cell.contains("/tokio/")).unwrap();
    let estimate = tokio.throughput.unwrap().estimate;
    assert!((estimate - 0.5).abs() < 0.05, "half of the work was done: {estimate}");
}

#[test]
fn a_null_arm_is_compared_with_what_it_copies_and_nothing_else() {
    let mut recording = recording(&["tokio", "smol"], 6, 4, 40);
    let against = |recording: &Recording| {
        let contests = judged::contests(recording).unwrap();
        let null = contests[0].cells.iter().find(|cell| cell.role == Role::Null).unwrap();
        (null.against.clone(), null.verdict.is_some())
    };
    assert_eq!(against(&recording), (Some("tokio".into()), true));
    let failed = |trial: &&mut TrialRecord| trial.runner == "tokio" && trial.role == Role::Runner;
    recording.trials.iter_mut().filter(failed).for_each(|trial| trial.state = State::Failed);
    assert_eq!(against(&recording), (None, false), "another runner is not identical code");
}

#[test]
fn histories_find_the_run_that_changed() {
    let runs = |order: &[u32]| -> Vec<(String, Recording)> {
        let one = |day: &u32| {
            let factor = if *day < 6 { 1.2 } else { 1.3 };
            let mut recording = of(4, &[("smol", factor, 0.003)]);
            // Other days, other noise.
            for trial in &mut recording.trials {
                for slice in &mut trial.slices {
                    slice.p50_ns += u64::from(*day * 37 % 100);
                }
            }
            recording.run.started = format!("2026-01-{:02}T00:00:00Z", day + 1);
            (format!("day-{day}"), recording)
        };
        order.iter().map(one).collect()
    };
    let found = history::history(runs(&[11, 3, 0, 7, 1, 9, 2, 4, 10, 5, 6, 8])).unwrap();
    assert_eq!(found.runs[0].name, "day-0", "in the order of time");
    let series = |cell: &str, metric: &str| {
        let mut all = found.series.iter();
        all.find(|one| one.cell.contains(cell) && one.metric == metric).unwrap()
    };
    let p50 = series("/smol/", "p50");
    assert_eq!(p50.changes.len(), 1, "{p50:?}");
    assert_eq!((p50.changes[0].run, p50.changes[0].better), (6, false));
    assert!((p50.changes[0].change - 1.3 / 1.2).abs() < 0.01);
    assert!(series("/tokio/", "p50").changes.is_empty());
    let chart = simul_results::chart::history::draw(&found).svg();
    assert!(chart.starts_with("<svg") && chart.contains("12 runs on bench"), "{chart}");
    let mut mixed = runs(&[0, 1]);
    mixed[1].1.run.host.name = "elsewhere".into();
    assert!(history::history(mixed).unwrap_err().contains("of 2 hosts"));
    assert!(history::history(Vec::new()).is_err());
}
