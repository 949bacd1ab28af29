//! Runner programs: what misbehaves ends as a state with a reason and leaves nothing; what is sound is measured.

mod support;

use serde_json::Value;
use std::fmt::Write as _;
use support::{Place, json, program, text};

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
