//! Do a workload's own figures, and the distance from the ideal, reach everything that is shown?

mod synthetic;

use simul_results::{
    Role, Summary,
    export::{csv, json, markdown},
    record::FigureRecord,
    report,
    statistics::Estimate,
    store::Recording,
    summary::CellSummary,
    table,
};
use std::{fs, path::Path};
use synthetic::{cell, recording};

/// What the given block and round of tokio tell; smol has no figure in its second block.
fn values(block: u32, round: u32) -> Vec<f64> {
    vec![f64::from(500 + 10 * block), f64::from(500 + 10 * block + round), 1e9]
}

/// A makespan of known ideal, with a figure that two runners tell and one that nobody does.
fn telling() -> Recording {
    let mut recording = recording(&["tokio", "smol"], 3, 2, 100);
    let contest = &mut recording.run.plan.contests[0];
    contest.measure = "makespan".into();
    contest.ideal_ns = Some(50_000);
    contest.figures = [("task size", "bytes"), ("never told", "ns")]
        .map(|(name, unit)| FigureRecord {
            name: name.into(),
            unit: unit.into(),
            describes: format!("<i>{name}</i> in words"),
        })
        .into();
    for trial in &mut recording.trials {
        trial.measure = "makespan".into();
        let (runner, block) = (trial.runner.clone(), trial.block);
        for slice in &mut trial.slices {
            if runner == "tokio" || (runner == "smol" && block != 1) {
                slice.figures.insert("task size".into(), values(block, slice.round));
            }
        }
    }
    recording
}

fn of<'a>(summary: &'a Summary, runner: &str) -> &'a CellSummary {
    let cell = cell(runner, Role::Runner).to_string();
    summary.contests[0].cells.iter().find(|found| found.cell == cell).unwrap()
}

#[test]
fn a_figure_is_the_median_over_blocks_of_each_blocks_median() {
    let mut recording = telling();
    // A round that was set aside tells nothing.
    recording.trials[0].slices[1].set_aside = true;
    let summary = Summary::of(&recording).unwrap();
    let figure = &of(&summary, "tokio").figures[0];
    assert_eq!((&*figure.name, &*figure.unit), ("task size", "bytes"));
    // Block 0: 500, 500 and an outlier; block 1: 510, 510, 510, 511 and two; block 2: 520, 520, 520, 521 and two.
    assert_eq!(figure.value, Estimate { median: 510.5, low: 500.0, high: 520.5 });
    assert_eq!(figure.values, 3 + 6 + 6);
    assert_eq!(of(&summary, "tokio").figures.len(), 1, "what nobody told is not there");
    assert!(of(&summary, "smol").figures.is_empty(), "a block without it leaves no estimate");
}

#[test]
fn the_ideal_is_compared_with_the_median_of_makespans_only() {
    let mut recording = telling();
    let summary = Summary::of(&recording).unwrap();
    let tokio = of(&summary, "tokio");
    let (ratio, p50_ns) = (tokio.over_ideal.unwrap(), tokio.numbers.as_ref().unwrap().p50_ns);
    for (ratio, ns) in
        [(ratio.median, p50_ns.median), (ratio.low, p50_ns.low), (ratio.high, p50_ns.high)]
    {
        assert!((ratio * 50_000.0 - ns).abs() < 1e-6 * ns, "{ratio} of {ns}");
    }
    recording.run.plan.contests[0].measure = "service".into();
    recording.trials.iter_mut().for_each(|trial| trial.measure = "service".into());
    let summary = Summary::of(&recording).unwrap();
    assert_eq!(of(&summary, "tokio").over_ideal, None);
}

#[test]
fn figures_are_in_everything_that_is_shown() {
    let recording = telling();
    let summary = Summary::of(&recording).unwrap();
    let text = table::render(&summary, None);
    assert!(text.contains("task size B") && text.contains("× ideal"), "{text}");
    assert!(text.contains("task size: <i>task size</i> in words"), "{text}");
    let figures = text.split_once("task size B").unwrap().1;
    let tokio = figures.lines().find(|line| line.trim_start().starts_with("tokio")).unwrap();
    assert!(tokio.contains("510 ±2.0%") || tokio.contains("511 ±2.0%"), "{tokio}");
    assert!(markdown::render(&summary).contains("| × ideal |"));

    let output = serde_json::to_value(json::Output::of(&summary, "x")).unwrap();
    let tokio = &output["cells"][0];
    assert_eq!(tokio["figures"]["task size"]["value"]["median"], 510.5);
    assert_eq!(tokio["figures"]["task size"]["unit"], "bytes");
    assert_eq!(tokio["ideal_ns"], 50_000);
    assert!(tokio["over_ideal"]["median"].as_f64().unwrap() > 1.0);
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/output.schema.json"));
    let schema = serde_json::from_str(&schema.unwrap()).unwrap();
    jsonschema::validate(&schema, &output).unwrap();

    let lines = csv::render(&summary);
    let mut lines = lines.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, tokio) = (lines.next().unwrap(), lines.next().unwrap());
    let value = |name: &str| tokio[header.iter().position(|title| *title == name).unwrap()];
    assert_eq!(value("figure_task size_bytes"), "510.5");
    assert_eq!(value("figure_task size_bytes_high"), "520.5");
    assert_eq!(value("figure_never told_ns"), "");
    assert!(value("over_ideal").parse::<f64>().unwrap() > 1.0);

    let home = tempfile::TempDir::new().unwrap();
    report::write(home.path(), &recording).unwrap();
    let page = fs::read_to_string(home.path().join("report.html")).unwrap();
    assert!(page.contains(">task size B</th>") && page.contains("× ideal"));
    assert!(!page.contains("<i>task size</i>"), "recorded text is escaped");
}

#[test]
fn a_recording_of_the_second_schema_is_still_read() {
    let recording = recording(&["tokio"], 1, 1, 20);
    let mut line = serde_json::to_value(&recording.trials[0]).unwrap();
    let mut run = serde_json::to_value(&recording.run).unwrap();
    line["schema"] = 2.into();
    run["schema"] = 2.into();
    // As version 2 wrote them: without what version 3 has more.
    assert!(!line["slices"][0].as_object().unwrap().contains_key("figures"));
    let contest = run["plan"]["contests"][0].as_object().unwrap();
    assert!(!contest.contains_key("figures") && !contest.contains_key("ideal_ns"));
    let home = tempfile::TempDir::new().unwrap();
    fs::write(home.path().join("run.json"), run.to_string()).unwrap();
    fs::write(home.path().join("trials.jsonl"), format!("{line}\n")).unwrap();
    let read = simul_results::store::load(home.path()).unwrap();
    assert_eq!((read.run.schema, read.trials[0].schema), (2, 2));
    let summary = Summary::of(&read).unwrap();
    let tokio = of(&summary, "tokio");
    assert!(tokio.numbers.is_some() && tokio.figures.is_empty() && tokio.over_ideal.is_none());
    assert_eq!(simul_results::figure_grid::figures(&summary.contests[0]), None);
}
