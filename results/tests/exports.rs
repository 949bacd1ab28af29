//! Can other programs read what is exported?
//!
//! Each form is checked against its own published schema, grammar or reader.

mod synthetic;

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{
        Deserializer,
        interval_log::{IntervalLogIterator, LogEntry},
    },
};
use serde_json::{Value, json};
use simul_results::{
    Role, State, Summary, TrialRecord,
    auditor::Audit,
    export::{csv, hdr, junit, openmetrics, trackers},
    histogram, judged,
    record::mark,
};
use synthetic::{cell, recording, slice, trial, unmeasured};

fn summary() -> Summary {
    let mut recording = recording(&["tokio", "smol", "threads"], 6, 3, 100);
    let threads = cell("threads", Role::Runner);
    recording.trials.push(unmeasured(
        &threads,
        1,
        State::TimedOut,
        "no \"answer\" <in> 60 s & more",
    ));
    Summary::of(&recording).unwrap()
}

#[test]
fn the_percentile_distribution_is_that_of_the_family() {
    // Printed by the Python library of the family (hdrhistogram 0.10.8): HdrHistogram(1, 3600000000000, 3)
    // with these values, output_percentile_distribution(file, 1000.0, ticks_per_half_distance=5).
    let mut values: Vec<u64> = (1..=100).map(|i| i * 1000).collect();
    values.push(5_000_000);
    let one = trial(
        &cell("tokio", Role::Runner),
        0,
        vec![slice(0, &values[..40], 1.0), slice(1, &values[40..], 1.0)],
    );
    let text = hdr::hgrm(&[&one], &Audit::default()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
    assert_eq!(lines[1], "");
    assert_eq!(lines[2], "       1.000 0.000000000000          1           1.00");
    assert!(text.contains("\n    5001.215 1.000000000000        101\n"), "{text}");
    assert!(text.contains("#[Max     =     5001.215, TotalCount     =      101.000]"), "{text}");
    assert!(text.ends_with("#[Buckets =           32, SubBuckets     =         2048]\n"), "{text}");
    assert!(text.contains("#[Mean    =       99.5"), "{text}");
    // The grammar: four columns of numbers, percentiles and counts ascending, the last without a ratio.
    let rows: Vec<Vec<f64>> = lines[2..]
        .iter()
        .take_while(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().map(|word| word.parse().unwrap()).collect())
        .collect();
    for pair in rows.windows(2) {
        assert!(pair[0][0] <= pair[1][0] && pair[0][1] <= pair[1][1] && pair[0][2] <= pair[1][2]);
        assert!(pair[0].len() == 4, "{pair:?}");
    }
    assert_eq!(rows.last().unwrap().len(), 3);
    for row in &rows {
        let exact = values.iter().filter(|value| **value as f64 / 1e3 <= row[0]).count();
        assert_eq!(row[2] as usize, exact, "{row:?}");
    }
}

#[test]
fn the_interval_log_is_read_back() {
    let recording = recording(&["tokio"], 2, 3, 100);
    let mine: Vec<&TrialRecord> =
        recording.trials.iter().filter(|trial| trial.cell.contains("/tokio/")).collect();
    let text = hdr::hlog(&mine, &Audit::default()).unwrap();
    let slices: Vec<_> = mine
        .iter()
        .flat_map(|trial| trial.slices.iter().map(|slice| (trial.block, slice)))
        .collect();
    let mut found = 0;
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        let (block, slice) = slices[found];
        assert_eq!(interval.tag().unwrap().as_str(), format!("block-{block}"));
        let bytes = BASE64_STANDARD.decode(interval.encoded_histogram()).unwrap();
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
        assert_eq!(read, histogram::decode(&slice.histogram).unwrap());
        // Printed in ms with three decimals, of a histogram with three digits.
        let max_ms = slice.max_ns as f64 / 1e6;
        assert!((interval.max() - max_ms).abs() < 0.0006 + 0.002 * max_ms);
        found += 1;
    }
    assert_eq!(found, 6);
    assert!(text.starts_with("#[Histogram log format version 1.3]\n"), "{text}");
}

#[test]
fn what_was_found_stands_in_lines_that_readers_skip() {
    let mut recording = recording(&["tokio"], 2, 3, 100);
    for trial in &mut recording.trials {
        trial.marks = vec![mark::PEER_BOUND.into(), "two\nlines".into()];
    }
    let contests = judged::contests(&recording).unwrap();
    let cell = &contests[0].cells[0];
    assert!(!cell.audit.may_be_ranked(), "{:?}", cell.audit);
    let rows = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with('#')).map(Into::into).collect()
    };
    let trials = cell.recorded();
    assert_eq!(trials.iter().map(|trial| trial.block).collect::<Vec<_>>(), [0, 1]);
    for form in [hdr::hgrm, hdr::hlog] {
        let text = form(&trials, &cell.audit).unwrap();
        assert_eq!(rows(&text), rows(&form(&trials, &Audit::default()).unwrap()));
        assert!(text.contains("\n#[grade F, not ranked: peer-bound: the peer was busy"), "{text}");
        assert!(text.contains("\n#[grade F, marked: two lines: two lines in 2 of 2"), "{text}");
    }
    let log = hdr::hlog(&trials, &cell.audit).unwrap();
    let entries = IntervalLogIterator::new(log.as_bytes()).map(Result::unwrap);
    assert_eq!(entries.filter(|entry| matches!(entry, LogEntry::Interval(_))).count(), 6);
}

