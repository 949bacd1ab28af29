//! How is a run kept on disk?
//!
//! A folder with `run.json`, written once before the first trial, and `trials.jsonl`, to which the trials
//! of a block are appended and flushed when the block has ended. An interrupted write leaves a torn last
//! line; it is left out, and said. Damage anywhere else is an error: nothing is guessed.

mod merged;

pub use merged::load_merged;

use crate::{
    Load, SliceRecord, histogram,
    record::{AuditRecord, RunRecord, SCHEMA, StoppingRecord, TrialRecord},
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

/// The facts and the plan.
pub const RUN_FILE: &str = "run.json";
/// The trials, one a line.
pub const TRIALS_FILE: &str = "trials.jsonl";

/// The trials of a packed run, one a line, compressed by gzip.
pub const PACKED_FILE: &str = "trials.jsonl.gz";

/// A stored run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Facts and plan.
    pub run: RunRecord,
    /// In the order in which they were written.
    pub trials: Vec<TrialRecord>,
    /// Audit trials, which are counted nowhere: at most one for each cell.
    pub audits: Vec<TrialRecord>,
    /// Whether the last line was torn and has been left out.
    pub torn: bool,
}

impl Recording {
    /// What the audit of a cell counted; a resumed run's last one.
    #[must_use]
    pub fn audit_of(&self, cell: &str) -> Option<&AuditRecord> {
        let mine = self.audits.iter().rev().find(|trial| trial.cell == cell);
        mine.and_then(|trial| trial.audit.as_ref())
    }
}

/// Why a run could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder of a new run is there already.
    #[error("folder '{0}' exists already; choose another --out, or go on with it: --resume '{0}'")]
    Exists(PathBuf),
    /// A packed run is finished.
    #[error("'{0}' is packed and cannot be resumed; resume the run that it was packed from")]
    Packed(PathBuf),
    /// No file, no permission, disk full.
    #[error("'{path}': {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("'{path}' line {line}: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Written by a later version.
    #[error("'{path}' has schema {found}, and this simul reads up to {SCHEMA}; use a newer simul")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
    },
}

/// Writes a run.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    trials: File,
}

impl Writer {
    /// Makes the folder and writes `run.json`.
    ///
    /// # Errors
    /// The folder exists already or cannot be written.
    pub fn create(folder: &Path, run: &RunRecord) -> Result<Self, StoreError> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(StoreError::Exists(folder.to_owned()));
            }
            other => other.map_err(at(folder))?,
        }
        let path = folder.join(RUN_FILE);
        let mut text = serde_json::to_string_pretty(run).expect("records are plain data");
        text.push('\n');
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(at(&path))?;
        Self::open(folder)
    }

    /// Writes a packed run as a whole: the folder, `run.json` and the compressed trials.
    ///
    /// # Errors
    /// The folder exists already or cannot be written.
    pub fn pack(folder: &Path, recording: &Recording) -> Result<PathBuf, StoreError> {
        let run = RunRecord { schema: SCHEMA, ..recording.run.clone() };
        let Self { path: empty, trials } = Self::create(folder, &run)?;
        drop(trials);
        fs::remove_file(&empty).map_err(at(&empty))?;
        let path = folder.join(PACKED_FILE);
        let write = || {
            let mut lines = GzEncoder::new(File::create(&path)?, Compression::best());
            for trial in recording.trials.iter().chain(&recording.audits) {
                let trial = TrialRecord { schema: SCHEMA, ..trial.clone() };
                serde_json::to_writer(&mut lines, &trial)?;
                lines.write_all(b"\n")?;
            }
            lines.finish()?.sync_all()
        };
        write().map_err(at(&path))?;
        Ok(path)
    }

    /// Goes on with a run that was read by [`load`]: a torn last line is cut off first.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn resume(folder: &Path) -> Result<Self, StoreError> {
        if folder.join(PACKED_FILE).exists() {
            return Err(StoreError::Packed(folder.to_owned()));
        }
        let path = folder.join(TRIALS_FILE);
        if let Ok(text) = fs::read(&path) {
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let file = OpenOptions::new().write(true).open(&path).map_err(at(&path))?;
            file.set_len(whole as u64).map_err(at(&path))?;
        }
        Self::open(folder)
    }

    fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(TRIALS_FILE);
        let trials = OpenOptions::new().create(true).append(true).open(&path).map_err(at(&path))?;
        Ok(Self { path, trials })
    }

    /// Appends trials and waits until they are on the disk.
    ///
    /// # Errors
    /// The disk is full, or gone.
    pub fn append(&mut self, trials: &[TrialRecord]) -> Result<(), StoreError> {
        let mut text = String::new();
        for trial in trials {
            text.push_str(&serde_json::to_string(trial).expect("records are plain data"));
            text.push('\n');
        }
        let written = self.trials.write_all(text.as_bytes()).and_then(|()| self.trials.sync_data());
        written.map_err(at(&self.path))
    }
}

