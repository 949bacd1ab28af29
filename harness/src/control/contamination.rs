//! Who else used the processor meanwhile?
//!
//! The on-CPU time of all processes that are not ours, from their CPU clocks, before and after each slice:
//! exact to the microsecond, where the tick-sampled `/proc/stat` is off by up to 0.4 cores on loads that wake
//! often. Not counted: kernel threads, which work for everybody and for us too; processes that came and
//! went between two looks; processes of other pid namespaces. Read between slices, never during one.

use super::guardian::{parent_of, processes, stat_field};
use crate::clock::cpu_of_ns;
use std::collections::{HashMap, HashSet};

/// A slice with more foreign CPU than this is contaminated. In cores; a tenth of one moved medians of
/// identical code by up to 10 %.
pub const MOST_CORES: f64 = 0.10;

/// Below this, a process is not worth the look at its ancestors: a hundredth of a 50 ms slice's limit.
const NOTEWORTHY_NS: u64 = 50_000;

/// `PF_KTHREAD` of the kernel's `include/linux/sched.h`.
const KERNEL_THREAD: u64 = 0x0020_0000;
/// The field of `/proc/<pid>/stat`, behind the name, that holds the flags.
const FLAGS_FIELD: usize = 6;

/// Looks at foreign processes.
#[derive(Debug, Default)]
pub struct Watch {
    /// Whether a process is a kernel thread; process numbers are seldom reused within a run.
    kernel: HashMap<i32, bool>,
}

/// CPU time of each foreign process at one moment.
#[derive(Debug, Default)]
pub struct Look {
    spent_ns: HashMap<i32, u64>,
}

impl Watch {
    /// Looks at all processes but `ours`.
    pub fn look(&mut self, ours: &HashSet<i32>) -> Look {
        let mut spent_ns = HashMap::new();
        for pid in processes().filter(|pid| !ours.contains(pid)) {
            let kernel = *self.kernel.entry(pid).or_insert_with(|| is_kernel_thread(pid));
            if !kernel && let Some(cpu_ns) = cpu_of_ns(pid) {
                spent_ns.insert(pid, cpu_ns);
            }
        }
        Look { spent_ns }
    }
}

impl Look {
    /// CPU time of foreign processes since `before`. Descendants of ours are not foreign.
    #[must_use]
    pub fn since_ns(&self, before: &Self, ours: &HashSet<i32>) -> u64 {
        let spent = self.spent_ns.iter().map(|(pid, now_ns)| {
            // A process that is new has spent everything since.
            (*pid, now_ns.saturating_sub(before.spent_ns.get(pid).copied().unwrap_or(0)))
        });
        let foreign = spent.filter(|(pid, ns)| *ns < NOTEWORTHY_NS || !descends(*pid, ours));
        foreign.map(|(_, ns)| ns).sum()
    }
}

fn is_kernel_thread(pid: i32) -> bool {
    let flags = stat_field(pid, FLAGS_FIELD).and_then(|flags| flags.parse::<u64>().ok());
    flags.is_some_and(|flags| flags & KERNEL_THREAD != 0)
}

fn descends(pid: i32, ours: &HashSet<i32>) -> bool {
    let mut pid = pid;
    while let Some(parent) = parent_of(pid) {
        if ours.contains(&parent) {
            return true;
        }
        if parent <= 1 {
            return false;
        }
        pid = parent;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_busy_stranger_is_seen_and_our_own_is_not() {
        // A child that burns a known amount of CPU, and says so before it waits.
        let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo; read x";
        let mut stranger = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = stranger.id() as i32;
        let me = std::process::id() as i32;
        let nobody = HashSet::new();
        let mut watch = Watch::default();
        let before = Look::default();
        let mut line = [0];
        std::io::Read::read_exact(stranger.stdout.as_mut().unwrap(), &mut line).unwrap();
        let after = watch.look(&nobody);
        let its_own = cpu_of_ns(pid).unwrap();
        assert!(its_own > NOTEWORTHY_NS);
        assert!(after.since_ns(&before, &nobody) >= its_own);
        let only = Look { spent_ns: HashMap::from([(pid, after.spent_ns[&pid])]) };
        assert_eq!(only.since_ns(&before, &HashSet::from([me])), 0, "our child is not foreign");
        drop(stranger.stdin.take());
        stranger.wait().unwrap();
    }

    #[test]
    fn kernel_threads_are_told_apart() {
        assert!(!is_kernel_thread(std::process::id() as i32));
    }
}
