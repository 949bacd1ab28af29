//! What does a slice cost besides time?
//!
//! Read from the kernel just before a slice and just after it, from outside, of all processes of a trial: programs in
//! every language are read alike and no window pays for it. The files below `/proc` are read by the `procfs` crate,
//! without its defaults (built alone, unoptimised: 4 s of one core). What cannot be read is `None`, never 0;
//! other systems than Linux have none of it.
//!
//! It cannot tell what threads did that have ended: switches and waits are counted by thread, and a thread takes its
//! counts with it. How much CPU time went with such threads is known, since the process's clock keeps theirs; beyond
//! a hundredth of it, nothing is told. Nor can it tell bytes that go through sockets by `recv` and `send`: the kernel
//! counts the `read` and `write` families alone. What children have cost that a trial of ours starts and
//! waits for is not in it either. Next: [`super::arm`] asks.

use simul_results::record::SlicePriceRecord;

/// The environment variable that switches the reading off (`off`), or off in every second round (`alternate`), so that
/// what it changes can be measured within one process (`scripts/acceptance/price`). Anything else is as if it was not
/// set.
pub const SWITCH: &str = "SIMUL_PRICE";

/// Reading a thread takes about 30 µs: of a trial with more threads than these it would take longer than slices do.
const MOST_THREADS: u64 = 2048;

/// A trial that burnt less than this since its last reading has done nothing, and its threads are not read again.
const NOTHING_NS: u64 = 100_000;

/// Switches are not told when threads that have ended took more than this part of the CPU time with them.
const MOST_LOST: f64 = 0.01;

/// When is it read?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collection {
    /// Around every slice.
    #[default]
    Always,
    /// Around slices of even rounds.
    Alternate,
    /// Never.
    Never,
}

/// What the kernel had counted at one moment, of all processes of a trial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    processes: u32,
    threads: Option<u64>,
    rss_bytes: Option<u64>,
    faults: Option<[u64; 2]>,
    call_bytes: Option<[u64; 2]>,
    loopback_bytes: Option<u64>,
    tasks: Option<Tasks>,
}

/// Sums over living threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tasks {
    /// Gave up the CPU, had it taken.
    switches: [u64; 2],
    /// Where the kernel keeps scheduler statistics.
    scheduled: Option<Scheduled>,
    /// CPU time of the processes, with that of threads that have ended.
    cpu_ns: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Scheduled {
    ran_ns: u64,
    waited_ns: u64,
}

impl Collection {
    /// As the environment says.
    #[must_use]
    pub fn chosen() -> Self {
        match std::env::var(SWITCH).as_deref() {
            Ok("off") => Self::Never,
            Ok("alternate") => Self::Alternate,
            _ => Self::Always,
        }
    }

    /// Whether slices of this round are read.
    #[must_use]
    pub fn is_on(self, round: u32) -> bool {
        match self {
            Self::Always => true,
            Self::Alternate => round.is_multiple_of(2),
            Self::Never => false,
        }
    }
}

impl Reading {
    /// Of these processes, now; `None` where nothing can be read.
    #[must_use]
    pub fn of(processes: &[i32]) -> Option<Self> {
        kernel::read(processes, None)
    }

    /// The same after a rest: of threads the last reading is taken where it must still be true.
    #[must_use]
    pub fn again(processes: &[i32], last: Option<&Self>) -> Option<Self> {
        kernel::read(processes, last.and_then(|last| last.tasks))
    }

    /// How many processes there were.
    #[must_use]
    pub fn processes(&self) -> u32 {
        self.processes
    }

    /// How many threads there were.
    #[must_use]
    pub fn threads(&self) -> Option<u32> {
        self.threads.and_then(|threads| u32::try_from(threads).ok())
    }

    /// What was resident.
    #[must_use]
    pub fn rss_bytes(&self) -> Option<u64> {
        self.rss_bytes
    }

    /// What has been counted since another moment.
    #[must_use]
    pub fn since(&self, before: &Self) -> SlicePriceRecord {
        let tasks = self.tasks.zip(before.tasks).filter(|(now, then)| now.keeps_since(then));
        let switches = pair(tasks.map(|(now, then)| (now.switches, then.switches)));
        let scheduled = tasks.and_then(|(now, then)| now.scheduled.zip(then.scheduled));
        let faults = pair(self.faults.zip(before.faults));
        let bytes = pair(self.call_bytes.zip(before.call_bytes));
        SlicePriceRecord {
            voluntary_switches: switches[0],
            involuntary_switches: switches[1],
            run_queue_wait_ns: scheduled
                .and_then(|(now, then)| now.waited_ns.checked_sub(then.waited_ns)),
            minor_faults: faults[0],
            major_faults: faults[1],
            read_call_bytes: bytes[0],
            write_call_bytes: bytes[1],
            loopback_bytes: self
                .loopback_bytes
                .zip(before.loopback_bytes)
                .and_then(|(now, then)| now.checked_sub(then)),
            threads: self.threads(),
            rss_bytes: self.rss_bytes,
        }
    }
}

/// The growth of two counters. One that has shrunk has lost a process: then nothing is known.
fn pair(now_and_then: Option<([u64; 2], [u64; 2])>) -> [Option<u64>; 2] {
    now_and_then.map_or([None; 2], |(now, then)| [0, 1].map(|i| now[i].checked_sub(then[i])))
}

