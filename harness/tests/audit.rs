//! Audits count what operations do, agree with what anybody can count by hand, change nothing else, and leave nothing
//! behind.
//!
//! Where strace is not installed, or may not trace, a line says so and the rest goes on; with `SIMUL_REQUIRE_TOOLS=1`
//! it fails.

mod support;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use simul_results::record::TraceRecord;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};
use support::{Place, json as object, program, text, wait_until};

/// Whether strace can trace here: asked of a process that is nobody's child.
fn can_trace() -> bool {
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    let process = sleeper.id().to_string();
    // It lets go by itself when its process ends.
    let strace = Command::new("strace")
        .args(["-qq", "-c", "-o", "/dev/null", "-p", &process])
        .stderr(Stdio::null())
        .spawn();
    let traced = strace.is_ok_and(|mut strace| {
        let status = || fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let mut attached = false;
        wait_until("strace to attach, or to end", || {
            attached = !status().contains("TracerPid:\t0");
            attached || strace.try_wait().unwrap().is_some()
        });
        sleeper.kill().unwrap();
        strace.wait().unwrap();
        attached
    });
    let _ = sleeper.kill();
    sleeper.wait().unwrap();
    let required = std::env::var("SIMUL_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(traced || !required, "strace can trace here");
    if !traced {
        eprintln!("strace is not here, or may not trace: no system calls are compared");
    }
    traced
}

fn cells(output: &Value) -> BTreeMap<String, Value> {
    let cells = output["cells"].as_array().unwrap().iter();
    cells
        .map(|cell| {
            (
                format!("{}/{}", cell["runner"].as_str().unwrap(), cell["role"].as_str().unwrap()),
                cell.clone(),
            )
        })
        .collect()
}

fn close(found: &Value, wanted: f64, tolerance: f64) -> bool {
    found.as_f64().is_some_and(|found| (found - wanted).abs() <= tolerance)
}

#[test]
fn an_audited_run_has_counts_and_the_same_blocks() {
    let traced = can_trace();
    let place = Place::new();
    let options = "-w echo -r threads,tokio --load closed-4 --blocks 2 --rounds 2 --slice 5ms";
    let output = place.run(&format!("run {options} --audit --out run --json --no-progress"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = place.trials("run");
    let (audits, timed): (Vec<_>, Vec<_>) = lines.iter().partition(|trial| trial.audit.is_some());
    assert_eq!((audits.len(), timed.len()), (4, 8), "two runners, null arm and floor; two blocks");
    assert!(audits.iter().all(|trial| trial.slices.is_empty() && trial.costs.is_none()));
    let cells = cells(&object(&output));
    for (name, cell) in &cells {
        assert_eq!((&cell["state"], &cell["blocks"]), (&json!("measured"), &json!(2)), "{name}");
        assert!(cell["audit"]["allocations_per_op"].is_number(), "{name}: {}", cell["audit"]);
    }
    let (threads, tokio) = (&cells["threads/runner"]["audit"], &cells["tokio/runner"]["audit"]);
    // A blocking connection: nothing but one call for each direction, and memory for neither.
    assert!(close(&threads["allocations_per_op"], 0.0, 0.01), "{threads}");
    assert_eq!(threads["polls_per_op"], Value::Null);
    assert_eq!(threads["absent"]["polls"], "not applicable: blocks its thread");
    // A task is polled when its answer has come; now and then in vain, or for two answers at once.
    assert!(close(&tokio["polls_per_op"], 1.0, 0.5), "{tokio}");
    let times = &tokio["poll_ns"];
    let [p50, p99, max] = ["p50", "p99", "max"].map(|name| times[name].as_u64().unwrap());
    assert!(0 < p50 && p50 <= p99 && p99 <= max, "{times}");
    if traced {
        for name in ["sendto", "recvfrom"] {
            assert!(close(&threads["syscalls_per_op"][name], 1.0, 0.02), "{name}: {threads}");
        }
        assert!(close(&tokio["syscalls_per_op"]["sendto"], 1.0, 0.02), "{tokio}");
    } else {
        assert!(threads["absent"]["syscalls"].as_str().unwrap().starts_with("unavailable"));
    }
    // Going on with a run that is whole changes nothing.
    let again = place.run("run --resume run --no-progress");
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(place.trials("run"), lines);
    assert!(text(&again.stdout).contains("audit, per operation"), "{}", text(&again.stdout));
    let why = place.run("why run echo tokio threads");
    let said = text(&why.stdout);
    for words in ["service time", "CPU", "allocations", "not applicable: blocks its thread"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let unknown = place.run("why run echo tokio nobody");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("it has: "), "{}", text(&unknown.stderr));
    place.assert_clean();
}

/// The same trial by hand: strace from its very beginning, one long slice; calls per operation by name.
fn by_hand(place: &Place, workload: &str, runner: &str) -> BTreeMap<String, f64> {
    let summary = place.path("by-hand");
    let mut trial = Command::new("strace")
        .args(["-f", "-c", "-o"])
        .arg(&summary)
        .args([&program(), "trial"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut orders = trial.stdin.take().unwrap();
    let mut answers = BufReader::new(trial.stdout.take().unwrap()).lines();
    let mut ask = |order: Value| -> Value {
        writeln!(orders, "{order}").unwrap();
        serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap()
    };
    let ready = ask(json!({
        "protocol": 3, "workload": workload, "runner": runner, "actors": 1, "workers": 1, "seed": 7,
        "surroundings": { "peer": null, "folder": null, "actors": 1 },
        "usual_slice_ns": 1_000_000, "drain_ns": 20_000_000_000_u64,
    }));
    assert_eq!(ready["reply"], "ready", "{ready}");
    let slice = ask(json!({ "order": "slice", "duration_ns": 1_500_000_000, "drop_ns": 0 }));
    let operations = slice["operations"].as_f64().unwrap();
    assert_eq!(ask(json!({ "order": "finish" }))["reply"], "finished");
    assert!(trial.wait().unwrap().success());
    let lines = fs::read_to_string(summary).unwrap();
    let rows = lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter_map(|row| {
        Some(((*row.last()?).to_owned(), row.get(3)?.parse::<f64>().ok()? / operations))
    })
    .collect()
}

#[test]
fn system_calls_are_those_that_strace_counts_by_hand() {
    if !can_trace() {
        return;
    }
    let place = Place::new();
    let output = place.run(
        "run -w spawn:64 -r threads --load closed-1 --blocks 1 --rounds 1 --slice 5ms --audit --out run --json \
         --no-progress",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let audit = cells(&object(&output))["threads/runner"]["audit"].clone();
    let by_hand = by_hand(&place, "spawn:64", "threads");
    for trial in traced(&place, "spawn:64/threads/") {
        assert_eq!(trial.calls.get("execve"), Some(&1), "from before its program: {trial:?}");
    }
    // What each of the 64 threads of an operation does once or more, whatever the machine does meanwhile.
    for name in ["clone3", "rt_sigprocmask", "sigaltstack"] {
        let wanted = by_hand[name];
        assert!(wanted >= 64.0, "{name}: {wanted}");
        // By hand, set-up and end are counted too.
        assert!(
            close(&audit["syscalls_per_op"][name], wanted, 0.05 * wanted),
            "{name} {wanted}: {audit}"
        );
    }
    place.assert_clean();
}

/// What was traced of the one cell of this workload and runner.
fn traced(place: &Place, cell: &str) -> [TraceRecord; 2] {
    let mut audits = place.trials("run").into_iter().filter(|trial| trial.cell.starts_with(cell));
    audits.find_map(|trial| trial.audit?.traced).unwrap_or_else(|| panic!("no trace of {cell}"))
}

#[test]
fn programs_in_other_languages_are_traced_from_their_start() {
    let python = Command::new("python3").arg("--version").output();
    if !can_trace() || !python.is_ok_and(|python| python.status.success()) {
        return;
    }
    let place = Place::new();
    let output = place.run(
        "run -w echo -r asyncio --load closed-4 --blocks 1 --rounds 1 --slice 5ms --audit --out run --json \
         --no-progress",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let audit = cells(&object(&output))["asyncio/runner"]["audit"].clone();
    for name in ["sendto", "recvfrom"] {
        assert!(close(&audit["syscalls_per_op"][name], 1.0, 0.05), "{name}: {audit}");
    }
    // What its interpreter does before it is told anything is in both trials, and so in no operation.
    let [short, long] = traced(&place, "echo:64/asyncio/");
    assert!(short.calls["execve"] >= 1 && long.calls["execve"] == short.calls["execve"]);
    assert_eq!(audit["syscalls_per_op"]["execve"], Value::Null);
    place.assert_clean();
}

/// A folder with a program named strace that does this.
fn with_strace(place: &Place, script: &str) -> String {
    let folder = place.path("tools");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("strace");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

const TINY: &str = "run -w sha256 -r inline --load closed-1 --blocks 1 --rounds 1 --slice 5ms --audit --out run --json \
    --no-progress";

#[test]
fn where_nobody_may_trace_the_reason_is_said() {
    let forbidden = "[ \"$1\" = --version ] && exit 0\n\
        echo 'strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted' >&2; exit 1";
    for (script, words) in [
        (None, "unavailable: strace is not here; apt-get install strace"),
        (
            Some(forbidden),
            "Operation not permitted; allow it to: in a container --cap-add=SYS_PTRACE",
        ),
        (Some("[ \"$1\" = --version ] || exit 3"), "unavailable: strace said nothing"),
    ] {
        let place = Place::new();
        let path = script.map_or_else(|| "/nowhere".into(), |script| with_strace(&place, script));
        let output = place.simul(TINY).env("PATH", path).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let audit = cells(&object(&output))["inline/runner"]["audit"].clone();
        let why = audit["absent"]["syscalls"].as_str().unwrap();
        assert!(why.contains(words), "{why}");
        assert_eq!(audit["syscalls_per_op"], Value::Null);
        assert!(audit["allocations_per_op"].is_number(), "the rest is there: {audit}");
        place.assert_clean();
    }
}

#[test]
fn a_tracer_that_is_killed_is_a_reason_and_harms_nobody() {
    if !can_trace() {
        return;
    }
    let place = Place::new();
    let real = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&real).map(|folder| folder.join("strace"));
    let real = real.into_iter().find(|file| file.exists()).unwrap();
    // The last word is the process that it is to trace; it is killed as soon as it does.
    let script = format!(
        "[ \"$1\" = --version ] && exit 0\n\
         for process; do :; done\n\
         {} \"$@\" & tracer=$!\n\
         until grep -q \"TracerPid:.$tracer\" /proc/$process/status; do :; done\n\
         kill -KILL $tracer",
        real.display()
    );
    let path = with_strace(&place, &script);
    let output = place.simul(TINY).env("PATH", path).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let cell = cells(&object(&output))["inline/runner"].clone();
    assert_eq!(cell["state"], "measured");
    let why = cell["audit"]["absent"]["syscalls"].as_str().unwrap();
    assert!(why.starts_with("unavailable: "), "{why}");
    assert!(cell["audit"]["allocations_per_op"].is_number(), "the rest is there: {cell}");
    place.assert_clean();
}

#[test]
fn a_trial_that_waits_for_its_tracer_does_not_outlive_us() {
    let place = Place::new();
    let path = with_strace(&place, "[ \"$1\" = --version ] && exit 0\nexec sleep 600");
    let mut controller = place.simul(TINY).env("PATH", path).stdin(Stdio::null()).spawn().unwrap();
    let held = place.wait_for_process("simul follow --held");
    place.wait_for_process("sleep 600");
    let stat = fs::read_to_string(format!("/proc/{held}/stat")).unwrap();
    assert!(stat.contains(") T "), "{stat}");
    kill(Pid::from_raw(controller.id() as i32), Signal::SIGKILL).unwrap();
    controller.wait().unwrap();
    place.assert_clean();
}

#[test]
fn nothing_outlives_a_killed_audit() {
    if !can_trace() {
        return;
    }
    let place = Place::new();
    let runners = "threads,thread-pool,rayon,inline";
    let options = "--load closed-4 --blocks 1 --rounds 1 --slice 5ms --audit --out run";
    let mut controller = place.start(&format!("run -w echo -r {runners} {options}"));
    place.wait_for_process("strace -f -c");
    kill(Pid::from_raw(controller.id() as i32), Signal::SIGKILL).unwrap();
    controller.wait().unwrap();
    place.assert_clean();
    // The blocks that were finished are kept, and the audit goes on where it stopped.
    let timed = place.trials("run").into_iter().filter(|trial| trial.audit.is_none()).count();
    assert_eq!(timed, 6, "four runners, null arm and floor");
    let output = place.run("run --resume run --json --no-progress");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = place.trials("run");
    let audits: Vec<&str> =
        lines.iter().filter(|trial| trial.audit.is_some()).map(|trial| &*trial.cell).collect();
    let different: std::collections::BTreeSet<&str> = audits.iter().copied().collect();
    assert_eq!((audits.len(), different.len(), lines.len()), (6, 6, 12));
    place.assert_clean();
}
