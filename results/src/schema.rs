//! Do the committed JSON Schemas say what we write?
//!
//! They are generated from the types that are written. With `SIMUL_BLESS=1` this test writes them; without, it
//! fails where they differ. Samples are validated against the committed files, not the generated ones. Read
//! next: `record.rs`, `export/json.rs`.

use crate::{RunRecord, Summary, TrialRecord, export::json::Output, synthetic, synthetic_open};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "schema", name].iter().collect()
}

/// The committed schema, after comparing it with the generated one.
fn committed<T: schemars::JsonSchema>(name: &str) -> Value {
    let schema = schemars::schema_for!(T);
    let text = serde_json::to_string_pretty(&schema).expect("a schema is plain data") + "\n";
    if std::env::var_os("SIMUL_BLESS").is_some_and(|value| value == "1") {
        fs::write(path(name), &text).expect("the schema's folder can be written");
    }
    let stored = fs::read_to_string(path(name)).unwrap_or_default();
    assert!(
        stored == text,
        "results/schema/{name} differs from the types; if that is meant, raise the schema's number and \
         run SIMUL_BLESS=1 cargo test -p simul-results schema"
    );
    serde_json::from_str(&stored).expect("we have just written it")
}

/// Checks one written object.
fn check(schema: &Value, written: &impl serde::Serialize) {
    let value = serde_json::to_value(written).expect("records are plain data");
    if let Err(error) = jsonschema::validate(schema, &value) {
        panic!("{error} at {}", error.instance_path());
    }
}

#[test]
fn recordings_are_what_their_schemas_say() {
    let recording = synthetic::recording(&["tokio", "smol"], 2, 2, 50);
    check(&committed::<RunRecord>("run.schema.json"), &recording.run);
    let schema = committed::<TrialRecord>("trial.schema.json");
    for trial in &recording.trials {
        check(&schema, trial);
    }
    let run = committed::<RunRecord>("run.schema.json");
    for recording in [synthetic_open::stalling(2), synthetic_open::sweeping(&["tokio"], 2)] {
        check(&run, &recording.run);
        recording.trials.iter().for_each(|trial| check(&schema, trial));
    }
    let broken = serde_json::json!({ "schema": 1, "cell": 7 });
    assert!(jsonschema::validate(&schema, &broken).is_err(), "the schema refuses something");
}

#[test]
fn the_output_is_what_its_schema_says() {
    let summary = Summary::of(&synthetic::recording(&["tokio", "smol"], 2, 2, 50)).unwrap();
    let output = Output::of(&summary, "results/local/x");
    check(&committed::<Output>("output.schema.json"), &output);
    let text = crate::export::json::render(&summary, "results/local/x");
    assert_eq!(serde_json::from_str::<Output>(&text).unwrap(), output, "it reads back");
    for recording in [synthetic_open::stalling(2), synthetic_open::sweeping(&["tokio"], 2)] {
        let output = Output::of(&Summary::of(&recording).unwrap(), "x");
        check(&committed::<Output>("output.schema.json"), &output);
        let text = serde_json::to_string(&output).unwrap();
        assert_eq!(serde_json::from_str::<Output>(&text).unwrap(), output, "it reads back");
    }
}
