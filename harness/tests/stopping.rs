//! Does a run that may stop early keep its looks, its time and its promises?
//!
//! The real program on real work. What is decided depends on the machine; here only what must hold whatever is decided
//! is asked. That stopping raises no false alarms is shown in `results/tests/looks.rs`.

mod support;

use serde_json::Value;
use support::{Place, json, text};

const TINY: &str = "run -w sha256 -r inline,threads --rounds 2 --slice 10ms --no-progress --seed 7";

fn run(place: &Place, more: &str) -> Value {
    let output = place.run(&format!("{TINY} --json {more}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    json(&output)
}

/// In how many blocks each cell was measured, by its name.
fn blocks(object: &Value) -> Vec<(&str, u64)> {
    let cells = object["cells"].as_array().unwrap().iter();
    cells.map(|cell| (cell["cell"].as_str().unwrap(), cell["blocks"].as_u64().unwrap())).collect()
}

#[test]
fn a_comparison_ends_at_a_look_and_says_at_which() {
    let place = Place::new();
    let object = run(&place, "--metric p50 --blocks 8 --out run");
    let stopping = &object["stopping"];
    assert_eq!(
        (&stopping["looks"], &stopping["metric"]),
        (&serde_json::json!([6, 8]), &"p50".into())
    );
    let lived = stopping["blocks"].as_u64().unwrap();
    assert!([6, 8].contains(&lived), "{stopping}");
    assert!(blocks(&object).iter().all(|(_, blocks)| *blocks == lived), "{object}");
    let compared = object["cells"].as_array().unwrap().iter();
    let mut compared =
        compared.filter(|cell| cell["runner"] == "threads" && cell["role"] == "runner");
    let verdict = &compared.next().unwrap()["verdict"];
    assert_eq!(verdict["look"].as_u64(), Some(lived), "{verdict}");
    let is = |word: &str| verdict["p50"]["verdict"] == word;
    // Where other tests take the processor, a cell may have starved: then there is nothing to decide.
    assert_eq!(is("undecided") || is("invalid"), stopping["decided"] == 0, "{verdict}");
    assert!(!is("undecided") || lived == 8, "what is open goes on: {object}");
    // The stored run says the same, and that nothing is left to do.
    assert_eq!(json(&place.run("run --resume run --json --no-progress")), object);
    assert!(place.processes().is_empty());
}

#[test]
fn a_run_that_was_cut_off_goes_on_as_if_it_had_not_been() {
    let place = Place::new();
    let whole = run(&place, "--adaptive --blocks 6 --out run");
    let path = place.path("run/trials.jsonl");
    let trials = std::fs::read_to_string(&path).unwrap();
    let first = trials.lines().filter(|line| line.contains("\"block\":0,"));
    let first: String = first.map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, first).unwrap();
    let output = place.run("run --resume run --json --no-progress");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(blocks(&json(&output)), blocks(&whole));
    // Nothing is left to do.
    let again = place.run("run --resume run --json --no-progress");
    assert_eq!(json(&again), json(&output));
}

#[test]
fn the_budget_ends_a_run_before_its_looks() {
    let place = Place::new();
    let output = place.run(
        "run -w sha256 -r inline,threads --rounds 20 --slice 50ms --budget 1s --seed 7 --out run",
    );
    let (shown, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("plan: 1 contest") && said.contains("at most 1 s"), "{said}");
    assert!(said.contains("the time ended before all was decided"), "{said}");
    assert!(shown.contains("0 of 1 comparisons are decided"), "{shown}");
    assert!(shown.contains("? undecided"), "{shown}");
}

#[test]
fn what_cannot_be_is_one_line() {
    let place = Place::new();
    for (more, says) in [
        ("--adaptive --blocks 5", "at least 6"),
        ("--metric p99 --blocks 11", "at least 12"),
        ("--adaptive --sweep", "a sweep has no verdicts"),
    ] {
        let output = place.run(&format!("{TINY} --out run {more}"));
        let error = text(&output.stderr);
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
        assert!(error.contains(says), "{error}");
        assert!(!place.path("run").exists());
    }
    let output = place.run(&format!("{TINY} --metric p98"));
    assert!(text(&output.stderr).contains("p99.9"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(2));
}
