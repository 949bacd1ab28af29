//! What can be done with a stored run, by the real program?

mod support;

use std::{fs, path::Path};
use support::{Place, contents, text};

/// Measures as little as there is.
fn measured(place: &Place, folder: &str, workload: &str) {
    let output = place.run(&format!(
        "-w {workload} -r inline,threads --blocks 2 --rounds 2 --slice 2ms --no-progress --out {folder}"
    ));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// What a command prints; it must end well.
fn printed(place: &Place, arguments: &str) -> String {
    let output = place.run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// What a command refuses with one line.
fn refused(place: &Place, arguments: &str, code: i32) -> String {
    let output = place.run(arguments);
    let errors = text(&output.stderr).to_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments}: {errors}");
    assert!(output.stdout.is_empty(), "{arguments}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_packed_run_is_read_by_every_command_and_says_the_same() {
    let place = Place::new();
    measured(&place, "run", "sha256");
    assert!(printed(&place, "pack run packed").contains("2 blocks"));
    assert!(!place.path("packed").join("trials.jsonl").exists());
    printed(&place, "report run");
    printed(&place, "report packed");
    for file in ["report.html", "summary.md", "summary.csv"] {
        let [one, other] = ["run", "packed"].map(|folder| read(place.path(folder).join(file)));
        assert_eq!(one, other, "{file}");
    }
    for command in [
        "rank RUN",
        "show RUN",
        "show RUN sha256:16384/threads/",
        "why RUN sha256 inline threads",
        "compare RUN RUN",
        "history RUN",
        "export RUN --to csv",
        "export RUN --to hgrm --cell sha256:16384/threads/closed-8@all-cores",
        "report RUN --format md",
    ] {
        let [one, other] =
            ["run", "packed"].map(|folder| printed(&place, &command.replace("RUN", folder)));
        // Some name the folder.
        assert_eq!(one.replace("  run\n", "  packed\n"), other, "{command}");
    }
    assert!(refused(&place, "pack run packed", 2).contains("exists already"));
    assert!(refused(&place, "run --resume packed", 2).contains("is packed and cannot be resumed"));
    assert!(refused(&place, "pack nowhere there", 2).contains("name the folder"));
}

#[test]
fn what_is_left_of_a_run_is_not_written_over_once_its_trials_are_gone() {
    let place = Place::new();
    measured(&place, "run", "sha256");
    fs::write(place.path("README.md"), "<!-- simul:results -->\nold\n<!-- /simul:results -->")
        .unwrap();
    printed(&place, "report run --format png");
    let trials = place.path("run/trials.jsonl");
    let first = read(&trials).lines().next().unwrap().to_owned();
    let commands = [
        "report run",
        "report run --format svg",
        "report run --format png",
        "report run --format md",
        "report run --splice README.md",
        "pack run packed",
        "export run --to csv",
        "export run --to hgrm",
        "advise run --slo p99=5ms --mix cpu=1",
    ];
    fs::remove_file(&trials).unwrap();
    let before = contents(&place.path(""));
    for command in commands {
        let said = refused(&place, command, 2);
        assert!(said.contains("put its trials.jsonl or trials.jsonl.gz back"), "{command}: {said}");
    }
    assert!(refused(&place, "run --resume run", 2).contains("its trials are not there"));
    assert_eq!(contents(&place.path("")), before, "something was written");
    // Of an interrupted run there may be none yet, or half of one.
    for begun in [&b""[..], &first.as_bytes()[..first.len() / 2]] {
        fs::write(&trials, begun).unwrap();
        let before = contents(&place.path(""));
        for command in commands {
            let said = refused(&place, command, 2);
            assert!(said.contains("simul run --resume 'run'"), "{command}: {said}");
        }
        assert_eq!(contents(&place.path("")), before, "something was written");
    }
    // Of a torn run nothing is packed, so nothing is left out either.
    fs::write(&trials, format!("{first}\n{{\"torn")).unwrap();
    assert!(refused(&place, "pack run packed", 2).contains("finish it before it is packed"));
}

#[test]
fn reports_have_the_form_that_was_asked_for() {
    let place = Place::new();
    measured(&place, "one", "sha256");
    measured(&place, "two", "json");
    let markdown = printed(&place, "report one --format md");
    assert!(markdown.contains("| threads ") && markdown.contains("# simul"), "{markdown}");
    let charts = printed(&place, "report one --format svg");
    assert!(charts.lines().count() >= 3, "{charts}");
    assert!(charts.lines().all(|line| place.path(line).is_file()), "{charts}");
    let images = printed(&place, "report one --format png");
    assert_eq!(images.lines().count(), charts.lines().count(), "{images}");
    for image in images.lines() {
        assert!(fs::read(place.path(image)).unwrap().starts_with(b"\x89PNG\r\n"), "{image}");
    }
    // Two runs of one host are one report, in a folder of its own.
    let both = printed(&place, "report one two");
    assert!(both.contains("sha256:16384") && both.contains("json"), "{both}");
    let page = read(place.path("one/joined/report.html"));
    assert!(page.contains("Further runs in this report"));
    assert!(refused(&place, "report one one", 2).contains("more than one of the runs"));
    assert!(refused(&place, "report one --open --format md", 2).contains("--open"));
    // Another machine.
    let path = place.path("two/run.json");
    let mut run: serde_json::Value = serde_json::from_str(&read(&path)).unwrap();
    run["host"]["processor"] = "Another".into();
    fs::write(&path, run.to_string()).unwrap();
    assert!(refused(&place, "report one two", 2).contains("different hosts"));
}

#[test]
fn a_readme_gets_its_results_and_keeps_all_else() {
    let place = Place::new();
    measured(&place, "run", "sha256");
    let path = place.path("README.md");
    let (head, tail) = ("# title\n\ntext\n\n", "\nlast line without an end");
    let markers = "<!-- simul:results -->\nold\n<!-- /simul:results -->";
    fs::write(&path, format!("{head}{markers}{tail}")).unwrap();
    printed(&place, "report run --splice README.md");
    let written = read(&path);
    assert!(written.starts_with(head) && written.ends_with(tail), "{written}");
    assert!(written.contains("| threads ") && !written.contains("\nold\n"), "{written}");
    assert!(written.contains("`simul report run --splice README.md`"), "{written}");
    // The charts are those that a run leaves behind.
    assert!(written.contains("](run/charts/heatmap.svg)"), "{written}");
    assert!(printed(&place, "report run --splice README.md").contains("nothing has changed"));
    assert_eq!(read(&path), written);
    // A block tells of one run's command and day: of another's contests that would be untrue.
    measured(&place, "other", "json");
    let several = refused(&place, "report run other --splice README.md", 2);
    assert!(several.contains("--splice tells of one run") && several.contains("name one of"));
    assert_eq!(read(&path), written);
    assert!(!place.path("run/joined").exists());
    fs::write(&path, "no markers").unwrap();
    assert!(refused(&place, "report run --splice README.md", 2).contains("<!-- simul:results -->"));
    assert_eq!(read(&path), "no markers");
    assert!(refused(&place, "report run --splice gone.md", 2).contains("cannot read 'gone.md'"));
}

#[test]
fn advice_is_given_or_its_absence_is_explained() {
    let place = Place::new();
    measured(&place, "run", "sha256");
    let output = place.run("advise run --slo p99=5ms --mix cpu=1");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let missing = text(&output.stdout);
    for line in [
        "run cannot answer: it has no open load of cpu",
        "  simul run -w sha256 --load open-1000-poisson -r inline,threads --blocks 6 --out run-open",
        "  simul advise run run-open --slo p99=5ms --mix cpu=1",
    ] {
        assert!(missing.lines().any(|told| told == line), "{line}: {missing}");
    }
    assert!(missing.contains("  cpu: sha256:16384/closed-8@"), "{missing}");
    // Several runs are asked together, if no contest is in two of them.
    measured(&place, "other", "json");
    let both = place.run("advise run other --slo p99.9=1s --mix cpu=0.5,io=0.5");
    let told = text(&both.stdout);
    assert!(told.contains("run with other cannot answer: it has no open load of cpu and of io"));
    assert!(told.contains(" -w sha256,echo ") && told.contains(" --rounds "), "{told}");
    assert!(told.contains("advise run other other-open --slo p99.9=1s --mix cpu=0.5,io=0.5"));
    assert!(
        refused(&place, "advise run run --slo p99=5ms --mix cpu=1", 2).contains("more than one")
    );
    let cores = refused(&place, "advise run --slo p99=5ms --mix cpu=1 --cores 60000", 1);
    assert!(cores.contains("ask for at most"), "{cores}");
    for (arguments, what) in [
        ("--slo p99=fast --mix io=1", "p99=10ms"),
        ("--slo p99=5ms --mix disk=1", "such as io=0.8,cpu=0.2"),
        ("--slo p99=5ms --mix io=0.5", "make them add up to 1"),
    ] {
        let output = place.run(&format!("advise run {arguments}"));
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).contains(what), "{}", text(&output.stderr));
    }
}

#[test]
fn cells_are_shown_by_their_names() {
    let place = Place::new();
    measured(&place, "run", "sha256");
    let all = printed(&place, "show run");
    assert!(all.contains("sha256:16384/closed-8@all-cores"), "{all}");
    assert!(!all.contains('\u{1b}'), "nothing but letters where there is no terminal");
    let one = printed(&place, "show run sha256:16384/inline/");
    assert!(one.contains("course: the median of each slice"), "{one}");
    let several = refused(&place, "show run sha256:16384/inline", 2);
    assert!(several.contains("is the beginning or end of 2 cells"), "{several}");
    assert!(refused(&place, "show run sha25:6", 2).contains("did you mean 'sha256:16384/"));
}
