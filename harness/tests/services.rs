//! A database that is started for a run: its cells are measured, and nothing of it stays, however the run ends.
//!
//! Where PostgreSQL is not installed, a line says so and the test goes on; with `SIMUL_REQUIRE_TOOLS=1` it fails.

mod support;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simul::control::guardian::descendants;
use simul_results::State;
use std::path::Path;
use support::{Place, text};

/// Whether the cells are measured here; otherwise they must say what to install.
fn is_installed(state: State, reason: &str) -> bool {
    if state == State::Measured {
        return true;
    }
    let required = std::env::var("SIMUL_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!required, "PostgreSQL is required: {reason}");
    assert_eq!(state, State::Unavailable, "{reason}");
    assert!(reason.ends_with("apt-get install postgresql"), "{reason}");
    eprintln!("not tested: {reason}");
    false
}

#[test]
fn a_database_is_queried_on_every_kind_of_runner() {
    let place = Place::new();
    // With work that needs nothing, so that the run has a cell wherever it is.
    let output = place.run(
        "-w postgres,sqlite -r threads,rayon,inline,tokio --load closed-2 --blocks 2 --rounds 1 \
         --slice 20ms --out run",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = place.trials("run");
    let queried: Vec<_> =
        trials.iter().filter(|trial| trial.label.starts_with("postgres")).collect();
    assert!(queried.len() >= 4, "every runner has a row");
    for trial in queried {
        let reason = trial.reason.clone().unwrap_or_default();
        if is_installed(trial.state, &reason) {
            assert!(trial.slices.iter().all(|slice| slice.peer_cpu_ns.is_some()), "{}", trial.cell);
        }
    }
    place.assert_clean();
}

#[test]
fn the_checks_of_a_program_start_it_too() {
    let place = Place::new();
    let simul = support::program();
    let output = place.run(&format!("conform -w postgres,sleep --runner tokio -- {simul} trial"));
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    let refused = said.lines().find(|line| line.starts_with("-") && line.contains("postgres"));
    let state = if refused.is_some() { State::Unavailable } else { State::Measured };
    if is_installed(state, refused.unwrap_or_default()) {
        assert!(
            said.lines().any(|line| line.starts_with("ok    postgres") && line.contains("work")),
            "{said}"
        );
    }
    place.assert_clean();
}

#[test]
fn a_killed_controller_leaves_no_database() {
    let place = Place::new();
    let mut controller = place.start(
        "-w postgres,sqlite -r threads --load closed-2 --blocks 50 --rounds 2 --slice 5ms --out run",
    );
    support::wait_until("the first trial", || !place.trials("run").is_empty());
    let first = place.trials("run").remove(0);
    if is_installed(first.state, &first.reason.unwrap_or_default()) {
        let mut below = Vec::new();
        support::wait_until("a database with its background processes", || {
            let all = place.processes();
            let guardian = all.into_iter().find(|(_, words)| words.ends_with("database "));
            below = guardian.map(|(pid, _)| descendants(pid)).unwrap_or_default();
            below.len() > 3
        });
        kill(Pid::from_raw(controller.id() as i32), Signal::SIGKILL).unwrap();
        support::wait_until("all of the database to be gone", || {
            below.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists())
        });
    } else {
        controller.kill().unwrap();
    }
    controller.wait().unwrap();
    place.assert_clean();
}
