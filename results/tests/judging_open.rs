//! Are open loads judged by their response time, and only where that says something?
//!
//! Blocks are made up so that the answer is known beforehand.

mod synthetic;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use simul_results::{
    Role, Summary,
    auditor::Audit,
    compare::{self, CompareError},
    export::{hdr, json::Output, openmetrics, trackers},
    history,
    judged::{self, JudgedCell, JudgedContest},
    rank,
    record::mark,
    store::{self, Recording, Writer},
    summary::Metric,
    table,
    verdict::Verdict,
};
use synthetic::recording;
use synthetic_open::{OPEN, open_recording, open_slice, stalling, sweeping};

/// The answered requests of a slice and the failed ones, of [`slow`].
const DRAWN: usize = 1000;

/// tokio, a runner that takes 1.3 times as long, and a null arm. In the first round of each block, as many
/// requests of the slow one fail as said.
fn slow(failed: usize) -> Recording {
    let arms = [("tokio", Role::Runner), ("slow", Role::Runner), ("tokio", Role::Null)];
    let mut recording = open_recording(OPEN, &arms, 8, |at, _, random| {
        let centre = if at == 1 { 104_000.0 } else { 80_000.0 };
        let rounds = (0..4).map(|round| {
            let failed = if at == 1 && round == 0 { failed } else { 0 };
            let values = random.latencies(centre, DRAWN - failed);
            open_slice(round, 1000, &values, 0, failed as u64)
        });
        rounds.collect()
    });
    if failed > 0 {
        mark_slow(&mut recording, mark::ERRORS);
    }
    recording
}

fn mark_slow(recording: &mut Recording, mark: &str) {
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "slow") {
        trial.marks = vec![mark.into()];
    }
}

fn find<'a, 'b>(contests: &'b [JudgedContest<'a>], runner: &str, role: Role) -> &'b JudgedCell<'a> {
    let mut cells = contests[0].cells.iter();
    cells.find(|cell| cell.runner == runner && cell.role == role).expect("it is in the plan")
}

#[test]
fn the_slower_server_is_called_slower() {
    let recording = slow(0);
    let contests = judged::contests(&recording).unwrap();
    let cell = find(&contests, "slow", Role::Runner);
    let verdict = cell.verdict.unwrap();
    assert_eq!(verdict.on(Metric::P50).verdict, Verdict::Worse);
    let estimate = cell.effects.p50.as_ref().unwrap().estimate;
    assert!((estimate - 1.3).abs() < 0.05, "{estimate}");
    assert_eq!(cell.groups.on(Metric::P50), Some(2));
    assert_eq!(find(&contests, "tokio", Role::Runner).groups.on(Metric::P50), Some(1));
    let null = find(&contests, "tokio", Role::Null).verdict.unwrap();
    assert!(!matches!(null.on(Metric::P50).verdict, Verdict::Better | Verdict::Worse));
    let summary = Summary::of(&recording).unwrap();
    let output = serde_json::to_value(Output::of(&summary, "x")).unwrap();
    assert_eq!(output["cells"][1]["verdict"]["p50"]["verdict"], "slower");
    assert!(table::render(&summary, None).contains("slower"));
    // The rate is given: it is in no mean of throughputs.
    let common = |metric| {
        let standings = rank::overall(&contests, &[]).unwrap();
        standings.into_iter().find(|standing| standing.metric == metric).unwrap().common.len()
    };
    assert_eq!(Metric::ALL.map(common), [1, 1, 0]);
}

#[test]
fn who_is_not_ranked_is_invalid() {
    for mark in [mark::SATURATED, mark::ERRORS, mark::GENERATOR_LIMITED, mark::NOT_OURS] {
        let mut recording = slow(0);
        mark_slow(&mut recording, mark);
        let summary = Summary::of(&recording).unwrap();
        let cell = &summary.contests[0].cells[1];
        assert!(!cell.ranked && cell.groups == rank::Groups::default(), "{mark}");
        assert_eq!(cell.verdict.unwrap().word(), "invalid", "{mark}");
        assert!(table::render(&summary, None).contains("slow !"), "{mark}");
    }
    // Neither of these makes numbers describe something else.
    for mark in [mark::RECONNECTED, mark::FEW_ARRIVALS] {
        let mut recording = slow(0);
        mark_slow(&mut recording, mark);
        let contests = judged::contests(&recording).unwrap();
        assert_eq!(find(&contests, "slow", Role::Runner).verdict.unwrap().word(), "worse");
    }
}

