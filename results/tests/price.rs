//! Do prices say what was put into the recording, and nothing where nothing was?

mod synthetic;

use serde_json::Value;
use simul_results::{
    Role, Summary,
    chart::price,
    export::{csv, json},
    price_grid,
    record::{SlicePriceRecord, TrialPriceRecord},
    report,
    store::Recording,
    summary::CellSummary,
    table,
};
use synthetic::recording;

/// Two runners, a null arm and a floor over three blocks, each with prices.
fn priced() -> Recording {
    let mut recording = recording(&["tokio", "smol"], 3, 2, 100);
    for trial in &mut recording.trials {
        let block = u64::from(trial.block);
        for slice in &mut trial.slices {
            slice.deferred_cpu_ns = 1_000_000;
            slice.price = Some(SlicePriceRecord {
                // 1, 2 and 3 an operation.
                voluntary_switches: Some(slice.operations * (block + 1)),
                involuntary_switches: Some(0),
                run_queue_wait_ns: Some(slice.operations * 2_000),
                minor_faults: Some(slice.operations / 2),
                loopback_bytes: Some(slice.operations * 500),
                ..SlicePriceRecord::default()
            });
        }
        let costs = trial.costs.get_or_insert_default();
        (costs.user_ns, costs.system_ns, costs.recorder_bytes) = (30, 10, 1 << 20);
        costs.voluntary_switches = 700;
        trial.price = Some(TrialPriceRecord {
            threads_peak: Some(3 + trial.block),
            rss_ready_bytes: Some(5 << 20),
            rss_idle_bytes: Some(7 << 20),
            actors_anonymous_bytes: Some(32 * 4096),
            actors: 32,
            rested_ns: 1_000_000_000,
            whole_switches: true,
            ..TrialPriceRecord::default()
        });
    }
    recording
}

fn cell<'a>(summary: &'a Summary, arm: &str) -> &'a CellSummary {
    summary.contests[0].cells.iter().find(|cell| cell.arm == arm).unwrap()
}

#[test]
fn counts_are_by_operation_and_estimated_over_blocks() {
    let summary = Summary::of(&priced()).unwrap();
    let price = &cell(&summary, "tokio").price;
    let switches = price.voluntary_per_op.unwrap();
    assert_eq!([switches.low, switches.median, switches.high], [1.0, 2.0, 3.0]);
    assert_eq!(price.involuntary_per_op.unwrap().median, 0.0, "a count of 0 is known");
    assert!((price.run_queue_us_per_op.unwrap().median - 2.0).abs() < 1e-9);
    assert_eq!(price.minor_faults_per_op.unwrap().median, 0.5);
    assert_eq!(price.loopback_bytes_per_op.unwrap().median, 500.0);
    assert_eq!(price.system_part.unwrap().median, 0.25);
    assert_eq!(price.threads_peak, Some(5));
    assert_eq!(price.rss_ready_bytes.unwrap().median, f64::from(4 << 20), "without the recorder");
    assert_eq!(price.bytes_per_actor.unwrap().median, 4096.0);
    // Two slices of a millisecond each over a second of waiting.
    assert!((price.idle_cores.unwrap().median - 0.002).abs() < 1e-12);
    assert_eq!(price.read_call_bytes_per_op, None);
    assert_eq!(cell(&summary, "glommio").price, Default::default(), "it was not measured");
}

#[test]
fn what_one_slice_does_not_tell_is_not_told_and_switches_are_the_whole_trials() {
    let mut recording = priced();
    let one = &mut recording.trials[0].slices[0];
    let price = one.price.as_mut().unwrap();
    (price.voluntary_switches, price.minor_faults) = (None, None);
    let summary = Summary::of(&recording).unwrap();
    let price = &cell(&summary, "tokio").price;
    assert_eq!(price.minor_faults_per_op, None);
    // 700 in all by the 200 operations of the trial.
    assert_eq!(price.voluntary_per_op.unwrap().median, 3.5);
    for trial in &mut recording.trials {
        trial.price.as_mut().unwrap().whole_switches = false;
    }
    let summary = Summary::of(&recording).unwrap();
    assert_eq!(cell(&summary, "tokio").price.voluntary_per_op, None);
}

