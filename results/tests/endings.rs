//! Is it said everywhere how a run came to its end?
//!
//! A run that stopped early since all was decided, or ran out of time, and a comparison of two builds: made up, so that it
//! is known what must be said.

mod synthetic;

use simul_results::{
    Role, RunRecord, Summary,
    chart::Palette,
    ending,
    export::{issue, markdown},
    joined,
    record::StoppingRecord,
    report::{self, Pictures},
    store::Recording,
    table,
    terminal::{self, Screen},
};
use synthetic::{Random, cell, contest, recording, run, slice, trial};

/// The page as text, and what else is shown of a run.
fn shown(recording: &Recording) -> [String; 4] {
    let summary = Summary::of(recording).unwrap();
    let page = report::render(&summary, &Pictures::of(&summary, &Palette::of(&summary)));
    let screen = Screen { width: 400, styled: false };
    [
        page,
        markdown::render(&summary),
        table::render(&summary, None),
        terminal::overview(&summary, screen),
    ]
}

/// Of these blocks, two looks after six and twelve; the second runner is decided early unless it is made wild.
fn stopping(blocks: u32, is_wild: bool, budget_ns: Option<u64>) -> Recording {
    let mut recording = recording(&["tokio", "smol"], blocks, 2, 600);
    recording.run.plan.blocks = 12;
    recording.run.plan.stopping =
        Some(StoppingRecord { looks: vec![6, 12], metric: "all".into(), budget_ns });
    let smol = recording.trials.iter_mut().filter(|trial| trial.runner == "smol" && is_wild);
    for trial in smol {
        let part = if trial.block % 2 == 0 { 3 } else { 2 };
        trial.slices.iter_mut().for_each(|slice| slice.p50_ns = slice.p50_ns * part / 3);
    }
    recording
}

#[test]
fn a_run_that_saw_enough_says_so_and_by_which_rule() {
    let [page, markdown, table, overview] = shown(&stopping(6, false, None));
    let outcome = "may stop early: 1 of 1 comparisons with the baseline is decided, after 6 of at most 12 blocks";
    assert_eq!(
        page.matches(&format!("This run {outcome}.")).count(),
        2,
        "above, and in the method"
    );
    for rule in [
        "a comparison with the baseline ends when all metrics are decided",
        "They are looked at after 6 and 12 blocks.",
        "each look may spend 0.250 % of the 0.5 %",
        "Planned: at most 12 blocks.",
    ] {
        assert!(page.contains(rule), "{rule}");
    }
    assert!(markdown.contains(&format!("- Stopping: {outcome}\n")), "{markdown}");
    for text in [&table, &overview] {
        assert!(text.contains("spent: 6 of 12 blocks; 1 of 1 comparisons are decided"), "{text}");
    }
    for text in [page, markdown, table, overview] {
        assert!(!text.contains("not finished"), "{text}");
    }
}

#[test]
fn what_is_left_open_is_told_with_the_reason() {
    let said = |blocks, budget_ns| {
        let [page, ..] = shown(&stopping(blocks, true, budget_ns));
        let (_, rest) = page.split_once("This run may stop early: 0 of 1 ").unwrap();
        rest.split('.').next().unwrap().to_owned()
    };
    assert!(
        said(8, Some(60_000_000_000))
            .ends_with("after 8 of at most 12 blocks; 1 is not, since the time, 60 s, was over or the run was interrupted")
    );
    assert!(said(8, None).ends_with("1 is not, since the run was interrupted, or still goes on"));
    assert!(said(12, None).ends_with("1 is not after all blocks that there could be"));
    let [page, ..] = shown(&stopping(6, false, Some(60_000_000_000)));
    assert!(page.contains("No block was begun that would have ended later than 60 s after"));
}

#[test]
fn runs_of_a_fixed_length_say_nothing_of_stopping() {
    for text in shown(&recording(&["tokio", "smol"], 6, 2, 200)) {
        assert!(!text.contains("stop early") && !text.contains("two builds"), "{text}");
    }
}

#[test]
fn runs_in_one_report_are_judged_by_their_own_plans() {
    let mut fixed = recording(&["tokio", "smol"], 6, 2, 600);
    let planned = &mut fixed.run.plan.contests[0];
    planned.load = "closed-8".into();
    let moved = |cell: &String| cell.replace("closed-32", "closed-8");
    planned.cells = planned.cells.iter().map(moved).collect();
    for trial in &mut fixed.trials {
        (trial.cell, trial.load) = (moved(&trial.cell), "closed-8".into());
    }
    let summary = joined::join(vec![stopping(6, false, None), fixed]).unwrap();
    let looks = |at: usize| summary.contests[at].cells[1].look.map(|look| look.blocks);
    assert_eq!((summary.contests.len(), looks(0), looks(1)), (2, Some(6), None));
    let outcome = ending::outcome(&summary);
    assert_eq!(outcome.len(), 1, "{outcome:?}");
    assert!(outcome[0].contains("1 of 1 comparisons"), "{outcome:?}");
}

