//! However a run ends, nothing of it stays: no process, no temporary file; and what was finished is kept.

mod support;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simul_results::State;
use support::{Place, json, text};

/// A run that would take minutes.
const LONG: &str =
    "-r threads -w echo --load closed-4 --blocks 500 --rounds 2 --slice 2ms --out run";

fn send(signal: Signal, pid: u32) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}

#[test]
fn ctrl_c_keeps_finished_blocks_and_says_how_to_go_on() {
    let place = Place::new();
    let controller = place.start(LONG);
    support::wait_until("the first block", || !place.trials("run").is_empty());
    send(Signal::SIGINT, controller.id());
    let output = controller.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("simul run --resume 'run'"), "{}", text(&output.stderr));
    place.assert_clean();
    let kept = place.trials("run");
    assert!(kept.iter().all(|trial| trial.state == State::Measured));
    assert_eq!(kept.len() % 3, 0, "whole blocks of runner, null arm and floor");
}

#[test]
fn an_interrupted_run_goes_on_where_it_stopped() {
    let place = Place::new();
    let few = LONG.replace("500", "4");
    let controller = place.start(&few);
    support::wait_until("the first block", || !place.trials("run").is_empty());
    send(Signal::SIGTERM, controller.id());
    controller.wait_with_output().unwrap();
    let before = place.trials("run");
    // A line that was torn by a power cut.
    let path = place.path("run").join("trials.jsonl");
    let torn = std::fs::read_to_string(&path).unwrap() + "{\"schema\":1,\"cel";
    std::fs::write(&path, torn).unwrap();
    let output = place.run("run --resume run --json");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("torn"), "{}", text(&output.stderr));
    assert_eq!(json(&output)["cells"][0]["blocks"], 4);
    let after = place.trials("run");
    assert_eq!(after[..before.len()], before[..], "what was measured stays as it was");
    assert_eq!(after.len(), 4 * 3);
    place.assert_clean();
}

#[test]
fn a_killed_controller_leaves_nothing_behind() {
    let place = Place::new();
    // Work with sockets and a peer, work with temporary files, and a process that has left its group.
    let arguments = LONG.replace("-r threads -w echo", "-r threads,canary:stray -w echo,file-read");
    let mut controller = place.start(&arguments);
    place.wait_for_process("sleep 1000");
    support::wait_until("a temporary file", || {
        std::fs::read_dir(place.path("tmp")).unwrap().next().is_some()
    });
    send(Signal::SIGKILL, controller.id());
    controller.wait().unwrap();
    place.assert_clean();
}

#[test]
fn a_killed_guardian_takes_its_child_along_and_the_cell_says_so() {
    let place = Place::new();
    let controller = place.start(&format!("{LONG} --json"));
    let guardian = place.wait_for_process("-- /proc/self/exe trial");
    send(Signal::SIGKILL, guardian as u32);
    support::wait_until("the failure to be written down", || {
        place.trials("run").iter().any(|trial| trial.state == State::Failed)
    });
    send(Signal::SIGINT, controller.id());
    controller.wait_with_output().unwrap();
    place.assert_clean();
}

#[test]
fn a_runner_that_hangs_is_killed_and_recorded() {
    let place = Place::new();
    let output = place.run(
        "-r canary:hang,threads -w echo --load closed-2 --blocks 2 --rounds 1 --slice 50ms \
         --out run --json",
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let object = json(&output);
    let cells = object["cells"].as_array().unwrap();
    let hung = cells.iter().find(|cell| cell["runner"] == "canary:hang").unwrap();
    assert_eq!(hung["state"], "timed-out");
    assert!(hung["reason"].as_str().unwrap().contains("had not ended"), "{hung}");
    let sound = cells.iter().find(|cell| cell["runner"] == "threads").unwrap();
    assert_eq!((&sound["state"], &sound["blocks"]), (&"measured".into(), &2.into()));
    let hung: Vec<_> =
        place.trials("run").into_iter().filter(|trial| trial.runner == "canary:hang").collect();
    assert_eq!(hung.len(), 1, "a cell that has failed is not tried again");
    place.assert_clean();
}

#[test]
fn a_runner_that_forks_and_leaves_its_group_leaves_nothing() {
    let place = Place::new();
    let output = place
        .run("-r canary:stray -w echo --load closed-2 --blocks 1 --rounds 1 --slice 5ms --out run");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(place.processes(), [], "the guardian has ended the stray before the run ended");
    place.assert_clean();
}

#[test]
fn wrong_work_and_death_are_told_apart() {
    let place = Place::new();
    let output = place.run(
        "-r canary:lie,canary:die,threads -w echo --load closed-2 --blocks 1 --rounds 2 \
         --slice 50ms --out run --json",
    );
    assert_eq!(output.status.code(), Some(1));
    let object = json(&output);
    let state_of = |runner: &str| {
        let cells = object["cells"].as_array().unwrap();
        let cell = cells.iter().find(|cell| cell["runner"] == runner).unwrap().clone();
        (cell["state"].clone(), cell["reason"].as_str().unwrap_or_default().to_owned())
    };
    let (state, reason) = state_of("canary:lie");
    assert_eq!(state, "discarded");
    assert!(reason.contains("did other work"), "{reason}");
    let (state, reason) = state_of("canary:die");
    assert_eq!(state, "failed");
    assert!(reason.contains("canary:die ends as it was asked to"), "{reason}");
    assert_eq!(state_of("threads").0, "measured");
    place.assert_clean();
}
