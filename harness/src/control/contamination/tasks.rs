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
    /// How much of the run time in all has been put down to them: never more than what they can have spent.
    pub(super) granted_ns: u64,
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
    /// Whether it has taken in children that ended.
    pub(super) has_reaped: bool,
}

/// All processes now, what those have spent since `before` that spent anything, and those that are gone.
pub(super) fn look(
    mut before: HashMap<i32, Task>,
    total: Total,
) -> (HashMap<i32, Task>, Vec<Grown>, HashMap<i32, Task>) {
    let is_first = before.is_empty();
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
                // What was before the first look is no concern of ours.
                task.granted_ns = if is_first { task.children_ns } else { 0 };
            }
        }
        if cpu_ns > 0 {
            let faults = old.map_or(0, |task| task.children_faults);
            grown.push(Grown { pid, cpu_ns, has_reaped: task.children_faults > faults });
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

    /// Puts down to its children that ended as much as they can have spent, and at most what is wanted; `known_ns`
    /// was seen of them while they lived.
    ///
    /// The kernel tells what they spent in full ticks of user and of system time: two ticks more may be theirs, but
    /// once, and not at every look.
    pub(super) fn grant(&mut self, known_ns: u64, wanted_ns: u64) -> u64 {
        self.granted_ns += known_ns;
        let most_ns = self.children_ns + 2 * tick_ns();
        let granted_ns = wanted_ns.min(most_ns.saturating_sub(self.granted_ns));
        // What is theirs for sure is not theirs once more at the next look.
        self.granted_ns = (self.granted_ns + granted_ns).max(self.children_ns);
        granted_ns
    }
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
    fn children_are_granted_what_they_can_have_spent_and_no_more() {
        let tick = tick_ns();
        let mut task = Task { children_ns: 5 * tick, granted_ns: 5 * tick, ..Task::default() };
        assert_eq!(task.grant(0, tick), tick, "less than the kernel tells of");
        assert_eq!(task.grant(0, 5 * tick), tick);
        assert_eq!(task.grant(0, 5 * tick), 0, "they cannot have spent more");
        task.children_ns += 3 * tick;
        assert_eq!(task.grant(tick, 5 * tick), 2 * tick, "less what was seen of them");
        task.children_ns += 4 * tick;
        assert_eq!(task.grant(0, 0), 0);
        assert_eq!(task.grant(0, 9 * tick), 2 * tick, "what is theirs has been accounted for");
    }

    #[test]
    fn numbers_of_processes_move_on() {
        let before = last_number().unwrap();
        std::thread::spawn(|| ()).join().unwrap();
        assert_ne!(last_number().unwrap(), before);
    }
}
