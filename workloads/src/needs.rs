//! What does a workload need from the place where it runs?
//!
//! Needs are declared, so that a pair of workload and runner that cannot work is refused with a reason
//! before anything starts; otherwise it would hang (two threads of a pool waiting for each other's queued
//! tasks) or quietly measure something else. What a runner offers is in `runners/src/capabilities.rs`.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// What one trial of a workload needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// How many tasks must be able to wait at the same time. Because they wait for one another, within one operation
    /// or through the whole trial like the partner of a `ping-pong`, so that nothing would go on; or because a wait
    /// that holds up the others would make it other work, as in `uneven`. 0 or 1: none needs that. Actors that
    /// merely take turns at the workers do not count.
    pub waiting_tasks: u32,
    /// Whether a task awaits a task that it has spawned.
    pub nested_join: bool,
    /// Whether work is forked into two halves and joined again, and each half likewise.
    pub fork_join: bool,
    /// Whether a task that gives way must be able to go on before those that it let run have ended: it holds a lock
    /// meanwhile, or they take turns.
    pub alternating: bool,
    /// The neutral process at the other end of the sockets.
    pub peer: Option<Peer>,
    /// Whether files are used.
    pub files: bool,
    /// Whether datagrams are sent.
    pub datagrams: bool,
    /// Whether streams go over Unix sockets.
    pub unix_sockets: bool,
    /// Whether other programs are started.
    pub processes: bool,
    /// Whether work must be given up in the middle when its time is over.
    pub cancellation: bool,
    /// A server of other people's making that the harness starts for the run.
    pub service: Option<Service>,
    /// Whether the trial must be alone on the machine, and not merely quiet while others work.
    pub alone: bool,
    /// Tasks that are alive at the same time beyond the actors themselves; each is a thread where a task is one.
    pub live_tasks: u64,
    /// Open files, sockets included, that the trial holds at the same time, beyond a few dozen.
    pub descriptors: u64,
    /// Local ports that are in use, or waiting to be free again, at the same time, for each destination address.
    pub ports: u64,
    /// Bytes that the trial keeps in memory at the same time, as far as that is the work's doing.
    pub memory_bytes: u64,
}

impl Needs {
    /// Nothing. The same as the default, where a constant is wanted.
    pub const NOTHING: Self = Self {
        waiting_tasks: 0,
        nested_join: false,
        fork_join: false,
        alternating: false,
        peer: None,
        files: false,
        datagrams: false,
        unix_sockets: false,
        processes: false,
        cancellation: false,
        service: None,
        alone: false,
        live_tasks: 0,
        descriptors: 0,
        ports: 0,
        memory_bytes: 0,
    };
}

/// A neutral process that answers over loopback sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Sends back every byte that it receives, on each TCP connection.
    Echo,
    /// The same, on the same port of each of the addresses that `connect` goes to.
    EchoOnMany,
    /// Answers HTTP/1.1 requests for whatever has a path in [`crate::site`].
    Http,
    /// As [`Peer::EchoOnMany`], over TLS 1.3.
    Tls,
    /// Resets every TCP connection on which something has arrived.
    Reset,
    /// Plays the members of chat rooms: clients of a server that it is told of.
    Chat,
    /// Sends back every byte on each Unix stream connection.
    Unix,
    /// Sends back every datagram, and asks whoever has been silent for a while, by an empty one, whether it waits.
    Udp,
}

impl Peer {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Echo,
        Self::EchoOnMany,
        Self::Http,
        Self::Tls,
        Self::Reset,
        Self::Chat,
        Self::Unix,
        Self::Udp,
    ];

    /// Its name in cells and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::EchoOnMany => "echo-on-many",
            Self::Http => "http",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Chat => "chat",
            Self::Unix => "unix",
            Self::Udp => "udp",
        }
    }
}

/// Where a service is, and who may ask it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccess {
    /// Where it listens.
    pub address: SocketAddr,
    /// The name to log in with.
    pub user: String,
    /// The password, made for this service alone.
    pub password: String,
    /// A name that no other trial of this service has: letters, digits and underscores.
    pub space: String,
}

/// A server that is installed on the machine, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A PostgreSQL of the run's own, in a temporary folder.
    Postgres,
}
