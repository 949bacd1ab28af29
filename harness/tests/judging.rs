//! Stored runs are judged, compared, exported and put in order; bad input gets one clear line and changes
//! nothing.

mod support;

use serde_json::Value;
use simul_results::{
    State, TrialRecord,
    record::{SCHEMA, mark},
};
use std::{fs, path::Path};
use support::{Place, contents, json, text};

const TINY: &str = "-w sha256 -r inline,threads --blocks 2 --rounds 3 --slice 20ms --no-progress";

/// A place with the run `run`.
fn measured() -> Place {
    let place = Place::new();
    let output = place.run(&format!("{TINY} --out run"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // What a busy machine does to so short a run must not decide these tests.
    change(&place.path("run").join("trials.jsonl"), |text| {
        let unmarked = |line: &str| {
            let mut trial: TrialRecord = serde_json::from_str(line).unwrap();
            trial.marks.clear();
            serde_json::to_string(&trial).unwrap() + "\n"
        };
        text.lines().map(unmarked).collect()
    });
    place
}

/// Copies a run, as measuring again would only take time.
fn copy(place: &Place, from: &str, to: &str) {
    fs::create_dir(place.path(to)).unwrap();
    for file in ["run.json", "trials.jsonl"] {
        fs::copy(place.path(from).join(file), place.path(to).join(file)).unwrap();
    }
}

fn change(path: &Path, change: impl FnOnce(String) -> String) {
    fs::write(path, change(fs::read_to_string(path).unwrap())).unwrap();
}

#[test]
fn a_stored_run_is_ranked_compared_and_put_in_order() {
    let place = measured();
    copy(&place, "run", "again");
    let ranked = place.run("rank run --json");
    assert_eq!(ranked.status.code(), Some(0), "{}", text(&ranked.stderr));
    let object = json(&ranked);
    let groups = object["contests"][0]["groups"].as_array().unwrap();
    let barred = object["contests"][0]["unranked"].as_array().unwrap();
    assert_eq!(groups.len() + barred.len(), 2, "{object}");
    assert_eq!(object["overall"].as_array().unwrap().len(), 3);
    assert!(text(&place.run("rank run").stdout).contains("over all"));
    let compared = json(&place.run("compare run again --json"));
    assert_eq!(compared["verdict"], "not interleaved: no verdict");
    let cells = compared["cells"].as_array().unwrap();
    assert!(cells.len() >= 3, "{compared}");
    for cell in cells {
        assert_eq!(cell["cpu_per_op"]["estimate"], 1.0, "the same run twice: {cell}");
    }
    let shown = text(&place.run("compare run again").stdout);
    assert!(shown.contains("no verdict") && shown.contains("sha256"), "{shown}");
    let history = place.run("history . --json --svg history.svg");
    assert_eq!(history.status.code(), Some(0), "{}", text(&history.stderr));
    assert_eq!(json(&history)["runs"].as_array().unwrap().len(), 2);
    assert!(fs::read_to_string(place.path("history.svg")).unwrap().starts_with("<svg"));
    assert!(text(&place.run("history run again").stdout).contains("show no change"));
    // What is named twice is still one run.
    let twice = json(&place.run("history run . ./again again/../run --json"));
    assert_eq!(twice["runs"].as_array().unwrap().len(), 2, "{twice}");
    // As if the second had done other work.
    change(&place.path("again").join("trials.jsonl"), |text| {
        text.replace("\"offload\":\"false\"", "\"offload\":\"true\"")
    });
    let compared = place.run("compare run again");
    let shown = text(&compared.stdout);
    assert!(shown.contains("parameter offload: false → true\n") && shown.contains('≠'), "{shown}");
    let history = place.run("history run again");
    let shown = text(&history.stdout);
    assert!(shown.contains("not measured alike in all runs: "), "{shown}");
}

#[test]
fn a_run_carries_its_verdicts_into_every_form() {
    let place = Place::new();
    let output = place.run(&format!("{TINY} --out run --json"));
    let object = json(&output);
    let schema = include_str!("../../results/schema/output.schema.json");
    jsonschema::validate(&serde_json::from_str(schema).unwrap(), &object).unwrap();
    let cells = object["cells"].as_array().unwrap();
    let words = ["invalid", "better", "worse", "mixed", "equivalent", "undecided"];
    let judged: Vec<&Value> = cells.iter().filter(|cell| !cell["verdict"].is_null()).collect();
    let measured = |cell: &&Value| cell["state"] == "measured" && cell["role"] != "floor";
    let others = cells.iter().filter(measured).count() - 1;
    assert_eq!(judged.len(), others, "the other runner and the null arm: {object}");
    for cell in judged {
        assert!(words.contains(&cell["verdict"]["summary"].as_str().unwrap()), "{cell}");
    }
    let cell = cells.iter().find(|cell| cell["role"] == "runner" && cell["ops"] != 0).unwrap();
    let name = cell["cell"].as_str().unwrap();
    for (format, sign) in [
        ("csv", "cell,workload,"),
        (&*format!("hgrm --cell {name}"), "TotalCount     ="),
        (&*format!("hlog --cell {name}"), "#[Histogram log format version 1.3]"),
        ("bmf", "\"latency\""),
        ("gh-benchmark", "\"unit\""),
        ("junit", "<testsuites"),
        ("openmetrics", "# EOF"),
    ] {
        let output = place.run(&format!("export run --to {format}"));
        assert_eq!(output.status.code(), Some(0), "{format}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(sign), "{format}: {}", text(&output.stdout));
        assert!(output.stderr.is_empty(), "{format}");
    }
}

#[test]
fn a_distribution_is_of_a_cell_that_has_numbers_and_says_what_was_found() {
    let place = measured();
    let inline = "sha256:16384/inline/closed-8@all-cores";
    for (name, block, state, mark) in [
        ("spoilt", Some(1), State::Discarded, None),
        ("barred", None, State::Measured, Some(mark::ERRORS)),
    ] {
        copy(&place, "run", name);
        change(&place.path(name).join("trials.jsonl"), |text| {
            let spoilt = |line: &str| {
                let mut trial: TrialRecord = serde_json::from_str(line).unwrap();
                if trial.cell == inline && block.is_none_or(|block| block == trial.block) {
                    trial.state = state;
                    trial.marks = mark.into_iter().map(Into::into).collect();
                }
                serde_json::to_string(&trial).unwrap() + "\n"
            };
            text.lines().map(spoilt).collect()
        });
    }
    for format in ["hgrm", "hlog"] {
        let output = place.run(&format!("export spoilt --to {format} --cell {inline}"));
        let errors = text(&output.stderr);
        assert_eq!((output.status.code(), errors.lines().count()), (Some(2), 1), "{errors}");
        assert!(errors.contains("has no numbers, since it ended as 'discarded'"), "{errors}");
        assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
        let output = place.run(&format!("export barred --to {format} --cell {inline}"));
        let told = text(&output.stdout);
        assert!(told.contains("\n#[grade F, not ranked: errors: "), "{told}");
    }
    // Unless it is asked for, nobody is shown whose numbers are not the runner's.
    for name in ["spoilt", "barred"] {
        let output = place.run(&format!("export {name} --to hlog"));
        let (told, errors) = (text(&output.stdout), text(&output.stderr));
        let other = told.contains("#[sha256:16384/threads/closed-8@all-cores, in ns");
        // On a busy machine that one is not believed either.
        assert!(other || errors.contains("with a grade better than F"), "{told}{errors}");
    }
}

#[test]
fn bad_input_is_one_line_and_overwrites_nothing() {
    let place = measured();
    for name in ["elsewhere", "newer", "holed", "edited", "disjoint"] {
        copy(&place, "run", name);
    }
    let trials = |name: &str| place.path(name).join("trials.jsonl");
    let plan = |name: &str| place.path(name).join("run.json");
    change(&plan("elsewhere"), |text| {
        let mut run: Value = serde_json::from_str(&text).unwrap();
        run["host"]["name"] = "elsewhere".into();
        run.to_string()
    });
    let written = format!("{{\"schema\":{SCHEMA}");
    change(&trials("newer"), |text| text.replacen(&written, "{\"schema\":99", 1));
    change(&trials("holed"), |text| {
        let lines = text.lines().enumerate();
        lines.map(|(i, line)| if i == 1 { "{oops\n".into() } else { format!("{line}\n") }).collect()
    });
    change(&trials("edited"), |text| {
        // Another histogram of the same length, valid base64: nothing but the checksum can tell.
        let key = "\"histogram\":\"";
        let at = text.find(key).unwrap() + key.len() + 20;
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    });
    change(&trials("disjoint"), |text| {
        text.replace("\"state\":\"measured\"", "\"state\":\"failed\"")
    });
    let before = contents(&place.path(""));
    for (arguments, line, next) in [
        ("compare run elsewhere", "different hosts", "--across-hosts"),
        ("compare run newer", "schema 99", "use a newer simul"),
        ("rank newer", "schema 99", "use a newer simul"),
        ("rank holed", "trials.jsonl' line 2", "column"),
        ("history run holed", "trials.jsonl' line 2", "column"),
        ("rank edited", "does not match its checksum", "restore the file"),
        ("report edited", "does not match its checksum", "restore the file"),
        ("export edited --to bmf", "does not match its checksum", "restore the file"),
        ("compare run disjoint", "no cell was measured in both", "compare again"),
        ("rank disjoint", "no cell that can be ranked", "simul report"),
        ("rank run -r tokoi", "'tokoi'", "there are: "),
        ("history run elsewhere", "of 2 hosts", "one host"),
        ("history nowhere", "'nowhere'", "name the folder"),
        ("history tmp", "holds none", "name the folder"),
        ("history run --svg run/run.json", "cannot write 'run/run.json'", "--svg"),
        ("export run --to hgrm --cell echo", "no cell 'echo'", "--to csv"),
        ("export run --to bmf --cell echo", "--cell is for hgrm", "leave it out"),
        ("export run --to pdf", "pdf", "openmetrics"),
        ("compare run", "RUN_B", "--help"),
    ] {
        let output = place.run(arguments);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {errors}");
        assert!(errors.contains(line) && errors.contains(next), "{arguments}: {errors}");
        assert_eq!(errors.matches("error: ").count(), 1, "{arguments}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments}: {}", text(&output.stdout));
    }
    let across = place.run("compare run elsewhere --across-hosts");
    assert_eq!(across.status.code(), Some(0), "{}", text(&across.stderr));
    assert!(text(&across.stdout).contains("no verdict"));
    assert_eq!(contents(&place.path("")), before, "something was written");
}

#[test]
fn a_torn_last_line_is_left_out_and_said() {
    let place = measured();
    change(&place.path("run").join("trials.jsonl"), |text| text + "{\"schema\":2,\"cel");
    for arguments in ["rank run", "export run --to csv", "compare run run", "history run"] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("is torn and left out"), "{arguments}");
        assert!(!output.stdout.is_empty(), "{arguments}");
    }
}
