//! Does a run that stops early err no more often than one that does not, and say what it stands on?
//!
//! Trials are made up, so that the truth is known; whoever stops is simulated by judging all blocks, since judging repeats
//! the looks.

mod synthetic;

use simul_results::{
    Role, Summary, TrialRecord, joined,
    judged::{self, JudgedCell},
    looks::{self, Look, Wanted},
    rank,
    record::{StoppingRecord, mark},
    statistics::{ALPHA, Paired},
    store::{self, Recording, Writer},
    summary::Metric,
    verdict::Verdict,
};
use synthetic::{Random, cell, contest, recording, run, slice, trial};

fn stopping(most: u32, wanted: Wanted) -> StoppingRecord {
    let looks = looks::looks(most, wanted).unwrap();
    StoppingRecord { looks, metric: wanted.name().into(), budget_ns: None }
}

/// A number around 0, nearly normal, with a standard deviation of 1.
fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.part()).sum::<f64>() - 6.0
}

/// Blocks of one slice each, in which times and CPU time have offsets of their own.
fn arm(runner: &str, role: Role, blocks: u32, factor: f64, sd: f64, seed: u64) -> Vec<TrialRecord> {
    let mut random = Random(seed);
    let cell = cell(runner, role);
    // Its histogram is not read.
    let usual = slice(0, &[1000; 20], 5.0);
    let made = |block| {
        let mut offset = || factor * (sd * normal(&mut random)).exp();
        let mut slice = usual.clone();
        let time_ns = (100_000.0 * offset()) as u64;
        (slice.p50_ns, slice.p90_ns, slice.p99_ns, slice.max_ns) =
            (time_ns, time_ns, time_ns, time_ns);
        slice.sum_ns = time_ns * slice.recorded;
        slice.completed = 100_000;
        slice.operations = slice.completed;
        // 32 actors: throughput is what Little's law says.
        slice.window_ns = slice.completed * time_ns / 32;
        slice.cpu_ns = Some((2e8 * offset()) as u64);
        trial(&cell, block, vec![slice])
    };
    (0..blocks).map(made).collect()
}

/// tokio, its null arm and these, which were measured in so many blocks.
fn of(stopping: StoppingRecord, runners: &[(&str, u32, f64, f64)], seed: u64) -> Recording {
    let most = stopping.looks[stopping.looks.len() - 1];
    let mut trials = arm("tokio", Role::Runner, most, 1.0, 0.002, seed);
    let mut cells = vec![cell("tokio", Role::Runner)];
    for (at, (name, blocks, factor, sd)) in runners.iter().enumerate() {
        let seed = seed.wrapping_mul(1000) + 10 + at as u64;
        trials.extend(arm(name, Role::Runner, *blocks, *factor, *sd, seed));
        cells.push(cell(name, Role::Runner));
    }
    trials.extend(arm("tokio", Role::Null, most, 1.0, 0.002, seed.wrapping_mul(1000) + 1));
    cells.push(cell("tokio", Role::Null));
    let plan = contest(&cells.iter().collect::<Vec<_>>(), Some("tokio"));
    let mut run = run(vec![plan], most);
    run.plan.stopping = Some(stopping);
    Recording { run, trials, audits: Vec::new(), torn: false }
}

/// Of a runner: its look, and its verdicts.
fn found(recording: &Recording, runner: &str) -> (Look, [Verdict; 3]) {
    let contests = judged::contests(recording).unwrap();
    let is_it = |cell: &&JudgedCell<'_>| cell.runner == runner && cell.role == Role::Runner;
    let cell = contests[0].cells.iter().find(is_it).unwrap();
    (cell.look.unwrap(), cell.verdict.unwrap().metrics.map(|one| one.verdict))
}

#[test]
fn looks_are_few_and_the_last_is_the_end() {
    let all = |most| looks::looks(most, Wanted::All);
    assert_eq!(all(6), Ok(vec![6]));
    assert_eq!(all(12), Ok(vec![6, 8, 10, 12]));
    assert_eq!(all(9), Ok(vec![6, 8, 9]));
    assert_eq!(all(60), Ok(vec![6, 8, 10, 12, 24, 48, 60]));
    assert!(all(5).unwrap_err().contains("at least 6"));
    let p99: Wanted = "p99".parse().unwrap();
    assert_eq!(looks::looks(24, p99), Ok(vec![12, 24]));
    assert!(looks::looks(11, p99).unwrap_err().contains("'p99'; give at least 12"));
    for (name, wanted) in Wanted::NAMES {
        assert_eq!((name.parse(), wanted.name()), (Ok(wanted), name));
    }
    assert!("p98".parse::<Wanted>().unwrap_err().contains("p99.9"));
    assert!((stopping(12, Wanted::All).alpha() - 0.005 / 4.0).abs() < 1e-15);
}