/// Old and new code, which takes so many times as long.
fn builds(blocks: u32, new: f64, null_of: &str) -> Recording {
    let arms = [
        (cell("tokio@base", Role::Runner), 1.0),
        (cell("tokio@new", Role::Runner), new),
        (cell(null_of, Role::Null), if null_of == "tokio@new" { new } else { 1.0 }),
    ];
    let mut random = Random(3);
    let mut trials = Vec::new();
    for block in 0..blocks {
        for (cell, factor) in &arms {
            let own = factor * (1.0 + 0.01 * (random.part() - 0.5));
            let slices = (0..3)
                .map(|round| slice(round, &random.latencies(70_000.0 * own, 4000), 7.0 * own));
            let mut trial = trial(cell, block, slices.collect());
            trial.marks.clear();
            trials.push(trial);
        }
    }
    let cells: Vec<_> = arms.iter().map(|(cell, _)| cell).collect();
    let command = ["simul", "ab", "--base", "old <b>", "--new=./new", "--margin", "5%"];
    let run = RunRecord {
        command: command.map(str::to_owned).to_vec(),
        ..run(vec![contest(&cells, Some("tokio@base"))], 12)
    };
    Recording { run, trials, audits: Vec::new(), torn: false }
}

#[test]
fn a_comparison_of_two_builds_says_what_it_is_and_what_it_found() {
    let recording = builds(6, 1.0, "tokio@base");
    for (at, text) in shown(&recording).into_iter().enumerate() {
        // Markdown takes the meaning from signs that would have one there.
        let text = text.replace('\\', "");
        let base = ["old &lt;b&gt;", "old &lt;b&gt;", "old <b>", "old <b>"][at];
        for said in [
            "a comparison of two builds (simul ab); base: ",
            base,
            "; new: ./new; margin ±5",
            "decided after 6 of at most 12 blocks: it ended there",
            "echo:64/tokio/closed-32@separate: equivalent, by 6 blocks: p50 ",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("not finished"), "{text}");
    }
    let summary = Summary::of(&recording).unwrap();
    assert!(issue::render(&summary).contains("a comparison of two builds"));
}

#[test]
fn a_comparison_of_two_builds_that_ended_before_says_why() {
    let said = |recording: &Recording| shown(recording)[2].clone();
    let early = said(&builds(4, 1.0, "tokio@base"));
    assert!(
        early.contains("ended after 4 of at most 12 blocks, 1 of 1 pairs not decided"),
        "{early}"
    );
    assert!(early.contains("undecided (the time ended before the first look)"), "{early}");
    let worse = said(&builds(6, 1.2, "tokio@base"));
    assert!(
        worse.contains("looks worse, which counts where folder 'again' says so too"),
        "{worse}"
    );
    let again = said(&builds(6, 1.2, "tokio@new"));
    assert!(again.contains("(simul ab): suspects, measured again with reversed roles"), "{again}");
    assert!(
        again.contains("looks worse, which counts where the first stage says so too"),
        "{again}"
    );
    // Such names in another run are names.
    let mut other = builds(4, 1.0, "tokio@base");
    other.run.command = ["simul", "run"].map(str::to_owned).to_vec();
    let other = said(&other);
    assert!(other.contains("not finished: 4 of 12") && !other.contains("two builds"), "{other}");
}

#[test]
fn as_many_rounds_are_told_as_there_were() {
    let mut recording = recording(&["tokio", "smol"], 2, 2, 600);
    recording.run.plan.rounds = 12;
    let told = |recording: &Recording| {
        let [page, ..] = shown(recording);
        assert!(page.contains(&format!(" of {}, seed", ending::rounds(&recording.run))));
        ending::rounds(&recording.run)
    };
    assert_eq!(told(&recording), "12 rounds");
    recording.run.plan.contests[0].rounds = Some(144);
    assert_eq!(told(&recording), "144 rounds");
    let mut other = recording.run.plan.contests[0].clone();
    (other.rounds, other.workload) = (None, "spawn:64".into());
    other.cells.clear();
    recording.run.plan.contests.push(other);
    assert_eq!(ending::rounds(&recording.run), "12 to 144 rounds");
}

#[test]
fn slices_of_its_own_are_told() {
    let mut recording = recording(&["tokio", "smol"], 2, 2, 600);
    let own = &mut recording.run.plan.contests[0];
    (own.slice_ns, own.drop_ns) = (Some(20_000_000), Some(2_000_000));
    let told = format!(
        "Slices of {} were of at least 20.0 ms, of which the first 2.00 ms do not count.",
        own.workload
    );
    let [page, ..] = shown(&recording);
    assert!(page.contains(&told));
    let [page, ..] = shown(&self::recording(&["tokio", "smol"], 2, 2, 600));
    assert!(!page.contains(&told));
}
