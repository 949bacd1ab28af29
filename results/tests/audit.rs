//! What audits counted is kept, shown, compared, and in no estimate.

mod synthetic;

use simul_results::{
    Role, Summary, TrialRecord,
    export::{csv, json, markdown},
    histogram,
    record::{AuditRecord, CountsRecord, TraceRecord, mark, part},
    report, store, table,
    why::{self, Unit},
};
use std::{collections::BTreeMap, fs};
use synthetic::{cell, recording, trial};

fn trace(operations: u64, calls: &[(&str, u64)]) -> TraceRecord {
    let calls = calls.iter().map(|(name, calls)| ((*name).to_owned(), *calls));
    TraceRecord { operations, calls: calls.collect() }
}

fn counts(operations: u64, allocations: u64, polls: Option<u64>) -> CountsRecord {
    let mut times = histogram::empty();
    times.saturating_record_n(2000, polls.unwrap_or(0));
    let text = polls.map(|_| histogram::encode(&times));
    CountsRecord {
        operations,
        allocations: Some(allocations),
        allocated_bytes: Some(allocations * 100),
        polls,
        migrations: polls.map(|polls| polls / 10),
        poll_histogram_crc: text.as_deref().map(histogram::checksum),
        poll_histogram: text,
    }
}

/// An audit of a runner with 2 + `waits` system calls and 3 allocations an operation.
fn audited(runner: &str, waits: u64, polls: bool) -> TrialRecord {
    let polled = |count| polls.then_some(count);
    let mut absent = BTreeMap::new();
    if !polls {
        absent.insert(part::POLLS.to_owned(), "not applicable: blocks its thread".to_owned());
    }
    let audit = AuditRecord {
        counted: Some([counts(10, 37, polled(12)), counts(1010, 3037, polled(1012))]),
        traced: Some([
            trace(10, &[("read", 30), ("futex", 5 + waits * 10)]),
            trace(1010, &[("read", 2030), ("futex", 5 + waits * 1010)]),
        ]),
        absent,
    };
    let mut record = trial(&cell(runner, Role::Runner), 0, Vec::new());
    record.costs = None;
    record.actors = None;
    record.audit = Some(audit);
    record
}

/// Two runners, of which the second waits once an operation.
fn both() -> store::Recording {
    let mut recording = recording(&["tokio", "threads"], 6, 4, 50);
    recording.audits = vec![audited("tokio", 0, true), audited("threads", 1, false)];
    recording
}

#[test]
fn an_audit_survives_the_disk_and_changes_no_estimate() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("run");
    let recording = both();
    let mut writer = store::Writer::create(&place, &recording.run).unwrap();
    // In the middle, as no run would write it: wherever they stand, they are no trials.
    let (first, rest) = recording.trials.split_at(3);
    writer.append(first).unwrap();
    writer.append(&recording.audits).unwrap();
    writer.append(rest).unwrap();
    let whole = store::load(&place).unwrap();
    assert_eq!(whole, recording);
    let light = store::load_light(&place).unwrap();
    assert_eq!((light.trials.len(), &light.audits), (recording.trials.len(), &recording.audits));
    let with = Summary::of(&whole).unwrap();
    let mut without = Summary::of(&store::Recording { audits: Vec::new(), ..recording }).unwrap();
    assert!(with.contests[0].cells.iter().any(|cell| cell.counted.is_some()));
    for (audited, plain) in with.contests[0].cells.iter().zip(&mut without.contests[0].cells) {
        plain.counted.clone_from(&audited.counted);
    }
    assert_eq!(with, without, "blocks, states, marks, numbers and verdicts are the same");
    // An edited histogram is noticed here too.
    let path = place.join(store::TRIALS_FILE);
    let text = fs::read_to_string(&path).unwrap();
    let at = text.find("\"poll_histogram\":\"").unwrap() + 30;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    fs::write(&path, format!("{}{other}{}", &text[..at], &text[at + 1..])).unwrap();
    let error = store::load_light(&place).unwrap_err().to_string();
    assert!(error.contains("the audit of cell") && error.contains("checksum"), "{error}");
}

