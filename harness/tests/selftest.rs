//! Is every known fault found by name, and nothing where there is none? The product's own selftest, on the program
//! that is tested. `SIMUL_BIN` names another build of it, such as a release build.

mod support;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simul::control::selftest::cases;
use std::collections::BTreeSet;
use support::{Place, json, text};

#[test]
fn every_canary_is_found_and_healthy_runners_are_healthy() {
    let place = Place::new();
    let output = place.run("selftest --json");
    let object = json(&output);
    let canaries = object["canaries"].as_array().unwrap();
    let failed: Vec<_> = canaries.iter().filter(|canary| canary["passed"] != true).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let names = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let keys = |keys: [&str; 4]| BTreeSet::from(keys.map(str::to_owned));
    assert_eq!(names(&object), keys(["schema", "passed", "failed", "canaries"]));
    assert_eq!((&object["schema"], &object["failed"]), (&1.into(), &0.into()));
    assert_eq!(object["passed"], cases::ALL.len());
    for (canary, case) in canaries.iter().zip(cases::ALL) {
        assert_eq!(names(canary), keys(["name", "expected", "found", "passed"]));
        assert_eq!(canary["name"], case.name);
        assert!(canary["found"].is_string() && canary["expected"].is_string(), "{canary}");
    }
    place.assert_clean();
}

#[test]
fn some_can_be_asked_for_and_others_are_refused() {
    let place = Place::new();
    let output = place.run("selftest --only die");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("1 passed, 0 failed") && !said.contains("hang"), "{said}");
    let output = place.run("selftest --only dye");
    let error = text(&output.stderr);
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    assert!(error.contains("'dye'") && error.contains("die, hang"), "{error}");
    place.assert_clean();
}

#[test]
fn an_interrupted_selftest_leaves_nothing() {
    let place = Place::new();
    let selftest = place.start("selftest --only hang");
    place.wait_for_process("-- /proc/self/exe trial");
    kill(Pid::from_raw(selftest.id() as i32), Signal::SIGINT).unwrap();
    let output = selftest.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    place.assert_clean();
}
