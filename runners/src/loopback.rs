//! From where does a datagram socket send to an address of this machine?
//!
//! From a port that the system chooses, of the same family's loopback address.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// What to bind a socket to that is to talk to `other`.
#[must_use]
pub fn facing(other: SocketAddr) -> SocketAddr {
    match other {
        SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, 0).into(),
    }
}
