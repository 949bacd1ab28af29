//! What does the machine allow, and is it enough for this work?
//!
//! Read once, before anything starts: a thread, a port or a page too many would end a trial somewhere in the middle,
//! with an error that tells nobody what to do. What would exceed a limit is `not applicable`, with the limit and how
//! to raise it. Comparing is a pure function over what was read. It must not know runners or workloads. Next:
//! `contest.rs` asks.

use crate::descriptors;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Threads, descriptors and processes that are there besides what the work needs: the runtime's own, the
/// controller, the peer.
const RESERVE: u64 = 256;
/// Mappings of a thread: its stack, and the guard page below.
const MAPS_PER_THREAD: u64 = 2;
/// What a thread keeps in memory at least: a kernel stack of 16 KiB on 64-bit machines, the kernel's task structure
/// (some 10 KiB), and the first pages of its own stack.
const BYTES_PER_THREAD: u64 = 32 << 10;
/// This part of the free memory stays free: what is needed is an estimate, and a machine that swaps or kills
/// measures nothing.
const SPARE_PART: u64 = 10;

const THREADS: &str = "threads";
const OF_MEMORY: &str = "of memory";

/// What a trial would use at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Threads.
    pub threads: u64,
    /// Open files, sockets included.
    pub descriptors: u64,
    /// Local ports towards one address.
    pub ports: u64,
    /// Memory of all trials that are alive together, without the threads' own.
    pub memory_bytes: u64,
}

/// What the machine leaves room for; `None`: no limit, or none that can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `RLIMIT_NOFILE`, raised as far as it may be.
    pub descriptors: Option<u64>,
    /// `RLIMIT_NPROC`; root is exempt.
    pub user_threads: Option<u64>,
    /// `kernel.threads-max`, less those that there are.
    pub kernel_threads: Option<u64>,
    /// `kernel.pid_max`, less those that there are: each thread has a number.
    pub thread_numbers: Option<u64>,
    /// `vm.max_map_count`.
    pub maps: Option<u64>,
    /// `pids.max` of the control group, less those that there are.
    pub group_threads: Option<u64>,
    /// `net.ipv4.ip_local_port_range`.
    pub ports: Option<u64>,
    /// `MemAvailable`.
    pub memory_bytes: Option<u64>,
    /// `memory.max` of the control group, less what it uses.
    pub group_memory_bytes: Option<u64>,
}

/// One comparison of a need with a limit.
struct Check {
    needed: u64,
    what: &'static str,
    most: Option<u64>,
    limit: &'static str,
    remedy: String,
}

impl Limits {
    /// Why this cannot be had, and how it could; `None` if it can.
    #[must_use]
    pub fn refuse(&self, demand: &Demand) -> Option<String> {
        let exceeded = self.checks(demand).into_iter().filter_map(|check| {
            let Check { needed, what, most, limit, remedy } = check;
            let most = most.filter(|most| needed > *most)?;
            let [needed, most] = match what {
                OF_MEMORY => [needed, most].map(simul_results::quantity::bytes),
                _ => [needed, most].map(|number| number.to_string()),
            };
            Some(format!("needs {needed} {what}, but {limit} allows {most}; {remedy}"))
        });
        // Whoever raises only the first would come back for the second.
        let reasons: Vec<String> = exceeded.collect();
        (!reasons.is_empty()).then(|| reasons.join("; it also "))
    }

    /// How many threads a trial can have; `None`: no limit, or none that can be seen.
    #[must_use]
    pub fn threads(&self) -> Option<u64> {
        self.least(THREADS)
    }

