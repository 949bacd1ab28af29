//! What did this process cost, and what did it really wait with?
//!
//! Read from the kernel at the end of a trial. It must not know what the process did.

use nix::sys::resource::{UsageWho, getrusage};
use std::{fs, time::Duration};

/// What the kernel says of this process.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// User CPU time, sampled at ticks.
    pub user_ns: u64,
    /// System CPU time, likewise.
    pub system_ns: u64,
    /// Times that a thread gave up the CPU.
    pub voluntary_switches: u64,
    /// Times that the CPU was taken from a thread.
    pub involuntary_switches: u64,
    /// The largest resident set.
    pub peak_rss_bytes: u64,
    /// Threads now.
    pub threads: u32,
}

impl Costs {
    /// Reads them now.
    #[must_use]
    pub fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| -> u64 {
            let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let number = value.and_then(|value| value.split_whitespace().next()?.parse().ok());
            number.unwrap_or(0)
        };
        // Not `ru_maxrss`: it keeps the size that the process had before `exec`.
        let (peak_rss_bytes, threads) = (field("VmHWM") * 1024, field("Threads") as u32);
        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
            return Self { peak_rss_bytes, threads, ..Self::default() };
        };
        let ns = |time: nix::sys::time::TimeVal| {
            Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000).as_nanos() as u64
        };
        Self {
            user_ns: ns(usage.user_time()),
            system_ns: ns(usage.system_time()),
            voluntary_switches: usage.voluntary_context_switches() as u64,
            involuntary_switches: usage.involuntary_context_switches() as u64,
            peak_rss_bytes,
            threads,
        }
    }
}

/// The memory of this process that is resident and no file's: heap and stacks. `None` where the system does not tell.
#[must_use]
pub fn anonymous_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = value.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// What this process has waited with, if it is a bare loop, which has one reactor or none: `io_uring` when
/// its rings have had completions, `epoll` when there is one, or else `blocking`. Runners are looked at more
/// closely, while an operation waits (`simul_runners::probe`).
#[must_use]
pub fn backend() -> &'static str {
    let links: Vec<String> = fs::read_dir("/proc/self/fd")
        .map(|entries| {
            let targets = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
            targets.map(|target| target.to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    let has = |kind: &str| links.iter().any(|link| link.contains(kind));
    let completions = simul_runners::backend::completions().unwrap_or(0);
    match (completions > 0, has("eventpoll")) {
        (true, _) => "io_uring",
        (false, true) => "epoll",
        (false, false) => "blocking",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers() {
        let costs = Costs::read();
        assert!(costs.peak_rss_bytes > 0 && costs.threads >= 1);
        let before = anonymous_bytes().unwrap();
        let more = std::hint::black_box(vec![1_u8; 16 << 20]);
        assert!(anonymous_bytes().unwrap() >= before + (8 << 20));
        drop(more);
    }
}
