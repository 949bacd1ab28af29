//! Does a check of a change show what was found, and end as it says? Without GitHub.
//!
//! The steps of the action are read from its file and run as GitHub runs them, with two commands in place of two
//! builds. What only GitHub can tell, whether it takes the files, is not seen here. Next: `ci_comment.rs`.

#[path = "support/job.rs"]
mod job;
mod support;

use job::{Job, command, root, yaml};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};
use support::{Place, program, text};

/// What GitHub's reference of action metadata says of composite actions.
fn composite() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let named = |required: &[&str], properties: Value| {
        let mut schema = json!({ "type": "object", "additionalProperties": false });
        schema["required"] = json!(required);
        schema["properties"] = properties;
        schema
    };
    let input = json!({ "description": text, "default": { "type": "string" }, "required": { "type": "boolean" } });
    let step = json!({
        "name": text, "id": text, "if": text, "run": text, "shell": { "const": "bash" },
        "continue-on-error": { "type": "boolean" },
        "env": { "type": "object", "additionalProperties": { "type": "string" } },
    });
    let ids = json!({ "pattern": "^[a-z_][a-z0-9_-]*$" });
    named(
        &["name", "description", "runs"],
        json!({
            "name": text,
            "description": text,
            "inputs": {
                "propertyNames": ids,
                "additionalProperties": named(&["description"], input),
            },
            "outputs": {
                "propertyNames": ids,
                "additionalProperties":
                    named(&["description", "value"], json!({ "description": text, "value": text })),
            },
            "runs": named(&["using", "steps"], json!({
                "using": { "const": "composite" },
                "steps": { "type": "array", "items": named(&["run", "shell"], step) },
            })),
        }),
    )
}

/// Every `<context>.<name>` that stands in this text.
fn mentions(text: &str, context: &str) -> BTreeSet<String> {
    let is_part = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
    let after = text.split(context).skip(1);
    after.map(|rest| rest.chars().take_while(is_part).collect()).collect()
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_action_is_one_that_github_takes_and_the_example_calls_it() {
    let (action, example) = (yaml("action.yml"), yaml("example.yml"));
    let schema = jsonschema::validator_for(&composite()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&action).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let steps = action["runs"].to_string();
    assert_eq!(mentions(&steps, "inputs."), names(&action["inputs"]), "used, and declared");
    for step in action["runs"]["steps"].as_array().unwrap() {
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "text of others becomes part of a script: {script}");
    }
    let written = mentions(&(steps + &action["outputs"].to_string()), "steps.compare.outputs.");
    let script = fs::read_to_string(root().join("scripts/ci-compare")).unwrap();
    for output in &written {
        assert!(script.contains(&format!("{output}=%")), "scripts/ci-compare writes {output}");
    }
    let jobs = example["jobs"]["ab"]["steps"].as_array().unwrap();
    let calls = jobs.iter().filter(|step| step["uses"] == "./.github/actions/simul");
    let calls: Vec<&Value> = calls.collect();
    assert_eq!(calls.len(), 1);
    assert!(names(&calls[0]["with"]).is_subset(&names(&action["inputs"])));
    let outputs = mentions(&example.to_string(), "steps.simul.outputs.");
    assert!(outputs.is_subset(&names(&action["outputs"])), "{outputs:?}");
}

fn canary(fault: &str) -> String {
    format!("'{}' canary {fault}", program())
}

/// A job that compares two commands.
fn job<'a>(place: &'a Place, new: &str, more: &str) -> Job<'a> {
    let inputs = BTreeMap::from([
        ("base-command", canary("slow=0")),
        ("new-command", canary(new)),
        ("workloads", "sha256".into()),
        ("arguments", format!("--rounds\n2\n--seed\n7\n--no-progress\n{more}")),
        ("key", "nightly".into()),
    ]);
    Job { place, action: yaml("action.yml"), inputs }
}

