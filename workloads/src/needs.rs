//! What does a workload need from the place where it runs?
//!
//! Needs are declared, so that a pair of workload and runner that cannot work is refused with a reason
//! before anything starts; otherwise it would hang (two threads of a pool waiting for each other's queued
//! tasks) or quietly measure something else. What a runner offers is in `runners/src/capabilities.rs`.

/// What one trial of a workload needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// How many tasks must be alive at the same time for the work to go on, because they wait for one
    /// another: within one operation, or through the whole trial like the partner of a `ping-pong`. 0 or 1:
    /// none waits for another. Actors that merely take turns at the workers do not count.
    pub waiting_tasks: u32,
    /// Whether a task awaits a task that it has spawned.
    pub nested_join: bool,
    /// The neutral process at the other end of the sockets.
    pub peer: Option<Peer>,
    /// Whether files are read.
    pub files: bool,
}

/// A neutral process that answers over loopback sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Sends back every byte that it receives, on each TCP connection.
    Echo,
}

impl Peer {
    /// Its name in cells and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
        }
    }
}