/// Reads a run.
///
/// # Errors
/// No such run, a newer schema, an edited histogram, or damage anywhere but in the last line.
pub fn load(folder: &Path) -> Result<Recording, StoreError> {
    let run = load_run(folder)?;
    let (mut trials, mut audits) = (Vec::new(), Vec::new());
    let torn = each_trial(folder, |trial| match trial.audit {
        None => trials.push(trial),
        Some(_) => audits.push(trial),
    })?;
    Ok(Recording { run, trials, audits, torn })
}

/// Reads a run without the histograms that [`crate::judged`] does not need: their checksums are compared,
/// then they are dropped line by line, so that a run of any length fits into little memory. Those of contests
/// in which a counted slice has no median are kept, since there whole blocks are compared; and all where a tail is judged.
///
/// # Errors
/// As [`load`].
pub fn load_light(folder: &Path) -> Result<Recording, StoreError> {
    let run = load_run(folder)?;
    let contest = |trial: &TrialRecord| (trial.label.clone(), trial.load.clone(), trial.placement);
    let tail = run.plan.stopping.as_ref().is_some_and(StoppingRecord::judges_a_tail);
    let (mut trials, mut audits) = (Vec::new(), Vec::new());
    let mut whole = BTreeSet::new();
    let torn = each_trial(folder, |mut trial| {
        if trial.audit.is_some() {
            return audits.push(trial);
        }
        // Sweeps are not judged.
        let is_judged = trial.load.parse().is_ok_and(|load: Load| !load.is_sweep());
        if is_judged && (tail || trial.counted().any(|slice| slice.median_ns().is_none())) {
            whole.insert(contest(&trial));
        }
        trial.slices.iter_mut().for_each(SliceRecord::drop_histograms);
        trial.merged = None;
        trials.push(trial);
    })?;
    if !whole.is_empty() {
        let mut at = 0;
        each_trial(folder, |trial| {
            if trial.audit.is_some() {
                return;
            }
            if whole.contains(&contest(&trial)) && at < trials.len() {
                trials[at] = trial;
            }
            at += 1;
        })?;
    }
    Ok(Recording { run, trials, audits, torn })
}

/// Reads the facts and the plan of a run, without its trials.
///
/// # Errors
/// No such run, a newer schema, or damage.
pub fn load_run(folder: &Path) -> Result<RunRecord, StoreError> {
    let path = folder.join(RUN_FILE);
    let text = fs::read(&path).map_err(at(&path))?;
    parse(&path, None, &text, |run: &RunRecord| run.schema)
}

/// Reads the trials one after the other; tells whether the last line is torn.
fn each_trial(folder: &Path, mut each: impl FnMut(TrialRecord)) -> Result<bool, StoreError> {
    let Some((path, file)) = open_trials(folder)? else { return Ok(false) };
    each_line(&path, file, |number, text| {
        each(understood(&path, number, text)?);
        Ok(())
    })
}

