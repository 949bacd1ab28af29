//! Which system calls does a trial make in its whole life?
//!
//! A trial that is to be traced is held by [`super::guardian::follow`] before its first instruction. `strace` is attached
//! to it there, then it is continued: nothing that it or its threads ever do is interrupted by a tracer that comes or
//! goes, and its parent, its number and its guardian are as always. `strace` is a child below a guardian of its own, on
//! the trial's cores, as if one had typed it before the command. When we are gone it is asked to end, and then killed;
//! the kernel lets go of a process whose tracer is gone, and that one's own guardian ends it. It must not know operations.
//! Next: [`super::audit`].

use super::{
    child::{Child, ChildId, Foreign, Message, Start},
    driver::{Step, Stop},
    guardian::{descendants, stat_field},
    inbox::Inbox,
    trial_process::TrialProcess,
    workshop::errand,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simul_results::State;
use std::{
    collections::BTreeMap,
    fs,
    sync::mpsc,
    time::{Duration, Instant},
};

/// How long it may take to say its version.
const ASKING: Duration = Duration::from_secs(10);
/// How long it may take to attach, or to print its table when all that it traced has ended.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(2);

/// A tracer that is attached.
pub struct Tracer {
    child: Child,
    printed: mpsc::Receiver<Message>,
}

/// Why no system calls can be counted on this machine; `None` where they can, as far as is known before one tries.
#[must_use]
pub fn missing() -> Option<String> {
    let command = ["strace", "--version"].map(str::to_owned).into();
    let asked = errand(&Foreign { command, ..Foreign::default() }, ASKING);
    asked.is_err().then(|| "unavailable: strace is not here; apt-get install strace".into())
}

impl Tracer {
    /// Attaches one, on these cores, to a trial that is held, and lets the trial go.
    ///
    /// # Errors
    /// The trial does not come so far; or it may not be traced, or is not within ten seconds.
    pub fn attach(trial: &mut TrialProcess, cores: &[u32], inbox: &mut Inbox) -> Step<Self> {
        let process = held(trial, inbox)?;
        // It ends with the last process that it traces, and prints its table. Asked by SIGINT it does so before.
        let words = ["strace", "-f", "-c", "-qq", "-o", "/dev/stdout", "-p"];
        let command = words.map(str::to_owned).into_iter().chain([process.to_string()]);
        let foreign =
            Foreign { command: command.collect(), is_asked_to_end: true, ..Foreign::default() };
        let start = Start {
            id: ChildId(0),
            cores,
            arguments: &[],
            program: Some(&foreign),
            environment: &[],
            folder: false,
            answers: true,
        };
        let (sender, printed) = mpsc::channel();
        let child = Child::start(&start, &sender)
            .map_err(|error| refused(&format!("strace could not start: {error}")))?;
        let mut tracer = Self { child, printed };
        let deadline = Instant::now() + PATIENCE;
        while !is_traced(process) {
            inbox.check()?;
            let heard = tracer.printed.recv_timeout(LOOK);
            let is_waiting = matches!(heard, Err(mpsc::RecvTimeoutError::Timeout));
            if !is_waiting || Instant::now() > deadline {
                return Err(tracer.obituary());
            }
        }
        // If it is gone already, the wait for its answer says why.
        let _ = kill(Pid::from_raw(process), Signal::SIGCONT);
        Ok(tracer)
    }

    /// System calls by their names, of a trial that has ended or is about to.
    ///
    /// # Errors
    /// There is no whole table: it was killed, or hangs.
    pub fn table(mut self, inbox: &mut Inbox) -> Step<BTreeMap<String, u64>> {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        loop {
            inbox.check()?;
            match self.printed.recv_timeout(LOOK) {
                Ok(Message::Line { text, .. }) => lines.push(text),
                Ok(_) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() > deadline => {
                    return Err(refused("strace did not end with what it traced"));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
        let is_whole = lines.iter().any(|line| line.ends_with(" total"));
        if is_whole { Ok(table(&lines)) } else { Err(self.obituary()) }
    }

    /// Why there is nothing to read.
    fn obituary(&mut self) -> Stop {
        self.child.end();
        let words = self.child.last_words();
        let said = words.last().map_or("strace said nothing", String::as_str);
        let forbidden = words.iter().any(|line| line.contains("Operation not permitted"));
        let remedy = if forbidden {
            "; allow it to: in a container --cap-add=SYS_PTRACE, elsewhere sysctl kernel.yama.ptrace_scope=0"
        } else {
            ""
        };
        refused(&format!("{said}{remedy}"))
    }
}

fn refused(why: &str) -> Stop {
    Stop::ended(State::Unavailable, format!("unavailable: {why}"))
}

/// The process of a trial that is held, once it is.
fn held(trial: &mut TrialProcess, inbox: &mut Inbox) -> Step<i32> {
    let deadline = Instant::now() + PATIENCE;
    let guardian = trial.dialogue.guardian_pid();
    loop {
        let is_held = |process: &i32| stat_field(*process, 0).as_deref() == Some("T");
        if let Some(process) = descendants(guardian).into_iter().find(is_held) {
            return Ok(process);
        }
        // Waiting for its end is the pause between two looks.
        if let Some(silence) = trial.dialogue.obituary(inbox, LOOK)? {
            return Err(Stop::silence("", silence));
        }
        if Instant::now() > deadline {
            let seconds = PATIENCE.as_secs();
            let why = format!("its process had not started after {seconds} s");
            return Err(trial.condemn(State::TimedOut, &why));
        }
    }
}

/// Whether a process of one thread has a tracer.
fn is_traced(process: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|pid| pid.trim() != "0")
}

/// Reads the table that `strace -c` prints: time in percent and in seconds, µs a call, calls, perhaps errors, name.
fn table(lines: &[String]) -> BTreeMap<String, u64> {
    let row = |line: &String| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let calls = columns.get(3)?.parse().ok()?;
        let name = columns.last().filter(|name| columns.len() > 4 && **name != "total")?;
        Some(((*name).to_owned(), calls))
    };
    lines.iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read() {
        let text = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.11    0.000803           8        96           sendto
 38.89    0.000511           5       100         4 recvfrom
  0.00    0.000000           0         1           read
------ ----------- ----------- --------- --------- ----------------
100.00    0.001314           6       197         4 total";
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let found = table(&lines);
        let expected = [("read", 1), ("recvfrom", 100), ("sendto", 96)];
        assert_eq!(found, expected.map(|(name, calls)| (name.to_owned(), calls)).into());
    }
}
