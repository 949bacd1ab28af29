//! Does a stored run fit into the terminal that it is shown in?

mod synthetic;

use simul_results::{
    Role, Summary, TrialRecord,
    terminal::{self, Screen},
};

const PLAIN: Screen = Screen { width: 100, styled: false };

#[test]
fn tables_fit_and_say_what_they_leave_out() {
    let recording = synthetic::recording(&["tokio", "smol", "async-std"], 6, 3, 400);
    let summary = Summary::of(&recording).unwrap();
    for width in [50, 60, 80, 100, 200] {
        let text = terminal::overview(&summary, Screen { width, ..PLAIN });
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} of {width} columns:\n{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        for cell in &summary.contests[0].cells {
            assert!(text.contains(&cell.arm), "{} at {width}:\n{text}", cell.arm);
        }
        assert_eq!(text.contains("no room for"), !text.contains("ops/s  "), "{width}:\n{text}");
    }
    let wide = terminal::overview(&summary, Screen { width: 200, ..PLAIN });
    assert!(wide.contains('▁') && wide.contains("unav."), "{wide}");
}

#[test]
fn styles_are_only_where_they_are_wanted() {
    let recording = synthetic::recording(&["tokio", "smol"], 2, 2, 50);
    let summary = Summary::of(&recording).unwrap();
    let styled = terminal::overview(&summary, Screen { styled: true, ..PLAIN });
    assert!(styled.starts_with("\u{1b}[1mecho:64"), "{styled}");
    // Letters are the same.
    let mut stripped = styled.clone();
    for code in ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, terminal::overview(&summary, PLAIN));
}

#[test]
fn a_cell_has_its_percentiles_with_intervals_its_effect_and_its_course() {
    let recording = synthetic::recording(&["tokio", "smol"], 6, 4, 300);
    let summary = Summary::of(&recording).unwrap();
    let contest = &summary.contests[0];
    let smol = contest.cells.iter().find(|cell| cell.arm == "smol").unwrap();
    for width in [50, 100] {
        let text = terminal::cell(contest, smol, &recording, Screen { width, ..PLAIN });
        let p99 = text.lines().find(|line| line.starts_with("p99 ")).unwrap();
        assert!(p99.contains('(') && p99.contains('–'), "{text}");
        assert!(text.contains("against tokio"), "{text}");
        assert!(text.contains("24 slices from "), "six blocks of four rounds:\n{text}");
    }
    let absent = contest.cells.iter().find(|cell| cell.runner == "glommio").unwrap();
    let text = terminal::cell(contest, absent, &recording, PLAIN);
    assert!(text.contains("unavailable: the kernel has no io_uring"), "{text}");
}

#[test]
fn a_null_arm_is_told_against_what_it_copies() {
    // As `simul ab` has it: each runner has a null arm, and the first one is the baseline.
    let mut recording = synthetic::recording(&["tokio@base", "smol@base"], 6, 4, 300);
    let null = synthetic::cell("smol@base", Role::Null).to_string();
    let copied = recording.trials.iter().filter(|trial| trial.runner == "smol@base");
    let copy =
        |trial: &TrialRecord| TrialRecord { cell: null.clone(), role: Role::Null, ..trial.clone() };
    let copies: Vec<TrialRecord> = copied.map(copy).collect();
    recording.trials.extend(copies);
    recording.run.plan.contests[0].cells.push(null.clone());
    let summary = Summary::of(&recording).unwrap();
    let contest = &summary.contests[0];
    let text = |arm: &str| {
        let cell = contest.cells.iter().find(|cell| cell.arm == arm).unwrap();
        terminal::cell(contest, cell, &recording, PLAIN)
    };
    assert!(text("smol@base").contains("against tokio@base, with"), "{}", text("smol@base"));
    let null = text("smol@base~null");
    assert!(null.contains("against smol@base, with") && !null.contains("tokio@base"), "{null}");
}

#[test]
fn recorded_text_cannot_command_the_terminal() {
    let mut recording = synthetic::recording(&["tokio", "smol"], 2, 2, 50);
    recording.run.plan.contests[0].question = "a\u{1b}[31mb".into();
    for trial in &mut recording.trials {
        trial.marks = vec!["\u{1b}]0;x\u{7}".into()];
        trial.backend = Some("\u{1b}c".into());
    }
    let summary = Summary::of(&recording).unwrap();
    let contest = &summary.contests[0];
    let mut all = terminal::overview(&summary, PLAIN);
    for cell in &contest.cells {
        all.push_str(&terminal::cell(contest, cell, &recording, PLAIN));
    }
    assert!(!all.contains('\u{1b}') && !all.contains('\u{7}'), "{all:?}");
}
