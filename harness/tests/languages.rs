//! Do the runner programs in Python, Go and Node do the work, and leave nothing behind? Through the real program where
//! numbers are concerned; else each is spoken to directly. Where a toolchain is missing a line says so, and the
//! test goes on; with `SIMUL_REQUIRE_TOOLS=1` it fails.

mod support;

#[path = "languages/program.rs"]
mod program;
#[path = "languages/server.rs"]
mod server;

use program::{Program, is_there, runners, tools};
use serde_json::{Value, json};
use std::{path::Path, process::Command, sync::Mutex};
use support::{Place, json as object_of, text, wait_until};

/// What cannot be done that way; everything else must be measured.
const NOT_APPLICABLE: [(&str, &str); 4] = [
    ("python-processes", "echo"),
    ("python-processes", "mixed"),
    ("python-processes", "ping-pong"),
    ("python-processes", "spawn"),
];

/// Runs that measure take turns: side by side on two cores a slice may pass without an operation.
static MEASURING: Mutex<()> = Mutex::new(());

#[test]
fn every_program_does_the_first_matrix_and_the_oracle_agrees() {
    let _turn = MEASURING.lock();
    let place = Place::new();
    let runners: Vec<&str> = runners().map(|runner| runner.name).collect();
    let workloads = "echo,sha256,sleep,spawn,ping-pong,file-read,mixed";
    let output = place.run(&format!(
        "-w {workloads} -r {} --blocks 1 --rounds 2 --slice 200ms --out run --json",
        runners.join(",")
    ));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = object_of(&output);
    let cells = object["cells"].as_array().unwrap();
    for runner in runners {
        for workload in workloads.split(',') {
            let is_it = |cell: &&Value| {
                cell["workload"] == workload && cell["runner"] == runner && cell["role"] == "runner"
            };
            let found: Vec<&Value> = cells.iter().filter(is_it).collect();
            assert_eq!(found.len(), 1, "{workload} on {runner}");
            let wanted = match NOT_APPLICABLE.contains(&(runner, workload)) {
                _ if !is_there(runner) => "unavailable",
                true => "not-applicable",
                false => "measured",
            };
            let state = found[0]["state"].as_str().unwrap();
            // What cannot be done is known before it is asked whether the program is there.
            assert!(state == wanted || state == "not-applicable", "{wanted}: {}", found[0]);
            assert!(wanted != "measured" || state == wanted, "{}", found[0]);
            if state == "measured" {
                assert!(found[0]["ops"].as_u64().unwrap() > 0, "{}", found[0]);
                assert!(found[0]["version"].is_string(), "{}", found[0]);
            } else {
                assert!(found[0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
            }
        }
    }
    place.assert_clean();
}

#[test]
fn offloaded_hashing_is_the_same_work() {
    let _turn = MEASURING.lock();
    let place = Place::new();
    let names: Vec<&str> = runners().map(|runner| runner.name).collect();
    let output = place.run(&format!(
        "-w sha256:4096:offload=true,mixed:4:offload=true:rounds=2 -r {} --blocks 1 --rounds 2 --slice 200ms --out run --json",
        names.join(",")
    ));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for cell in object_of(&output)["cells"].as_array().unwrap() {
        let state = cell["state"].as_str().unwrap();
        assert!(["measured", "not-applicable", "unavailable"].contains(&state), "{cell}");
    }
    place.assert_clean();
}

#[test]
fn every_program_keeps_the_protocol() {
    for runner in tools() {
        let _turn = MEASURING.lock();
        let place = Place::new();
        let output = place.run(&format!("conform {}", runner.name));
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{}: {said}", runner.name);
        assert!(said.contains("it keeps the protocol"), "{}: {said}", runner.name);
        place.assert_clean();
    }
}

/// A closed trial of hashing, which every program can do.
fn spec(runner: &str, workload: &str) -> Value {
    json!({
        "protocol": simul::protocol::PROTOCOL, "workload": workload, "runner": runner, "mode": "closed", "actors": 4,
        "workers": 2, "seed": 7, "surroundings": {"peer": null, "folder": null},
        "usual_slice_ns": 50_000_000_u64, "drain_ns": 2_000_000_000_u64,
    })
}

#[test]
fn the_end_of_input_ends_a_program_and_its_children_in_the_middle_of_a_slice() {
    for runner in tools() {
        let mut program = Program::start(&runner);
        let ready = program.tell(&spec(runner.name, "sha256"));
        assert_eq!(ready["reply"], "ready", "{ready}");
        program.order(&json!({"order": "slice", "duration_ns": 2_000_000_000_u64, "drop_ns": 0}));
        let processes = program.processes();
        let wanted = if runner.name == "python-processes" { 3 } else { 1 };
        assert_eq!(processes.len(), wanted, "{}", runner.name);
        program.close();
        wait_until(&format!("{} to end", runner.name), || {
            program.has_ended() && processes.iter().all(|pid| !program::is_alive(*pid))
        });
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_state() {
    for runner in tools() {
        let mut other_protocol = spec(runner.name, "sha256");
        other_protocol["protocol"] = json!(2);
        for (spec, state, word) in [
            (spec(runner.name, "no-such-work"), "not-applicable", "written"),
            (spec(runner.name, "sha256:7"), "failed", "whole number from 8 to"),
            (spec(runner.name, "sha256:colour=red"), "failed", "no parameter 'colour'"),
            (spec("somebody", "sha256"), "failed", "no runner 'somebody'"),
            (other_protocol, "failed", "but this is 3"),
        ] {
            let mut program = Program::start(&runner);
            let reply = program.tell(&spec);
            assert_eq!(reply["reply"], "refused", "{}: {reply}", runner.name);
            assert_eq!(reply["state"], state, "{}: {reply}", runner.name);
            assert!(reply["reason"].as_str().unwrap().contains(word), "{}: {reply}", runner.name);
            assert_eq!(program.ending(), Some(0), "{}", runner.name);
        }
    }
}

#[test]
fn digests_draws_and_operations_are_those_of_the_vectors() {
    let runners = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runners");
    for (name, folder, words) in [
        ("asyncio", "python", "python3 -B -m unittest discover -s tests"),
        ("node", "node", "node --test tests/vectors.mjs"),
        ("go", "go", "go test ./..."),
    ] {
        if !is_there(name) {
            continue;
        }
        let mut words = words.split(' ');
        let mut command = Command::new(words.next().unwrap());
        let output = command.args(words).current_dir(runners.join(folder)).output().unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
    }
}
