//! How does the controller talk to a process that it has started?
//!
//! Every child has a guardian, a pipe for orders, and two threads that carry its lines to the controller's
//! one inbox. Dropping a child ends it with all its descendants. It must not know what the lines mean.
//! Next: [`super::guardian`]; [`super::arm`] speaks with trials through this.

use super::guardian::FOLDER_PREFIX;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    process::{self, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a guardian may take to end its child before it is killed itself.
const ENDING: Duration = Duration::from_secs(5);

/// Lines of standard error that are kept for the reason of a failure.
const LAST_LINES: usize = 20;

/// A file system in memory, on every usual Linux.
const IN_MEMORY: &str = "/dev/shm";

/// Our own program, through /proc: it stays this one even when a new build replaces the file meanwhile,
/// which would otherwise put two programs into one run.
pub const OWN_PROGRAM: &str = "/proc/self/exe";

/// What arrives at the controller.
#[derive(Debug)]
pub enum Message {
    /// A child wrote a line.
    Line {
        /// Which child.
        from: ChildId,
        /// Without its end.
        text: String,
    },
    /// A child closed its standard output.
    Closed {
        /// Which child.
        from: ChildId,
    },
    /// The user, or the system, wants us to end.
    Interrupted,
}

/// Tells the children of a session apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChildId(pub u64);

/// How a child is to be started.
#[derive(Debug)]
pub struct Start<'a> {
    /// Its number.
    pub id: ChildId,
    /// Cores; empty: as the controller.
    pub cores: &'a [u32],
    /// What to start; normally [`OWN_PROGRAM`].
    pub program: &'a str,
    /// Its arguments.
    pub arguments: &'a [&'a str],
    /// Environment variables, besides our own.
    pub environment: &'a [(&'static str, String)],
    /// Whether it gets a temporary folder.
    pub folder: bool,
    /// Whether its standard output is answers for the inbox; otherwise it is last words, as standard error is.
    pub answers: bool,
}

/// A running child below its guardian.
#[derive(Debug)]
pub struct Child {
    guardian: process::Child,
    orders: Option<ChildStdin>,
    last_lines: Arc<Mutex<VecDeque<String>>>,
    folder: Option<TempDir>,
}

impl Child {
    /// Starts a program below a guardian.
    ///
    /// # Errors
    /// No process, no descriptor, no folder left.
    pub fn start(start: &Start<'_>, inbox: &mpsc::Sender<Message>) -> io::Result<Self> {
        let folder = start.folder.then(temporary_folder).transpose()?;
        let mut command = Command::new(OWN_PROGRAM);
        command.arg0("simul").arg("guard");
        if !start.cores.is_empty() {
            let cores: Vec<String> = start.cores.iter().map(u32::to_string).collect();
            command.args(["--cores", &cores.join(",")]);
        }
        if let Some(folder) = &folder {
            command.arg("--folder").arg(folder.path());
        }
        command.arg("--").arg(start.program).args(start.arguments);
        command.envs(start.environment.iter().map(|(name, value)| (*name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C at the terminal is for the controller, which ends its children itself.
        command.process_group(0);
        let mut guardian = command.spawn()?;
        let last_lines: Arc<Mutex<VecDeque<String>>> = Arc::default();
        let (id, inbox, answers) = (start.id, inbox.clone(), start.answers);
        if let Some(output) = guardian.stdout.take() {
            let kept = Arc::clone(&last_lines);
            thread::Builder::new().name("child-output".into()).spawn(move || {
                carry(output, |text| {
                    if answers {
                        return inbox.send(Message::Line { from: id, text }).is_ok();
                    }
                    keep(&kept, text);
                    true
                });
                let _ = inbox.send(Message::Closed { from: id });
            })?;
        }
        if let Some(errors) = guardian.stderr.take() {
            let kept = Arc::clone(&last_lines);
            thread::Builder::new().name("child-errors".into()).spawn(move || {
                carry(errors, |text| {
                    keep(&kept, text);
                    true
                });
            })?;
        }
        Ok(Self { orders: guardian.stdin.take(), guardian, last_lines, folder })
    }

    /// The child's temporary folder.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(TempDir::path)
    }

    /// The guardian's process.
    #[must_use]
    pub fn guardian_pid(&self) -> i32 {
        self.guardian.id() as i32
    }

    /// Sends one line.
    ///
    /// # Errors
    /// The child is gone.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        let orders = self.orders.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        orders.write_all(format!("{line}\n").as_bytes())
    }

    /// The last lines of its standard error, in order.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        let lines = self.last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }

    /// Tells the guardian to end it, without waiting: the pipe closes, as it would if we were killed.
    pub fn release(&mut self) {
        drop(self.orders.take());
    }

    /// Ends it with all its descendants and waits until they are gone.
    pub fn end(&mut self) {
        self.release();
        let patience = Instant::now() + ENDING;
        while let Ok(None) = self.guardian.try_wait() {
            if Instant::now() > patience {
                let _ = kill(Pid::from_raw(self.guardian_pid()), Signal::SIGKILL);
                let _ = self.guardian.wait();
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// A folder for one trial: where `TMPDIR` says, else in memory. Hosts may page out files that have been idle
/// for a minute (seen with DAMON: about one short trial in twenty found its file gone from the page cache),
/// and the trial would measure the disk.
fn temporary_folder() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(FOLDER_PREFIX);
    let chosen = std::env::var_os("TMPDIR").is_some();
    if !chosen && let Ok(folder) = builder.tempdir_in(IN_MEMORY) {
        return Ok(folder);
    }
    builder.tempdir()
}

/// Hands over line after line until the end or until nobody wants them. Bytes that are not UTF-8 are
/// replaced; a child may write what it likes.
fn carry(source: impl Read, mut accept: impl FnMut(String) -> bool) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    loop {
        line.clear();
        match source.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                if !accept(text.trim_end_matches(['\n', '\r']).to_owned()) {
                    return;
                }
            }
        }
    }
}

fn keep(lines: &Mutex<VecDeque<String>>, line: String) {
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == LAST_LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}