    /// How many bytes trials can have together; `None` where that cannot be seen.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        self.least(OF_MEMORY)
    }

    fn least(&self, what: &str) -> Option<u64> {
        let most = |check: Check| check.most.filter(|_| check.what == what);
        self.checks(&Demand::default()).into_iter().filter_map(most).min()
    }

    fn checks(&self, demand: &Demand) -> Vec<Check> {
        let Demand { threads, descriptors, ports, memory_bytes } = *demand;
        let set = |name: &str, value: u64| format!("raise it with: sysctl -w {name}={value}");
        let whole = threads.saturating_add(RESERVE);
        let maps = whole.saturating_mul(MAPS_PER_THREAD);
        let of_threads =
            |most, limit, remedy| Check { needed: threads, what: THREADS, most, limit, remedy };
        let memory_bytes = memory_bytes.saturating_add(threads.saturating_mul(BYTES_PER_THREAD));
        let of_memory = |most, limit, remedy: &str| Check {
            needed: memory_bytes,
            what: OF_MEMORY,
            most,
            limit,
            remedy: remedy.to_owned(),
        };
        let less = |most: Option<u64>| most.map(|most| most.saturating_sub(RESERVE));
        vec![
            of_threads(
                less(self.kernel_threads),
                "kernel.threads-max",
                set("kernel.threads-max", whole.saturating_mul(2)),
            ),
            of_threads(
                less(self.thread_numbers),
                "kernel.pid_max",
                set("kernel.pid_max", whole.saturating_mul(2)),
            ),
            of_threads(
                less(self.user_threads),
                "the limit of processes (ulimit -u)",
                format!("raise it with: ulimit -u {whole}"),
            ),
            of_threads(
                less(self.group_threads),
                "pids.max of the control group",
                "raise it there, or give the container more with: --pids-limit -1".into(),
            ),
            of_threads(
                less(self.maps.map(|maps| maps / MAPS_PER_THREAD)),
                "vm.max_map_count (two mappings a thread)",
                set("vm.max_map_count", maps.saturating_mul(2)),
            ),
            Check {
                needed: descriptors,
                what: "open files",
                most: less(self.descriptors),
                limit: "the limit of open files (ulimit -n)",
                remedy: format!("raise it with: ulimit -n {}", descriptors.saturating_add(RESERVE)),
            },
            Check {
                needed: ports,
                what: "local ports",
                most: self.ports,
                limit: "net.ipv4.ip_local_port_range",
                remedy: "raise it with: sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\""
                    .into(),
            },
            of_memory(
                self.memory_bytes.map(|bytes| bytes - bytes / SPARE_PART),
                "the memory that is free, less a tenth,",
                "ask for less (a parameter of the workload), or use a larger machine",
            ),
            of_memory(
                self.group_memory_bytes.map(|bytes| bytes - bytes / SPARE_PART),
                "memory.max of the control group, less what is used and a tenth,",
                "raise it there, or give the container more with: --memory",
            ),
        ]
    }

    /// Reads those of this machine. What cannot be read does not limit.
    #[must_use]
    pub fn of_this_machine() -> Self {
        // `0.20 0.18 0.12 1/80 11206`: how many run, of how many there are.
        let there = numbers("/proc/loadavg").into_iter().nth(7);
        let left = |path: &str| {
            let most = numbers(path).into_iter().next()?;
            Some(most.saturating_sub(there.unwrap_or(0)))
        };
        let user = getrlimit(Resource::RLIMIT_NPROC).map_or(RLIM_INFINITY, |(soft, _)| soft);
        let bounded = |limit: u64| Some(limit).filter(|limit| *limit != RLIM_INFINITY);
        let ports = numbers("/proc/sys/net/ipv4/ip_local_port_range");
        Self {
            descriptors: bounded(descriptors::attainable()),
            user_threads: bounded(user).filter(|_| !nix::unistd::geteuid().is_root()),
            kernel_threads: left("/proc/sys/kernel/threads-max"),
            thread_numbers: left("/proc/sys/kernel/pid_max"),
            maps: numbers("/proc/sys/vm/max_map_count").into_iter().next(),
            group_threads: of_group("pids", ["pids.max", "pids.max"], |folder| {
                number(&folder.join("pids.current"))
            }),
            ports: match ports[..] {
                [low, high] => Some((high + 1).saturating_sub(low)),
                _ => None,
            },
            memory_bytes: available_bytes(&fs::read_to_string("/proc/meminfo").unwrap_or_default()),
            group_memory_bytes: of_group(
                "memory",
                ["memory.max", "memory.limit_in_bytes"],
                used_memory_bytes,
            ),
        }
    }
}

/// All whole numbers of a file, in order.
fn numbers(path: &str) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let words = text.split(|letter: char| !letter.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

fn available_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}

