//! What machine is this? Facts for the record; a fact that cannot be read stays empty or 0.

use crate::control::placement;
use simul_results::record::HostRecord;
use std::{fs, path::Path};

/// Reads the facts now.
#[must_use]
pub fn facts() -> HostRecord {
    let processor = text("/proc/cpuinfo");
    let field = |name: &str| -> String {
        let line = processor.lines().find_map(|line| line.strip_prefix(name)?.split_once(": "));
        line.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let memory = text("/proc/meminfo");
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = memory.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let load = text("/proc/loadavg");
    let clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    HostRecord {
        name: name(),
        system: system(),
        processor: field("model name"),
        cores: placement::available(),
        memory_bytes: kilobytes.unwrap_or(0) * 1024,
        virtual_machine: field("flags").split(' ').any(|flag| flag == "hypervisor"),
        clock: text(clock).trim().to_owned(),
        timer_slack_ns: text("/proc/self/timerslack_ns").trim().parse().unwrap_or(0),
        load_average: load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
    }
}

/// The host's name, fit for a folder's name.
#[must_use]
pub fn name() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.to_string_lossy().chars().map(legal).collect();
    if name.is_empty() { "host".into() } else { name }
}

/// Whether two records are of one machine in one state: what may be resumed or compared.
#[must_use]
pub fn is_same(one: &HostRecord, other: &HostRecord) -> bool {
    let identity = |host: &HostRecord| {
        let HostRecord { name, system, processor, cores, clock, .. } = host.clone();
        (name, system, processor, cores, clock)
    };
    identity(one) == identity(other)
}

fn system() -> String {
    nix::sys::utsname::uname().map_or_else(
        |_| String::new(),
        |system| {
            let parts = [system.sysname(), system.release(), system.machine()];
            parts.map(|part| part.to_string_lossy().into_owned()).join(" ")
        },
    )
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_itself() {
        let facts = facts();
        assert!(!facts.name.is_empty() && !facts.cores.is_empty());
        let other = HostRecord { processor: "abacus".into(), ..facts.clone() };
        let later = HostRecord { load_average: facts.load_average + 1.0, ..facts.clone() };
        assert!(is_same(&facts, &later));
        assert!(!is_same(&facts, &other));
    }
}
