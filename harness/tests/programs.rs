//! Runner programs: what misbehaves ends as a state with a reason and leaves nothing; what is sound is measured.

mod support;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::fmt::Write as _;
use support::{Place, json, program, text, wait_until};

/// A declaration of a canary.
fn declared(fault: &str) -> String {
    let simul = program();
    format!(
        "[[runner]]\nname = \"x-{fault}\"\nrunner = \"threads\"\ndescribes = \"a canary\"\n\
         class = \"simul\"\npackage = \"std\"\nremedy = \"build it\"\n\
         version = [\"{simul}\", \"trial\", \"--receipt\", \"threads\"]\n\
         run = [\"{simul}\", \"canary\", \"{fault}\"]\n\n"
    )
}

fn place_with(faults: &[&str]) -> Place {
    let place = Place::new();
    let text: String = faults.iter().map(|fault| declared(fault)).collect();
    std::fs::write(place.path("canaries.toml"), text).unwrap();
    place
}

fn cell_of<'a>(object: &'a Value, runner: &str) -> &'a Value {
    let cells = object["cells"].as_array().unwrap();
    cells.iter().find(|cell| cell["runner"] == runner).unwrap_or_else(|| panic!("{object:#}"))
}

const BRIEF: &str = "--load closed-2 --blocks 1 --rounds 1 --slice 20ms --runner-file canaries.toml \
                     --out run --json";

