//! What does a program cost that cannot tell it itself?
//!
//! Read from the kernel, from outside: of every process below a guardian. Exact for CPU time and memory; user and
//! system time are sampled at ticks, and switches of threads that have ended are not seen. It must not know
//! what the program does. Next: [`super::arm`] asks.

use super::guardian::{descendants, stat_field};
use crate::{clock, protocol::Costs};
use std::fs;

/// All processes below a guardian.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    guardian: i32,
    processes: Vec<i32>,
}

impl Outside {
    /// Those that are there now.
    #[must_use]
    pub fn below(guardian: i32) -> Self {
        Self { guardian, processes: descendants(guardian) }
    }

    /// Looks for processes that have come or gone.
    pub fn look_again(&mut self) {
        self.processes = descendants(self.guardian);
    }

    /// Their numbers.
    pub fn processes(&self) -> impl Iterator<Item = i32> {
        self.processes.iter().copied()
    }

    /// CPU time of all their threads.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        self.processes.iter().filter_map(|pid| clock::cpu_of_ns(*pid)).sum()
    }

    /// What they have cost so far.
    #[must_use]
    pub fn costs(&self) -> Costs {
        self.processes.iter().fold(Costs::default(), |sum, pid| {
            let [user, system] = [11, 12].map(|field| ticks_ns(*pid, field));
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let [voluntary, involuntary] = switches(*pid);
            Costs {
                user_ns: sum.user_ns + user,
                system_ns: sum.system_ns + system,
                voluntary_switches: sum.voluntary_switches + voluntary,
                involuntary_switches: sum.involuntary_switches + involuntary,
                peak_rss_bytes: sum.peak_rss_bytes + field(&status, "VmHWM:") * 1024,
                recorder_bytes: 0,
                threads: sum.threads + field(&status, "Threads:") as u32,
            }
        })
    }

    /// What they wait with, by their open descriptors.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        let links = self.processes.iter().flat_map(|pid| {
            let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            entries.filter_map(|entry| fs::read_link(entry.path()).ok())
        });
        let links: Vec<String> = links.map(|link| link.to_string_lossy().into_owned()).collect();
        let has = |kind: &str| links.iter().any(|link| link.contains(kind));
        match (has("io_uring"), has("eventpoll")) {
            (true, _) => "io_uring",
            (false, true) => "epoll",
            (false, false) => "blocking",
        }
    }
}

/// A field of `/proc/<pid>/stat` that counts clock ticks.
fn ticks_ns(pid: i32, field: usize) -> u64 {
    let ticks: u64 = stat_field(pid, field).and_then(|ticks| ticks.parse().ok()).unwrap_or(0);
    let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten();
    let per_second = per_second.and_then(|ticks| u64::try_from(ticks).ok()).unwrap_or(100);
    ticks.saturating_mul(1_000_000_000 / per_second.max(1))
}

/// How often its living threads gave up the CPU, and had it taken.
fn switches(pid: i32) -> [u64; 2] {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.fold([0, 0], |[gave, lost], task| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        [
            gave + field(&status, "\nvoluntary_ctxt_switches:"),
            lost + field(&status, "nonvoluntary_ctxt_switches:"),
        ]
    })
}

/// The number behind a name of `/proc/<pid>/status`.
fn field(status: &str, name: &str) -> u64 {
    let rest = status.split_once(name).map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_from_outside() {
        let me = std::process::id() as i32;
        let outside = Outside { guardian: 0, processes: vec![me] };
        let costs = outside.costs();
        assert!(outside.cpu_ns() > 0 && costs.peak_rss_bytes > 0 && costs.threads >= 1);
        assert!(costs.voluntary_switches + costs.involuntary_switches > 0);
        assert_eq!(Outside { guardian: 0, processes: vec![i32::MAX] }.cpu_ns(), 0);
    }

    #[test]
    fn switches_are_told_apart() {
        let status = "x:\t1\nvoluntary_ctxt_switches:\t15\nnonvoluntary_ctxt_switches:\t7\n";
        assert_eq!(field(status, "\nvoluntary_ctxt_switches:"), 15);
        assert_eq!(field(status, "nonvoluntary_ctxt_switches:"), 7);
        assert_eq!(field(status, "absent:"), 0);
    }
}
