//! Does `simul ab` find what is there, and end as it says?
//!
//! Both sides are this very program, plain or with a known slowness: `simul canary slow=90` does so much more work with
//! each message. What is found under the noise of a real machine is for the acceptance runs; here differences are so
//! large that no noise hides them.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::{Place, json, program, text};

const TINY: &str = "--rounds 4 --no-progress --seed 7";

/// Of echo, with few actors, so that none starves where other tests want the processor too.
fn ab(place: &Place, base: &str, new: &str, more: &str) -> std::process::Output {
    compared(place, base, new, &format!("-w echo --load closed-4 {more}"))
}

fn compared(place: &Place, base: &str, new: &str, more: &str) -> std::process::Output {
    let mut command = place.simul("ab");
    command.args(["--base", base, "--new", new]).args(TINY.split(' '));
    command.args(more.split_whitespace()).output().unwrap()
}

fn canary(fault: &str) -> String {
    format!("'{}' canary {fault}", program())
}

#[test]
fn what_takes_much_longer_is_worse_and_was_measured_twice() {
    let place = Place::new();
    let (base, new) = (canary("slow=0"), canary("slow=90"));
    let output = ab(&place, &base, &new, "--format json --out run");
    let object = json(&output);
    assert_eq!(output.status.code(), Some(100), "{object}");
    let cell = &object["cells"][0];
    assert_eq!((&object["verdict"], &cell["runner"]), (&"worse".into(), &"tokio".into()));
    for stage in ["first", "second"] {
        let metrics = cell[stage]["metrics"].as_array().unwrap();
        assert!(metrics.iter().any(|metric| metric["finding"] == "worse"), "{stage}: {object}");
    }
    // The roles were reversed, and both stages are recordings like any other.
    for (folder, null, said) in [
        ("run", "tokio@base~null", "which counts where folder 'again' says so too"),
        ("run/again", "tokio@new~null", "suspects, measured again with reversed roles"),
    ] {
        let trials = std::fs::read_to_string(place.path(folder).join("trials.jsonl")).unwrap();
        assert!(trials.contains(null), "{folder}");
        for command in ["report", "show"] {
            let told = place.run(&format!("{command} {folder}"));
            assert_eq!(told.status.code(), Some(0), "{folder}");
            let told = text(&told.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.contains("a comparison of two builds (simul ab)"), "{told}");
            assert!(told.contains("blocks: it ended there") && told.contains(said), "{told}");
            assert!(!told.contains("not finished"), "{told}");
        }
    }
    assert!(place.processes().is_empty());
}

#[test]
fn builds_are_known_by_their_word_and_the_budget_is_kept() {
    let place = Place::new();
    let build = program();
    // No time for six blocks: nothing can be decided.
    let output = ab(&place, &build, &build, "--budget 1s --format json --out run");
    let object = json(&output);
    let ended = (output.status.code(), &object["verdict"]);
    assert_eq!(ended, (Some(103), &"undecided".into()), "{object}");
    assert!(object["spent"].as_str().unwrap().contains("the time ended"), "{object}");
    let trials = std::fs::read_to_string(place.path("run/trials.jsonl")).unwrap();
    assert!(trials.contains("\"source\""), "a build tells what it stands on: {trials}");
    let told = place.run("report run");
    assert!(text(&told.stdout).contains("1 of 1 pairs not decided: the time was over"));
    let output = ab(&place, &build, &build, "--budget 1s --allow-undecided --out again");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("overall: undecided (exit code 0)"));
}

#[test]
fn old_and_new_have_slices_of_the_same_length() {
    let place = Place::new();
    let build = program();
    // No timer fits into such slices, so how long they are goes by the warm-up, which no two trials have alike.
    compared(&place, &build, &build, "-w sleep --load closed-32 --slice 1ms --budget 1s --out run");
    let trials = std::fs::read_to_string(place.path("run/trials.jsonl")).unwrap();
    let mut windows = BTreeMap::new();
    for trial in trials.lines() {
        let trial: serde_json::Value = serde_json::from_str(trial).unwrap();
        for slice in trial["slices"].as_array().unwrap() {
            let block = trial["block"].as_u64().unwrap();
            windows.entry(block).or_insert_with(BTreeSet::new).insert(slice["window_ns"].as_u64());
        }
    }
    assert!(!windows.is_empty());
    assert!(windows.values().all(|own| own.len() == 1), "{windows:?}");
}

#[test]
fn a_side_that_breaks_is_a_failure() {
    let place = Place::new();
    let output = ab(&place, &canary("slow=0"), &canary("dies"), "--out run");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("failed: new is failed"), "{}", text(&output.stdout));
    assert!(place.processes().is_empty());
}

#[test]
fn bad_input_is_one_line() {
    let place = Place::new();
    let build = program();
    for (base, more, says) in [
        ("./nothing-here", "", "cannot be started"),
        ("nothing-here slow=5", "", "there is no such program"),
        ("'unfinished", "", "cannot be started"),
        (" ", "", "an empty command"),
        (build.as_str(), "-r toko", "did you mean 'tokio'?"),
        (build.as_str(), "-w ecoh", "did you mean 'echo'?"),
        (build.as_str(), "--load sweep-500", "has no verdict"),
    ] {
        let output = ab(&place, base, &build, &format!("{more} --out run"));
        let error = text(&output.stderr);
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{base}: {error}");
        assert!(error.contains(says), "{error}");
        assert!(!place.path("run").exists());
    }
    for (more, says) in [
        ("--margin 0%", "'0%' is not a part from 1% to 50%"),
        ("--budget 8", "'8' is not a time"),
        ("--load open-0", "'open-0'"),
    ] {
        let output = ab(&place, &build, &build, &format!("{more} --out run"));
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more}: {error}");
        assert!(error.contains(says) && !place.path("run").exists(), "{error}");
    }
}

#[test]
fn an_outcome_of_before_is_not_lost_to_bad_input() {
    let place = Place::new();
    let (build, kept) = (program(), place.path("kept.json"));
    std::fs::write(&kept, "of before").unwrap();
    std::fs::create_dir(place.path("run")).unwrap();
    std::fs::write(place.path("run/mine"), "").unwrap();
    let output = ab(&place, &build, &build, "--out run --write json=kept.json");
    let error = text(&output.stderr);
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "of before");
}