#[test]
fn slices_without_an_operation_fail_the_run_and_are_not_only_left_out() {
    let place = place_with(&["empties"]);
    let output = place.run(&format!("run -w echo -r threads,x-empties {BRIEF}"));
    let cell = cell_of(&json(&output), "x-empties").clone();
    assert_eq!(cell["state"], "failed", "{cell:#}");
    assert!(cell["reason"].as_str().unwrap().contains("no operation ended in any counted slice"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    place.assert_clean();
}

#[test]
fn a_slice_that_was_ordered_again_has_no_price_of_both_and_is_the_only_long_one() {
    let place = place_with(&["hesitates"]);
    let brief = BRIEF.replace("--rounds 1", "--rounds 2");
    let output = place.run(&format!("run -w echo -r threads,x-hesitates {brief}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = std::fs::read_to_string(place.path("run/trials.jsonl")).unwrap();
    let slices = |runner: &str| -> Vec<Value> {
        let trial = trials.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut trial =
            trial.filter(|trial| trial["runner"] == runner && trial["role"] == "runner");
        trial.next().unwrap()["slices"].as_array().unwrap().clone()
    };
    let seen = |runner: &str| -> Vec<(bool, bool)> {
        let seen = |slice: &Value| (slice["price"].is_object(), slice["foreign_cpu_ns"].is_u64());
        slices(runner).iter().map(seen).collect()
    };
    // Beside other tests a round may have been run again.
    let is_seen = |slices: &[(bool, bool)]| slices.iter().all(|seen| *seen == (true, true));
    let found = seen("x-hesitates");
    assert!(found[0] == (false, false) && found.len() > 1 && is_seen(&found[1..]), "{found:?}");
    assert!(is_seen(&seen("threads")));
    // Once may be the machine's doing.
    let windows: Vec<u64> =
        slices("x-hesitates").iter().map(|slice| slice["window_ns"].as_u64().unwrap()).collect();
    assert!(windows[1..].iter().all(|window| *window == 18_000_000), "{windows:?}");
    assert!(windows[0] > 18_000_000, "{windows:?}");
}

#[test]
fn every_misbehaviour_is_a_state_with_its_reason_and_last_words_and_leaves_nothing() {
    let expected = [
        ("garbage", "failed", "'lorem ipsum dolor sit amet', which is no answer"),
        ("late", "timed-out", "no answer within"),
        ("dies", "failed", "dying as told"),
        ("chatters", "failed", "'working hard', which is no answer"),
        ("answers-twice", "failed", "which nobody had asked for"),
        ("counts", "failed", "its numbers cannot be true: its counts add up to"),
        ("beyond", "failed", "an operation took"),
        ("order", "failed", "p50_ns is 2, but p90_ns is only 1"),
        ("figure", "failed", "the workload has no figure 'beauty'"),
        ("negative", "failed", "invalid value: integer `-5`"),
        ("nan", "failed", "which is no answer"),
        ("overflow", "failed", "which is no answer"),
        ("clock", "failed", "CLOCK_MONOTONIC"),
        ("operations", "discarded", "it tells of 0 actors, but 2 were ordered"),
        ("wrong", "discarded", "did other work"),
        ("version", "failed", "it says that it is std 0.0.1"),
        ("state", "failed", "it refused as 'measured': so good"),
        ("strays", "failed", "it left processes behind, which were killed: 'sleep 1000'"),
        ("bad-end", "failed", "after its last answer it ended with exit status: 3"),
        ("endless", "failed", "it had not ended"),
    ];
    let faults: Vec<&str> = expected.iter().map(|(fault, ..)| *fault).collect();
    let place = place_with(&faults);
    let output = place.run(&format!("run -w echo -r threads,x-* {BRIEF}"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let object = json(&output);
    for (fault, state, reason) in expected {
        let cell = cell_of(&object, &format!("x-{fault}"));
        assert_eq!(cell["state"], state, "{fault}: {cell:#}");
        let said = cell["reason"].as_str().unwrap();
        assert!(said.contains(reason), "{fault}: {said}");
        if state != "discarded" {
            let words = format!("canary: the fault is '{fault}'");
            assert!(said.contains(&words), "{fault} has no last words: {said}");
        }
    }
    assert_eq!(cell_of(&object, "threads")["state"], "measured");
    place.assert_clean();
}

/// Longer and more: one stall of a busy machine must not empty all slices of a cell.
const PATIENT: &str = "--load closed-2 --blocks 1 --rounds 3 --slice 60ms --runner-file canaries.toml \
                       --out run --json";

#[test]
fn a_sound_program_with_plain_pairs_is_measured_like_any_other() {
    let place = place_with(&["none"]);
    let workloads = "echo,sleep,sha256,spawn,ping-pong,file-read:1,mixed";
    let output = place.run(&format!("run -w {workloads} -r x-none {PATIENT}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    for cell in object["cells"].as_array().unwrap().iter().filter(|c| c["runner"] == "x-none") {
        assert_eq!(cell["state"], "measured", "{cell:#}");
    }
    for trial in place.trials("run").iter().filter(|trial| trial.runner == "x-none") {
        let receipt = trial.receipt.as_ref().unwrap();
        assert!(receipt.source.ends_with("trial --receipt threads"), "{receipt:?}");
        assert!(trial.slices.iter().all(|slice| slice.cpu_ns > Some(0)), "seen from outside");
        assert!(trial.costs.as_ref().unwrap().peak_rss_bytes > 0);
        assert!(trial.card["cpu"].contains("from outside"), "{:?}", trial.card);
    }
    place.assert_clean();
}

/// Longer, so that it is watched for long enough while the other works.
const WATCHFUL: &str = "--load closed-2 --blocks 1 --rounds 8 --slice 60ms --runner-file canaries.toml \
                        --out run --json";

#[test]
fn who_burns_while_others_work_is_stopped_meanwhile_and_marked_and_keeps_its_connections() {
    let place = place_with(&["burns", "none"]);
    let output = place.run(&format!("run -w echo -r threads,x-burns,x-none {WATCHFUL}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    let marks = |runner: &str| {
        let cell = cell_of(&object, runner);
        assert_eq!(cell["state"], "measured", "{cell:#}");
        let marks = cell["marks"].as_array().unwrap().clone();
        marks.into_iter().map(|mark| mark.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(marks("x-burns").contains(&"parked".to_owned()), "{:?}", marks("x-burns"));
    for runner in ["threads", "x-none", "x-burns"] {
        assert!(!marks(runner).contains(&"burns-idle".to_owned()), "{runner}");
    }
    for runner in ["threads", "x-none"] {
        assert!(!marks(runner).contains(&"parked".to_owned()), "{runner}");
    }
    let trials = place.trials("run");
    let burner = trials.iter().find(|trial| trial.runner == "x-burns").unwrap();
    assert!(burner.price.as_ref().unwrap().parked);
    assert!(burner.slices.iter().all(|slice| slice.completed > 0), "it went on each time");
    // Stopped, it burns nothing while others work: at most what it does until it is stopped.
    let rounds: Vec<&simul_results::SliceRecord> = burner.slices.iter().collect();
    let (first, last) = (rounds[0].deferred_cpu_ns, rounds[rounds.len() - 1].deferred_cpu_ns);
    assert!(last < first / 2, "first {first} ns, in the end {last} ns");
    place.assert_clean();
}

#[test]
fn a_stopped_program_is_ended_with_the_run_and_with_its_controller() {
    let is_stopped = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    };
    for signal in [Signal::SIGINT, Signal::SIGKILL] {
        let place = place_with(&["burns"]);
        let long = WATCHFUL.replace("--rounds 8", "--rounds 1000");
        let mut controller = place.start(&format!("run -w echo -r threads,x-burns {long}"));
        let stands = || {
            let all = place.processes();
            all.iter().any(|(pid, line)| line.contains("canary burns") && is_stopped(*pid))
        };
        wait_until("the burner is stopped", stands);
        kill(Pid::from_raw(controller.id() as i32), signal).unwrap();
        controller.wait().unwrap();
        place.assert_clean();
    }
}

#[test]
fn what_is_read_from_outside_is_recorded_for_every_program_alike() {
    let place = place_with(&["none"]);
    let output = place.run(&format!("run -w echo -r threads,x-none {PATIENT}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for trial in place.trials("run") {
        let price = trial.price.as_ref().unwrap();
        assert!(price.rss_ready_bytes > Some(0) && price.rss_idle_bytes > Some(0), "{price:?}");
        assert!(price.threads_peak >= Some(1) && price.actors == 2 && !price.parked, "{price:?}");
        // The canary hands on what our own trial says.
        assert!(price.actors_anonymous_bytes.is_some(), "{price:?}");
        // It is two processes: the program and our own trial below it.
        let processes = if trial.runner == "x-none" { 2 } else { 1 };
        assert_eq!(price.processes, Some(processes), "{}", trial.cell);
        assert_eq!(price.whole_switches, trial.runner != "x-none");
        for slice in &trial.slices {
            let price = slice.price.as_ref().unwrap();
            assert!(price.voluntary_switches.is_some() && price.run_queue_wait_ns.is_some());
            assert!(price.minor_faults.is_some() && price.threads >= Some(1), "{price:?}");
            // Each operation takes 64 bytes there and back, twice 40 of headers and more.
            assert!(price.loopback_bytes.unwrap() >= slice.operations * 128, "{price:?}");
        }
    }
    let object = json(&output);
    let price = &cell_of(&object, "threads")["price"];
    assert!(price["voluntary_switches_per_op"]["median"].as_f64().unwrap() > 0.0, "{price:#}");
    assert!(price["cpu_above_floor_us_per_op"]["median"].is_f64(), "{price:#}");
    place.assert_clean();
}

#[test]
fn without_collection_nothing_is_told_and_nothing_is_zero() {
    let place = Place::new();
    let line = "run -w echo -r threads --load closed-2 --blocks 1 --rounds 4 --slice 20ms --out run --json";
    let mut command = place.simul(line);
    let output = command.env("SIMUL_PRICE", "alternate").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for slice in place.trials("run").iter().flat_map(|trial| &trial.slices) {
        assert_eq!(slice.price.is_some(), slice.round % 2 == 0, "round {}", slice.round);
    }
    let output =
        place.simul(&line.replace("run --json", "off --json")).env("SIMUL_PRICE", "off").output();
    let object = json(&output.unwrap());
    assert!(place.trials("off").iter().all(|trial| trial.price.is_none()));
    let price = &cell_of(&object, "threads")["price"];
    assert_eq!(price["voluntary_switches_per_op"], Value::Null, "{price:#}");
    assert_eq!(price["rss_idle_bytes"], Value::Null, "{price:#}");
    place.assert_clean();
}

#[test]
fn another_build_of_simul_stands_next_to_this_one() {
    let place = Place::new();
    let simul = program();
    let example = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../runners/examples/two-tokios.toml"),
    );
    let text_of = example.unwrap().replace("{folder}/simul", &simul).replace("1.47.1", "other");
    std::fs::write(place.path("canaries.toml"), text_of).unwrap();
    let output = place.run(&format!("run -w echo -r tokio,tokio@other {PATIENT}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    let cell = cell_of(&object, "tokio@other");
    assert_eq!(cell["state"], "measured", "{cell:#}");
    let trials = place.trials("run");
    let receipt = |name: &str| {
        let trial = trials.iter().find(|trial| trial.runner == name).unwrap();
        trial.receipt.clone().unwrap()
    };
    let [own, other] = ["tokio", "tokio@other"].map(receipt);
    assert_eq!((own.package, own.version), (other.package, other.version));
    place.assert_clean();
}

#[test]
fn what_is_missing_is_unavailable_with_its_remedy_and_the_run_goes_on() {
    let place = Place::new();
    let sound = declared("none");
    let mut text_of = String::new();
    for (name, version, more) in [
        ("no-tool", "[\"no-such-tool-anywhere\"]", ""),
        ("no-version", "[\"echo\", \"nothing\"]", ""),
        ("fails", "[\"sh\", \"-c\", \"echo no module named uvloop >&2; exit 1\"]", ""),
        ("old", "[\"echo\", \"3.9.2\"]", "least_version = \"3.11\"\n"),
        (
            "needy",
            "[\"echo\", \"1\"]",
            "needs = [{ version = [\"false\"], remedy = \"help it\" }]\n",
        ),
        (
            "unbuilt",
            "[\"echo\", \"1\"]",
            "build = [\"sh\", \"-c\", \"echo no compiler >&2; exit 1\"]\n",
        ),
        ("unfit", "[\"no-such-tool-anywhere\"]", "workloads = [\"sleep\"]\n"),
    ] {
        let simul = program();
        let own = format!("[\"{simul}\", \"trial\", \"--receipt\", \"threads\"]");
        let entry = sound.replace("x-none", &format!("x-{name}")).replace(&own, version);
        writeln!(text_of, "{}\n{more}", entry.trim_end()).unwrap();
    }
    std::fs::write(place.path("canaries.toml"), text_of).unwrap();
    let output = place.run(&format!("run -w echo -r inline,x-* {PATIENT}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    for (name, state, reason) in [
        ("no-tool", "unavailable", "'no-such-tool-anywhere' failed: error: cannot start"),
        ("no-tool", "unavailable", "to have it: build it"),
        ("no-version", "unavailable", "'echo nothing' prints no version"),
        ("fails", "unavailable", "no module named uvloop"),
        ("old", "unavailable", "version 3.9.2 is too old, by 'echo 3.9.2'; 3.11 is needed"),
        ("needy", "unavailable", "to have it: help it"),
        ("unbuilt", "unavailable", "it cannot be built"),
        ("unfit", "not-applicable", "not written"),
    ] {
        let cell = cell_of(&object, &format!("x-{name}"));
        assert_eq!(cell["state"], state, "{name}: {cell:#}");
        assert!(cell["reason"].as_str().unwrap().contains(reason), "{name}: {cell:#}");
    }
    let output = place.run("list runners --json --runner-file canaries.toml");
    let list = json(&output);
    let find = |name: &str| {
        let items = list.as_array().unwrap();
        items.iter().find(|item| item["name"] == name).unwrap().clone()
    };
    assert_eq!(find("x-old")["state"], "unavailable");
    assert_eq!(find("x-old")["remedy"], "build it");
    assert_eq!(find("x-needy")["remedy"], "help it");
    assert_eq!(
        (&find("x-unbuilt")["version"], &find("x-unbuilt")["class"]),
        (&"1".into(), &"simul".into())
    );
    place.assert_clean();
}

#[test]
fn a_program_is_built_once_in_a_folder_that_goes() {
    let place = Place::new();
    let simul = program();
    let text_of = declared("none")
        .replace(&format!("run = [\"{simul}\""), "run = [\"{build}/simul\"")
        .trim_end()
        .to_owned()
        + &format!(
            "\nbuild = [\"sh\", \"-c\", \"echo built >> log; ln -s {simul} {{build}}/simul\"]\n"
        );
    std::fs::write(place.path("canaries.toml"), text_of).unwrap();
    let output = place.run(&format!("run -w echo,sleep -r x-none {PATIENT}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(cell_of(&json(&output), "x-none")["state"], "measured");
    assert_eq!(std::fs::read_to_string(place.path("log")).unwrap(), "built\n");
    place.assert_clean();
}

#[test]
fn a_malformed_declaration_is_bad_input() {
    let place = Place::new();
    let sound = declared("none");
    for (text_of, reason) in [
        ("[[runner]]\nname = 7\n".to_owned(), "is no declaration: line 2"),
        (sound.replace("x-none", "threads"), "the name 'threads' is taken"),
        (sound.replace("class", "klass"), "unknown field `klass`"),
    ] {
        std::fs::write(place.path("canaries.toml"), text_of).unwrap();
        let output = place.run(&format!("run -w echo {PATIENT}"));
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
        assert!(!place.path("run").exists());
    }
    let output = place.run("run -w echo --runner-file nowhere.toml");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot read 'nowhere.toml'"));
    place.assert_clean();
}
