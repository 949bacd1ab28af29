//! How does one request go out over one connection, and how does its answer come in?
//!
//! A connection knows its socket and how far its answer has come. It must not know when requests are due: see
//! `slice.rs`. Which connection is free or busy: `pool.rs`.

use crate::{
    fault::Fault,
    http::reply::{Progress, Reader, Reply},
};
use rustix::{
    fd::OwnedFd,
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, getpeername, getsockname,
        recv, send, socket_with, sockopt,
    },
};
use std::net::SocketAddr;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing: it has no socket.
    Closed,
    /// It is being opened.
    Connecting,
    /// It waits for a request.
    Free,
    /// A request is under way.
    Busy,
}

/// One connection to the server.
pub(crate) struct Connection {
    pub(crate) state: State,
    /// Counts its sockets, so that events of an earlier one are known.
    pub(crate) generation: u32,
    /// When it came into its state, in nanoseconds of the slice. Busy: when its request was sent.
    pub(crate) since_ns: u64,
    /// The number of the request under way.
    pub(crate) request: usize,
    /// An answer has come over this socket.
    pub(crate) is_proven: bool,
    /// The neighbours in the list of those that must end: see `pool.rs`.
    pub(crate) older: u32,
    pub(crate) newer: u32,
    socket: Option<OwnedFd>,
    reply: Reply,
    /// What the socket has not taken yet of a long request.
    unsent: Vec<u8>,
}

impl Connection {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Closed,
            generation: 0,
            since_ns: 0,
            request: 0,
            is_proven: false,
            older: 0,
            newer: 0,
            socket: None,
            reply: Reply::default(),
            unsent: Vec::new(),
        }
    }

    /// Begins to open a socket, and forgets all about an earlier one.
    pub(crate) fn open(&mut self, address: SocketAddr, generation: u32) -> Result<&OwnedFd, Fault> {
        self.close();
        self.generation = generation;
        self.is_proven = false;
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None).map_err(connecting)?;
        sockopt::set_tcp_nodelay(&socket, true).map_err(connecting)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(connecting(error)),
        }
        self.state = State::Connecting;
        Ok(self.socket.insert(socket))
    }

    /// Whether the socket that became writable is connected.
    pub(crate) fn opened(&self) -> Result<(), Fault> {
        let socket = self.socket.as_ref().ok_or(Fault::Closed)?;
        match sockopt::socket_error(socket) {
            Ok(Ok(())) => {}
            Ok(Err(error)) | Err(error) => return Err(connecting(error)),
        }
        // Where nobody listens on a local port, a socket can come to be connected with itself.
        let (here, there) = (getsockname(socket), getpeername(socket));
        match (here, there) {
            (Ok(here), Ok(Some(there))) if here != there => Ok(()),
            _ => Err(Fault::Refused),
        }
    }

    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
        self.socket = None;
        self.unsent.clear();
    }

    /// Sends a request.
    #[inline]
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.reply.reset();
        let sent = self.write(bytes)?;
        if sent < bytes.len() {
            self.unsent.extend_from_slice(&bytes[sent..]);
        }
        Ok(())
    }

    /// Sends on what the socket had not taken.
    pub(crate) fn send_rest(&mut self) -> Result<(), Fault> {
        while !self.unsent.is_empty() {
            let sent = self.write(&self.unsent)?;
            if sent == 0 {
                break;
            }
            self.unsent.drain(..sent);
        }
        Ok(())
    }

    /// How many bytes the socket took: 0 when it is full.
    #[inline]
    fn write(&self, bytes: &[u8]) -> Result<usize, Fault> {
        let socket = self.socket.as_ref().ok_or(Fault::Closed)?;
        loop {
            return match send(socket, bytes, SendFlags::NOSIGNAL) {
                Ok(sent) => Ok(sent),
                Err(Errno::AGAIN) => Ok(0),
                Err(Errno::INTR) => continue,
                Err(error) => Err(broken(error)),
            };
        }
    }

    /// Takes what has come of the answer. `is_ending`: the other side has said that nothing more will follow.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        reader: &mut Reader,
        is_ending: bool,
    ) -> Progress {
        loop {
            let bytes = match self.read(buffer) {
                Ok(None) => return Progress::More,
                Ok(Some(0)) => return self.reply.end(reader),
                Ok(Some(bytes)) => bytes,
                Err(fault) => return Progress::Broken(fault),
            };
            let is_drained = bytes < buffer.len();
            match self.reply.feed(&buffer[..bytes], reader) {
                // A short read has emptied the socket: the next bytes bring an event of their own.
                Progress::More if is_drained && !is_ending => return Progress::More,
                Progress::More => {}
                Progress::Whole { fault, keep } => {
                    // An answer to a request that is not yet out cannot be followed by another.
                    let keep = keep && !is_ending && self.unsent.is_empty();
                    return Progress::Whole { fault, keep };
                }
                broken => return broken,
            }
        }
    }

    /// What comes although nothing was asked for: `Ok` if nothing did.
    pub(crate) fn receive_unasked(&mut self, buffer: &mut [u8]) -> Result<(), Fault> {
        match self.read(buffer)? {
            None => Ok(()),
            Some(0) => Err(Fault::Closed),
            Some(_) => Err(Fault::Surplus),
        }
    }

    /// How many bytes were read: `None` when there are none now, 0 at the end.
    #[inline]
    fn read(&self, buffer: &mut [u8]) -> Result<Option<usize>, Fault> {
        let socket = self.socket.as_ref().ok_or(Fault::Closed)?;
        loop {
            return match recv(socket, &mut *buffer, RecvFlags::empty()) {
                Ok((bytes, _)) => Ok(Some(bytes)),
                Err(Errno::AGAIN) => Ok(None),
                Err(Errno::INTR) => continue,
                Err(error) => Err(broken(error)),
            };
        }
    }
}

/// What it means that no connection can be had.
fn connecting(error: Errno) -> Fault {
    match error {
        Errno::CONNREFUSED => Fault::Refused,
        Errno::TIMEDOUT => Fault::ConnectTimeout,
        Errno::CONNRESET | Errno::PIPE => Fault::Reset,
        Errno::ADDRNOTAVAIL | Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM => {
            Fault::Exhausted
        }
        _ => Fault::Unreachable,
    }
}

/// What it means that a connection fails.
fn broken(error: Errno) -> Fault {
    match error {
        // The other side had closed it before it got the request.
        Errno::PIPE => Fault::Closed,
        _ => Fault::Reset,
    }
}