#[test]
fn a_baseline_that_fails_requests_gives_way() {
    let mut recording = slow(0);
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "tokio") {
        trial.marks = vec![mark::ERRORS.into()];
    }
    let contests = judged::contests(&recording).unwrap();
    assert_eq!(contests[0].planned_baseline.as_deref(), Some("tokio"));
    assert_eq!(contests[0].baseline.as_deref(), Some("slow"));
    assert_eq!(find(&contests, "tokio", Role::Runner).verdict.unwrap().word(), "invalid");
}

#[test]
fn a_median_among_the_failed_is_never_taken_for_a_time() {
    // 600 of 1,000 in one slice of four: the slice has no median, and the block has one.
    let recording = slow(600);
    let home = tempfile::TempDir::new().unwrap();
    let folder = home.path().join("run");
    let mut writer = Writer::create(&folder, &recording.run).unwrap();
    writer.append(&recording.trials).unwrap();
    let (full, light) = (store::load(&folder).unwrap(), store::load_light(&folder).unwrap());
    let [full, light] = [&full, &light].map(|stored| judged::contests(stored).unwrap());
    let of = |contests: &[JudgedContest<'_>]| {
        let cell = find(contests, "slow", Role::Runner);
        (cell.effects.clone(), cell.verdict, cell.groups)
    };
    assert_eq!(of(&full), of(&light));
    let effect = of(&light).0.p50.unwrap();
    assert_eq!(effect.blocks.len(), 8);
    assert!(effect.estimate > 1.3, "failed requests are no fast ones: {}", effect.estimate);
    let shifts = compare::compare(&recording, &recording, false).unwrap().cells;
    assert!(shifts[1].p50.is_none() && shifts[1].cpu_per_op.is_some());
    assert!(shifts[0].p50.is_some() && shifts[1].marks == ["errors"]);
    // And of 3,800 in 4,000 the block has none either.
    let arms = [("tokio", Role::Runner), ("slow", Role::Runner)];
    let failing = open_recording(OPEN, &arms, 4, |at, _, random| {
        let failed = if at == 1 { 950 } else { 0 };
        let slice = |round| {
            open_slice(round, 1000, &random.latencies(80_000.0, DRAWN - failed), 0, failed as u64)
        };
        (0..4).map(slice).collect()
    });
    let contests = judged::contests(&failing).unwrap();
    assert_eq!(find(&contests, "slow", Role::Runner).effects.p50, None);
    let summary = Summary::of(&failing).unwrap();
    let cell = &summary.contests[0].cells[1].cell;
    let medians: Vec<String> = openmetrics::render(&summary)
        .lines()
        .filter(|line| line.starts_with("simul_time_p50_seconds{") && line.contains(cell.as_str()))
        .map(Into::into)
        .collect();
    assert_eq!(medians, [""; 0]);
    let tracked: serde_json::Value = serde_json::from_str(&trackers::bmf(&summary)).unwrap();
    assert!(tracked[cell]["response"].is_null() && tracked[cell]["throughput"].is_object());
}

#[test]
fn a_run_without_histograms_carries_none_of_an_open_slice() {
    let home = tempfile::TempDir::new().unwrap();
    let folder = home.path().join("run");
    let recording = stalling(2);
    Writer::create(&folder, &recording.run).unwrap().append(&recording.trials).unwrap();
    let light = store::load_light(&folder).unwrap();
    for slice in light.trials.iter().flat_map(|trial| &trial.slices) {
        let open = slice.open.as_ref().unwrap();
        let beyond = open.beyond.iter().chain(&open.service.beyond);
        let texts = beyond.map(|beyond| &beyond.histogram);
        let times = [&open.service, &open.wait, &open.lag].map(|times| &times.histogram);
        assert!(texts.chain(times).chain([&slice.histogram]).all(String::is_empty));
    }
}

