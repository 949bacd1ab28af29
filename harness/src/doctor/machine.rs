//! In what state is the machine?
//!
//! What moves numbers, or keeps them from being taken: cores, frequencies, load, steal, clocks, limits, memory file
//! systems. Each look is one function. It must not change anything.

use super::{Finding, Health};
use crate::{
    clock,
    control::{
        contamination::sight,
        limits::{Demand, Limits},
        placement,
    },
    hiccups, host,
};
use nix::sys::{
    resource::{Resource, getrlimit},
    statvfs::{FsFlags, statvfs},
};
use simul_results::{quantity, record::MOST_LOST};
use std::{fs, net::TcpListener, path::Path, time::Duration};

/// Cells with a thousand connections, each with a peer's end, and room for descriptors of the runtime.
const FILES: u64 = 4096;
/// The spawn workload with threads, on several actors.
const PROCESSES: u64 = 4096;
/// What the footprint workload holds at its default.
const THREADS: u64 = 10_000;
/// Rings and their buffers of the runners that register them.
const LOCKED_BYTES: u64 = 8 << 20;
/// Ten trials with a file of 32 MiB each.
const SHARED_BYTES: u64 = 512 << 20;
/// Two readings an operation of a microsecond would be a tenth of it.
const CLOCK_READING_NS: u64 = 50;
/// As a part of all cores: beyond it rounds are contaminated.
const LOAD: f64 = 0.1;
/// As a part of all time.
const STEAL: f64 = 0.01;
/// How long each core is probed: longer than around a block, since there is but one look.
const PROBE: Duration = Duration::from_millis(200);

/// Looks at everything.
#[must_use]
pub fn findings() -> Vec<Finding> {
    vec![
        processes(),
        loopback(),
        cores(),
        governor(),
        load(),
        steal(),
        hiccups(),
        strangers(),
        clock_source(),
        reading(),
        virtualisation(),
        timer_slack(),
        limit("open files", Resource::RLIMIT_NOFILE, FILES, "ulimit -n 65536"),
        limit("processes", Resource::RLIMIT_NPROC, PROCESSES, "ulimit -u unlimited"),
        limit("locked memory", Resource::RLIMIT_MEMLOCK, LOCKED_BYTES, "ulimit -l unlimited"),
        room(),
        shared_memory(),
        temporary_folder(),
    ]
}

fn good(name: &str, found: impl Into<String>) -> Finding {
    Finding::good("machine", name, found)
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// Without them no child is ended, and no CPU time is seen.
fn processes() -> Finding {
    let seen = clock::cpu_of_ns(std::process::id() as i32).is_some();
    match Path::new("/proc/self/stat").exists() && seen {
        true => good("CPU clocks", "CPU time of processes can be seen"),
        false => good("CPU clocks", "/proc or the CPU clocks of processes cannot be seen")
            .but(Health::Broken, "run on Linux, with /proc mounted"),
    }
}

fn loopback() -> Finding {
    match TcpListener::bind(("127.0.0.1", 0)) {
        Ok(_) => good("loopback", "127.0.0.1 can be listened on"),
        Err(error) => good("loopback", format!("nothing can listen on 127.0.0.1: {error}"))
            .but(Health::Broken, "ip link set lo up"),
    }
}

fn cores() -> Finding {
    let (usable, all) = (placement::available().len(), placement::of_the_machine());
    let found = good("cores", format!("{usable} of {all} may be used"));
    match usable {
        0 => found.but(Health::Broken, "taskset allows no core"),
        1 => found.but(Health::Note, "give it two: with one, runner and peer share it"),
        _ => found,
    }
}

fn governor() -> Finding {
    match read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") {
        None => good("governor", "not visible, as usual in virtual machines"),
        Some(name) if name == "performance" => good("governor", name),
        Some(name) => good("governor", format!("'{name}': frequencies change while it measures"))
            .but(Health::Note, "cpupower frequency-set -g performance"),
    }
}

fn load() -> Finding {
    let load = host::facts().load_average;
    let found = good("load", format!("{load:.2} over the last minute"));
    if load > LOAD * placement::of_the_machine() as f64 {
        return found
            .but(Health::Note, "end what else runs; rounds beside it are re-run and marked");
    }
    found
}

/// The time that the host took, since the machine was started.
fn steal() -> Finding {
    let text = read("/proc/stat").unwrap_or_default();
    let ticks = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<u64> = ticks.filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guests are in user already.
    let (all, stolen) = (ticks.iter().take(8).sum::<u64>(), ticks.get(7).copied().unwrap_or(0));
    let part = stolen as f64 / all.max(1) as f64;
    let found = good("steal", format!("{:.2} % of the time since the start", 100.0 * part));
    if part > STEAL {
        return found
            .but(Health::Note, "other guests of the host disturb; ask for cores of your own");
    }
    found
}

/// What the machine takes although the guest is told of nothing.
fn hiccups() -> Finding {
    let Some(found) = hiccups::probe(&placement::available(), PROBE).record() else {
        return good("hiccups", "no core could be probed");
    };
    let share = found.lost_share();
    let [p50, p99, most] =
        [found.p50_ns, found.p99_ns, found.max_ns].map(|ns| quantity::time(ns as f64));
    let text = match found.gaps {
        0 => "a spinning thread lost no time".to_owned(),
        gaps => format!(
            "a spinning thread lost {:.2} % of the time in {gaps} gaps: p50 {p50}, p99 {p99}, longest {most}",
            100.0 * share
        ),
    };
    let finding = good("hiccups", text);
    if share > MOST_LOST {
        return finding.but(
            Health::Note,
            "blocks around which that happens are marked; ask for cores of your own",
        );
    }
    finding
}