impl Tasks {
    /// Whether what living threads have counted since then is all but a hundredth of it, by CPU time. Without scheduler
    /// statistics nobody can tell.
    fn keeps_since(&self, then: &Self) -> bool {
        let Some((now_ran, then_ran)) = self.scheduled.zip(then.scheduled) else { return false };
        let all_ns = self.cpu_ns.saturating_sub(then.cpu_ns);
        let living_ns = now_ran.ran_ns.saturating_sub(then_ran.ran_ns);
        // A thread that ended takes what it had run before the slice too.
        all_ns.saturating_sub(living_ns) as f64 <= all_ns as f64 * MOST_LOST
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use super::{MOST_THREADS, NOTHING_NS, Reading, Scheduled, Tasks};
    use crate::clock;
    use procfs::process::Process;

    /// The loopback interface's name, on every Linux.
    const LOOPBACK: &str = "lo";

    pub(super) fn read(processes: &[i32], rested: Option<Tasks>) -> Option<Reading> {
        let cpu_ns: u64 = processes.iter().filter_map(|pid| clock::cpu_of_ns(*pid)).sum();
        let rested = rested.filter(|tasks| cpu_ns.abs_diff(tasks.cpu_ns) < NOTHING_NS);
        let known = processes.iter().filter_map(|pid| Process::new(*pid).ok());
        let all: Vec<Reading> = known.map(|process| of_one(&process, rested.is_none())).collect();
        let together = all.into_iter().reduce(|sum, one| Reading {
            processes: sum.processes + one.processes,
            threads: both(sum.threads, one.threads),
            rss_bytes: both(sum.rss_bytes, one.rss_bytes),
            faults: both_pairs(sum.faults, one.faults),
            call_bytes: both_pairs(sum.call_bytes, one.call_bytes),
            loopback_bytes: None,
            tasks: sum.tasks.zip(one.tasks).map(|(sum, one)| sum.plus(one)),
        })?;
        let tasks = rested.or(together.tasks);
        Some(Reading { loopback_bytes: loopback_bytes(), tasks, ..together })
    }

    fn of_one(process: &Process, with_tasks: bool) -> Reading {
        let stat = process.stat().ok();
        let threads = stat.as_ref().and_then(|stat| u64::try_from(stat.num_threads).ok());
        let few = with_tasks && threads.is_some_and(|threads| threads <= MOST_THREADS);
        let io = process.io().ok();
        Reading {
            processes: 1,
            threads,
            rss_bytes: stat.as_ref().map(|stat| stat.rss.saturating_mul(procfs::page_size())),
            faults: stat.as_ref().map(|stat| [stat.minflt, stat.majflt]),
            call_bytes: io.map(|io| [io.rchar, io.wchar]),
            loopback_bytes: None,
            tasks: few.then(|| tasks(process)).flatten(),
        }
    }

    fn tasks(process: &Process) -> Option<Tasks> {
        let cpu_ns = clock::cpu_of_ns(process.pid)?;
        let mut sum = Tasks { scheduled: Some(Scheduled::default()), cpu_ns, ..Tasks::default() };
        // One that ends while it is looked at is as one that had ended before.
        for task in process.tasks().ok()?.flatten() {
            let Ok(status) = task.status() else { continue };
            let counted = status.voluntary_ctxt_switches.zip(status.nonvoluntary_ctxt_switches);
            let (voluntary, involuntary) = counted?;
            let scheduled = task.schedstat().ok();
            let scheduled = scheduled.map(|schedstat| Scheduled {
                ran_ns: schedstat.sum_exec_runtime,
                waited_ns: schedstat.run_delay,
            });
            sum = sum.plus(Tasks { switches: [voluntary, involuntary], scheduled, cpu_ns: 0 });
        }
        Some(sum)
    }

    impl Tasks {
        fn plus(self, other: Self) -> Self {
            let scheduled = self.scheduled.zip(other.scheduled);
            Self {
                switches: [0, 1].map(|i| self.switches[i] + other.switches[i]),
                scheduled: scheduled.map(|(one, other)| Scheduled {
                    ran_ns: one.ran_ns + other.ran_ns,
                    waited_ns: one.waited_ns + other.waited_ns,
                }),
                cpu_ns: self.cpu_ns + other.cpu_ns,
            }
        }
    }

    fn both(one: Option<u64>, other: Option<u64>) -> Option<u64> {
        one.zip(other).map(|(one, other)| one + other)
    }

    fn both_pairs(one: Option<[u64; 2]>, other: Option<[u64; 2]>) -> Option<[u64; 2]> {
        one.zip(other).map(|(one, other)| [0, 1].map(|i| one[i] + other[i]))
    }

    /// All bytes that were sent through the loopback interface, and so received from it.
    fn loopback_bytes() -> Option<u64> {
        procfs::net::dev_status().ok()?.get(LOOPBACK).map(|device| device.sent_bytes)
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use super::{Reading, Tasks};

    pub(super) fn read(_: &[i32], _: Option<Tasks>) -> Option<Reading> {
        None
    }
}

#[cfg(test)]
mod tests;