#[test]
fn a_sweep_has_no_verdict_no_rank_and_no_place_in_comparisons() {
    let recording = sweeping(&["tokio", "smol"], 4);
    let summary = Summary::of(&recording).unwrap();
    for cell in &summary.contests[0].cells {
        assert!(cell.ranked && cell.sweep.is_some(), "its curve counts");
        assert!(
            cell.verdict.is_none() && cell.effects == simul_results::summary::Effects::default()
        );
        assert_eq!(cell.groups, rank::Groups::default());
    }
    let contests = judged::contests(&recording).unwrap();
    assert!(contests[0].cells.iter().all(|cell| !cell.ranked));
    assert!(rank::overall(&contests, &[]).unwrap().iter().all(|one| one.places.is_empty()));
    assert!(rank::overall(&contests, &["smol".into()]).is_err());
    let compared = compare::compare(&recording, &recording, false);
    assert!(matches!(compared, Err(CompareError::Disjoint)), "{compared:?}");
    assert_eq!(history::history(vec![("a".into(), recording.clone())]).unwrap().series, []);
    let trials: Vec<_> = recording.trials.iter().filter(|trial| trial.runner == "smol").collect();
    let audit = Audit::default();
    for refused in [hdr::hgrm(&trials, &audit), hdr::hlog(&trials, &audit)] {
        assert!(refused.unwrap_err().contains("is a sweep"));
    }
}

#[test]
fn a_plain_distribution_is_refused_where_requests_failed() {
    let recording = stalling(2);
    let of = |runner: &str| -> Vec<_> {
        let arm = |trial: &&simul_results::TrialRecord| {
            trial.runner == runner && trial.role == Role::Runner
        };
        recording.trials.iter().filter(arm).collect()
    };
    let audit = Audit::default();
    for refused in [hdr::hgrm(&of("smol"), &audit), hdr::hlog(&of("smol"), &audit)] {
        assert!(refused.unwrap_err().contains("failed or never ended"));
    }
    assert!(hdr::hgrm(&of("threads"), &audit).unwrap().contains("#[Max"));
}

#[test]
fn a_history_has_its_cells_as_they_come_from_the_oldest_run_on() {
    let run = |day: u32, runners: &[&str]| {
        let mut run = recording(runners, 2, 2, 60);
        run.run.started = format!("2026-01-{day:02}T00:00:00Z");
        (format!("day-{day}"), run)
    };
    let runs = vec![run(2, &["smol", "tokio"]), run(1, &["tokio", "threads"])];
    let found = history::history(runs).unwrap();
    let mut order: Vec<&str> =
        found.series.iter().map(|one| one.cell.split('/').nth(1).unwrap()).collect();
    order.dedup();
    assert_eq!(order, ["tokio", "threads", "smol"]);
}

#[test]
fn a_history_tells_cpu_in_its_unit() {
    // 8 µs and 7 µs an operation were made up, for open and for closed slices.
    for (recording, cpu_us) in [(stalling(2), 8.0), (recording(&["tokio"], 2, 3, 200), 7.0)] {
        let stored = Summary::of(&recording).unwrap();
        let shown = stored.contests[0].cells[0].numbers.as_ref().unwrap().cpu_us_per_op.unwrap();
        let history = history::history(vec![("a".into(), recording)]).unwrap();
        let series = history.series.iter().find(|series| series.metric == "CPU per operation");
        let series = series.unwrap();
        assert_eq!(series.unit, "µs");
        let value = series.points[0].value;
        assert!((value / shown.median - 1.0).abs() < 0.01, "{value} is not {}", shown.median);
        assert!((value / cpu_us - 1.0).abs() < 0.05, "{value} is not about {cpu_us}");
    }
}
