//! Faults of those that do not come to their end, or leave something behind.
//!
//! They show after a while, so that set-up and warm-up are as with healthy ones. Next: [`super::faulty`].

use super::{Fault, HEALTHY_MESSAGES};
use std::{io, process::Command};

/// Waits for ever in the middle of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hang;

/// Ends the process in the middle of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Die;

/// Leaves a process behind that has left the process group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stray;

impl Fault for Hang {
    fn at_message(&self, _message: &mut [u8], before: u64) {
        if before >= HEALTHY_MESSAGES {
            // A park may end by itself.
            loop {
                std::thread::park();
            }
        }
    }
}

impl Fault for Die {
    fn at_message(&self, _message: &mut [u8], before: u64) {
        if before >= HEALTHY_MESSAGES {
            eprintln!("canary:die ends as it was asked to");
            std::process::exit(77);
        }
    }
}

impl Fault for Stray {
    fn at_start(&self) -> io::Result<()> {
        // The shell ends at once, so the sleeper's parent is gone too.
        let script = "setsid sleep 1000 </dev/null >/dev/null 2>&1 &";
        Command::new("sh").args(["-c", script]).status().map(drop)
    }
}