/// What our control groups, and those above them, leave of something. The limit's file has a name in version 2 of
/// control groups and one in version 1, where every controller has a tree of its own.
fn of_group(
    controller: &str,
    [most, most_in_version_1]: [&str; 2],
    used: impl Fn(&Path) -> Option<u64>,
) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mut least: Option<u64> = None;
    for line in text.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(own)) = (fields.next(), fields.next()) else { continue };
        let (root, most) = match controllers {
            "" => (PathBuf::from("/sys/fs/cgroup"), most),
            _ if controllers.split(',').any(|name| name == controller) => {
                (Path::new("/sys/fs/cgroup").join(controllers), most_in_version_1)
            }
            _ => continue,
        };
        let mut folder = root.join(own.trim_start_matches('/'));
        // In a container the path may be that of the host, and the container's own group the root.
        while folder.starts_with(&root) {
            // `max` is no number, and no limit.
            if let Some(most) = number(&folder.join(most)) {
                let left = most.saturating_sub(used(&folder).unwrap_or(0));
                least = Some(least.map_or(left, |least| least.min(left)));
            }
            folder.pop();
        }
    }
    least
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// What a group uses, without files that the kernel keeps in memory only as long as nobody needs the room.
fn used_memory_bytes(folder: &Path) -> Option<u64> {
    let whole = number(&folder.join("memory.current"))
        .or_else(|| number(&folder.join("memory.usage_in_bytes")))?;
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let field = |name: &str| -> Option<u64> {
        let line = stat.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    let files = field("total_inactive_file ").or_else(|| field("inactive_file ")).unwrap_or(0);
    Some(whole.saturating_sub(files))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plenty() -> Limits {
        Limits {
            descriptors: Some(4096),
            user_threads: None,
            kernel_threads: Some(64_256),
            thread_numbers: Some(4 << 20),
            maps: Some(262_144),
            group_threads: None,
            ports: Some(28_232),
            memory_bytes: Some(8 << 30),
            group_memory_bytes: None,
        }
    }

    #[test]
    fn what_fits_is_not_refused() {
        let demand =
            Demand { threads: 10_000, descriptors: 3000, ports: 28_232, memory_bytes: 1 << 30 };
        assert_eq!(plenty().refuse(&demand), None);
        let boundless = Demand { threads: u64::MAX, memory_bytes: u64::MAX, ..demand };
        // Two mappings a thread, and the reserve.
        assert_eq!(plenty().threads(), Some(64_000));
        assert_eq!(Limits { maps: Some(65_530), ..plenty() }.threads(), Some(32_509));
        assert_eq!(Limits::default().threads(), None);
        assert_eq!(Limits::default().refuse(&boundless), None, "what is not seen does not limit");
    }

    #[test]
    fn each_limit_is_named_with_its_remedy() {
        let threads = |threads| Demand { threads, ..Demand::default() };
        let refused = |limits: &Limits, demand: Demand| limits.refuse(&demand).unwrap();
        let roomy = Limits { maps: None, memory_bytes: None, ..plenty() };
        assert_eq!(
            refused(&roomy, threads(1_000_000)),
            "needs 1000000 threads, but kernel.threads-max allows 64000; raise it with: \
             sysctl -w kernel.threads-max=2000512"
        );
        let all = refused(&plenty(), threads(1_000_000));
        assert!(all.contains("; it also needs 1000000 threads, but vm.max_map_count"), "{all}");
        for (limits, demand, part) in [
            (Limits { thread_numbers: Some(32_768), ..plenty() }, threads(40_000), "pid_max"),
            (Limits { user_threads: Some(1024), ..plenty() }, threads(1000), "ulimit -u 1256"),
            (Limits { group_threads: Some(600), ..plenty() }, threads(400), "pids.max"),
            (Limits { maps: Some(65_530), ..plenty() }, threads(33_000), "map_count=133024"),
            (
                plenty(),
                Demand { descriptors: 5000, ..Demand::default() },
                "needs 5000 open files, but the limit of open files (ulimit -n) allows 3840",
            ),
            (
                plenty(),
                Demand { ports: 28_233, ..Demand::default() },
                "ip_local_port_range allows 28232; raise",
            ),
            (
                plenty(),
                Demand { memory_bytes: 8 << 30, ..Demand::default() },
                "needs 8.00 GiB of memory, but the memory that is free, less a tenth, allows 7.20",
            ),
            (
                Limits { group_memory_bytes: Some(1 << 30), ..plenty() },
                Demand { memory_bytes: 1 << 30, ..Demand::default() },
                "memory.max",
            ),
            (
                Limits { memory_bytes: Some(1 << 20), ..plenty() },
                threads(100),
                "needs 3.12 MiB of memory",
            ),
        ] {
            let reason = refused(&limits, demand);
            assert!(reason.contains(part), "{reason}");
            assert!(reason.contains("; "), "{reason} says what to do");
        }
    }

    #[test]
    fn this_machine_has_limits() {
        let limits = Limits::of_this_machine();
        assert!(limits.kernel_threads.is_some_and(|most| most > 0), "{limits:?}");
        assert!(limits.ports.is_some_and(|most| most > 0), "{limits:?}");
        assert!(limits.memory_bytes.is_some_and(|most| most > 0), "{limits:?}");
        let beyond = Demand { threads: 1 << 40, ..Demand::default() };
        assert!(limits.refuse(&beyond).is_some());
    }

    #[test]
    fn available_memory_is_read_in_kib() {
        let text = "MemTotal:       16 kB\nMemAvailable:    4 kB\nBuffers: 1 kB\n";
        assert_eq!(available_bytes(text), Some(4096));
        assert_eq!(available_bytes("MemTotal: 16 kB"), None);
    }
}
