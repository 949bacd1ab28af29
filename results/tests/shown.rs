//! Is everything shown, safely, and the same everywhere?

mod synthetic;

use simul_results::{
    Role, SliceRecord, State, Summary, TrialRecord,
    chart::{
        Palette, cost, effect,
        heatmap::{self, Field},
        spectrum,
    },
    export::{csv, json, markdown},
    record::mark,
    report,
    store::{Recording, Writer},
    table,
};
use std::{fs, path::Path};
use synthetic::{cell, recording, unmeasured};

const EVIL: &str = "<script>alert(1)</script>";

/// A recording in which every free string is a script. Cells stay consistent with the plan.
fn evil() -> Recording {
    let mut recording = recording(&["tokio", "smol"], 2, 2, 100);
    let contest = &mut recording.run.plan.contests[0];
    contest.workload = EVIL.into();
    contest.question = EVIL.into();
    contest.baseline = contest.baseline.take().map(|name| format!("{name}{EVIL}"));
    for cell in &mut contest.cells {
        cell.insert_str(0, EVIL);
    }
    for trial in &mut recording.trials {
        trial.cell.insert_str(0, EVIL);
        trial.workload = EVIL.into();
        trial.label = EVIL.into();
        trial.runner.push_str(EVIL);
        trial.parameters.insert(EVIL.into(), EVIL.into());
        trial.card.insert(EVIL.into(), EVIL.into());
        trial.backend = Some(EVIL.into());
        trial.marks.push(EVIL.into());
        trial.reason = Some(EVIL.into());
        for text in trial
            .receipt
            .iter_mut()
            .flat_map(|receipt| [&mut receipt.package, &mut receipt.version, &mut receipt.source])
        {
            *text = EVIL.into();
        }
    }
    let run = &mut recording.run;
    run.command = vec![EVIL.into()];
    let host = &mut run.host;
    for text in [
        &mut run.simul,
        &mut run.binary,
        &mut run.started,
        &mut host.name,
        &mut host.system,
        &mut host.processor,
        &mut host.clock,
    ] {
        *text = EVIL.into();
    }
    recording
}

#[test]
fn no_recorded_text_becomes_html() {
    let home = tempfile::TempDir::new().unwrap();
    let written = report::write(home.path(), &evil()).unwrap();
    let html = fs::read_to_string(&written.report).unwrap();
    let own = html.matches("<script>").count() + html.matches("<script type=").count();
    assert_eq!((own, html.matches("<script").count()), (2, 2), "ours and its data");
    assert_eq!(html.matches("</script").count(), 2, "neither ends before its end");
    assert!(html.matches("&lt;script&gt;").count() > 40, "but its text is there");
    for chart in &written.charts {
        let svg = fs::read_to_string(chart).unwrap();
        assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"), "{chart:?}");
        assert!(chart.starts_with(home.path().join("charts")));
    }
    assert!(!fs::read_to_string(&written.markdown).unwrap().contains("<script"));
}

#[test]
fn a_report_needs_no_network() {
    let summary = Summary::of(&recording(&["tokio", "smol"], 2, 2, 100)).unwrap();
    let pictures = report::Pictures::of(&summary, &Palette::of(&summary));
    let html = report::render(&summary, &pictures);
    let without_namespace = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for outside in ["http:", "https:", " src=", "@import", "url(", "fetch(", "innerHTML", "eval("] {
        assert!(!without_namespace.contains(outside), "{outside}");
    }
    assert!(html.contains("prefers-color-scheme: dark"));
}