#[test]
fn switches_of_both_kinds_have_an_interval_of_their_own() {
    let mut recording = priced();
    for trial in &mut recording.trials {
        let taken = [30, 10, 20][trial.block as usize];
        for slice in &mut trial.slices {
            let price = slice.price.as_mut().unwrap();
            price.involuntary_switches = Some(slice.operations * taken);
        }
    }
    let summary = Summary::of(&recording).unwrap();
    let switches = cell(&summary, "tokio").price.switches_per_op.unwrap();
    // 1 + 30, 2 + 10 and 3 + 20; the sum of both medians would be 22.
    assert_eq!([switches.low, switches.median, switches.high], [12.0, 23.0, 31.0]);
    let panels = price::panels(&summary.contests[0]);
    let panel = panels.iter().find(|panel| panel.title == "context switches").unwrap();
    let bar = panel.bars[0].unwrap();
    assert_eq!((bar.whole, bar.dark, bar.has_interval), (switches, 20.0, true));
}

#[test]
fn slices_that_were_not_read_are_not_counted() {
    let mut recording = priced();
    for trial in &mut recording.trials {
        trial.slices.iter_mut().skip(1).for_each(|slice| slice.price = None);
    }
    let summary = Summary::of(&recording).unwrap();
    assert_eq!(cell(&summary, "tokio").price.voluntary_per_op.unwrap().median, 2.0);
}

#[test]
fn prices_stand_everywhere_and_what_is_not_known_is_null_empty_or_a_dash() {
    let summary = Summary::of(&priced()).unwrap();
    let object: Value = serde_json::from_str(&json::render(&summary, "x")).unwrap();
    let cells = object["cells"].as_array().unwrap();
    let tokio = cells.iter().find(|cell| cell["runner"] == "tokio").unwrap();
    assert_eq!(tokio["price"]["voluntary_switches_per_op"]["median"], 2.0);
    assert_eq!(tokio["price"]["read_call_bytes_per_op"], Value::Null);
    assert!(tokio["price"]["cpu_above_floor_us_per_op"]["low"].is_f64());
    let unmeasured = cells.iter().find(|cell| cell["runner"] == "glommio").unwrap();
    assert_eq!(unmeasured["price"], Value::Null);

    let text = csv::render(&summary);
    let mut rows = ::csv::Reader::from_reader(text.as_bytes());
    let header = rows.headers().unwrap().clone();
    let row = rows.records().next().unwrap().unwrap();
    let field = |name: &str| &row[header.iter().position(|title| title == name).unwrap()];
    assert_eq!(field("voluntary_switches_per_op_high"), "3");
    assert_eq!(field("read_call_bytes_per_op"), "");
    assert_eq!(field("threads_peak"), "5");

    let wide = table::render_wide(&summary, None);
    assert!(wide.contains("what it costs") && wide.contains("gave up/op"), "{wide}");
    assert!(!wide.contains("read B/op"), "nobody has a value for it");
    assert!(!table::render(&summary, None).contains("what it costs"));
}

#[test]
fn the_floor_and_each_distance_from_it_stand_in_the_report_with_intervals() {
    let summary = Summary::of(&priced()).unwrap();
    let contest = &summary.contests[0];
    let grid = price_grid::prices(contest).unwrap();
    let column = grid.header.iter().position(|title| title == "above floor").unwrap();
    for (row, cell) in grid.rows.iter().zip(&contest.cells) {
        let text = &row.texts[column];
        match cell.role {
            Role::Floor => assert_eq!(text, "–"),
            _ if !cell.is_measured() => assert_eq!(text, ""),
            Role::Runner | Role::Null => {
                assert!(
                    text.starts_with('+') && text.contains('–') && text.ends_with(')'),
                    "{text}"
                );
            }
        }
    }
    let home = tempfile::tempdir().unwrap();
    let written = report::write_summary(home.path(), &summary).unwrap();
    let html = std::fs::read_to_string(&written.report).unwrap();
    let floor = price_grid::floor(contest).unwrap();
    assert!(floor.contains('(') && html.contains(&floor), "{floor}");
    assert!(html.contains(&grid.rows[0].texts[column]));
}
