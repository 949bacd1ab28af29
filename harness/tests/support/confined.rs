//! Becomes another program that may not use io_uring, without being root: a seccomp filter answers its three
//! system calls as a kernel does that has none, for this program and all that it starts.

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use std::{env, io, os::unix::process::CommandExt, process::Command};

/// io_uring_setup, io_uring_enter and io_uring_register: the same numbers on every architecture.
const CALLS: [i64; 3] = [425, 426, 427];

/// ENOSYS, the same everywhere here.
const NO_SUCH_CALL: u32 = 38;

/// Runs the command in place of this process; returns only when that fails.
pub(crate) fn without_io_uring(command: &mut Command) -> io::Error {
    match filter() {
        Ok(()) => command.exec(),
        Err(error) => error,
    }
}

fn filter() -> io::Result<()> {
    let architecture = env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let rules = CALLS.map(|call| (call, Vec::new())).into();
    let (other, ours) = (SeccompAction::Allow, SeccompAction::Errno(NO_SUCH_CALL));
    let filter = SeccompFilter::new(rules, other, ours, architecture).map_err(io::Error::other)?;
    let program = BpfProgram::try_from(filter).map_err(io::Error::other)?;
    // It gives up the right to new privileges first, which is what makes it possible without being root.
    apply_filter(&program).map_err(io::Error::other)
}