#[test]
fn the_bencher_metric_format_fits_its_schema() {
    // https://bencher.dev/bmf.json
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema",
        "type": "object",
        "patternProperties": { ".+": { "type": "object", "patternProperties": { ".+": {
            "type": "object",
            "properties": {
                "value": { "type": "number" },
                "lower_value": { "type": "number" },
                "upper_value": { "type": "number" },
            },
            "required": ["value"],
        } } } },
    });
    let text = trackers::bmf(&summary());
    let value: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validate(&schema, &value).unwrap();
    let cells = value.as_object().unwrap();
    assert_eq!(cells.len(), 4, "measured ones only: {text}");
    for (name, metrics) in cells {
        assert!(name.len() <= 1024);
        for (name, metric) in metrics.as_object().unwrap() {
            assert!(name.len() <= 64);
            let at = |key: &str| metric[key].as_f64().unwrap();
            assert!(at("lower_value") <= at("value") && at("value") <= at("upper_value"));
        }
        assert!(metrics["latency"]["value"].as_f64().unwrap() > 10_000.0, "in ns");
    }
}

#[test]
fn the_list_of_github_action_benchmark_has_its_fields() {
    // Its README: an array of objects with name, unit and value, and optionally range and extra, texts all
    // but the value.
    let schema = json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "unit", "value"],
            "properties": {
                "name": { "type": "string" },
                "unit": { "type": "string" },
                "value": { "type": "number" },
                "range": { "type": "string" },
                "extra": { "type": "string" },
            },
            "additionalProperties": false,
        },
    });
    let value: Value = serde_json::from_str(&trackers::gh_benchmark(&summary())).unwrap();
    jsonschema::validate(&schema, &value).unwrap();
    let entries = value.as_array().unwrap();
    assert_eq!(entries.len(), 8, "two for each measured cell");
    let mut names: Vec<&str> =
        entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert!(names.iter().all(|name| !name.contains("throughput")), "smaller is better");
    names.dedup();
    assert_eq!(names.len(), 8, "names tell them apart");
}

