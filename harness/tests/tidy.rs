//! The walls of the house: who may know whom, and how long a file may grow.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Beyond this a file is several; the aim is 300.
const MOST_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut look = vec![root().join(folder)];
    while let Some(path) = look.pop() {
        if path.is_dir() {
            look.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    assert!(!found.is_empty(), "{folder} has sources");
    found
}

/// Whether a file is a module of tests alone, as the crate's root says.
fn is_test(folder: &str, path: &Path) -> bool {
    let root = fs::read_to_string(root().join(folder).join("lib.rs")).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy();
    root.contains(&format!("#[cfg(test)]\nmod {name};"))
}

/// What is compiled into the program: without tests and comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let tests = ["#[cfg(test)]\nmod ", "#[cfg(test)]\npub(super) mod "];
    let code = tests.iter().fold(text, |code, tests| code.split(tests).next().unwrap_or_default());
    code.lines().map(|line| line.split("//").next().unwrap_or_default())
}

#[test]
fn crates_know_only_whom_they_may_know() {
    for (folder, may) in [
        ("workloads", &[][..]),
        ("runners", &["simul-workloads"]),
        ("results", &[]),
        ("harness/load", &[]),
        ("harness", &["simul-workloads", "simul-runners", "simul-results", "simul-load"]),
    ] {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let known = dependencies.lines().filter(|line| line.starts_with("simul-"));
        for line in known {
            let name = line.split(['.', ' ']).next().unwrap();
            assert!(may.contains(&name), "{folder} must not know {name}");
        }
    }
}

/// The one file besides that may name runtimes: beliefs are about the nature of a runner, and recordings do not tell
/// it.
const NATURES: &str = "results/src/folklore/kind.rs";

#[test]
fn runtimes_are_named_only_among_the_runners() {
    for folder in ["workloads/src", "results/src", "harness/src", "harness/load/src"] {
        for (path, text) in sources(folder) {
            if is_test(folder, &path) || path.ends_with(NATURES) {
                continue;
            }
            for line in code(&text) {
                for runtime in ["tokio", "smol", "rayon", "async_std", "async-std", "io_uring::"] {
                    assert!(!line.contains(runtime), "{}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_command_line_parser_stays_in_its_room_and_the_wall_stands() {
    for (path, text) in sources("harness/src") {
        let place = path.strip_prefix(root().join("harness/src")).unwrap().to_owned();
        for line in code(&text) {
            if !place.starts_with("cli") {
                assert!(!line.contains("clap"), "{}: {line}", path.display());
            }
            if place.starts_with("control") {
                assert!(!line.contains("crate::trial"), "{}: {line}", path.display());
            }
            if place.starts_with("trial") {
                assert!(!line.contains("crate::control"), "{}: {line}", path.display());
            }
        }
    }
}

#[test]
fn workloads_see_no_clock() {
    for (path, text) in sources("workloads/src") {
        for line in code(&text) {
            assert!(
                !line.contains("Instant") && !line.contains("SystemTime"),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn files_stay_readable_and_say_what_they_are_for() {
    for folder in ["workloads", "runners", "results", "harness"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
            assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
        }
    }
}
