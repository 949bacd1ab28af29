//! Who ends a trial's processes when nobody else can?
//!
//! Each trial and each peer runs below a guardian of its own: a small process that adopts every orphan
//! below it (child subreaper), shares the child's standard input, and sees there when the controller is
//! gone, kill -9 included. Then, or when the child has ended, it kills every descendant, also those
//! that have left the process group, and removes the trial's folder. It also gives the child its cores,
//! so that a program in any language is placed alike.
//!
//! One guardian a child, since orphans then belong to a known trial, and so that killing a hung trial is
//! no more than closing its pipe. If the guardian itself is killed, its child is told by the kernel. It must
//! not know what the child does. Next: [`super::child`] starts guardians.

use super::child::OWN_PROGRAM;
use crate::{exit::Failure, protocol};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CpuSet, sched_setaffinity},
    sys::{
        prctl,
        signal::{SigSet, Signal, kill, raise},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use std::{
    collections::HashMap,
    fs, io,
    os::{fd::AsFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// Folders whose name begins otherwise are not ours to remove.
pub const FOLDER_PREFIX: &str = "simul-";

/// What a guardian watches over.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Cores for the child; empty: as the controller.
    pub cores: Vec<u32>,
    /// A temporary folder to remove in the end.
    pub folder: Option<PathBuf>,
    /// How long what the child has started may take to end after it; what is still there then was left
    /// behind. `None`: nobody wants to know.
    pub grace: Option<Duration>,
    /// How long the child may take to end after it was asked to, by SIGINT; `None`: it is not asked.
    pub ask: Option<Duration>,
    /// The program and its arguments.
    pub command: Vec<String>,
}

/// How a guardian's line on standard error begins when its child has left processes behind.
pub const LEFT_BEHIND: &str = "guardian: left behind: ";

/// Runs the child until it ends or the controller is gone; then ends all its descendants.
///
/// # Errors
/// The child cannot be started.
pub fn watch(charge: &Charge) -> Result<ExitCode, Failure> {
    let broken =
        |what: &str, error: io::Error| Failure::Broken(format!("guardian: {what}: {error}"));
    let system = |what: &'static str| move |errno: Errno| broken(what, errno.into());
    prctl::set_child_subreaper(true).map_err(system("cannot adopt orphans"))?;
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        signals.add(signal);
    }
    signals.thread_block().map_err(system("cannot block signals"))?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let events = SignalFd::with_flags(&signals, flags).map_err(system("cannot see signals"))?;
    place(&charge.cores).map_err(system("cannot take its cores"))?;
    let [program, arguments @ ..] = charge.command.as_slice() else {
        return Err(Failure::BadInput("a guardian needs a command".into()));
    };
    // What is started here inherits it, whatever language it is written in.
    crate::descriptors::raise();
    let mut command = Command::new(program);
    if program == OWN_PROGRAM {
        // So that lists of processes show a name and not "exe".
        command.arg0("simul");
    }
    command.args(arguments).env(protocol::GUARDIAN_VARIABLE, std::process::id().to_string());
    let child = command.spawn();
    let child = child.map_err(|error| broken(&format!("cannot start '{program}'"), error))?;
    let child = Pid::from_raw(child.id() as i32);
    let outcome = wait(child, &events);
    if let Some(grace) = charge.grace.filter(|_| outcome.is_own) {
        report_strays(grace);
    }
    if let Some(patience) = charge.ask.filter(|_| !outcome.is_own) {
        ask_to_end(child, patience);
    }
    end_descendants();
    remove(charge.folder.as_deref());
    Ok(outcome.code)
}

/// How a guardian's watch ended.
struct Outcome {
    code: ExitCode,
    /// Whether the child ended by itself.
    is_own: bool,
}

/// Asks the child to end, and waits until it has or the patience is over.
fn ask_to_end(child: Pid, patience: Duration) {
    let patience = Instant::now() + patience;
    // It may have ended just now.
    let _ = kill(child, Signal::SIGINT);
    while reap(child).is_none() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until nothing is below this process, or until the grace is over; then says what is.
fn report_strays(grace: Duration) {
    let patience = Instant::now() + grace;
    loop {
        reap(Pid::from_raw(0));
        let strays = descendants(std::process::id() as i32);
        if strays.is_empty() {
            return;
        }
        if Instant::now() > patience {
            let named = strays.iter().map(|pid| command_line(*pid));
            eprintln!("{LEFT_BEHIND}{}", named.collect::<Vec<_>>().join(", "));
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A process as a person would name it.
fn command_line(pid: i32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&words).replace('\0', " ");
    format!("'{}' ({pid})", words.trim())
}

/// Becomes another program, which dies when its guardian does: the kernel's promise outlives `exec`. For programs
/// that cannot ask for it themselves. One that is held stops before it becomes the other: whoever wants to see all
/// that the other does, from its first instruction on, attaches then and continues it.
///
/// # Errors
/// It returns only when the program cannot be started.
pub fn follow(directory: Option<&Path>, command: &[String], is_held: bool) -> Failure {
    protocol::follow_guardian();
    if is_held && let Err(errno) = raise(Signal::SIGSTOP) {
        return Failure::Broken(format!("cannot stop: {errno}"));
    }
    let [program, arguments @ ..] = command else {
        return Failure::BadInput("there is no command to follow with".into());
    };
    let mut command = Command::new(program);
    if program == OWN_PROGRAM {
        command.arg0("simul");
    }
    command.args(arguments).env_remove(protocol::GUARDIAN_VARIABLE);
    if let Some(directory) = directory {
        command.current_dir(directory);
    }
    let error = command.exec();
    Failure::Broken(format!("cannot start '{program}': {error}"))
}

/// Pins the calling process, and what it starts from now on.
fn place(cores: &[u32]) -> nix::Result<()> {
    if cores.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core as usize)?;
    }
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// Waits until the child has ended or is to be ended.
fn wait(child: Pid, signals: &SignalFd) -> Outcome {
    let ended_from_outside = || Outcome { code: ExitCode::FAILURE, is_own: false };
    let stdin = io::stdin();
    loop {
        // Without events asked for, standard input only reports that its last writer is gone; what is
        // written there is for the child.
        let mut sources = [
            PollFd::new(stdin.as_fd(), PollFlags::empty()),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut sources, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            Err(_) => return ended_from_outside(),
            Ok(_) => {}
        }
        let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
        if sources[0].revents().is_some_and(|events| events.intersects(gone)) {
            return ended_from_outside();
        }
        while let Ok(Some(signal)) = signals.read_signal() {
            if signal.ssi_signo != Signal::SIGCHLD as u32 {
                return ended_from_outside();
            }
        }
        if let Some(code) = reap(child) {
            return Outcome { code, is_own: true };
        }
    }
}

/// Takes in all children that have ended; the outcome of the one that counts, if it is among them.
fn reap(child: Pid) -> Option<ExitCode> {
    let mut outcome = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == child => {
                outcome = Some(ExitCode::from(code as u8));
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                outcome = Some(ExitCode::from(128 + signal as u8));
            }
            Ok(WaitStatus::StillAlive) | Err(_) => return outcome,
            Ok(_) => {}
        }
    }
}

/// Kills everything below this process until nothing is left. Processes may fork meanwhile, so it looks
/// again until there is neither a descendant nor a child to take in.
fn end_descendants() {
    let me = std::process::id() as i32;
    loop {
        let below = descendants(me);
        for pid in &below {
            // It may have ended just now.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) if below.is_empty() => return,
            Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_millis(1)),
            _ => {}
        }
    }
}

