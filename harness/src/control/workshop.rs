//! Where do runner programs live while a run lasts, and how is something small done for them?
//!
//! A temporary folder with the programs that simul brings along, and with what is built there. It has a guardian of
//! its own, so that it is removed whoever dies. An *errand* is a command that runs to its end, below a guardian
//! and with a time limit: a version is asked, a program is built. It must not know what is measured. Next:
//! [`super::programs`].

use super::{
    child::{Child, ChildId, Foreign, Message, OWN_PROGRAM, Start},
    guardian::FOLDER_PREFIX,
};
use simul_runners::bundle;
use std::{
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// More output than this is not what was asked for.
const MOST_LINES: usize = 1000;

/// The folder, and the guardian that removes it when we cannot.
#[derive(Debug)]
pub struct Workshop {
    folder: TempDir,
    guardian: process::Child,
}

impl Workshop {
    /// Makes the folder and unpacks the programs. Not in `/dev/shm`, where containers often forbid to start
    /// what is built.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn open() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(FOLDER_PREFIX).tempdir()?;
        let mut command = Command::new(OWN_PROGRAM);
        command.arg0("simul").args(["guard", "--folder"]).arg(folder.path());
        command.args(["--", OWN_PROGRAM, "keep"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // As for all guardians: Ctrl-C is for the controller.
        let guardian = command.process_group(0).spawn()?;
        let workshop = Self { folder, guardian };
        bundle::unpack(workshop.path())?;
        Ok(workshop)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder for what is built, made when it is not there yet.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn place(&self, number: usize) -> io::Result<PathBuf> {
        let place = self.path().join(format!("build-{number}"));
        std::fs::create_dir_all(&place)?;
        Ok(place)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        let _ = self.guardian.wait();
    }
}

/// What came of an errand.
#[derive(Clone, Debug)]
pub struct Done {
    /// What it wrote on standard output.
    pub printed: String,
    /// The last lines that it wrote on standard error.
    pub last_words: Vec<String>,
}

/// Runs a command to its end.
///
/// # Errors
/// It cannot be started, fails, or takes too long: in one line, with its last words.
pub fn errand(foreign: &Foreign, patience: Duration) -> Result<Done, String> {
    let (sender, receiver) = mpsc::channel();
    let start = Start {
        id: ChildId(0),
        cores: &[],
        arguments: &[],
        program: Some(foreign),
        environment: &[],
        folder: false,
        answers: true,
    };
    let mut child = Child::start(&start, &sender).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + patience;
    let mut printed = Vec::new();
    while let Ok(Message::Line { text, .. }) =
        receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    {
        if printed.len() < MOST_LINES {
            printed.push(text);
        }
    }
    let status = child.await_end(deadline.saturating_duration_since(Instant::now()));
    child.end();
    let last_words = child.last_words();
    let shown = foreign.command.join(" ");
    let said = last_words.last().map(|line| format!(": {line}")).unwrap_or_default();
    match status {
        None => Err(format!("'{shown}' had not ended after {:.0} s", patience.as_secs_f64())),
        Some(status) if status.success() => Ok(Done { printed: printed.join("\n"), last_words }),
        Some(_) => Err(format!("'{shown}' failed{said}")),
    }
}
