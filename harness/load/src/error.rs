//! Why can a load not be driven? Errors for whoever asked, each with the next step.

use crate::fault::Fault;
use std::{io, net::SocketAddr};

/// Why a load cannot be driven. Faults of single requests are [`Fault`]s and end nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one that we can send to.
    #[error("'{text}' is not an address to load: {reason}; such as http://127.0.0.1:8080/echo")]
    Url {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Some number or word that cannot be.
    #[error("{0}")]
    BadInput(String),
    /// The limit of open files is below what the connections need.
    #[error(
        "{connections} connections need {needed} open files, and the limit is {limit}; raise it with \
         'ulimit -Hn' or choose fewer with --connections"
    )]
    OpenFiles {
        /// Connections asked for.
        connections: u32,
        /// Open files that they and we need.
        needed: u64,
        /// The hard limit.
        limit: u64,
    },
    /// No connection can be had.
    #[error("cannot connect to '{address}': {fault}; is a server listening there?")]
    Connect {
        /// The server.
        address: SocketAddr,
        /// What came of it.
        fault: Fault,
    },
    /// The system refuses what the generator itself needs.
    #[error("the generator cannot work here: {0}")]
    System(#[from] io::Error),
}
