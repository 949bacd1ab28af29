//! Does a packed recording say what the original says?

mod synthetic;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use simul_results::{
    Summary, TrialRecord,
    auditor::Audit,
    export::hdr,
    judged, pack,
    record::SCHEMA,
    store::{self, PACKED_FILE, Recording, StoreError, Writer},
};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A closed recording in which a slice was set aside.
fn closed() -> Recording {
    let mut recording = synthetic::recording(&["tokio", "smol"], 3, 4, 300);
    recording.trials[0].slices[1].set_aside = true;
    recording
}

fn written(recording: &Recording) -> (TempDir, PathBuf) {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("packed");
    Writer::pack(&folder, &pack::packed(recording).unwrap()).unwrap();
    (home, folder)
}

/// Changes the text of the packed trials.
fn change(folder: &Path, change: impl FnOnce(String) -> String) {
    let path = folder.join(PACKED_FILE);
    let mut text = String::new();
    GzDecoder::new(fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    let mut file = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    file.write_all(change(text).as_bytes()).unwrap();
    file.finish().unwrap();
}

#[test]
fn all_that_is_estimated_stays_the_same() {
    for original in
        [closed(), synthetic_open::stalling(3), synthetic_open::sweeping(&["tokio", "smol"], 2)]
    {
        let (_home, folder) = written(&original);
        let read = store::load(&folder).unwrap();
        assert_eq!(Summary::of(&read).unwrap(), Summary::of(&original).unwrap());
        let slices = read.trials.iter().flat_map(|trial| &trial.slices);
        assert!(slices.clone().count() > 0);
        assert!(slices.into_iter().all(|slice| slice.histogram.is_empty()), "they are merged");
        // Once more changes nothing.
        assert_eq!(pack::packed(&read).unwrap(), read);
    }
}

#[test]
fn what_is_judged_without_histograms_stays_the_same() {
    for original in [closed(), synthetic_open::stalling(3)] {
        let (_home, folder) = written(&original);
        let light = store::load_light(&folder).unwrap();
        let verdicts = |recording: &Recording| -> Vec<_> {
            let contests = judged::contests(recording).unwrap();
            let cells = contests.iter().flat_map(|contest| &contest.cells);
            cells.map(|cell| (cell.cell.clone(), cell.verdict, cell.groups)).collect()
        };
        assert_eq!(verdicts(&light), verdicts(&original));
    }
}

#[test]
fn exports_of_one_cell_read_the_merged_distributions() {
    let original = closed();
    let packed = pack::packed(&original).unwrap();
    let of = |recording: &Recording| -> Vec<TrialRecord> {
        let cell = &original.trials[0].cell;
        recording.trials.iter().filter(|trial| trial.cell == *cell).cloned().collect()
    };
    let [one, other] = [&original, &packed].map(of);
    let [one, other] = [&one, &other].map(|trials| trials.iter().collect::<Vec<_>>());
    let audit = Audit::default();
    assert_eq!(hdr::hgrm(&other, &audit).unwrap(), hdr::hgrm(&one, &audit).unwrap());
    let lines = |trials: &[&TrialRecord]| {
        let log = hdr::hlog(trials, &audit).unwrap();
        log.lines().filter(|line| line.starts_with("Tag=")).count()
    };
    assert_eq!((lines(&one), lines(&other)), (3 * 4 - 1, 3), "a line a slice, a line a block");
}

#[test]
fn it_is_smaller_and_whole() {
    let original = closed();
    let (home, folder) = written(&original);
    let plain = home.path().join("plain");
    Writer::create(&plain, &original.run).unwrap().append(&original.trials).unwrap();
    let size = |path: PathBuf| fs::metadata(path).unwrap().len();
    let (before, after) = (size(plain.join(store::TRIALS_FILE)), size(folder.join(PACKED_FILE)));
    assert!(after * 4 < before, "{after} of {before} bytes");
    let read = store::load(&folder).unwrap();
    assert_eq!((read.run.schema, read.trials.len()), (SCHEMA, original.trials.len()));
    let checksums = |recording: &Recording| -> Vec<_> {
        let slices = recording.trials.iter().flat_map(|trial| &trial.slices);
        slices.map(|slice| slice.histogram_crc).collect()
    };
    assert_eq!(checksums(&read), checksums(&original), "the slices' checksums are kept");
}

#[test]
fn damage_is_told_and_nothing_is_guessed() {
    let (_home, folder) = written(&closed());
    assert!(matches!(Writer::resume(&folder), Err(StoreError::Packed(_))));
    // An edited histogram, which is a legal one.
    change(&folder, |text| {
        let mut trial: TrialRecord = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        let rest: Vec<&str> = text.lines().skip(1).collect();
        let other: TrialRecord = serde_json::from_str(rest[0]).unwrap();
        trial.merged.as_mut().unwrap()[0].times.histogram =
            other.merged.unwrap()[0].times.histogram.clone();
        format!("{}\n{}\n", serde_json::to_string(&trial).unwrap(), rest.join("\n"))
    });
    let error = store::load(&folder).unwrap_err().to_string();
    assert!(error.contains("does not match its checksum"), "{error}");

    let (_home, folder) = written(&closed());
    let path = folder.join(PACKED_FILE);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = store::load(&folder).unwrap_err().to_string();
    assert!(error.contains("the packed file is damaged"), "{error}");
}

#[test]
fn a_slice_that_says_something_else_is_refused() {
    let mut packed = pack::packed(&closed()).unwrap();
    packed.trials[0].slices[0].recorded += 1;
    let error = Summary::of(&packed).unwrap_err();
    assert!(error.contains("the slices say"), "{error}");
    let mut broken = closed();
    broken.trials[0].slices[0].recorded += 1;
    assert!(pack::packed(&broken).unwrap_err().contains("block 0"), "it is refused before too");
}