#[test]
fn writing_twice_replaces_its_own_files_only() {
    let home = tempfile::TempDir::new().unwrap();
    let folder = home.path().join("run");
    let recording = recording(&["tokio", "smol"], 2, 2, 100);
    Writer::create(&folder, &recording.run).unwrap().append(&recording.trials).unwrap();
    let listing = |folder: &Path| {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let first = report::write(&folder, &recording).unwrap();
    let names = listing(&folder);
    assert_eq!(report::write(&folder, &recording).unwrap(), first);
    assert_eq!(listing(&folder), names);
    assert_eq!(
        names,
        ["charts", "report.html", "run.json", "summary.csv", "summary.md", "trials.jsonl"]
    );
    assert_eq!(
        listing(&folder.join("charts")),
        [
            "echo-64-closed-32-separate.cost.svg",
            "echo-64-closed-32-separate.course.svg",
            "echo-64-closed-32-separate.effect.svg",
            "echo-64-closed-32-separate.price.svg",
            "echo-64-closed-32-separate.spectrum.svg",
            "heatmap.svg"
        ]
    );
}

#[test]
fn a_contradiction_writes_nothing() {
    let home = tempfile::TempDir::new().unwrap();
    let mut recording = recording(&["tokio"], 1, 1, 100);
    recording.trials[0].slices[0].recorded += 1;
    let error = report::write(home.path(), &recording).unwrap_err().to_string();
    assert!(error.starts_with("the recording contradicts itself: cell 'echo:64/tokio"), "{error}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn every_cell_is_in_every_form() {
    let mut recording = recording(&["tokio", "smol", "threads"], 2, 2, 100);
    let threads = cell("threads", Role::Runner);
    recording.trials.push(unmeasured(&threads, 1, State::TimedOut, "no answer in 60 s"));
    let summary = Summary::of(&recording).unwrap();
    let table = table::render(&summary, Some(110));
    let markdown = markdown::render(&summary);
    let csv = csv::render(&summary);
    let json = json::Output::of(&summary, "x");
    assert_eq!((json.cells.len(), csv.lines().count()), (6, 7));
    for (_, cell) in summary.cells() {
        assert!(table.contains(&cell.arm) && csv.contains(&cell.cell), "{}", cell.cell);
        assert!(markdown.contains(&cell.arm.replace('~', "\\~")), "{}", cell.arm);
    }
    assert!(table.contains("threads: timed out: block 1: no answer in 60 s"));
    assert!(table.contains("service time") && !table.contains("response"));
}

#[test]
fn tables_keep_their_width_and_their_numbers_whole() {
    let summary =
        Summary::of(&recording(&["tokio", "a-runner-with-a-long-name"], 6, 2, 600)).unwrap();
    for width in [100, 110, 120] {
        let text = table::render(&summary, Some(width));
        for line in text.lines().filter(|line| line.contains('±') || line.contains('─')) {
            assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
        }
        let row = text.lines().find(|line| line.contains(" tokio ")).unwrap();
        assert_eq!(row.matches('±').count(), 6, "{row}: one each but for p99.9");
        assert!(row.contains('–'), "1200 operations a block do not carry p99.9");
    }
}

#[test]
fn marks_are_told_in_words_and_bar_from_ranking() {
    let mut recording = recording(&["tokio", "smol"], 2, 2, 100);
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "smol") {
        trial.marks = vec![mark::STARVED.into()];
    }
    let summary = Summary::of(&recording).unwrap();
    let table = table::render(&summary, None);
    assert!(table.contains("smol ! [1]") && table.contains("[1] starved: some actor did less"));
    let fields = heatmap::map(&summary).fields;
    assert!(matches!(fields[1][0], Field::Ratio { ranked: false, .. }));
    assert_eq!(fields[2][0], Field::State("unav."));
}

#[test]
fn the_json_fills_exactly_the_field_of_its_measure() {
    for measure in ["service", "lateness", "makespan"] {
        let mut recording = recording(&["tokio"], 1, 1, 100);
        recording.run.plan.contests[0].measure = measure.into();
        for trial in &mut recording.trials {
            trial.measure = measure.into();
        }
        let summary = Summary::of(&recording).unwrap();
        let output = serde_json::to_value(json::Output::of(&summary, "x")).unwrap();
        let cell = &output["cells"][0];
        for field in ["service", "lateness", "makespan", "response", "wait", "lag"] {
            let filled = !cell[format!("{field}_ns")].is_null();
            assert_eq!(filled, field == measure, "{field} of {measure}");
        }
        let glommio = &output["cells"][3];
        assert_eq!(glommio["state"], "unavailable");
        assert!(glommio["throughput"].is_null() && glommio["service_ns"].is_null());
    }
}

#[test]
fn curves_end_where_samples_do() {
    // 4 rounds of 300 operations: ten lie above p99.17.
    let summary = Summary::of(&recording(&["tokio", "smol"], 3, 4, 300)).unwrap();
    let palette = Palette::of(&summary);
    let series = spectrum::series(&summary.contests[0], &palette);
    assert_eq!(series.len(), 4, "two runners, the null arm and the floor");
    for line in &series {
        let end = line.points.last().unwrap().nines;
        assert!((2.0..=(1200.0_f64 / 10.0).log10()).contains(&end), "{end}");
        assert!(line.points.windows(2).all(|two| two[0].nines < two[1].nines));
    }
    let few = Summary::of(&recording(&["tokio"], 1, 1, 8)).unwrap();
    assert!(spectrum::series(&few.contests[0], &palette).is_empty());
    assert!(spectrum::draw(&few.contests[0], &palette).svg().contains("no cell recorded enough"));
}

#[test]
fn effects_are_drawn_within_their_axes() {
    let summary = Summary::of(&recording(&["tokio", "smol", "threads"], 2, 3, 200)).unwrap();
    let panels = effect::panels(&summary.contests[0]);
    assert_eq!(panels.len(), 3);
    for panel in panels {
        let (low, high) = panel.range;
        assert!(low < 1.0 && 1.0 < high, "equality is on the axis");
        for effect in panel.effects.into_iter().flatten() {
            assert!((low..=high).contains(&effect.estimate));
            assert!(effect.blocks.iter().all(|block| (low..=high).contains(&block.value)));
        }
    }
}

#[test]
fn overhead_is_what_lies_above_the_floor() {
    let recording = recording(&["tokio", "smol"], 3, 2, 100);
    let summary = Summary::of(&recording).unwrap();
    let bars = cost::bars(&summary.contests[0]);
    let floor = bars[3].unwrap();
    assert_eq!(floor.above_floor_us, None, "the floor itself");
    let tokio = bars[0].unwrap();
    let above = tokio.above_floor_us.unwrap();
    // Block by block, where both lived together.
    let cpu_us = |runner: &str, block: u32| {
        let its = |trial: &&TrialRecord| {
            trial.runner == runner && trial.block == block && trial.role != Role::Null
        };
        let trial = recording.trials.iter().find(its).unwrap();
        let sum = |field: fn(&SliceRecord) -> u64| trial.counted().map(field).sum::<u64>() as f64;
        sum(|slice| slice.cpu_ns.unwrap()) * 1e-3 / sum(SliceRecord::paid)
    };
    let floor = &summary.contests[0].cells[3].runner;
    let mut differences: Vec<f64> =
        (0..3).map(|block| cpu_us("tokio", block) - cpu_us(floor, block)).collect();
    differences.sort_by(f64::total_cmp);
    let found = [above.low, above.median, above.high];
    assert!(found.iter().zip(&differences).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
    assert!(above.median > 0.0);
    assert_eq!(bars[4], None, "glommio was not measured");
}

#[test]
fn the_best_ranked_runner_is_one() {
    let summary = Summary::of(&recording(&["tokio", "smol"], 3, 2, 400)).unwrap();
    let map = heatmap::map(&summary);
    assert_eq!(map.runners, ["tokio", "smol", "glommio"]);
    let ratio = |row: usize| match &map.fields[row][0] {
        Field::Ratio { ratio, ranked: true, .. } => ratio.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ratio(0), 1.0);
    assert!((ratio(1) - 1.15).abs() < 0.05);
}

#[test]
fn runners_keep_their_looks_and_none_is_another() {
    let names: Vec<String> = (0..24).map(|i| format!("runner-{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let summary = Summary::of(&recording(&names, 1, 1, 30)).unwrap();
    let palette = Palette::of(&summary);
    let cells = &summary.contests[0].cells;
    let looks: Vec<_> = cells.iter().map(|cell| palette.look(cell)).collect();
    for (i, look) in looks.iter().enumerate() {
        assert!(looks[..i].iter().all(|other| other != look), "{}", cells[i].arm);
    }
}

#[test]
fn an_unfinished_run_says_so() {
    let mut recording = recording(&["tokio", "smol"], 3, 2, 100);
    let whole = Summary::of(&recording).unwrap();
    assert!(!table::render(&whole, None).contains("not finished"));
    assert!(table::render(&whole, None).contains("±: to the furthest block"));
    recording.trials.retain(|trial| trial.block < 2 || trial.runner == "tokio");
    recording.run.plan.blocks = 6;
    recording.torn = true;
    let summary = Summary::of(&recording).unwrap();
    for text in [table::render(&summary, None), markdown::render(&summary)] {
        assert!(text.contains("not finished: 3 of 6 blocks"), "{text}");
        assert!(text.contains("was torn") && text.contains("smol: in only 2 of 3 blocks"));
    }
}

#[test]
fn an_empty_run_has_a_report() {
    let home = tempfile::TempDir::new().unwrap();
    let mut empty = recording(&["tokio"], 1, 1, 10);
    empty.trials.clear();
    assert!(report::write(home.path(), &empty).is_ok(), "nothing measured");
    empty.run.plan.contests.clear();
    assert!(report::write(home.path(), &empty).is_ok(), "nothing planned");
    assert_eq!(table::render(&Summary::of(&empty).unwrap(), None), "");
}
