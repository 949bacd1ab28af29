//! Are beliefs judged by what was measured, and by nothing else?

mod synthetic;

use simul_results::{
    Cell, Contest, Load, Placement, Role, Summary, TrialRecord,
    folklore::{self, Belief, Verdict},
    record::{ContestRecord, FigureRecord, mark},
    report,
    store::Recording,
};
use synthetic::{Random, slice, trial};

const BLOCKS: u32 = 6;

/// What one runner is made to measure.
#[derive(Clone)]
struct Made {
    runner: &'static str,
    centre_ns: f64,
    backend: &'static str,
    workers: u32,
    figures: Vec<(&'static str, f64)>,
    parameters: Vec<(&'static str, &'static str)>,
}

fn made(runner: &'static str, centre_ns: f64) -> Made {
    let (figures, parameters) = (Vec::new(), Vec::new());
    Made { runner, centre_ns, backend: "epoll", workers: 1, figures, parameters }
}

/// A recording of one contest.
fn recording(
    workload: &str,
    measure: &str,
    actors: u32,
    placement: Placement,
    arms: &[Made],
) -> Recording {
    let contest = Contest { workload: workload.into(), load: Load::Closed(actors), placement };
    let mut random = Random(9);
    let mut trials = Vec::new();
    let mut cells = Vec::new();
    for arm in arms {
        let cell = Cell { contest: contest.clone(), runner: arm.runner.into(), role: Role::Runner };
        cells.push(cell.to_string());
        trials.extend((0..BLOCKS).map(|block| of_arm(&cell, arm, block, measure, &mut random)));
    }
    let planned = ContestRecord {
        workload: workload.into(),
        measure: measure.into(),
        load: contest.load.to_string(),
        placement,
        cells,
        figures: [("task_memory", "bytes"), ("start", "ns")]
            .map(|(name, unit)| FigureRecord {
                name: name.into(),
                unit: unit.into(),
                describes: String::new(),
            })
            .to_vec(),
        rounds: None,
        slice_ns: None,
        drop_ns: None,
        suspects: std::collections::BTreeMap::new(),
        ideal_ns: Some(1_000_000),
        ..synthetic::contest(&[], Some(arms[0].runner))
    };
    Recording {
        run: synthetic::run(vec![planned], BLOCKS),
        trials,
        audits: Vec::new(),
        torn: false,
    }
}

fn of_arm(cell: &Cell, arm: &Made, block: u32, measure: &str, random: &mut Random) -> TrialRecord {
    let offset = 1.0 + 0.01 * (random.part() - 0.5);
    let slices = (0..4).map(|round| {
        let values = random.latencies(arm.centre_ns * offset, 200);
        let mut slice = slice(round, &values, arm.centre_ns / 10_000.0);
        let figures =
            arm.figures.iter().map(|(name, value)| ((*name).to_owned(), vec![value * offset]));
        slice.figures = figures.collect();
        slice
    });
    let mut trial = trial(cell, block, slices.collect());
    trial.measure = measure.into();
    trial.backend = Some(arm.backend.into());
    trial.workers = arm.workers;
    let told = arm.parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    trial.parameters = told.collect();
    trial.marks.clear();
    trial
}

fn belief(recording: &Recording, says: &str) -> Belief {
    let beliefs = folklore::judge(&Summary::of(recording).unwrap());
    assert_eq!(beliefs.len(), 10);
    beliefs.into_iter().find(|belief| belief.says.contains(says)).unwrap()
}

#[test]
fn what_was_not_measured_is_said_to_be_so_with_a_command() {
    let recording = synthetic::recording(&["tokio", "smol"], 6, 3, 100);
    for belief in folklore::judge(&Summary::of(&recording).unwrap()) {
        assert_eq!(belief.verdict, Verdict::NotMeasured, "{belief:?}");
        assert!(belief.command.as_deref().unwrap().starts_with("simul run -w "), "{belief:?}");
        assert!(belief.cells.is_empty() && !belief.caveat.is_empty(), "{belief:?}");
    }
}

#[test]
fn many_connections_are_compared_with_threads() {
    let arms = |threads: f64| [made("threads", threads), made("tokio", 70_000.0)];
    let at = |actors, threads| {
        let recording =
            recording("echo:64", "service", actors, Placement::Separate, &arms(threads));
        belief(&recording, "Async beats threads")
    };
    let slower = at(1000, 140_000.0);
    assert_eq!(slower.verdict, Verdict::Holds, "{slower:?}");
    assert!(slower.sentence.contains("tokio against threads, throughput in echo:64/closed-1000"));
    assert!(slower.cells.contains(&"echo:64/threads/closed-1000@separate".to_owned()));
    assert_eq!(slower.command, None);
    assert_eq!(at(1000, 35_000.0).verdict, Verdict::DoesNotHold);
    assert_eq!(at(32, 140_000.0).verdict, Verdict::NotMeasured, "32 are not many");
    let few = belief(
        &recording("echo:64", "service", 1000, Placement::Separate, &arms(1e5)),
        "One thread can serve",
    );
    assert_eq!(few.verdict, Verdict::Holds);
    assert!(few.sentence.contains("1000 connections at once, as their client"), "{few:?}");
}

#[test]
fn cells_of_grade_f_speak_to_nothing() {
    let arms = [made("threads", 140_000.0), made("tokio", 70_000.0)];
    let mut recording = recording("echo:64", "service", 1000, Placement::Separate, &arms);
    let threads = recording.trials.iter_mut().filter(|trial| trial.runner == "threads");
    threads.for_each(|trial| trial.marks = vec![mark::STARVED.into()]);
    assert_eq!(belief(&recording, "Async beats threads").verdict, Verdict::NotMeasured);
}

#[test]
fn a_ring_counts_only_if_it_was_at_work() {
    let at = |backend| {
        let arms = [made("monoio-legacy", 70_000.0), Made { backend, ..made("monoio", 50_000.0) }];
        let recording = recording("echo:64", "service", 32, Placement::Separate, &arms);
        belief(&recording, "io_uring").verdict
    };
    assert_eq!(at("io_uring"), Verdict::Holds);
    assert_eq!(at("epoll"), Verdict::NotMeasured, "its name is not enough");
}

#[test]
fn computing_needs_both_halves() {
    let inline = made("inline", 80_000.0);
    let pool = Made { workers: 2, ..made("thread-pool", 40_000.0) };
    let tasks = made("tokio-current", 100_000.0);
    let of = |arms: &[Made]| {
        let recording = recording("sha256:16384", "service", 8, Placement::AllCores, arms);
        belief(&recording, "CPU-bound work; parallel")
    };
    assert_eq!(of(&[inline.clone(), pool.clone(), tasks.clone()]).verdict, Verdict::Holds);
    let half = of(&[inline.clone(), pool]);
    assert_eq!(half.verdict, Verdict::PartlyMeasured);
    assert!(
        half.sentence.ends_with("Not measured: what tasks on one worker do to it."),
        "{half:?}"
    );
    assert!(half.command.unwrap().contains("-w sha256 --placement all-cores"));
    let slow = Made { workers: 2, ..made("thread-pool", 100_000.0) };
    let mixed = of(&[inline, slow, tasks]);
    assert_eq!(mixed.verdict, Verdict::Mixed, "one half holds and one does not: {mixed:?}");
}

#[test]
fn footprints_tell_which_sizes_are_missing() {
    let figures = |bytes, start| vec![("task_memory", bytes), ("start", start)];
    let parameters = vec![("tasks", "10000")];
    let arms = [
        Made {
            figures: figures(9_000.0, 9e8),
            parameters: parameters.clone(),
            ..made("threads", 1e9)
        },
        Made { figures: figures(400.0, 9e6), parameters, ..made("tokio", 1e7) },
    ];
    let belief = belief(
        &recording("footprint:10000", "makespan", 1, Placement::AllCores, &arms),
        "Tasks are cheaper",
    );
    assert_eq!(belief.verdict, Verdict::Holds, "{belief:?}");
    assert!(belief.sentence.contains("memory of a task"), "{belief:?}");
    assert!(belief.sentence.contains("1000000 tasks were not measured"), "{belief:?}");
}

#[test]
fn starting_a_few_tasks_is_half_of_what_is_asked() {
    let arms = [made("threads", 7e6), made("tokio", 90_000.0)];
    let belief = belief(
        &recording("spawn:64", "service", 1, Placement::OneCore, &arms),
        "Tasks are cheaper",
    );
    assert_eq!(belief.verdict, Verdict::PartlyMeasured, "{belief:?}");
    for said in ["1 bear it out", "Not measured: memory.", "None of the large numbers"] {
        assert!(belief.sentence.contains(said), "{said}: {belief:?}");
    }
    assert!(belief.command.unwrap().contains("footprint:10000,"));
}

#[test]
fn what_is_undecided_is_told_with_a_longer_command() {
    let mut arms = [made("tokio", 1e6), made("tokio-local", 1e6)];
    arms.iter_mut().for_each(|arm| arm.workers = 2);
    let mut recording = recording("uneven:400", "lateness", 40, Placement::AllCores, &arms);
    // Blocks that vary far more than the runners differ.
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "tokio") {
        let fifths = if trial.block % 2 == 0 { 6 } else { 4 };
        trial.slices.iter_mut().for_each(|slice| slice.p50_ns = slice.p50_ns * fifths / 5);
    }
    let belief = belief(&recording, "Work stealing");
    assert_eq!(belief.verdict, Verdict::Undecided, "{belief:?}");
    let command = "simul run -w uneven --placement all-cores -r tokio,tokio-local --blocks 24";
    assert_eq!(belief.command.as_deref(), Some(command));
    let html = report::folklore::section(&Summary::of(&recording).unwrap()).into_string();
    assert!(html.contains("To decide it, with more blocks"), "{html}");
}

