//! Who disturbs a run on purpose? A process outside of our tree that uses CPU when it is told to.
//!
//! Its parent ends at once, so it is nobody's child, as a stranger is. It waits at a pipe and ends with it: when
//! we are gone, however that came, it is gone. Where we are the first process of a container, orphans come to us,
//! and it is no stranger: there this canary is not found.

use std::{
    hint::black_box,
    io::{self, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

/// The command that is the stranger: `simul canary burst`.
pub const NAME: &str = "burst";
/// The command that starts it and ends.
pub const START: &str = "burst-start";

/// So much CPU time is used each time.
const BURST: Duration = Duration::from_millis(200);

/// The stranger, seen from us.
#[derive(Debug)]
pub(super) struct Stranger {
    told: ChildStdin,
}

impl Stranger {
    /// Starts it; it waits.
    pub(super) fn start() -> io::Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        command.args(["canary", START]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut parent: Child = command.spawn()?;
        let told = parent.stdin.take().ok_or_else(|| io::Error::other("it has no input"))?;
        if !parent.wait()?.success() {
            return Err(io::Error::other("it did not start"));
        }
        Ok(Self { told })
    }

    /// Lets it use CPU once, from now on.
    pub(super) fn burst(&mut self) {
        // If it is gone, nothing is found, and that is said.
        let _ = self.told.write_all(b"!");
    }
}

/// Starts the stranger, which inherits our input, and ends without it.
///
/// # Errors
/// It cannot be started.
pub fn leave_stranger() -> io::Result<()> {
    let mut command = Command::new("/proc/self/exe");
    command.args(["canary", NAME]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}

/// Is the stranger: uses CPU once for each byte of its input, until that ends.
///
/// # Errors
/// Its input cannot be read.
pub fn be_stranger() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut byte = [0];
    while input.read(&mut byte)? > 0 {
        // CPU time of its own, so that it uses as much on a busy machine; and for no longer than ten times that.
        let (before_ns, begun) = (crate::clock::own_cpu_ns(), Instant::now());
        let spent = || Duration::from_nanos(crate::clock::own_cpu_ns() - before_ns);
        let mut state = 1_u64;
        while spent() < BURST && begun.elapsed() < BURST * 10 {
            for _ in 0..10_000 {
                state = black_box(state.wrapping_mul(3));
            }
        }
    }
    Ok(())
}
