//! Is a runner advised because nothing beats it, and only by what can answer?

mod synthetic;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use simul_results::{
    Role, Summary,
    advise::{self, Advice, Candidate, Demand, Keeps, Unanswered},
    record::{ObjectiveRecord, TrialPriceRecord, mark},
    store::Recording,
};
use synthetic_open::{OPEN, open_recording, open_slice, stalling, sweeping};

/// Runners with the middle of their response times in ns, CPU µs per operation and memory in bytes.
fn recording(blocks: u32, arms: &[(&str, f64, f64, u64)]) -> Recording {
    let names: Vec<(&str, Role)> = arms.iter().map(|arm| (arm.0, Role::Runner)).collect();
    let mut recording = open_recording(OPEN, &names, blocks, |at, block, random| {
        let (_, centre_ns, cpu_us, _) = arms[at];
        let offset = 1.0 + 0.01 * f64::from(block % 3);
        let mut slice = open_slice(0, 1000, &random.latencies(centre_ns * offset, 3000), 0, 0);
        slice.cpu_ns = Some((cpu_us * 1e3 * offset * slice.operations as f64) as u64);
        vec![slice]
    });
    for trial in &mut recording.trials {
        let Some(arm) = arms.iter().find(|arm| arm.0 == trial.runner) else { continue };
        trial.costs.as_mut().unwrap().peak_rss_bytes = arm.3 + u64::from(trial.block) * 1000;
        trial.marks.clear();
        trial.price = Some(TrialPriceRecord::default());
    }
    recording
}

fn demand(limit_ms: u64) -> Demand {
    Demand {
        objective: ObjectiveRecord { quantile: 0.99, limit_ns: limit_ms * 1_000_000 },
        mix: vec![("io".into(), 1.0)],
        cores: None,
    }
}

fn ask(recording: &Recording, demand: &Demand) -> Result<Advice, Unanswered> {
    let class_of = |name: &str| (name == "echo").then_some("io");
    advise::advise(&Summary::of(recording).unwrap(), demand, &class_of)
}

fn of<'a>(advice: &'a Advice, runner: &str) -> &'a Candidate {
    advice.candidates.iter().find(|candidate| candidate.runner == runner).unwrap()
}

#[test]
fn only_what_is_beaten_at_everything_is_out() {
    let recording = recording(
        6,
        &[
            ("quick", 100_000.0, 8.0, 9 << 20),
            ("lean", 200_000.0, 4.0, 3 << 20),
            ("poor", 300_000.0, 9.0, 12 << 20),
        ],
    );
    let advice = ask(&recording, &demand(50)).unwrap();
    assert!(of(&advice, "quick").is_advised() && of(&advice, "lean").is_advised(), "{advice:?}");
    let poor = of(&advice, "poor");
    assert_eq!(poor.beaten_by.as_deref(), Some("quick"));
    assert_eq!(poor.cells, ["echo:64/poor/open-1000-poisson@separate"]);
    assert!((of(&advice, "lean").scores[1].median - 1.0).abs() < 1e-9, "the best is 1");
    assert_eq!(advice.contests, ["echo:64/open-1000-poisson@separate"]);
}

#[test]
fn uncertain_ties_stay_in() {
    // The same in latency and memory; a little more CPU time than the blocks can tell apart.
    let recording =
        recording(6, &[("one", 100_000.0, 8.0, 9 << 20), ("other", 100_000.0, 8.05, 9 << 20)]);
    let advice = ask(&recording, &demand(50)).unwrap();
    assert!(advice.candidates.iter().all(Candidate::is_advised), "{advice:?}");
}

#[test]
fn who_breaks_the_promise_is_not_advised_and_beats_nobody() {
    let recording =
        recording(6, &[("slow", 9_000_000.0, 1.0, 1 << 20), ("quick", 100_000.0, 8.0, 9 << 20)]);
    let advice = ask(&recording, &demand(5)).unwrap();
    assert_eq!(of(&advice, "slow").keeps, Keeps::No);
    assert!(!of(&advice, "slow").is_advised() && of(&advice, "quick").is_advised(), "{advice:?}");
    assert_eq!(of(&advice, "quick").keeps, Keeps::Yes);
}

#[test]
fn who_may_not_be_ranked_is_left_out_and_told() {
    let mut recording =
        recording(6, &[("one", 100_000.0, 8.0, 9 << 20), ("other", 100_000.0, 8.0, 9 << 20)]);
    let others = recording.trials.iter_mut().filter(|trial| trial.runner == "other");
    others.for_each(|trial| trial.marks = vec![mark::SATURATED.into()]);
    let advice = ask(&recording, &demand(50)).unwrap();
    assert_eq!(advice.candidates.len(), 1);
    assert!(advice.left_out.iter().any(|(name, why)| name == "other" && why.contains("saturated")));
}

#[test]
fn what_cannot_be_answered_is_not() {
    let closed = synthetic::recording(&["tokio", "smol"], 6, 3, 100);
    let error = ask(&closed, &demand(5)).unwrap_err();
    assert_eq!(error, Unanswered::Missing { classes: vec!["io".into()], cores: None });
    assert!(error.to_string().contains("no open load of io"), "{error}");
    let climbing = ask(&sweeping(&["tokio"], 6), &demand(5));
    assert!(matches!(climbing, Err(Unanswered::Missing { .. })), "a sweep is of many rates");
    assert!(matches!(ask(&stalling(2), &demand(5)), Err(Unanswered::Blocks(2, _))));
    let arms = [("one", 100_000.0, 8.0, 9 << 20)];
    let few = ask(&recording(5, &arms), &demand(5)).unwrap_err();
    assert!(few.to_string().starts_with("it has 5 blocks of them"), "{few}");
    let Unanswered::Blocks(5, contests) = few else { panic!("{few}") };
    assert_eq!(contests[0].to_string(), "echo:64/open-1000-poisson@separate");
    let open = recording(6, &arms);
    let with = |change: fn(&mut Demand)| {
        let mut demand = demand(50);
        change(&mut demand);
        ask(&open, &demand)
    };
    let two = with(|demand| demand.mix = vec![("io".into(), 0.8), ("cpu".into(), 0.2)]);
    assert!(matches!(two, Err(Unanswered::Missing { classes, .. }) if classes == ["cpu"]));
    assert!(matches!(
        with(|demand| demand.cores = Some(2)),
        Err(Unanswered::Missing { cores: Some(2), .. })
    ));
    assert_eq!(with(|demand| demand.cores = Some(3)), Err(Unanswered::Cores { asked: 3, had: 2 }));
    assert!(with(|demand| demand.cores = Some(1)).is_ok());
    let rare = with(|demand| demand.objective.quantile = 0.9999);
    assert!(matches!(rare, Err(Unanswered::Nobody(_, why)) if why.contains("too few requests")));
}