#[test]
fn what_is_decided_is_closed_and_the_others_go_on() {
    let runners = [("slow", 6, 1.3, 0.002), ("same", 6, 1.0, 0.002), ("wild", 12, 1.02, 0.2)];
    let recording = of(stopping(12, Wanted::All), &runners, 3);
    let closed = |blocks| Look { blocks, closed: true };
    let (look, verdicts) = found(&recording, "slow");
    assert_eq!(look, closed(6));
    assert_eq!(verdicts, [Verdict::Worse; 3]);
    assert_eq!(found(&recording, "same"), (closed(6), [Verdict::Equivalent; 3]));
    let (look, verdicts) = found(&recording, "wild");
    assert_eq!(look, Look { blocks: 12, closed: false });
    assert!(verdicts.iter().all(|one| matches!(one, Verdict::Undecided { .. })), "{verdicts:?}");
    // Who goes on, and who does not: the baseline and its null arm do as long as anybody does.
    let planned = &recording.run.plan.contests[0];
    let wanted_no_more = looks::closed(&recording.run, planned, &recording.trials).unwrap();
    let named = |name: &str| cell(name, Role::Runner).to_string();
    assert_eq!(wanted_no_more, [named("slow"), named("same")]);
    // Where all are decided, all end.
    let decided = of(stopping(12, Wanted::All), &runners[..2], 3);
    let all = looks::closed(&decided.run, &decided.run.plan.contests[0], &decided.trials).unwrap();
    assert_eq!(all, decided.run.plan.contests[0].cells);
}

#[test]
fn one_metric_alone_can_be_what_is_wanted() {
    let mut recording = of(stopping(12, Wanted::One(Metric::P50)), &[("odd", 6, 1.3, 0.002)], 5);
    // CPU that varies as wildly as it can.
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "odd") {
        let factor = if trial.block % 2 == 0 { 3 } else { 1 };
        trial.slices[0].cpu_ns = trial.slices[0].cpu_ns.map(|cpu_ns| cpu_ns * factor);
    }
    let (look, verdicts) = found(&recording, "odd");
    assert_eq!(look, Look { blocks: 6, closed: true });
    assert!(matches!(verdicts[1], Verdict::Undecided { .. }), "{verdicts:?}");
    recording.run.plan.stopping = Some(stopping(12, Wanted::All));
    assert!(!found(&recording, "odd").0.closed);
}

#[test]
fn before_the_first_look_there_are_numbers_and_no_verdicts() {
    let mut recording = of(stopping(12, Wanted::All), &[("slow", 12, 1.3, 0.002)], 7);
    recording.trials.retain(|trial| trial.block < 5);
    let (look, verdicts) = found(&recording, "slow");
    assert_eq!(look, Look { blocks: 0, closed: false });
    assert_eq!(verdicts, [Verdict::Undecided { more_blocks: None }; 3]);
    let planned = &recording.run.plan.contests[0];
    assert!(looks::closed(&recording.run, planned, &recording.trials).unwrap().is_empty());
    let summary = Summary::of(&recording).unwrap();
    let slow = &summary.contests[0].cells[1];
    assert_eq!(slow.effects.p50.as_ref().unwrap().blocks.len(), 5);
    assert_eq!(slow.groups.on(Metric::P50), None);
}

#[test]
fn blocks_after_a_look_count_for_nothing_until_the_next() {
    let recording = of(stopping(12, Wanted::All), &[("wild", 12, 1.02, 0.2)], 9);
    let until = |blocks: u32| {
        let mut cut = recording.clone();
        cut.trials.retain(|trial| trial.block < blocks);
        let contests = judged::contests(&cut).unwrap();
        let wild = contests[0].cells[1].clone();
        let standing = rank::overall(&contests, &[]).unwrap().remove(0);
        (wild.effects, wild.verdict, wild.look, wild.groups, standing)
    };
    assert_eq!(until(8), until(9));
    let (eight, ten) = (until(8), until(10));
    assert_ne!(eight.0, ten.0);
    assert_eq!(eight.4, ten.4, "what is said over all contests stands on the first look");
}

