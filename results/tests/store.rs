//! Does a recording survive the disk, and is damage told?

mod synthetic;

use simul_results::{
    Summary,
    store::{self, RUN_FILE, Recording, StoreError, TRIALS_FILE, Writer},
};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};
use synthetic::recording;
use tempfile::TempDir;

/// A stored run in a folder that vanishes with the first value.
fn stored() -> (TempDir, PathBuf, Recording) {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("deep/run");
    let recording = recording(&["tokio", "smol"], 2, 2, 50);
    let mut writer = Writer::create(&folder, &recording.run).unwrap();
    writer.append(&recording.trials).unwrap();
    (home, folder, recording)
}

/// Appends bytes to the trials.
fn scribble(folder: &Path, bytes: &[u8]) {
    let path = folder.join(TRIALS_FILE);
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Changes the text of a file.
fn change(path: &Path, change: impl FnOnce(String) -> String) {
    fs::write(path, change(fs::read_to_string(path).unwrap())).unwrap();
}

#[test]
fn a_run_that_is_merged_while_it_is_read_says_the_same() {
    let (_home, folder, recording) = stored();
    let merged = store::load_merged(&folder).unwrap();
    assert!(merged.trials.iter().flat_map(|trial| &trial.slices).all(|s| s.histogram.is_empty()));
    let cells = |recording: &Recording| -> Vec<(String, u32)> {
        recording.trials.iter().map(|trial| (trial.cell.clone(), trial.block)).collect()
    };
    assert_eq!(cells(&merged), cells(&recording), "in the order of the file");
    assert_eq!(Summary::of(&merged), Summary::of(&recording));
    // Damage is told as ever: the first line of two, and a torn end.
    scribble(&folder, b"{}\n[]\n{\"torn");
    let [merged, whole] = [store::load_merged(&folder), store::load(&folder)];
    assert_eq!(merged.unwrap_err().to_string(), whole.unwrap_err().to_string());
    change(&folder.join(TRIALS_FILE), |text| text.replace("{}\n[]\n", ""));
    assert!(store::load_merged(&folder).unwrap().torn);
    change(&folder.join(TRIALS_FILE), |text| {
        text.replacen("\"recorded\":50", "\"recorded\":51", 1)
    });
    let merged = store::load_merged(&folder).unwrap();
    assert!(Summary::of(&merged).unwrap_err().contains("the slice says 51"));
}

#[test]
fn what_is_written_is_read() {
    let (_home, folder, recording) = stored();
    assert_eq!(store::load(&folder).unwrap(), recording);
}

#[test]
fn a_run_without_trials_is_a_run() {
    let (_home, folder, recording) = stored();
    fs::remove_file(folder.join(TRIALS_FILE)).unwrap();
    let read = store::load(&folder).unwrap();
    assert_eq!((read.run, read.trials.len(), read.torn), (recording.run, 0, false));
}

#[test]
fn a_torn_last_line_is_left_out_and_told() {
    let (_home, folder, recording) = stored();
    // The tear goes through the middle of a letter.
    scribble(&folder, "{\"schema\":1,\"cell\":\"é".as_bytes().split_last().unwrap().1);
    let read = store::load(&folder).unwrap();
    assert!(read.torn);
    assert_eq!(read.trials, recording.trials);
}

#[test]
fn a_whole_trial_without_its_line_end_is_torn_too() {
    let (_home, folder, recording) = stored();
    scribble(&folder, serde_json::to_string(&recording.trials[0]).unwrap().as_bytes());
    assert!(store::load(&folder).unwrap().torn);
}

#[test]
fn resuming_cuts_the_torn_line() {
    let (_home, folder, recording) = stored();
    scribble(&folder, b"{\"schema\":1,\"ce");
    let mut writer = Writer::resume(&folder).unwrap();
    writer.append(&recording.trials[..1]).unwrap();
    let read = store::load(&folder).unwrap();
    assert!(!read.torn);
    assert_eq!(read.trials.len(), recording.trials.len() + 1);
}

#[test]
fn damage_in_the_middle_is_an_error_with_its_line() {
    let (_home, folder, _) = stored();
    change(&folder.join(TRIALS_FILE), |text| {
        let lines = text.lines().enumerate();
        lines.map(|(i, line)| if i == 2 { "{oops\n".into() } else { format!("{line}\n") }).collect()
    });
    let error = store::load(&folder).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { line: 3, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("trials.jsonl' line 3: ") && text.ends_with("(column 2)"), "{text}");
}

#[test]
fn a_newer_schema_is_named() {
    for file in [RUN_FILE, TRIALS_FILE] {
        let (_home, folder, _) = stored();
        change(&folder.join(file), |text| {
            let own = simul_results::record::SCHEMA;
            let spaced = text.replacen(&format!("\"schema\": {own}"), "\"schema\": 99", 1);
            spaced.replacen(&format!("\"schema\":{own}"), "\"schema\":99", 1)
        });
        let error = store::load(&folder).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
        assert!(error.to_string().ends_with("use a newer simul"));
    }
}

#[test]
fn an_existing_folder_is_refused() {
    let (_home, folder, recording) = stored();
    let error = Writer::create(&folder, &recording.run).unwrap_err();
    assert!(matches!(error, StoreError::Exists(_)), "{error}");
    assert_eq!(store::load(&folder).unwrap(), recording, "and nothing was touched");
}

#[test]
fn a_missing_run_is_named() {
    let home = TempDir::new().unwrap();
    let error = store::load(&home.path().join("none")).unwrap_err();
    assert!(error.to_string().contains(RUN_FILE), "{error}");
}

#[test]
fn recordings_of_schema_1_are_read() {
    let (_home, folder, mut recording) = stored();
    for trial in &mut recording.trials {
        trial.schema = 1;
        trial.slices.iter_mut().for_each(|slice| slice.histogram_crc = None);
    }
    let lines = recording.trials.iter().map(|trial| {
        let mut line = serde_json::to_value(trial).unwrap();
        for slice in line["slices"].as_array_mut().unwrap() {
            slice.as_object_mut().unwrap().remove("histogram_crc");
        }
        format!("{line}\n")
    });
    fs::write(folder.join(TRIALS_FILE), lines.collect::<String>()).unwrap();
    assert_eq!(store::load(&folder).unwrap(), recording);
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded/2026-11-20-two-core-vm");
    assert_eq!(store::load_run(&old).unwrap().schema, 1);
}

#[test]
fn an_edited_histogram_is_refused() {
    let (_home, folder, recording) = stored();
    let other = &recording.trials[1].slices[0].histogram;
    change(&folder.join(TRIALS_FILE), |text| {
        text.replacen(&recording.trials[0].slices[1].histogram, other, 1)
    });
    for error in [store::load(&folder).unwrap_err(), store::load_light(&folder).unwrap_err()] {
        let text = error.to_string();
        assert!(matches!(error, StoreError::Damaged { line: 1, .. }), "{text}");
        assert!(text.contains("block 0, round 1 does not match its checksum"), "{text}");
    }
}
