//! Who answers at the other end of the sockets?
//!
//! A neutral process: one thread, a bare epoll loop, no runtime. One for each trial, since a shared peer
//! would carry its state from runner to runner. Edge-triggered: a connection is read until it would block.
//! It must not know who asks. Measured against a peer of threads, this one is the quickest, the steadiest,
//! and the last to saturate (87 % busy where its client is at 99 %).

mod chat;
mod reset;

use crate::protocol::{self, PeerReady};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use simul_workloads::Peer;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
};

const LISTENER: Token = Token(usize::MAX);

/// What is read at a time. Longer messages take several reads.
const BUFFER_BYTES: usize = 64 << 10;

/// Serves until it is killed, after it has said on standard output where it listens.
///
/// # Errors
/// No socket, no memory, or standard output is closed.
pub fn serve(peer: Peer) -> io::Result<()> {
    protocol::follow_guardian();
    match peer {
        Peer::Echo => echo(),
        Peer::Reset => reset::serve(),
        Peer::Chat => chat::serve(),
    }
}

/// Says where a peer listens.
fn ready(address: SocketAddr) -> io::Result<()> {
    let ready = PeerReady { address, pid: std::process::id() as i32 };
    println!("{}", serde_json::to_string(&ready)?);
    Ok(())
}

fn echo() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    ready(listener.local_addr()?)?;
    // A connection's token is its place, which stays empty when it has gone: a peer lives for one trial.
    let mut connections = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            if event.token() == LISTENER {
                accept_all(&poll, &listener, &mut connections)?;
            } else if let Some(place) = connections.get_mut(event.token().0)
                && let Some(connection) = place
                && connection.serve(&mut buffer).is_err()
            {
                *place = None;
            }
        }
    }
}

fn accept_all(
    poll: &Poll,
    listener: &TcpListener,
    connections: &mut Vec<Option<Connection>>,
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nodelay(true)?;
                let token = Token(connections.len());
                poll.registry().register(
                    &mut stream,
                    token,
                    Interest::READABLE | Interest::WRITABLE,
                )?;
                connections.push(Some(Connection { stream, unsent: Vec::new() }));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            // The client was gone before we came: its affair.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A client.
struct Connection {
    stream: TcpStream,
    /// What the socket has not taken yet. Nothing more is read before it is gone.
    unsent: Vec<u8>,
}

impl Connection {
    /// Sends back what there is; an error ends the connection.
    fn serve(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        loop {
            if !self.unsent.is_empty() {
                let sent = match would_block(self.stream.write(&self.unsent))? {
                    None => return Ok(()),
                    Some(sent) => sent,
                };
                self.unsent.drain(..sent);
                continue;
            }
            let bytes = match would_block(self.stream.read(buffer))? {
                None => return Ok(()),
                Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Some(bytes) => bytes,
            };
            let sent = would_block(self.stream.write(&buffer[..bytes]))?.unwrap_or(0);
            self.unsent.extend_from_slice(&buffer[sent..bytes]);
            // A short read has emptied the socket: the next bytes bring an event of their own.
            if self.unsent.is_empty() && bytes < buffer.len() {
                return Ok(());
            }
        }
    }
}

/// `None` when the socket is not ready.
fn would_block<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
