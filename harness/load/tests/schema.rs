//! Do the committed JSON Schemas say what `simul load --json` prints?
//!
//! With `SIMUL_BLESS=1` this test writes them; without, it fails where they differ from the types.

use serde_json::Value;
use simul_load::{
    Arrivals, Fault, Mode, Outcome, Pacing, Saturated,
    document::{Document, SweepDocument},
    sweep::Sweep,
};
use std::{fs, path::PathBuf};

fn committed<T: schemars::JsonSchema>(name: &str) -> Value {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "schema", name].iter().collect();
    let text = serde_json::to_string_pretty(&schemars::schema_for!(T)).unwrap() + "\n";
    if std::env::var_os("SIMUL_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "{name} differs: SIMUL_BLESS=1 cargo test -p simul-load --test schema");
    serde_json::from_str(&stored).unwrap()
}

fn check(schema: &Value, written: &impl serde::Serialize) -> Value {
    let value = serde_json::to_value(written).unwrap();
    if let Err(error) = jsonschema::validate(schema, &value) {
        panic!("{error} at {}", error.instance_path());
    }
    value
}

fn outcome(mode: Mode) -> Outcome {
    let mut outcome = Outcome::empty(mode, 1, 10);
    outcome.errors.insert(Fault::Status(500), 3);
    outcome.service.values.record_n(5000, 97).unwrap();
    outcome.service.beyond.record_n(9000, 3).unwrap();
    if let Some(response) = &mut outcome.response {
        *response = outcome.service.clone();
    }
    outcome
}

const OPEN: Mode = Mode::Open { rate_per_sec: 100.0, arrivals: Arrivals::Poisson };

#[test]
fn slices_are_what_their_schema_says() {
    let schema = committed::<Document>("load.schema.json");
    let open = check(&schema, &Document::of(&outcome(OPEN), "http://x/", Pacing::Hybrid));
    let response = &open["response_ns"];
    assert_eq!(response["p50"], 5003);
    assert!(response["p99"].is_null(), "among those that failed: {response}");
    assert_eq!(response["at_least"]["p99"], 9007);
    assert_eq!(open["errors"]["status-500"], 3);
    let closed = check(&schema, &Document::of(&outcome(Mode::Closed), "http://x/", Pacing::Spin));
    assert!(closed["response_ns"].is_null() && closed["mode"] == "closed");
    let refused = serde_json::json!({ "schema": 1, "mode": "open" });
    assert!(jsonschema::validate(&schema, &refused).is_err(), "the schema refuses something");
}

#[test]
fn sweeps_are_what_their_schema_says() {
    let schema = committed::<SweepDocument>("sweep.schema.json");
    let mut sweep = Sweep::new(100.0, 1000.0, None);
    let mut bad = outcome(OPEN);
    bad.saturated = Saturated::Server;
    sweep.report(&bad);
    let document = SweepDocument::of(&sweep.finding(), ("http://x/", 10, "poisson"), false);
    let value = check(&schema, &document);
    assert_eq!(value["steps"][0]["good"], false);
}
