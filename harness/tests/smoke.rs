//! The smoke suite, cell by cell: every workload is there, and every runner, and each cell ends in the state that it
//! should, with numbers that can be true. That every *pair* can is for the conformance tests, and `--suite every`.
//! `SIMUL_BIN` names another build of the program, such as a release build.

mod support;

use serde_json::Value;
use simul_results::{Role, SliceRecord, State, TrialRecord, record::mark};
use simul_workloads::{Measure, Shape};
use support::{Place, json, text};

#[test]
fn every_cell_of_the_smoke_suite_is_sound() {
    let place = Place::new();
    // More slices than the suite's: Little's law holds but for the operations at a window's ends. An unoptimised
    // program takes so much longer that one must do; what is off is looked at again anyway.
    let rounds = if std::env::var_os("SIMUL_BIN").is_some() { 3 } else { 1 };
    let output = place.run(&format!("--suite smoke --rounds {rounds} --out run --json"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    assert_eq!(object["schema"], simul_results::export::json::SCHEMA);
    let cells = object["cells"].as_array().unwrap();
    let of = |workload: &str, role: &str| {
        let is = |cell: &&Value| cell["workload"] == workload && cell["role"] == role;
        cells.iter().filter(is).collect::<Vec<_>>()
    };
    let usual = simul_runners::registry::USUAL_BASELINE;
    for workload in simul_workloads::registry::ALL {
        let found = of(workload.name, "runner");
        assert!(found.iter().any(|cell| cell["runner"] == usual), "{} on {usual}", workload.name);
        assert!(found.len() > 1, "{} has nobody to compare with", workload.name);
        for role in ["null", "floor"] {
            assert_eq!(of(workload.name, role).len(), 1, "{role} of {}", workload.name);
        }
    }
    let listed = simul_runners::registry::ALL.iter().map(|runner| runner.name);
    let programs =
        ["asyncio", "asyncio-uvloop", "python-threads", "python-processes", "go", "node"];
    for runner in listed.chain(programs) {
        assert!(cells.iter().any(|cell| cell["runner"] == runner), "{runner} has no turn");
    }
    for cell in cells {
        match cell["state"].as_str().unwrap() {
            "measured" => assert_sound(cell),
            "not-applicable" => assert!(cell["reason"].is_string(), "{cell}"),
            // A machine without io_uring is no fault of ours, and says so.
            "unavailable" => assert!(cell["reason"].as_str().unwrap().contains("; "), "{cell}"),
            state => panic!("{state}: {cell}"),
        }
    }
    let schema = include_str!("../../results/schema/output.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    jsonschema::validate(&schema, &object).unwrap();
    for trial in place.trials("run") {
        assert_little(&place, &trial);
    }
    place.assert_clean();
}

/// In a closed session without think time, actors = throughput × mean time, within a tenth; computed here
/// from the raw slices, where they hold operations enough. One stall across the end of a window bends one slice, and a
/// busy stranger bends several: hence the median slice, and a second and a third look at what is off. A defect is off each time.
fn assert_little(place: &Place, trial: &TrialRecord) {
    if little_holds(trial) {
        return;
    }
    let (workload, load) = (&trial.workload, &trial.load);
    // A floor comes along with whoever is measured, and cannot be named.
    let runner = if trial.role == Role::Floor { "threads" } else { &trial.runner };
    for look in ["second", "third"] {
        let placement = trial.placement.name();
        let output = place.run(&format!(
            "-w {workload} -r {runner} --load {load} --placement {placement} --blocks 1 --rounds 9 --out {look}"
        ));
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let again = place.trials(look);
        let again = again.iter().find(|again| again.cell == trial.cell).unwrap();
        std::fs::remove_dir_all(place.path(look)).unwrap();
        if little_holds(again) {
            return;
        }
    }
    panic!("{}: off in three looks; in the first by slice: {:?}", trial.cell, little(trial));
}

fn little_holds(trial: &TrialRecord) -> bool {
    let profile = simul_workloads::registry::find(&trial.workload).unwrap();
    // Where some actors never come to their turn, the rest is not all there is; the cell says so, and has no rank.
    // A semaphore that is not fair does so: who gives a permit back takes it again.
    if trial.marks.iter().any(|mark| mark == mark::STARVED) {
        return true;
    }
    if profile.shape != Shape::Session
        || profile.measure == Measure::Lateness
        || trial.state != State::Measured
    {
        return true;
    }
    // Else most operations reach across an end of the window.
    let enough = u64::from(profile.actors.max(4)) * 5;
    if trial.slices.iter().any(|slice| slice.recorded < enough) {
        return true;
    }
    let ratios = little(trial);
    (0.9..=1.1).contains(&ratios[ratios.len() / 2])
}

/// Throughput × mean time ÷ actors of each slice, in ascending order.
fn little(trial: &TrialRecord) -> Vec<f64> {
    let actors = f64::from(trial.load.strip_prefix("closed-").unwrap().parse::<u32>().unwrap());
    let ratio = |slice: &SliceRecord| {
        let throughput = slice.completed as f64 / slice.window_ns as f64;
        throughput * slice.sum_ns as f64 / slice.recorded as f64 / actors
    };
    let mut ratios: Vec<f64> = trial.slices.iter().map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    ratios
}

fn assert_sound(cell: &Value) {
    let number = |pointer: &str| {
        let value = cell.pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("{pointer} of {cell}"))
    };
    let measure = format!("/{}_ns", cell["measure"].as_str().unwrap());
    let quantile = |name: &str| number(&format!("{measure}/{name}"));
    assert!(number("/ops") > 0.0, "{cell}");
    assert!(number("/throughput/median") > 0.0, "{cell}");
    assert!(number("/cpu_us_per_op/median") > 0.0, "{cell}");
    // Where some block has too few operations, a percentile is null.
    let told = |name: &&str| !cell.pointer(&format!("{measure}/{name}")).unwrap().is_null();
    let percentiles = ["p50", "p90", "p99", "p999"].into_iter().filter(told);
    let mut quantiles: Vec<f64> =
        percentiles.map(|name| quantile(&format!("{name}/median"))).collect();
    quantiles.push(quantile("max"));
    assert!(quantiles[0] > 0.0, "{cell}");
    assert!(quantiles.is_sorted(), "{quantiles:?} of {cell}");
    assert!(cell["version"].is_string() && cell["backend"].is_string(), "{cell}");
    for later in ["response_ns", "wait_ns", "lag_ns"] {
        assert_eq!(cell.get(later), Some(&Value::Null), "{later} of {cell}");
    }
}
