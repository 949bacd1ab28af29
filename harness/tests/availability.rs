//! What cannot run here keeps its cells, with reason and remedy, and everything else is measured; and what
//! waits with something else than its name promises is told.

#[path = "support/confined.rs"]
mod confined;
mod support;

use simul_results::{State, TrialRecord, record::mark};
use simul_runners::{Backend, registry};
use std::process::{Command, Output, Stdio};
use support::{Place, json, text};

/// A short run of everything that is named.
const SHORT: &str = "--blocks 1 --rounds 1 --slice 5ms --out run --no-progress";

/// The words of the program to become, for [`launcher`].
const CONFINED: &str = "SIMUL_TEST_CONFINED";

/// Runs the program through this test binary, which forbids itself io_uring and becomes it.
fn run_without_io_uring(place: &Place, arguments: &str) -> Output {
    let simul = place.simul(arguments);
    let words: Vec<String> = std::iter::once(simul.get_program())
        .chain(simul.get_args())
        .map(|word| word.to_str().unwrap().to_owned())
        .collect();
    let mut launcher = Command::new(std::env::current_exe().unwrap());
    launcher.args(["launcher", "--exact", "--ignored", "--nocapture"]);
    launcher.envs(simul.get_envs().filter_map(|(name, value)| Some((name, value?))));
    launcher.env(CONFINED, words.join("\n")).current_dir(place.path(""));
    launcher.stdin(Stdio::null()).output().unwrap()
}

#[test]
#[ignore = "becomes the program, without io_uring"]
fn launcher() {
    let Ok(words) = std::env::var(CONFINED) else { return };
    let mut words = words.split('\n');
    let error = confined::without_io_uring(Command::new(words.next().unwrap()).args(words));
    panic!("{error}");
}

fn promises_io_uring(trial: &TrialRecord) -> bool {
    registry::find(&trial.runner).is_some_and(|runner| runner.backend == Backend::IoUring)
}

#[test]
fn without_io_uring_its_cells_are_unavailable_and_all_others_measured() {
    let place = Place::new();
    // Every runner, on work with sockets and without: what is unavailable is so everywhere.
    let output =
        run_without_io_uring(&place, &format!("run -w echo,sleep --load closed-2 {SHORT}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = place.trials("run");
    for runner in registry::ALL {
        let rows = trials.iter().filter(|trial| trial.runner == runner.name);
        assert!(rows.count() >= 2, "{} has a row on both", runner.name);
    }
    for trial in &trials {
        let reason = trial.reason.clone().unwrap_or_default();
        if promises_io_uring(trial) {
            assert_eq!(trial.state, State::Unavailable, "{}: {reason}", trial.cell);
            assert!(reason.contains("seccomp") && reason.contains("; use "), "{reason}");
        } else if registry::find(&trial.runner).is_none() && trial.state != State::Measured {
            // A floor, or a program in another language, which may be missing here or not do this work.
            assert!(!trial.state.is_fault(), "{}: {reason}", trial.cell);
        } else {
            assert_eq!(trial.state, State::Measured, "{}: {reason}", trial.cell);
            assert_ne!(trial.backend.as_deref(), Some("io_uring"), "{}", trial.cell);
        }
    }
    place.assert_clean();
}

#[test]
fn too_little_lockable_memory_is_told_and_not_a_panic() {
    if registry::find("glommio").is_none() {
        return;
    }
    let place = Place::new();
    let simul = place.simul(&format!("run -w echo -r threads,glommio --load closed-2 {SHORT}"));
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -l 64; exec \"$0\" \"$@\""]).arg(simul.get_program());
    shell.args(simul.get_args()).current_dir(place.path(""));
    shell.envs(simul.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = place.trials("run");
    let of = |runner: &str| trials.iter().find(|trial| trial.runner == runner).unwrap();
    assert_eq!(of("threads").state, State::Measured);
    let glommio = of("glommio");
    let reason = glommio.reason.clone().unwrap_or_default();
    assert_eq!(glommio.state, State::Unavailable, "{reason}");
    assert!(!reason.contains("panicked"), "{reason}");
    place.assert_clean();
}

#[test]
fn a_fallback_is_not_reported_under_the_name_of_what_it_replaces() {
    let place = Place::new();
    let output = place.run("probe canary:pretend");
    let found = json(&output);
    assert_eq!((&found["state"], &found["backend"]), (&"degraded".into(), &"blocking".into()));
    let output = place.run(&format!("-w echo -r canary:pretend,threads --load closed-2 {SHORT}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = place.trials("run");
    let of = |runner: &str| trials.iter().find(|trial| trial.runner == runner).unwrap();
    let pretender = of("canary:pretend");
    assert_eq!(pretender.backend.as_deref(), Some("blocking"), "looked up, not believed");
    assert!(pretender.marks.iter().any(|is| is == mark::OTHER_BACKEND), "{:?}", pretender.marks);
    assert!(of("threads").marks.iter().all(|is| is != mark::OTHER_BACKEND));
}
