//! Which processes are there, and what has each spent?
//!
//! One pass over `/proc`, one reading of a CPU clock for each process: about a microsecond each. The file of a process
//! is read only where its clock has moved, or when it is new. It must not know who is a stranger. Next:
//! [`super::totals`].

use super::{super::guardian::processes, totals::Total};
use crate::clock::cpu_of_ns;
use nix::unistd::{SysconfVar, sysconf};
use std::{collections::HashMap, fs};

/// A process that has spent less since the last look has not taken in a child: that costs more.
const NOTEWORTHY_NS: u64 = 5_000;

/// `PF_KTHREAD` of the kernel's `include/linux/sched.h`.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// A process as it was at a look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Task {
    /// Its CPU time.
    pub(super) clock_ns: u64,
    /// CPU time of its children that have ended and that it has taken in, in full ticks.
    pub(super) children_ns: u64,
    /// Their page faults: every program that is started has some, so they tell that one was taken in.
    pub(super) children_faults: u64,
    /// The process above it.
    pub(super) parent: i32,
    /// Whether it is a thread of the kernel.
    pub(super) is_kernel: bool,
    /// Whether the total counts it.
    pub(super) is_in_total: bool,
}

/// What a process has spent since the last look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grown {
    pub(super) pid: i32,
    pub(super) cpu_ns: u64,
    /// Whether it has taken in children that ended, and what those have spent in their whole lives.
    pub(super) has_reaped: bool,
    pub(super) reaped_ns: u64,
}

/// All processes now, what those have spent since `before` that spent anything, and those that are gone.
pub(super) fn look(
    mut before: HashMap<i32, Task>,
    total: Total,
) -> (HashMap<i32, Task>, Vec<Grown>, HashMap<i32, Task>) {
    let mut now = HashMap::with_capacity(before.len() + 8);
    let mut grown = Vec::new();
    for pid in processes() {
        let Some(clock_ns) = cpu_of_ns(pid) else { continue };
        // A number that was given again begins anew.
        let old = before.remove(&pid).filter(|task| task.clock_ns <= clock_ns);
        let cpu_ns = clock_ns - old.map_or(0, |task| task.clock_ns);
        let mut task = Task { clock_ns, ..old.unwrap_or_default() };
        if (old.is_none() || cpu_ns >= NOTEWORTHY_NS) && !task.is_kernel {
            task.read(pid);
            if old.is_none() {
                task.is_in_total = total.counts(pid, task.is_kernel);
            }
        }
        if cpu_ns > 0 {
            // What a new one has taken in was spent since, too, but then the one above it has not ended.
            let old = old.unwrap_or_default();
            grown.push(Grown {
                pid,
                cpu_ns,
                has_reaped: task.children_faults > old.children_faults,
                reaped_ns: task.children_ns.saturating_sub(old.children_ns),
            });
        }
        now.insert(pid, task);
    }
    (now, grown, before)
}

impl Task {
    /// Reads all but the clock. What is gone stays as it was.
    fn read(&mut self, pid: i32) {
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return };
        // The name stands in brackets and may itself hold brackets and spaces.
        let Some((_, rest)) = text.rsplit_once(") ") else { return };
        let fields: Vec<&str> = rest.split(' ').take(15).collect();
        let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        let number = |at: usize| field(at).unwrap_or(0);
        self.parent = i32::try_from(number(1)).unwrap_or(0);
        self.is_kernel = number(6) & KERNEL_THREAD != 0;
        self.children_faults = number(8) + number(10);
        self.children_ns = (number(13) + number(14)) * tick_ns();
    }
}

/// By how much what was taken in may be too small: user and system time are cut to full ticks each.
pub(super) fn reaping_error_ns() -> u64 {
    2 * tick_ns()
}

/// The unit in which `/proc` tells times: a hundredth of a second on every Linux that we know.
pub(super) fn tick_ns() -> u64 {
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().filter(|ticks| *ticks > 0);
    1_000_000_000 / ticks.unwrap_or(100).unsigned_abs()
}

/// The last number that was given to a process or thread.
pub(super) fn last_number() -> Option<u64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().nth(4)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read() {
        let me = std::process::id() as i32;
        let mut task = Task::default();
        task.read(me);
        assert!(!task.is_kernel);
        assert_eq!(task.parent, nix::unistd::getppid().as_raw());
        // Of the first processes one is a kernel thread, unless they are of a namespace without any.
        let mut second = Task::default();
        second.read(2);
        let name = fs::read_to_string("/proc/2/comm").unwrap_or_default();
        assert_eq!(second.is_kernel, name.trim() == "kthreadd");
    }

    #[test]
    fn children_that_ended_are_noticed() {
        let me = std::process::id() as i32;
        let mut before = Task::default();
        before.read(me);
        std::process::Command::new("true").status().unwrap();
        let mut after = Task::default();
        after.read(me);
        assert!(after.children_faults > before.children_faults);
    }

    #[test]
    fn numbers_of_processes_move_on() {
        let before = last_number().unwrap();
        std::thread::spawn(|| ()).join().unwrap();
        assert_ne!(last_number().unwrap(), before);
    }
}
