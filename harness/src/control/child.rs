//! How does the controller talk to a process that it has started?
//!
//! Every child has a guardian, a pipe for orders, and two threads that carry its lines to the controller's
//! one inbox. Dropping a child ends it with all its descendants. It must not know what the lines mean.
//! Next: [`super::guardian`]; [`super::arm`] speaks with trials through this.

use super::guardian::FOLDER_PREFIX;
use crate::protocol::FOLDER;
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
/// Longer lines of standard error are cut: they are for people.
const LONGEST_ERROR_BYTES: usize = 2 << 10;
/// Longer answers are cut, and then are none. A slice of two million different times fits.
const LONGEST_LINE_BYTES: usize = 64 << 20;

/// How long what a program has started may take to end after it.
const GRACE: Duration = Duration::from_secs(2);
/// How long a program that is asked to end may take for it; less than [`ENDING`].
const ASKED: Duration = Duration::from_secs(3);
/// How often it is looked whether a child has ended.
const LOOK: Duration = Duration::from_millis(1);
/// Time alone does not make a child late: where the whole machine stood still, it had none of it. At least every tenth
/// look that there was time for must have been taken.
const LOOKS_OF_A_LATE_CHILD: u128 = 10;
/// How long the last lines of standard error may take to arrive when all its writers are gone.
const ARRIVING: Duration = Duration::from_secs(1);

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
    /// Arguments of our own program; not of another.
    pub arguments: &'a [&'a str],
    /// Another program in place of our own.
    pub program: Option<&'a Foreign>,
    /// Environment variables, besides our own.
    pub environment: &'a [(&'static str, String)],
    /// Whether it gets a temporary folder.
    pub folder: bool,
    /// Whether its standard output is answers for the inbox; otherwise it is last words, as standard error is.
    pub answers: bool,
}

/// A program that is not ours, ready to be started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it is started; `None`: where we are.
    pub directory: Option<std::path::PathBuf>,
    /// Environment variables, besides our own.
    pub environment: std::collections::BTreeMap<String, String>,
    /// Whether it is asked to end, by SIGINT, before it is killed.
    pub is_asked_to_end: bool,
    /// Whether it is held before its first instruction, until it is continued.
    pub is_held: bool,
}

/// A running child below its guardian.
#[derive(Debug)]
pub struct Child {
    /// Says when standard error has been read to its end.
    errors_ended: Option<mpsc::Receiver<()>>,
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
            command.arg("--folder").arg(folder.path()).env(FOLDER, folder.path());
        }
        match start.program {
            None => {
                command.arg("--").arg(OWN_PROGRAM).args(start.arguments);
            }
            Some(foreign) => {
                command.args(["--grace-ms", &GRACE.as_millis().to_string()]);
                if foreign.is_asked_to_end {
                    command.args(["--ask-ms", &ASKED.as_millis().to_string()]);
                }
                command.arg("--").args(foreign.followed()).envs(&foreign.environment);
            }
        }
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
                carry(output, LONGEST_LINE_BYTES, |text| {
                    if answers {
                        return inbox.send(Message::Line { from: id, text }).is_ok();
                    }
                    keep(&kept, text);
                    true
                });
                let _ = inbox.send(Message::Closed { from: id });
            })?;
        }
        let mut errors_ended = None;
        if let Some(errors) = guardian.stderr.take() {
            let (ended, end) = mpsc::channel();
            errors_ended = Some(end);
            let kept = Arc::clone(&last_lines);
            thread::Builder::new().name("child-errors".into()).spawn(move || {
                carry(errors, LONGEST_ERROR_BYTES, |text| {
                    keep(&kept, text);
                    true
                });
                // Nobody waits for it after the child has been forgotten.
                let _ = ended.send(());
            })?;
        }
        let orders = guardian.stdin.take();
        Ok(Self { errors_ended, orders, guardian, last_lines, folder })
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

    /// Waits until it has ended by itself, with all that it has started; how, or `None` when it has not.
    pub fn await_end(&mut self, patience: Duration) -> Option<process::ExitStatus> {
        let least = patience.as_millis() / LOOKS_OF_A_LATE_CHILD;
        let patience = Instant::now() + patience;
        for looks in 0_u128.. {
            match self.guardian.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if looks < least || Instant::now() < patience => thread::sleep(LOOK),
                _ => return None,
            }
        }
        None
    }

    /// The last lines of its standard error, in order; all of them once it has been ended.
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
        if self.await_end(ENDING).is_none() {
            let _ = kill(Pid::from_raw(self.guardian_pid()), Signal::SIGKILL);
            let _ = self.guardian.wait();
        }
        if let Some(ended) = self.errors_ended.take() {
            // All writers are gone, so this is the time that the other thread needs.
            let _ = ended.recv_timeout(ARRIVING);
        }
    }
}

impl Foreign {
    /// The words that start it from below a guardian.
    #[must_use]
    pub fn followed(&self) -> Vec<String> {
        let mut words: Vec<String> = [OWN_PROGRAM, "follow"].map(str::to_owned).into();
        if self.is_held {
            words.push("--held".to_owned());
        }
        if let Some(directory) = &self.directory {
            words.extend(["--directory".to_owned(), directory.to_string_lossy().into_owned()]);
        }
        words.push("--".to_owned());
        words.extend(self.command.iter().cloned());
        words
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

/// Hands over line after line until the end or until nobody wants them; what is beyond the longest is left out.
/// Bytes that are not UTF-8 are replaced; a child may write what it likes.
fn carry(source: impl Read, longest: usize, mut accept: impl FnMut(String) -> bool) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    loop {
        let (used, ended) = match source.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(bytes) if !bytes.is_empty() => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                let part = &bytes[..end.unwrap_or(bytes.len())];
                line.extend_from_slice(&part[..part.len().min(longest - line.len())]);
                (part.len() + usize::from(end.is_some()), end.is_some())
            }
            // The end; a last line without one is a line.
            _ => {
                if !line.is_empty() {
                    accept(String::from_utf8_lossy(&line).into_owned());
                }
                return;
            }
        };
        source.consume(used);
        if ended {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            line.clear();
            if !accept(text) {
                return;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_whole_and_the_longest_are_cut() {
        let mut lines = Vec::new();
        carry(&b"one\r\n\n0123456789\nlast"[..], 6, |line| {
            lines.push(line);
            true
        });
        assert_eq!(lines, ["one", "", "012345", "last"]);
    }
}