#[test]
fn an_audit_is_shown_wherever_numbers_are() {
    let mut recording = both();
    recording.run.plan.audit = true;
    let summary = Summary::of(&recording).unwrap();
    let texts = [table::render(&summary, None), markdown::render(&summary)];
    for text in &texts {
        for words in ["audit, per operation", "blocks its thread (threads)", "3.00", "futex 1.00"] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    assert!(
        report::render(&summary, &report::Pictures::of(&summary, &palette(&summary)))
            .contains("audit, per operation")
    );
    let object: serde_json::Value = serde_json::from_str(&json::render(&summary, "run")).unwrap();
    let of = |runner: &str| {
        let cells = object["cells"].as_array().unwrap();
        let mut mine = cells.iter().filter(|cell| cell["runner"] == runner);
        mine.find(|cell| cell["role"] == "runner").unwrap()["audit"].clone()
    };
    let (tokio, threads) = (of("tokio"), of("threads"));
    assert_eq!(tokio["syscalls_per_op"], serde_json::json!({ "read": 2.0 }));
    assert_eq!(threads["syscalls_per_op"], serde_json::json!({ "futex": 1.0, "read": 2.0 }));
    assert_eq!(tokio["allocations_per_op"], 3.0);
    assert_eq!(tokio["allocated_bytes_per_op"], 300.0);
    assert_eq!(tokio["polls_per_op"], 1.0);
    assert_eq!(tokio["migrations_per_op"], 0.1);
    assert_eq!(threads["polls_per_op"], serde_json::Value::Null, "not 0");
    assert_eq!(threads["absent"]["polls"], "not applicable: blocks its thread");
    assert_eq!(of("glommio"), serde_json::Value::Null, "not audited");
    let csv = csv::render(&summary);
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|title| title == name).unwrap();
    let row = reader.records().map(Result::unwrap).find(|row| &row[2] == "threads").unwrap();
    assert_eq!(&row[column("audit_syscalls_per_op")], "3");
    assert_eq!(&row[column("audit_syscalls")], "futex=1 read=2");
    assert_eq!(&row[column("audit_polls_per_op")], "");
}

fn palette(summary: &Summary) -> simul_results::chart::Palette {
    simul_results::chart::Palette::of(summary)
}

#[test]
fn why_ranks_what_differs_and_says_what_is_missing() {
    let recording = both();
    let panels = why::why(&recording, "echo", ["tokio", "threads"]).unwrap();
    assert_eq!(panels.len(), 1);
    let panel = &panels[0];
    assert_eq!(panel.runners, ["tokio", "threads"]);
    let p50 = panel.results[0].effect.as_ref().unwrap();
    let (low, high) = p50.interval.unwrap();
    assert!(p50.estimate < 1.0 && low < p50.estimate && p50.estimate < high, "{p50:?}");
    let named = |name: &str| panel.counters.iter().find(|counter| counter.name == name);
    let first = &panel.counters[0];
    assert_eq!(
        (&*first.name, first.ratio),
        ("syscall futex", None),
        "what only one does comes first"
    );
    assert_eq!(named("system calls").unwrap().values, [2.0, 3.0]);
    assert_eq!(named("syscall read").unwrap().ratio, Some(1.0));
    assert_eq!(named("allocations").unwrap().unit, Unit::PerOp);
    let sizes: Vec<f64> = panel
        .counters
        .iter()
        .map(|counter| counter.ratio.map_or(f64::INFINITY, |ratio| ratio.ln().abs()))
        .collect();
    assert!(sizes.windows(2).all(|pair| pair[0] >= pair[1]), "{sizes:?}");
    let polls = panel.missing.iter().find(|missing| missing.name == "polls").unwrap();
    assert_eq!(polls.why, "threads: not applicable: blocks its thread");
}

#[test]
fn why_says_whose_numbers_are_not_believed() {
    let mut recording = both();
    let barred = |recording: &store::Recording| {
        let panel = why::why(recording, "echo", ["tokio", "threads"]).unwrap().remove(0);
        let json = serde_json::to_value(&panel).unwrap()["barred"].clone();
        assert_eq!(json, serde_json::json!(panel.barred));
        panel.barred
    };
    assert_eq!(barred(&recording), [[""; 0]; 2]);
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "threads") {
        trial.marks = vec![mark::STARVED.into(), mark::RECONNECTED.into()];
    }
    let found = barred(&recording);
    assert!(found[0].is_empty(), "{found:?}");
    assert_eq!(found[1], [mark::STARVED], "what only must be said bars nobody");
}

#[test]
fn why_without_an_audit_says_how_to_get_one() {
    let recording = store::Recording { audits: Vec::new(), ..both() };
    let panels = why::why(&recording, "echo:64", ["threads", "tokio"]).unwrap();
    let calls = panels[0].missing.iter().find(|missing| missing.name == "system calls").unwrap();
    assert!(calls.why.contains("not audited: run with --audit"), "{}", calls.why);
    assert!(panels[0].counters.iter().any(|counter| counter.name == "CPU"));
}

#[test]
fn why_names_what_there_is() {
    let recording = both();
    for (workload, runners, words) in [
        ("sleep", ["tokio", "threads"], "it has: echo:64/closed-32@separate"),
        ("echo", ["tokio", "smol"], "it has: tokio, threads, tokio~null, floor-epoll"),
        ("echo", ["glommio", "tokio"], "unavailable; choose another runner"),
    ] {
        let error = why::why(&recording, workload, runners).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