#[test]
fn the_exhibition_is_told_in_hours() {
    let parameters =
        vec![("boards", "24"), ("pairs", "30"), ("think", "5"), ("wait", "55"), ("unit_us", "100")];
    let hours = |runner, hours: f64| Made {
        parameters: parameters.clone(),
        // The made-up median is close to the centre.
        ..made(runner, hours * 3600.0 * 100_000.0)
    };
    let of = |long| {
        let arms = [hours("inline", 12.0), hours("tokio", long)];
        belief(&recording("exhibition", "makespan", 1, Placement::OneCore, &arms), "12 hours")
    };
    let falls = of(1.05);
    assert_eq!(falls.verdict, Verdict::Holds, "{falls:?}");
    assert!(falls.sentence.contains("inline 1"), "{falls:?}");
    assert_eq!(of(6.0).verdict, Verdict::DoesNotHold);
}

#[test]
fn the_report_has_every_belief_and_escapes_what_was_recorded() {
    let arms = [made("threads", 140_000.0), made("tokio", 70_000.0)];
    let mut recording = recording("echo:64", "service", 1000, Placement::Separate, &arms);
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "threads") {
        trial.state = simul_results::State::Failed;
        trial.reason = Some("<script>alert(1)</script>".into());
    }
    let summary = Summary::of(&recording).unwrap();
    let html = report::folklore::section(&summary).into_string();
    for belief in folklore::judge(&summary) {
        assert!(html.contains(belief.says), "{}", belief.says);
    }
    assert!(!html.contains("<script"), "{html}");
}