#[test]
fn what_goes_wrong_is_told_everywhere_and_fails_the_step() {
    let place = Place::new();
    let job = job(&place, "dies", "");
    let output = job.step(0, &[]);
    let printed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{printed}\n{}", text(&output.stderr));
    assert_eq!(job.output("exit-code"), "1");

    let folder = PathBuf::from(job.output("folder"));
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let summary = fs::read_to_string(place.path("summary")).unwrap();
    assert!(summary.starts_with("## simul: failed (exit code 1)\n"), "{summary}");
    assert!(summary.contains("| can find |") && summary.contains("failed: new is"), "{summary}");
    assert_eq!(summary, read("summary.md"));
    let comment = read("comment.md");
    let (mark, rest) = comment.split_once('\n').unwrap();
    assert_eq!(mark, "<!-- simul ab: nightly -->");
    assert_eq!(rest, summary);
    let outcome: Value = serde_json::from_str(&read("outcome.json")).unwrap();
    assert_eq!((&outcome["verdict"], &outcome["exit_code"]), (&json!("failed"), &json!(1)));
    assert!(folder.join("run/trials.jsonl").exists());

    let annotations = read("annotations.txt");
    let lines: Vec<&str> = annotations.lines().collect();
    assert_eq!(lines[0], "::error title=simul ab::failed (exit code 1)");
    let cell = "::error title=simul ab%3A sha256%3A";
    assert!(lines[1].starts_with(cell) && lines[1].contains("::failed: new"), "{annotations}");
    // While others may print, GitHub does not listen; then it does.
    let (pause, rest) = printed.split_once('\n').unwrap();
    let token = pause.strip_prefix("::stop-commands::").unwrap();
    let (quiet, heard) = rest.split_once(&format!("::{token}::\n")).unwrap();
    assert!(quiet.contains("overall: failed (exit code 1)"), "{quiet}");
    assert_eq!(heard, annotations);
    assert!(place.processes().is_empty());
}

/// How often a restless machine may spoil a trial, so that nothing can be compared.
const TRIES: usize = 20;

/// Runs the comparison until it is undecided: its exit code, what it printed, and what a program is told.
fn undecided(job: &Job<'_>) -> (Option<i32>, String, Value) {
    for _ in 0..TRIES {
        let output = job.step(0, &[]);
        let outcome = PathBuf::from(job.output("folder")).join("outcome.json");
        let outcome: Value = serde_json::from_slice(&fs::read(outcome).unwrap()).unwrap();
        fs::remove_file(job.place.path("outputs")).unwrap();
        assert_eq!(outcome["exit_code"].as_i64(), output.status.code().map(i64::from));
        if outcome["verdict"] == "undecided" {
            return (output.status.code(), text(&output.stdout), outcome);
        }
        fs::remove_file(job.place.path("summary")).unwrap();
    }
    panic!("always spoilt")
}

#[test]
fn inputs_reach_the_comparison_and_undecided_may_be_allowed() {
    let place = Place::new();
    let mut job = job(&place, "slow=0", "");
    // No time for six blocks: nothing can be decided.
    job.inputs.extend([("budget", "1s".to_owned()), ("margin", "2%".to_owned())]);
    let (code, _, outcome) = undecided(&job);
    assert_eq!((code, &outcome["margin"]), (Some(103), &json!(0.02)));
    job.inputs.insert("allow-undecided", "true".into());
    let (code, printed, _) = undecided(&job);
    assert_eq!(code, Some(0));
    let heard = "::notice title=simul ab::undecided (exit code 0)";
    assert!(printed.contains(heard), "{printed}");
}

#[test]
fn each_step_adds_to_the_summary() {
    let place = Place::new();
    let job = job(&place, "dies", "");
    job.step(0, &[]);
    job.step(0, &[]);
    let summary = fs::read_to_string(place.path("summary")).unwrap();
    assert_eq!(summary.matches("## simul: failed").count(), 2, "{summary}");
}

#[test]
fn where_there_is_no_outcome_the_reason_is_shown() {
    let place = Place::new();
    let mut command = command(&place, "bash");
    command.arg(root().join("scripts/ci-compare"));
    command.args(["--base", &program(), "--new", &program(), "--margin", "0.5%"]);
    command.env("SIMUL_CI_FOLDER", place.path("files")).env("GITHUB_ACTIONS", "true");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let read = |name: &str| fs::read_to_string(place.path("files").join(name)).unwrap();
    let summary = read("summary.md");
    assert!(summary.starts_with("## simul: no outcome (exit code 2)\n"), "{summary}");
    assert!(summary.contains("'0.5%'"), "{summary}");
    assert!(read("comment.md").ends_with(&summary));
    let annotations = read("annotations.txt");
    assert_eq!(annotations.lines().count(), 1, "{annotations}");
    let begins = "::error title=simul ab::no outcome (exit code 2)%0A";
    assert!(annotations.starts_with(begins) && annotations.contains("'0.5%25'"), "{annotations}");
    assert!(text(&output.stdout).ends_with(&annotations));
    // What is there is not written over.
    let again = command.output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("exists already"), "{}", text(&again.stderr));
    assert_eq!(read("annotations.txt"), annotations);
}
