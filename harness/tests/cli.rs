//! Bad input gets one clear line, the next step, and exit code 2; and writes nothing.

mod support;

use support::{Place, is_empty, json, text};

#[test]
fn bad_input_is_refused_with_the_next_step_and_writes_nothing() {
    for (arguments, line, next) in [
        ("-w ecoh", "no workload matches 'ecoh'", "did you mean 'echo'?"),
        ("-r toko", "no runner matches 'toko'", "did you mean 'tokio'?"),
        ("-r zzzzzz", "no runner matches 'zzzzzz'", "simul list runners"),
        ("-w [", "pattern '[' is malformed", "unclosed"),
        ("-w echo:1", "bytes = '1' is not", "a whole number from 16"),
        ("-w echo:64:color=red", "no parameter 'color'", "simul list workloads"),
        ("--load closed-0", "closed-0", "from 1 to"),
        ("--load open", "'open' is not of the form closed-N", "closed-32"),
        ("--slice 0ms", "'0ms' is not a time", "such as 50ms"),
        ("--slice 50", "'50' is not a time", "such as 50ms"),
        ("--placement moon", "placement 'moon'", "one-core"),
        ("--suite huge", "no suite matches 'huge'", "simul list suites"),
        ("--out /proc/run", "cannot write '/proc/run'", "--out"),
        ("-w sha256 -r native-threads", "matches no cell that can run", "simul list runners"),
        ("--resume nowhere", "nowhere/run.json", "name the folder"),
        ("report nowhere", "nowhere/run.json", "name the folder"),
        ("frobnicate", "frobnicate", "--help"),
    ] {
        let place = Place::new();
        let output = place.run(arguments);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {errors}");
        assert!(errors.contains(line), "{arguments}: {errors}");
        assert!(errors.contains(next), "{arguments}: {errors}");
        assert!(errors.lines().filter(|line| line.starts_with("error: ")).count() == 1, "{errors}");
        assert!(output.stdout.is_empty(), "{arguments}");
        assert!(!place.path("results").exists(), "{arguments} wrote something");
        assert!(is_empty(&place.path("tmp")), "{arguments} left something");
    }
}

#[test]
fn an_existing_folder_is_left_as_it_is() {
    let place = Place::new();
    std::fs::create_dir(place.path("run")).unwrap();
    let output = place.run("-w sha256 --out run");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("exists already"), "{}", text(&output.stderr));
    assert!(is_empty(&place.path("run")));
}

#[test]
fn a_run_is_resumed_only_by_the_same_plan_and_program() {
    let place = Place::new();
    let output = place.run("-w sha256 -r inline --blocks 1 --rounds 1 --slice 2ms --out run");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let before = std::fs::read(place.path("run").join("trials.jsonl")).unwrap();
    let refused = |arguments: &str, what: &str| {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).contains(what), "{}", text(&output.stderr));
    };
    refused("--resume run -w sha256 -r threads", "the plan differs");
    let path = place.path("run").join("run.json");
    let run = std::fs::read_to_string(&path).unwrap();
    let record: serde_json::Value = serde_json::from_str(&run).unwrap();
    for (field, what) in
        [("/binary", "the program differs"), ("/host/processor", "the host differs")]
    {
        let mut other = record.clone();
        *other.pointer_mut(field).unwrap() = "something else".into();
        std::fs::write(&path, other.to_string()).unwrap();
        refused("--resume run", what);
    }
    let mut newer = record.clone();
    newer["schema"] = 999.into();
    std::fs::write(&path, newer.to_string()).unwrap();
    refused("--resume run", "schema 999");
    assert_eq!(std::fs::read(place.path("run").join("trials.jsonl")).unwrap(), before);
}

#[test]
fn lists_are_arrays_of_named_objects() {
    let place = Place::new();
    for (kind, fields) in [
        ("runners", &["version", "state", "reason"][..]),
        ("workloads", &["question", "class", "measure"]),
        ("suites", &["purpose"]),
    ] {
        let output = place.run(&format!("list {kind} --json"));
        assert_eq!(output.status.code(), Some(0));
        let list = json(&output);
        let items = list.as_array().unwrap();
        assert!(items.len() >= 2, "{list}");
        for item in items {
            assert!(item["name"].is_string(), "{item}");
            for field in fields {
                assert!(item.get(field).is_some(), "{field} of {item}");
            }
        }
        assert!(!text(&place.run(&format!("list {kind}")).stdout).is_empty());
    }
}

#[test]
fn the_report_can_be_written_again() {
    let place = Place::new();
    place.run("-w sha256 -r inline,threads --blocks 2 --rounds 1 --slice 2ms --out run");
    let files =
        ["report.html", "summary.md", "summary.csv"].map(|name| place.path("run").join(name));
    for file in &files {
        std::fs::remove_file(file).unwrap();
    }
    let output = place.run("report run");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("threads"));
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() > 0, "{}", file.display());
    }
    assert!(!is_empty(&place.path("run").join("charts")));
}

#[test]
fn a_reader_that_has_left_is_no_fault() {
    let place = Place::new();
    for arguments in ["list runners", "list workloads --json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = place.simul(arguments);
        command.stdout(writer).stderr(std::process::Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    }
}