/// Reads the lines that hold anything, with their numbers; tells whether the last one is torn. Whoever gets a line may
/// take it.
fn each_line(
    path: &Path,
    mut file: Box<dyn BufRead>,
    mut each: impl FnMut(usize, &mut Vec<u8>) -> Result<(), StoreError>,
) -> Result<bool, StoreError> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        file.read_until(b'\n', &mut line).map_err(|error| match error.kind() {
            // What gzip says of bytes that are not what it wrote, or end too early.
            io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => StoreError::Damaged {
                path: path.to_owned(),
                line: number,
                problem: format!("the packed file is damaged ({error}); restore it from a copy"),
            },
            _ => at(path)(error),
        })?;
        // Every whole line ends with a line feed, so what stands behind the last one is torn, maybe in the
        // middle of a letter.
        if line.pop_if(|last| *last == b'\n').is_none() {
            return Ok(!line.is_empty());
        }
        if !line.is_empty() {
            each(number, &mut line)?;
        }
    }
    Ok(false)
}

/// The trial of a line.
fn understood(path: &Path, number: usize, text: &[u8]) -> Result<TrialRecord, StoreError> {
    let trial = parse(path, Some(number), text, |trial: &TrialRecord| trial.schema)?;
    intact(path, number, &trial)?;
    Ok(trial)
}

/// A file of trials and its text, unpacked.
type OpenTrials = (PathBuf, Box<dyn BufRead>);

/// The trials of a run, packed or not; `None` where there are none.
fn open_trials(folder: &Path) -> Result<Option<OpenTrials>, StoreError> {
    for (name, is_packed) in [(TRIALS_FILE, false), (PACKED_FILE, true)] {
        let path = folder.join(name);
        match File::open(&path) {
            Ok(file) if is_packed => {
                let text = BufReader::with_capacity(1 << 16, GzDecoder::new(file));
                return Ok(Some((path, Box::new(text))));
            }
            Ok(file) => {
                return Ok(Some((path, Box::new(BufReader::with_capacity(1 << 16, file)))));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&path)(error)),
        }
    }
    Ok(None)
}

/// Refuses a histogram that is not the one that was written.
fn intact(path: &Path, line: usize, trial: &TrialRecord) -> Result<(), StoreError> {
    // The checksums of a packed trial's slices are those of the texts that were merged.
    let kept = trial.slices.iter().filter(|_| trial.merged.is_none());
    let edited = kept.into_iter().find(|slice| {
        slice.histogram_crc.is_some_and(|crc| crc != histogram::checksum(&slice.histogram))
    });
    let merged = trial.merged.iter().flatten().find(|merged| !merged.is_intact());
    let (cell, block) = (&trial.cell, trial.block);
    let what = match (edited, &trial.audit) {
        _ if merged.is_some() => format!("cell '{cell}', block {block}"),
        (Some(slice), _) => format!("cell '{cell}', block {block}, round {}", slice.round),
        (None, Some(audit)) if !audit.is_intact() => format!("the audit of cell '{cell}'"),
        (None, _) => return Ok(()),
    };
    Err(StoreError::Damaged {
        path: path.to_owned(),
        line,
        problem: format!(
            "the histogram of {what} does not match its checksum: it was changed after it was measured; \
             restore the file from a copy"
        ),
    })
}

/// Reads one JSON text, which is a whole file or a line of it. A newer schema is named as such, also where
/// it can no longer be read.
fn parse<T: serde::de::DeserializeOwned>(
    path: &Path,
    line: Option<usize>,
    text: &[u8],
    schema: impl Fn(&T) -> u32,
) -> Result<T, StoreError> {
    let damaged = |error: serde_json::Error| {
        // The parser counts lines within the text that it was given.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let problem = error.to_string();
        StoreError::Damaged {
            path: path.to_owned(),
            line: line.unwrap_or(error.line()),
            problem: format!(
                "{} (column {})",
                problem.strip_suffix(&place).unwrap_or(&problem),
                error.column()
            ),
        }
    };
    #[derive(serde::Deserialize)]
    struct Versioned {
        schema: u64,
    }
    let newer = |found: u64| StoreError::Newer { path: path.to_owned(), found };
    match serde_json::from_slice::<T>(text) {
        Ok(read) if schema(&read) > SCHEMA => Err(newer(schema(&read).into())),
        Ok(read) => Ok(read),
        Err(error) => match serde_json::from_slice::<Versioned>(text) {
            Ok(Versioned { schema }) if schema > u64::from(SCHEMA) => Err(newer(schema)),
            _ => Err(damaged(error)),
        },
    }
}

/// Names the file in an error of the system.
fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}
