//! Which system calls does a running trial make?
//!
//! `strace` is attached to its processes, with all their threads and what they start, while they wait between two
//! orders, and told to go after the next slice: so neither set-up nor warm-up is counted. It is a child below a
//! guardian of its own: when we are gone it is asked to end, and then killed; the kernel lets go of a process whose tracer
//! is gone, and that one's own guardian ends it. It must not know operations. Next: [`super::audit`].

use super::{
    child::{Child, ChildId, Foreign, Message, Start},
    driver::{Step, Stop},
    inbox::Inbox,
    workshop::errand,
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
/// How long it may take to attach to a thousand threads, or to let go of them.
const ATTACHING: Duration = Duration::from_secs(10);
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
    /// Attaches one to these processes, and returns when it has all their threads.
    ///
    /// # Errors
    /// It may not, or does not within its ten seconds.
    pub fn attach(processes: &[i32], inbox: &mut Inbox) -> Step<Self> {
        let mut command: Vec<String> =
            ["strace", "-f", "-c", "-qq", "-o", "/dev/stdout"].map(str::to_owned).into();
        for process in processes {
            command.extend(["-p".to_owned(), process.to_string()]);
        }
        // Asked by SIGINT it lets go and prints its table.
        let foreign = Foreign { command, is_asked_to_end: true, ..Foreign::default() };
        let start = Start {
            id: ChildId(0),
            cores: &[],
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
        let deadline = Instant::now() + ATTACHING;
        while !processes.iter().all(|process| is_traced(*process)) {
            inbox.check()?;
            let late = Instant::now() > deadline;
            if late
                || !matches!(
                    tracer.printed.recv_timeout(LOOK),
                    Err(mpsc::RecvTimeoutError::Timeout)
                )
            {
                return Err(tracer.obituary());
            }
        }
        Ok(tracer)
    }

    /// Lets go of them: system calls by their names.
    ///
    /// # Errors
    /// It does not let go within its ten seconds.
    pub fn detach(mut self, inbox: &mut Inbox) -> Step<BTreeMap<String, u64>> {
        self.child.release();
        let deadline = Instant::now() + ATTACHING;
        let mut lines = Vec::new();
        loop {
            inbox.check()?;
            match self.printed.recv_timeout(LOOK) {
                Ok(Message::Line { text, .. }) => lines.push(text),
                Ok(_) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() > deadline => {
                    return Err(refused("strace did not let go"));
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

/// Whether every thread of a process has a tracer.
fn is_traced(process: i32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return false };
    threads.filter_map(Result::ok).all(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|pid| pid.trim() != "0")
    })
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
