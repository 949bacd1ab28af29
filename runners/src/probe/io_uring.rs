//! Does the kernel let us have what an io_uring runtime needs?
//!
//! A ring is set up, and the kernel is asked which operations it knows. What it refuses is traced back to
//! whoever forbids it: the kernel, an administrator, a seccomp filter, or a limit.

use super::Missing;
use io_uring::{IoUring, Probe, opcode};
use rustix::process::{Resource, getrlimit};
use std::{fs, io};

/// What a runtime wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Operations by number and name.
    pub operations: &'static [(u8, &'static str)],
    /// Memory that it wants to be able to lock.
    pub least_lockable_bytes: u64,
}

/// What every runtime here wants: sockets, files and time-outs (Linux 5.6).
pub const PLAIN: Wanted = Wanted {
    operations: &[
        (opcode::Accept::CODE, "accept"),
        (opcode::AsyncCancel::CODE, "cancel"),
        (opcode::Close::CODE, "close"),
        (opcode::Connect::CODE, "connect"),
        (opcode::OpenAt::CODE, "openat"),
        (opcode::PollAdd::CODE, "poll"),
        (opcode::Read::CODE, "read"),
        (opcode::Recv::CODE, "recv"),
        (opcode::Send::CODE, "send"),
        (opcode::Timeout::CODE, "timeout"),
        (opcode::Write::CODE, "write"),
    ],
    least_lockable_bytes: 0,
};

/// Rings of runtimes have 128 to 1024 entries.
const ENTRIES: u32 = 256;

/// What is missing here, if anything.
#[must_use]
pub fn missing(wanted: Wanted) -> Option<Missing> {
    let lacks = |reason: String, remedy: &str| Some(Missing { reason, remedy: remedy.into() });
    let ring = match IoUring::new(ENTRIES) {
        Ok(ring) => ring,
        Err(error) => return Some(refused(&error)),
    };
    let mut known = Probe::new();
    if let Err(error) = ring.submitter().register_probe(&mut known) {
        return Some(refused(&error));
    }
    let unknown = wanted.operations.iter().filter(|(code, _)| !known.is_supported(*code));
    let unknown: Vec<&str> = unknown.map(|(_, name)| *name).collect();
    if !unknown.is_empty() {
        let reason = format!("the kernel's io_uring does not know: {}", unknown.join(", "));
        return lacks(reason, "use Linux 5.6 or newer");
    }
    let limit = getrlimit(Resource::Memlock).current.unwrap_or(u64::MAX);
    if limit < wanted.least_lockable_bytes {
        let (least, limit) = (wanted.least_lockable_bytes >> 10, limit >> 10);
        let reason =
            format!("it needs {least} KiB of lockable memory, and the limit is {limit} KiB");
        return lacks(
            reason,
            "raise it: ulimit -l unlimited (or LimitMEMLOCK, or --ulimit memlock=-1)",
        );
    }
    None
}

/// Who refuses a ring, and what helps.
fn refused(error: &io::Error) -> Missing {
    let disabled = fs::read_to_string("/proc/sys/kernel/io_uring_disabled").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let filtered = status
        .lines()
        .any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"));
    let (reason, remedy) = match (error.raw_os_error(), disabled.trim()) {
        (Some(code), "1" | "2") if code == rustix::io::Errno::PERM.raw_os_error() => (
            "the administrator has disabled io_uring",
            "enable it: sysctl kernel.io_uring_disabled=0",
        ),
        (Some(code), _) if code == rustix::io::Errno::NOMEM.raw_os_error() => {
            ("no lockable memory is left for a ring", "raise the limit: ulimit -l unlimited")
        }
        _ if filtered => (
            "a seccomp filter forbids io_uring",
            "use a profile that allows io_uring_setup, io_uring_enter and io_uring_register \
             (docker: --security-opt seccomp=unconfined)",
        ),
        _ => ("the kernel has no io_uring", "use Linux 5.6 or newer, built with CONFIG_IO_URING"),
    };
    Missing { reason: format!("{reason} ({error})"), remedy: remedy.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_and_an_operation_that_cannot_be_had_are_named() {
        if missing(PLAIN).is_some() {
            // No io_uring here at all; the program's own tests look at that.
            return;
        }
        let greedy = Wanted { operations: &[(255, "time travel")], ..PLAIN };
        let lack = missing(greedy).unwrap();
        assert!(lack.reason.contains("time travel"), "{lack:?}");
        let limit = getrlimit(Resource::Memlock).current;
        let greedy =
            Wanted { least_lockable_bytes: limit.map_or(0, |limit| limit + 1024), ..PLAIN };
        assert_eq!(missing(greedy).is_some(), limit.is_some());
    }
}