/// All processes below `ancestor`, however deep.
#[must_use]
pub fn descendants(ancestor: i32) -> Vec<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for pid in processes() {
        if let Some(parent) = parent_of(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut look = vec![ancestor];
    while let Some(pid) = look.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            found.push(child);
            look.push(child);
        }
    }
    found
}

/// A guardian and who is below it: of each thread its state and what it waits for in the kernel. Of what does not end,
/// that tells whether it hangs, stands still or works; a process whose first thread alone has ended looks dead from
/// outside.
#[must_use]
pub fn told(guardian: i32) -> String {
    let thread = |folder: PathBuf| {
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let state = stat.rsplit_once(") ")?.1.split(' ').next()?.to_owned();
        let waits = fs::read_to_string(folder.join("wchan")).unwrap_or_default();
        Some(format!("{state} {}", waits.trim_matches('0')).trim_end().to_owned())
    };
    let process = |pid: i32| {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let states: Vec<String> = threads.filter_map(|entry| thread(entry.path())).collect();
        format!("{} {}", command_line(pid), states.join(" + "))
    };
    let below = descendants(guardian).into_iter().map(process).collect::<Vec<_>>();
    let below = if below.is_empty() { "nothing".into() } else { below.join(", ") };
    format!("its guardian {}; below it {below}", process(guardian))
}

/// All processes that this one can see.
pub(super) fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The parent of a process; `None` when it is gone.
pub(super) fn parent_of(pid: i32) -> Option<i32> {
    stat_field(pid, 1)?.parse().ok()
}

/// A field of `/proc/<pid>/stat`, counted from the one behind the name (0 is the state). The name stands
/// in brackets and may itself hold brackets and spaces.
pub(super) fn stat_field(pid: i32, field: usize) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    rest.split(' ').nth(field).map(str::to_owned)
}

fn remove(folder: Option<&Path>) {
    let ours = |folder: &&Path| {
        let name = folder.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(FOLDER_PREFIX))
    };
    if let Some(folder) = folder.filter(ours) {
        // The controller may have removed it already.
        let _ = fs::remove_dir_all(folder);
    }
}
