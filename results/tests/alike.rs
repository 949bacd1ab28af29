//! Is it said of two runs that they did not measure the same, and is nothing else made of that?

mod synthetic;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use simul_results::{
    chart, compare,
    history::{self, History, Series},
    store::Recording,
};
use synthetic::recording;
use synthetic_open::{stalling, sweeping};

/// As if the work had been calibrated to so many rounds.
fn calibrated(recording: &mut Recording, rounds: &str) {
    for trial in &mut recording.trials {
        trial.parameters.insert("rounds".into(), rounds.into());
    }
}

/// As if the generator had had so many connections, and this program had been behind a server's name.
fn served(connections: u32, server: &str) -> Recording {
    let mut recording = stalling(3);
    let open = recording.run.plan.contests[0].open.as_mut().unwrap();
    open.connections = connections;
    open.servers.insert("threads".into(), server.into());
    recording
}

#[test]
fn work_that_differs_is_told_of_its_cells() {
    let mut first = recording(&["tokio", "smol"], 2, 4, 60);
    let mut second = first.clone();
    assert!(compare::compare(&first, &second, false).unwrap().differences.is_empty());
    calibrated(&mut first, "41210");
    calibrated(&mut second, "42011");
    let compared = compare::compare(&first, &second, false).unwrap();
    assert_eq!(compared.differences, ["parameter rounds: 41210 → 42011"], "once for all cells");
    assert!(compared.cells.iter().all(|cell| cell.differences == compared.differences));
    // An interrupted run may have been calibrated twice.
    let twice = second.trials.iter_mut().filter(|trial| trial.runner == "smol");
    for trial in twice.filter(|trial| trial.block == 1) {
        trial.parameters.insert("rounds".into(), "42500".into());
    }
    let compared = compare::compare(&first, &second, false).unwrap();
    let smol = "parameter rounds: 41210 → 42011 and 42500 (echo:64/smol/closed-32@separate)";
    assert!(compared.differences.contains(&smol.to_owned()), "{:?}", compared.differences);
    assert!(compared.differences[0].ends_with(", and 2 more)"), "{:?}", compared.differences);
    // And so may every cell.
    let many: Vec<String> = (0..30).map(|at| format!("runner-{at}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let first = recording(&many, 2, 1, 40);
    let mut second = first.clone();
    for (at, trial) in second.trials.iter_mut().enumerate() {
        trial.parameters.insert("rounds".into(), at.to_string());
    }
    let compared = compare::compare(&first, &second, false).unwrap();
    assert_eq!(compared.differences.len(), compare::MOST_DIFFERENCES + 1);
    assert_eq!(compared.differences[12], "20 more differences in how cells were measured");
}

#[test]
fn a_plan_that_differs_is_told() {
    let first = recording(&["tokio", "smol"], 2, 4, 60);
    let mut second = recording(&["tokio", "smol"], 2, 6, 60);
    (second.run.plan.slice_ns, second.run.plan.drop_ns) = (20_000_000, 2_000_000);
    second.run.plan.warm_up_ns = 100_000_000;
    (second.run.host.clock, second.run.host.timer_slack_ns) = ("hpet".into(), 50_000);
    let told = compare::compare(&first, &second, false).unwrap().differences;
    let all = [
        "clock: tsc → hpet",
        "timer slack: 1 µs → 50 µs",
        "rounds: 4 → 6",
        "slice: 50 ms → 20 ms",
        "dropped part: 5 ms → 2 ms",
        "warm-up: 300 ms → 100 ms",
    ];
    assert_eq!(told, all);
    // A contest's own slices go before those of the plan.
    let mut third = recording(&["tokio", "smol"], 2, 4, 60);
    let own = &mut third.run.plan.contests[0];
    (own.slice_ns, own.drop_ns) = (Some(20_000_000), Some(2_000_000));
    let told = compare::compare(&first, &third, false).unwrap().differences;
    assert_eq!(told, all[3..5]);
}

#[test]
fn another_open_load_is_told() {
    let compared = compare::compare(&served(64, "./a"), &served(256, "./b"), false).unwrap();
    let server = "server: ./a → ./b (echo:64/threads/open-1000-poisson@separate)";
    assert_eq!(compared.differences, ["connections: 64 → 256", server]);
    // What slices of closed loads are like is nothing to it.
    let mut other = served(64, "./a");
    other.run.plan.slice_ns *= 2;
    assert!(compare::compare(&served(64, "./a"), &other, false).unwrap().differences.is_empty());
}

/// One run a day.
fn days(runs: impl IntoIterator<Item = Recording>) -> History {
    let dated = runs.into_iter().enumerate().map(|(day, mut run)| {
        run.run.started = format!("2026-01-{:02}T00:00:00Z", day + 1);
        (format!("day-{day}"), run)
    });
    history::history(dated.collect()).unwrap()
}

fn medians<'a>(history: &'a History, runner: &str) -> Vec<&'a Series> {
    let all = history.series.iter().filter(|series| series.metric == "p50");
    all.filter(|series| series.cell.contains(&format!("/{runner}/"))).collect()
}

#[test]
fn a_series_is_of_runs_that_measured_alike() {
    let other_work = |day: u32| {
        let mut run = recording(&["tokio", "smol"], 3, 3, 60);
        let of_smol = run.trials.iter_mut().filter(|trial| trial.runner == "smol");
        for trial in of_smol.filter(|_| day >= 6) {
            trial.parameters.insert("bytes".into(), "128".into());
            trial.slices.iter_mut().for_each(|slice| slice.p50_ns = slice.p50_ns * 6 / 5);
        }
        run
    };
    let history = days((0..12).map(other_work));
    let [before, after] = medians(&history, "smol")[..] else { panic!("{:?}", history.series) };
    assert_eq!(before.conditions, ["parameter bytes: 64"]);
    assert_eq!(after.conditions, ["parameter bytes: 128"]);
    assert_eq!((before.points.len(), after.points.len(), after.points[0].run), (6, 6, 6));
    assert!(before.changes.is_empty() && after.changes.is_empty(), "other work is no change");
    let [tokio] = medians(&history, "tokio")[..] else { panic!("{:?}", history.series) };
    assert!(tokio.conditions.is_empty() && tokio.points.len() == 12);
    let chart = chart::history::draw(&history).svg();
    let named = |bytes: u32| format!("echo:64/smol/closed-32@separate, parameter bytes: {bytes}");
    assert!(chart.contains(&named(64)) && chart.contains(&named(128)), "{chart}");
}

#[test]
fn other_connections_are_another_series_and_a_sweep_is_none() {
    let history = days([served(64, "./a"), served(256, "./a"), served(64, "./b")]);
    let [few, many] = medians(&history, "tokio")[..] else { panic!("{:?}", history.series) };
    assert_eq!((few.points.len(), many.points.len()), (2, 1));
    assert_eq!(many.conditions, ["connections: 256"]);
    let own: Vec<String> =
        medians(&history, "threads").iter().map(|one| one.conditions.join(", ")).collect();
    let all = ["connections: 64, server: ./a", "connections: 256, server: ./a"];
    assert_eq!(own[..2], all);
    assert_eq!(own[2], "connections: 64, server: ./b");
    assert!(days([sweeping(&["tokio"], 2)]).series.is_empty());
}
