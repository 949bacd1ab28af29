//! How are many connections served by one thread?
//!
//! Edge-triggered: a connection is read until it would block. What is said on it is its [`Conversation`]'s.

use super::{Answer, Conversation, Door};
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};

/// What is read at a time. Longer messages take several reads.
const BUFFER_BYTES: usize = 64 << 10;

/// Serves whoever comes to one of the doors; it does not return but for an error. Each connection gets a
/// conversation of its own from `greet`.
///
/// # Errors
/// No memory, no descriptor left, or no conversation.
pub(super) fn serve_doors<D: Door, C: Conversation>(
    mut doors: Vec<D>,
    mut greet: impl FnMut() -> io::Result<C>,
) -> io::Result<()> {
    let mut poll = Poll::new()?;
    for (at, door) in doors.iter_mut().enumerate() {
        poll.registry().register(door, Token(at), Interest::READABLE)?;
    }
    let mut places = Places::new(doors.len());
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            let Some(door) = doors.get(event.token().0) else {
                places.serve(event.token(), &mut buffer);
                continue;
            };
            while let Some(mut stream) = admitted(door)? {
                let token = places.free();
                let interest = Interest::READABLE | Interest::WRITABLE;
                poll.registry().register(&mut stream, token, interest)?;
                let conversation = greet()?;
                places.fill(token, Connection { stream, conversation, answer: Answer::default() });
            }
        }
    }
}

/// The next connection that waits at a door.
fn admitted<D: Door>(door: &D) -> io::Result<Option<D::Stream>> {
    loop {
        match door.admit() {
            // The client was gone before we came: its affair.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            admitted => return would_block(admitted),
        }
    }
}

/// Where the connections are. A place is used again when its connection has gone, so that a peer to which
/// millions come does not grow; an event that was meant for the one before finds nothing to read.
struct Places<S, C> {
    doors: usize,
    connections: Vec<Option<Connection<S, C>>>,
    empty: Vec<usize>,
}

impl<S: Read + Write, C: Conversation> Places<S, C> {
    fn new(doors: usize) -> Self {
        Self { doors, connections: Vec::new(), empty: Vec::new() }
    }

    /// The token of an empty place, to be filled.
    fn free(&mut self) -> Token {
        let place = self.empty.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        Token(self.doors + place)
    }

    fn fill(&mut self, token: Token, connection: Connection<S, C>) {
        self.connections[token.0 - self.doors] = Some(connection);
    }

    /// Goes on with the conversation of whoever is there; an error ends it.
    fn serve(&mut self, token: Token, buffer: &mut [u8]) {
        let place = token.0 - self.doors;
        if let Some(connection) = &mut self.connections[place]
            && connection.serve(buffer).is_err()
        {
            self.connections[place] = None;
            self.empty.push(place);
        }
    }
}

/// A client.
struct Connection<S, C> {
    stream: S,
    conversation: C,
    /// What the socket has not taken yet. Nothing more is read before it is gone.
    answer: Answer,
}

impl<S: Read + Write, C: Conversation> Connection<S, C> {
    /// Reads and answers as far as it goes; an error ends the connection.
    fn serve(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let mut drained = false;
        // An answer that is not sent brings an event when there is room again.
        while self.answer.send(&mut self.stream)? && !drained {
            let bytes = match would_block(self.stream.read(buffer))? {
                None => return Ok(()),
                Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Some(bytes) => bytes,
            };
            self.conversation.hear(&buffer[..bytes], &mut self.answer)?;
            // A short read has emptied the socket: the next bytes bring an event of their own.
            drained = bytes < buffer.len();
        }
        Ok(())
    }
}

/// `None` when the socket is not ready.
pub(super) fn would_block<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
