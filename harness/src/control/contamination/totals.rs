//! How much have all processors run in all, whoever it was?
//!
//! Three sources, the best that the machine has. `cpuacct`, the accounting of control groups of version 1: at its
//! root every task is charged in nanoseconds at the same moments as its own clock, so that the difference to the sum of
//! the clocks is exact. Of version 2 the sum of the first groups below the root, charged likewise, which lacks only
//! what lives at the root (the root's own figure is sampled). Else the ticks of `/proc/stat`, which sample: a
//! process that wakes just after each tick and sleeps before the next is not seen. `/proc/schedstat` has
//! nanoseconds too, but its run time moves only when a task leaves its processor, so it says nothing of who runs on;
//! and many kernels lack it. It must not know who is a stranger. Next: [`super::sight`].

use super::sight;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// In cores: what a tick-sampled total must exceed what is known by, to count. By so much it was off on loads that wake
/// often, with nobody else there.
const SAMPLING_ERROR_CORES: f64 = 0.5;

/// Where the total comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Version 1 of control groups, at the root.
    Cpuacct,
    /// Version 2, the groups below the root.
    Groups,
    /// `/proc/stat`.
    Ticks,
}

impl Total {
    /// The best that this machine has and that counts everybody.
    #[must_use]
    pub fn detect() -> Self {
        if !sight::is_whole_machine() {
            return Self::Ticks;
        }
        let works = |total: &Self| total.read_ns().is_some_and(|ns| ns > 0);
        [Self::Cpuacct, Self::Groups].into_iter().find(works).unwrap_or(Self::Ticks)
    }

    /// Its name in recordings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpuacct => "cpuacct",
            Self::Groups => "cgroups",
            Self::Ticks => "ticks",
        }
    }

    /// Whether it is sampled, and not charged.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self == Self::Ticks
    }

    /// CPU time of everybody since the machine was started.
    #[must_use]
    pub fn read_ns(self) -> Option<u64> {
        match self {
            Self::Cpuacct => {
                static ROOT: OnceLock<Option<PathBuf>> = OnceLock::new();
                let root = ROOT.get_or_init(|| mounted("cgroup", "cpuacct")).as_ref()?;
                fs::read_to_string(root.join("cpuacct.usage")).ok()?.trim().parse().ok()
            }
            Self::Groups => {
                static ROOT: OnceLock<Option<PathBuf>> = OnceLock::new();
                below(ROOT.get_or_init(|| mounted("cgroup2", "")).as_ref()?)
            }
            Self::Ticks => ticks_ns(&fs::read_to_string("/proc/stat").ok()?),
        }
    }

    /// Whether it counts this process.
    pub(super) fn counts(self, pid: i32, is_kernel: bool) -> bool {
        match self {
            Self::Cpuacct | Self::Ticks => true,
            // Threads of the kernel live at the root; few others do.
            Self::Groups => !is_kernel && !is_at_root(pid),
        }
    }

    /// What must be left over of it, to count.
    pub(super) fn error_ns(self, span_ns: u64) -> u64 {
        if self.is_sampled() { (SAMPLING_ERROR_CORES * span_ns as f64) as u64 } else { 0 }
    }
}

/// Where a kind of file system with this option is mounted, from its root.
fn mounted(kind: &str, option: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mount_point(&mounts, kind, option)
}

fn mount_point(mounts: &str, kind: &str, option: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        // 36 35 98:0 /root /point options … - kind source options
        let (mount, system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut system = system.split(' ');
        let is_kind = system.next()? == kind;
        let has = option.is_empty() || system.nth(1)?.split(',').any(|found| found == option);
        (is_kind && has && root == "/").then(|| PathBuf::from(point))
    })
}

/// The sum of the groups just below this one; `None` without any.
fn below(root: &Path) -> Option<u64> {
    let groups = fs::read_dir(root).ok()?.filter_map(Result::ok);
    let spent: Vec<u64> = groups
        .filter_map(|group| {
            let text = fs::read_to_string(group.path().join("cpu.stat")).ok()?;
            let usage = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
            Some(usage.parse::<u64>().ok()? * 1000)
        })
        .collect();
    (!spent.is_empty()).then(|| spent.iter().sum())
}

/// Whether a process lives in no group but the root.
fn is_at_root(pid: i32) -> bool {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    groups.lines().any(|line| line == "0::/")
}

/// User, nice, system, interrupts: everything but idle, waiting for disks and stolen.
fn ticks_ns(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6].map(|at| fields.get(at).copied().unwrap_or(0));
    Some(busy.iter().sum::<u64>() * super::tasks::tick_ns())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
24 1 0:5 / /proc rw,relatime shared:2 - proc proc rw
31 24 0:27 /box /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct
32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";

    #[test]
    fn groups_are_found_at_their_roots_only() {
        let found = mount_point(MOUNTS, "cgroup", "cpuacct");
        assert_eq!(found, Some("/sys/fs/cgroup/cpu,cpuacct".into()));
        let found = mount_point(MOUNTS, "cgroup2", "");
        assert_eq!(found, Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount_point(MOUNTS, "cgroup", "memory"), None);
    }

    #[test]
    fn groups_below_the_root_are_added_up_and_the_root_is_not() {
        let root = tempfile::tempdir().unwrap();
        let put = |group: &str, usec: u64| {
            let folder = root.path().join(group);
            fs::create_dir_all(&folder).unwrap();
            let text = format!("usage_usec {usec}\nuser_usec 1\nsystem_usec 2\n");
            fs::write(folder.join("cpu.stat"), text).unwrap();
        };
        put(".", 999);
        assert_eq!(below(root.path()), None, "there is none");
        put("system.slice", 30);
        put("user.slice", 4);
        put("user.slice/inner", 4);
        assert_eq!(below(root.path()), Some(34_000));
    }

    #[test]
    fn ticks_are_those_of_work() {
        let stat = "cpu  1 2 3 400 50 6 7 80 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
        assert_eq!(ticks_ns(stat), Some(19 * super::super::tasks::tick_ns()));
        assert_eq!(ticks_ns(""), None);
    }

    #[test]
    fn every_source_that_is_there_grows_while_we_work() {
        for total in [Total::Cpuacct, Total::Groups, Total::Ticks] {
            let Some(before_ns) = total.read_ns() else { continue };
            let spent_ns = crate::clock::own_cpu_ns();
            let counts = total.counts(std::process::id() as i32, false);
            // Five ticks and more of our own; only CPU time counts, however long it takes.
            while crate::clock::own_cpu_ns() < spent_ns + 60_000_000 {}
            let passed_ns = total.read_ns().unwrap() - before_ns;
            assert!(!counts || total.is_sampled() || passed_ns > 50_000_000, "{total:?}");
        }
        assert!(Total::Ticks.read_ns().is_some());
    }

    #[test]
    fn what_is_sampled_counts_only_beyond_its_error() {
        assert_eq!(Total::Cpuacct.error_ns(1000), 0);
        assert_eq!(Total::Ticks.error_ns(1000), 500);
    }
}