#[test]
fn what_a_look_has_decided_no_later_block_takes_back() {
    let runners = [("slow", 6, 1.3, 0.002), ("wild", 12, 1.02, 0.2)];
    let mut recording = of(stopping(12, Wanted::All), &runners, 3);
    let mut until_six = recording.clone();
    until_six.trials.retain(|trial| trial.block < 6);
    let then = found(&until_six, "slow");
    assert_eq!(then, (Look { blocks: 6, closed: true }, [Verdict::Worse; 3]));
    // Later the baseline's numbers become such that it could not have been chosen.
    let baseline = |trial: &&mut TrialRecord| trial.runner == "tokio" && trial.role == Role::Runner;
    for trial in recording.trials.iter_mut().filter(baseline).filter(|trial| trial.block >= 6) {
        trial.marks = vec![mark::RECORDER_FULL.into()];
    }
    assert_eq!(found(&recording, "slow"), then);
    let judged = judged::contests(&recording).unwrap().remove(0);
    assert_eq!(judged.baseline.as_deref(), Some("tokio"));
    assert!(!judged.cells[0].audit.may_be_ranked(), "its numbers are of all blocks");
    assert_eq!(found(&recording, "wild").1, [Verdict::Invalid; 3]);
    let planned = &recording.run.plan.contests[0];
    let closed = looks::closed(&recording.run, planned, &recording.trials).unwrap();
    assert!(closed.contains(&cell("slow", Role::Runner).to_string()), "{closed:?}");
}

#[test]
fn numbers_that_are_not_believed_in_the_end_keep_no_verdict() {
    let mut recording = of(stopping(12, Wanted::All), &[("wild", 11, 1.02, 0.2)], 9);
    recording.trials.retain(|trial| trial.block < 11);
    let before = found(&recording, "wild");
    assert!(matches!(before.1[0], Verdict::Undecided { .. }));
    let last = |trial: &&mut TrialRecord| trial.runner == "wild" && trial.block == 10;
    recording.trials.iter_mut().find(last).unwrap().marks = vec![mark::RECORDER_FULL.into()];
    assert_eq!(found(&recording, "wild"), (before.0, [Verdict::Invalid; 3]));
}

#[test]
fn runs_of_one_report_keep_their_own_looks() {
    let early = of(stopping(12, Wanted::All), &[("slow", 6, 1.3, 0.002)], 3);
    let mut late = early.clone();
    late.run.plan.stopping = None;
    // The same under another name: a contest is of one run only.
    let renamed = |text: String| text.replace("echo:64", "echo:128");
    let plan = renamed(serde_json::to_string(&late.run.plan.contests).unwrap());
    late.run.plan.contests = serde_json::from_str(&plan).unwrap();
    let trials = renamed(serde_json::to_string(&late.trials).unwrap());
    late.trials = serde_json::from_str(&trials).unwrap();
    let own = |recording: &Recording| {
        Summary::of(recording).unwrap().contests[0].cells[1].effects.p50.clone()
    };
    let both = [own(&late), own(&early)];
    assert_ne!(both[0], both[1], "intervals of looks are wider");
    let joined = joined::join(vec![late, early]).unwrap();
    let found = joined.contests.iter().map(|contest| contest.cells[1].effects.p50.clone());
    assert_eq!(found.collect::<Vec<_>>(), both);
    assert_eq!(joined.contests[0].cells[1].look, None);
}

#[test]
fn tables_and_relations_agree_on_a_tail_as_well() {
    // A fourth test a runner: what three would decide, four need not.
    let p99: Wanted = "p99".parse().unwrap();
    for seed in 0..20 {
        let runners = [("one", 12, 1.012, 0.004), ("two", 12, 1.02, 0.01)];
        let recording = of(stopping(24, p99), &runners, seed);
        let summary = Summary::of(&recording).unwrap();
        let contest = &summary.contests[0];
        for cell in contest.cells.iter().filter(|cell| cell.ranked && cell.verdict.is_some()) {
            for metric in Metric::ALL {
                let told = cell.verdict.unwrap().on(metric).verdict;
                let told = Some(told).filter(|one| !matches!(one, Verdict::Undecided { .. }));
                let seen = contest.relations.between(&cell.runner, "tokio", metric).unwrap();
                assert_eq!(seen.verdict, told, "{} by {metric:?}, seed {seed}", cell.runner);
            }
        }
    }
}