/// How foreign CPU is watched, and what is not seen of it.
fn strangers() -> Finding {
    let watch = sight::record();
    let exact = if watch.total == "ticks" { "sampled" } else { "exact" };
    let text = format!("short-lived ones are estimated from '{}', which is {exact}", watch.total);
    match watch.unseen.is_empty() {
        true => good("strangers", text),
        false => good("strangers", format!("{text}; not seen: {}", watch.unseen.join("; ")))
            .but(Health::Note, "measure outside of containers, as root or without hidepid"),
    }
}

fn clock_source() -> Finding {
    let name = host::facts().clock;
    let found = good("clock source", if name.is_empty() { "not visible".to_owned() } else { name });
    match &*found.found {
        "tsc" | "kvm-clock" | "arch_sys_counter" | "hyperv_clocksource_tsc_page" => found,
        "not visible" => found,
        _ => found.but(Health::Note, "boot with clocksource=tsc where the processor's is stable"),
    }
}

/// What one reading of the clock costs.
fn reading() -> Finding {
    const READINGS: u64 = 20_000;
    let start_ns = clock::now_ns();
    for _ in 0..READINGS {
        std::hint::black_box(clock::now_ns());
    }
    let each_ns = (clock::now_ns() - start_ns) / READINGS;
    let found = good("clock reading", format!("{each_ns} ns"));
    if each_ns > CLOCK_READING_NS {
        return found.but(Health::Note, "short operations carry it; see the clock source");
    }
    found
}

fn virtualisation() -> Finding {
    if host::facts().virtual_machine {
        return good(
            "virtualisation",
            "a virtual machine: waking a halted core is dear, and the host moves",
        )
        .but(Health::Note, "trust ratios within a run, not numbers of different days");
    }
    good("virtualisation", "none that the processor tells of")
}

fn timer_slack() -> Finding {
    let slack_ns = host::facts().timer_slack_ns;
    good(
        "timer slack",
        format!("{slack_ns} ns: blocking sleeps are late by it, for all runners alike"),
    )
}

fn limit(name: &str, resource: Resource, enough: u64, remedy: &str) -> Finding {
    let Ok((soft, hard)) = getrlimit(resource) else { return good(name, "not visible") };
    let shown = |limit: u64| match limit {
        nix::libc::RLIM_INFINITY => "no limit".to_owned(),
        limit => limit.to_string(),
    };
    let found = good(name, format!("{} (at most {})", shown(soft), shown(hard)));
    if soft < enough { found.but(Health::Note, remedy) } else { found }
}

/// What the machine leaves for tasks that are threads, for connections and for what is kept in memory.
fn room() -> Finding {
    let limits = Limits::of_this_machine();
    let shown = |most: Option<u64>| most.map_or_else(|| "no limit".to_owned(), |n| n.to_string());
    let threads = limits.threads();
    let memory = limits.memory().map_or_else(|| "unknown".to_owned(), quantity::bytes);
    let found = good(
        "room",
        format!("for {} threads, {} local ports, {memory}", shown(threads), shown(limits.ports)),
    );
    // Ten thousand waiting tasks, with threads too.
    let demand = Demand { threads: THREADS, descriptors: FILES, ..Demand::default() };
    match limits.refuse(&demand) {
        Some(reason) => {
            let remedy = format!("a workload of that size is not applicable: {reason}");
            found.but(Health::Note, &remedy)
        }
        None => found,
    }
}

fn shared_memory() -> Finding {
    let path = "/dev/shm";
    let Ok(system) = statvfs(path) else {
        return good(path, "not there: files of trials are put on a disk")
            .but(Health::Note, "mount -t tmpfs tmpfs /dev/shm, or set TMPDIR to a tmpfs");
    };
    let free = system.blocks_available() * system.fragment_size();
    let found = good(path, format!("{} MiB free", free >> 20));
    if free < SHARED_BYTES {
        return found.but(Health::Note, "make room: trials put their files there");
    }
    found
}

/// Runner programs are unpacked and built there.
fn temporary_folder() -> Finding {
    let folder = std::env::temp_dir();
    let shown = folder.display().to_string();
    match statvfs(&folder) {
        Err(error) => good("temporary folder", format!("'{shown}': {error}"))
            .but(Health::Note, "set TMPDIR to a folder that can be written"),
        Ok(system) if system.flags().contains(FsFlags::ST_NOEXEC) => {
            good("temporary folder", format!("nothing may be started in '{shown}'"))
                .but(Health::Note, "set TMPDIR elsewhere: runners that are built start there")
        }
        Ok(_) => good("temporary folder", shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_says_something_and_what_can_be_better_has_a_remedy() {
        let findings = findings();
        for (at, finding) in findings.iter().enumerate() {
            assert!(!finding.found.is_empty(), "{finding:?}");
            assert_eq!(finding.state == Health::Good, finding.remedy.is_none(), "{finding:?}");
            assert!(findings[..at].iter().all(|other| other.name != finding.name), "{finding:?}");
        }
    }

    #[test]
    fn a_limit_that_is_too_low_is_noted() {
        let found = limit("files", Resource::RLIMIT_NOFILE, u64::MAX, "raise it");
        let unlimited = getrlimit(Resource::RLIMIT_NOFILE).unwrap().0 == u64::MAX;
        assert_eq!(found.state == Health::Note, !unlimited);
        assert_eq!(limit("files", Resource::RLIMIT_NOFILE, 0, "raise it").state, Health::Good);
    }
}
