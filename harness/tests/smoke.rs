//! The smoke matrix, cell by cell: every workload on every runner ends in the state that it should, with
//! numbers that can be true. `SIMUL_BIN` names another build of the program, such as a release build.

mod support;

use serde_json::Value;
use simul_results::{SliceRecord, State, TrialRecord};
use simul_workloads::{Measure, Shape};
use support::{Place, json, text};

#[test]
fn every_cell_of_the_smoke_matrix_is_sound() {
    let place = Place::new();
    // Longer slices than the suite's, since Little's law holds but for the operations at a window's ends.
    let output = place.run("--suite smoke --slice 100ms --out run --json");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    assert_eq!(object["schema"], 1);
    let cells = object["cells"].as_array().unwrap();
    for workload in simul_workloads::registry::ALL {
        for runner in simul_runners::registry::ALL {
            let found = cells.iter().filter(|cell| {
                cell["workload"] == workload.name
                    && cell["runner"] == runner.name
                    && cell["role"] == "runner"
            });
            assert_eq!(found.count(), 1, "{} on {}", workload.name, runner.name);
        }
        for role in ["null", "floor"] {
            let has = |cell: &&Value| cell["workload"] == workload.name && cell["role"] == role;
            assert_eq!(cells.iter().filter(has).count(), 1, "{role} of {}", workload.name);
        }
    }
    for cell in cells {
        match cell["state"].as_str().unwrap() {
            "measured" => assert_sound(cell),
            "not-applicable" => assert!(cell["reason"].is_string(), "{cell}"),
            state => panic!("{state}: {cell}"),
        }
    }
    let schema = include_str!("../../results/schema/output.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    jsonschema::validate(&schema, &object).unwrap();
    for trial in place.trials("run") {
        assert_little(&trial);
    }
    place.assert_clean();
}

/// In a closed session without think time, actors = throughput × mean time, within a tenth; computed here
/// from the raw slices. Rounds beside a busy stranger are left out.
fn assert_little(trial: &TrialRecord) {
    let profile = simul_workloads::registry::find(&trial.workload).unwrap();
    let contaminated = trial.marks.iter().any(|mark| mark == "contaminated");
    if profile.shape != Shape::Session
        || profile.measure == Measure::Lateness
        || trial.state != State::Measured
        || contaminated
    {
        return;
    }
    let sum = |field: fn(&SliceRecord) -> u64| trial.slices.iter().map(field).sum::<u64>() as f64;
    let throughput = sum(|slice| slice.completed) / sum(|slice| slice.window_ns);
    let mean_ns = sum(|slice| slice.sum_ns) / sum(|slice| slice.recorded);
    let actors = f64::from(trial.load.strip_prefix("closed-").unwrap().parse::<u32>().unwrap());
    let ratio = throughput * mean_ns / actors;
    assert!((0.9..=1.1).contains(&ratio), "{}: {ratio}", trial.cell);
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
    let quantiles = ["p50/median", "p90/median", "p99/median", "p999/median", "max"].map(quantile);
    assert!(quantiles[0] > 0.0, "{cell}");
    assert!(quantiles.is_sorted(), "{quantiles:?} of {cell}");
    assert!(cell["version"].is_string() && cell["backend"].is_string(), "{cell}");
    for later in ["response_ns", "wait_ns", "lag_ns", "verdict", "grade"] {
        assert_eq!(cell.get(later), Some(&Value::Null), "{later} of {cell}");
    }
}
