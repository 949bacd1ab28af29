//! How is a run kept on disk?
//!
//! A folder with `run.json`, written once before the first trial, and `trials.jsonl`, to which the trials
//! of a block are appended and flushed when the block has ended. An interrupted write leaves a torn last
//! line; it is left out, and said. Damage anywhere else is an error: nothing is guessed.

use crate::record::{RunRecord, SCHEMA, TrialRecord};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The facts and the plan.
pub const RUN_FILE: &str = "run.json";
/// The trials, one a line.
pub const TRIALS_FILE: &str = "trials.jsonl";

/// A stored run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Facts and plan.
    pub run: RunRecord,
    /// In the order in which they were written.
    pub trials: Vec<TrialRecord>,
    /// Whether the last line was torn and has been left out.
    pub torn: bool,
}

/// Why a run could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder of a new run is there already.
    #[error("folder '{0}' exists already; choose another --out, or go on with it: --resume '{0}'")]
    Exists(PathBuf),
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

    /// Goes on with a run that was read by [`load`]: a torn last line is cut off first.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn resume(folder: &Path) -> Result<Self, StoreError> {
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
/// No such run, a newer schema, or damage anywhere but in the last line.
pub fn load(folder: &Path) -> Result<Recording, StoreError> {
    let path = folder.join(RUN_FILE);
    let text = fs::read(&path).map_err(at(&path))?;
    let run: RunRecord = parse(&path, None, &text)?;
    let path = folder.join(TRIALS_FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(at(&path)(error)),
    };
    // Every whole line ends with a line feed, so what stands behind the last one is torn, maybe in the
    // middle of a letter.
    let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (whole, torn) = text.split_at(end);
    let lines = whole.split(|byte| *byte == b'\n').enumerate();
    let trials = lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| parse(&path, Some(at + 1), line))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Recording { run, trials, torn: !torn.is_empty() })
}

/// Reads one JSON text, which is a whole file or a line of it, after checking its schema, so that a newer
/// file is named as such.
fn parse<T: serde::de::DeserializeOwned>(
    path: &Path,
    line: Option<usize>,
    text: &[u8],
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
    let Versioned { schema } = serde_json::from_slice(text).map_err(damaged)?;
    if schema > u64::from(SCHEMA) {
        return Err(StoreError::Newer { path: path.to_owned(), found: schema });
    }
    serde_json::from_slice(text).map_err(damaged)
}

/// Names the file in an error of the system.
fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}