#[test]
fn intervals_are_those_of_the_look() {
    let recording = of(stopping(12, Wanted::All), &[("slow", 6, 1.3, 0.01)], 11);
    let mut fixed = recording.clone();
    fixed.run.plan.stopping = None;
    fixed.trials.retain(|trial| trial.block < 6);
    let width = |recording: &Recording| {
        let contests = judged::contests(recording).unwrap();
        let effect = contests[0].cells[1].effects.p50.clone().unwrap();
        let (low, high) = effect.interval.unwrap();
        high.ln() - low.ln()
    };
    // Student's t with 5 degrees of freedom at 1 - 0.005/8 and at 1 - 0.005/2, from its closed form:
    // 1/2 + (a + sin a (cos a + 2/3 cos³ a)) / π with a = atan(t / √5).
    let ratio = width(&recording) / width(&fixed);
    assert!((ratio - 1.3704117).abs() < 1e-6, "{ratio}");
}

#[test]
fn a_tail_is_judged_where_it_is_asked_for_and_carried() {
    let p99: Wanted = "p99".parse().unwrap();
    let judged = |blocks: u32, operations: usize, looks: Option<StoppingRecord>| {
        let mut recording = recording(&["tokio", "slow"], blocks, 4, operations);
        recording.run.plan.stopping = looks;
        let slow = judged::contests(&recording).unwrap().swap_remove(0).cells.swap_remove(1);
        (slow.tail.map(|effect| effect.estimate), slow.verdict.unwrap().tail, slow.look)
    };
    let (estimate, verdict, look) = judged(12, 2000, Some(stopping(24, p99)));
    let estimate = estimate.unwrap();
    assert!((1.1..1.2).contains(&estimate), "15 % more was put in: {estimate}");
    assert_eq!(verdict.unwrap().verdict, Verdict::Worse);
    assert_eq!(look, Some(Look { blocks: 12, closed: true }));
    // Eight operations of a block lie beyond its p99.
    let (estimate, verdict, look) = judged(12, 200, Some(stopping(24, p99)));
    assert_eq!((estimate, verdict), (None, None));
    assert_eq!(look, Some(Look { blocks: 12, closed: false }));
    assert_eq!(judged(6, 200, None), (None, None, None));
    // Reading it without histograms would not do.
    let place = tempfile::tempdir().unwrap();
    let mut stored = recording(&["tokio", "slow"], 12, 4, 2000);
    stored.run.plan.stopping = Some(stopping(24, p99));
    let folder = place.path().join("run");
    let mut writer = Writer::create(&folder, &stored.run).unwrap();
    writer.append(&stored.trials).unwrap();
    let light = store::load_light(&folder).unwrap();
    let tails = |recording| judged::contests(recording).unwrap()[0].cells[1].tail.clone();
    assert!(tails(&light).is_some());
    assert_eq!(tails(&light), tails(&stored));
}

/// How often runs without any difference, judged at each look, call something different.
#[test]
fn false_alarms_are_rare() {
    let tries = 100;
    let mut alarms = 0;
    for seed in 0..tries {
        // Of blocks that vary by 10 %, so that nothing hides behind the smallest difference that is one.
        let recording = of(stopping(12, Wanted::All), &[("same", 12, 1.0, 0.1)], seed);
        let (_, verdicts) = found(&recording, "same");
        let differs = |one: &Verdict| matches!(one, Verdict::Better | Verdict::Worse);
        alarms += u32::from(verdicts.iter().any(differs));
    }
    // 0.5 % are 0.5; beyond 4 there would be less than one time in a thousand.
    assert!(alarms <= 4, "{alarms} of {tries}");
}

/// How often the interval of any look leaves out the truth: with the share of each look, and with all of the error rate
/// at each, as if nobody had looked before.
#[test]
fn intervals_of_all_looks_together_cover_the_truth() {
    let tries = 20_000;
    let looks = stopping(12, Wanted::All);
    let mut random = Random(1);
    let (mut shared, mut naive) = (0, 0);
    for _ in 0..tries {
        let blocks: Vec<f64> = (0..12).map(|_| normal(&mut random)).collect();
        let test = |look: &u32| Paired::over(&blocks[..*look as usize]).unwrap().p_value();
        let least = looks.looks.iter().map(test).fold(1.0, f64::min);
        shared += u32::from(least <= looks.alpha());
        naive += u32::from(least <= ALPHA);
    }
    // 0.5 % are 100; beyond 131 there would be less than one time in a thousand.
    assert!(shared <= 131, "{shared} of {tries}");
    assert!(naive > 131, "this test could not tell: {naive} of {tries}");
}