/// What Jenkins' `junit-10.xsd` allows: of each element its attributes (required ones with `!`) and children.
const JUNIT: [(&str, &[&str], &[&str]); 6] = [
    ("testsuites", &["name", "time", "tests", "failures", "errors"], &["testsuite"]),
    (
        "testsuite",
        &[
            "!name",
            "!tests",
            "!failures",
            "!errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["!name", "time", "classname", "group"],
        &[
            "skipped",
            "error",
            "failure",
            "rerunFailure",
            "rerunError",
            "flakyFailure",
            "flakyError",
            "system-out",
            "system-err",
        ],
    ),
    ("skipped", &["type", "message"], &[]),
    ("error", &["type", "message"], &[]),
    ("system-out", &[], &[]),
];

#[test]
fn junit_fits_its_schema() {
    let text = junit::render(&summary());
    let document = roxmltree::Document::parse(&text).unwrap();
    assert_eq!(document.root_element().tag_name().name(), "testsuites");
    for element in document.descendants().filter(roxmltree::Node::is_element) {
        let name = element.tag_name().name();
        let (_, attributes, children) = JUNIT.iter().find(|known| known.0 == name).expect(name);
        for attribute in element.attributes() {
            let known =
                attributes.iter().any(|known| known.trim_start_matches('!') == attribute.name());
            assert!(known, "{} of {name}", attribute.name());
        }
        for required in attributes.iter().filter_map(|known| known.strip_prefix('!')) {
            assert!(element.has_attribute(required), "{required} of {name}");
        }
        for child in element.children().filter(roxmltree::Node::is_element) {
            assert!(children.contains(&child.tag_name().name()), "{child:?} in {name}");
        }
    }
    let count = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!(
        (count("testcase"), count("error"), count("skipped"), count("system-out")),
        (6, 1, 1, 4)
    );
    let error = document.descendants().find(|node| node.has_tag_name("error")).unwrap();
    assert_eq!(error.attribute("message"), Some("block 1: no \"answer\" <in> 60 s & more"));
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    let said = ["tests", "errors", "skipped", "failures"].map(|name| suite.attribute(name));
    assert_eq!(said, ["6", "1", "1", "0"].map(Some));
}

/// A label list by the standard's grammar; returns what stands behind it.
fn labels(text: &str) -> &str {
    let mut rest = text.strip_prefix('{').unwrap();
    loop {
        let (name, tail) = rest.split_once("=\"").unwrap();
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        let mut escaped = false;
        let end = tail.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = &tail[end.unwrap() + 1..];
        match rest.split_at(1) {
            (",", more) => rest = more,
            ("}", more) => return more,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn openmetrics_follows_the_grammar() {
    let text = openmetrics::render(&summary());
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
    let (mut family, mut seen, mut samples) = (String::new(), Vec::new(), 0);
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(meta) = line.strip_prefix("# ") {
            let words: Vec<&str> = meta.splitn(3, ' ').collect();
            match words[0] {
                "TYPE" => {
                    assert!(["gauge", "stateset"].contains(&words[2]), "{line}");
                    assert!(!seen.contains(&words[1].to_owned()), "families are not interleaved");
                    family = words[1].into();
                    seen.push(family.clone());
                }
                "UNIT" => {
                    assert!(words[1] == family && family.ends_with(&format!("_{}", words[2])))
                }
                "HELP" => assert_eq!(words[1], family),
                other => panic!("{other}"),
            }
            continue;
        }
        let value = labels(line.strip_prefix(&family).unwrap());
        assert!(value.strip_prefix(' ').unwrap().parse::<f64>().unwrap().is_finite(), "{line}");
        samples += 1;
    }
    // Four cells with five estimates of three values (300 operations a block do not carry p99), and six states of six
    // cells.
    assert_eq!(samples, 4 * 5 * 3 + 6 * 6);
    assert!(text.contains("simul_time_p90_seconds{") && !text.contains("simul_time_p99_seconds{"));
    let summary = Summary::of(&recording(&["tokio"], 2, 1, 1000)).unwrap();
    let carried = openmetrics::render(&summary);
    assert!(carried.contains("simul_time_p99_seconds{"), "ten of a thousand operations lie above");
}

#[test]
fn times_of_different_things_are_told_apart_in_one_family() {
    for measure in ["service", "lateness", "makespan"] {
        let mut recording = recording(&["tokio"], 2, 1, 100);
        recording.run.plan.contests[0].measure = measure.into();
        recording.trials.iter_mut().for_each(|trial| trial.measure = measure.into());
        let text = openmetrics::render(&Summary::of(&recording).unwrap());
        let samples = text.lines().filter(|line| line.starts_with("simul_time_p50_seconds{"));
        let label = format!(",measure=\"{measure}\",");
        let told: Vec<bool> = samples.map(|line| line.contains(&label)).collect();
        assert!(!told.is_empty() && told.iter().all(|told| *told), "{text}");
    }
}

#[test]
fn a_line_says_what_its_effects_are_against() {
    let mut recording = recording(&["tokio", "smol"], 6, 3, 300);
    // tokio is the planned baseline and is not believed, so that smol is it instead.
    let barred = |trial: &&mut TrialRecord| trial.runner == "tokio" && trial.role == Role::Runner;
    for trial in recording.trials.iter_mut().filter(barred) {
        trial.marks = vec![mark::STARVED.into()];
    }
    let text = csv::render(&Summary::of(&recording).unwrap());
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|title| title == name).unwrap();
    let (against, effect) = (at("against"), at("p50_vs_baseline"));
    assert_eq!(effect, against + 1, "right before the first of them");
    let lines = reader.records().map(Result::unwrap);
    let found: Vec<(String, String, bool)> = lines
        .map(|line| (line[at("cell")].into(), line[against].into(), line[effect].is_empty()))
        .collect();
    let of = |arm: &str| {
        let cell = format!("echo:64/{arm}/closed-32@separate");
        let (_, against, is_empty) = found.iter().find(|(name, ..)| *name == cell).unwrap();
        (against.as_str(), *is_empty)
    };
    assert_eq!(of("tokio"), ("smol", false));
    assert_eq!(of("tokio~null"), ("tokio", false));
    assert_eq!((of("smol"), of("glommio")), (("", true), ("", true)));
}

#[test]
fn spreadsheets_get_no_formula() {
    let mut recording = recording(&["tokio"], 2, 1, 50);
    for trial in &mut recording.trials {
        if trial.state == State::Measured {
            trial.backend = Some("=HYPERLINK(\"http://x\")".into());
        } else {
            trial.reason = Some("@SUM(1)".into());
        }
    }
    let text = csv::render(&Summary::of(&recording).unwrap());
    assert!(text.contains("'=HYPERLINK") && text.contains("'@SUM(1)"), "{text}");
    for field in text.lines().flat_map(|line| line.split(',')) {
        let first = field.trim_start_matches('"').chars().next();
        assert!(!matches!(first, Some('=' | '+' | '@')), "{field}");
    }
}
