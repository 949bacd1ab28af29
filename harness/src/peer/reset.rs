//! Who resets connections?
//!
//! A peer that closes every connection on which something has arrived, without having read it: the kernel then
//! sends a reset in place of an end, since data was lost (RFC 2525, section 2.17; Linux does). Neither side keeps
//! the port afterwards. It must not know who asks. Next: [`super`] for what all peers share.

use super::{announce, listener};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use std::{
    collections::HashMap,
    io::{self, ErrorKind},
};

const LISTENER: Token = Token(usize::MAX);

/// Serves until it is killed.
pub(super) fn serve() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = listener()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    announce(listener.local_addr()?)?;
    let mut connections: HashMap<Token, TcpStream> = HashMap::new();
    let mut next = 0;
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            if event.token() != LISTENER {
                // Something has arrived, or the client is gone: closed either way.
                connections.remove(&event.token());
                continue;
            }
            while let Some(mut stream) = accepted(&listener)? {
                let token = Token(next);
                next += 1;
                poll.registry().register(&mut stream, token, Interest::READABLE)?;
                connections.insert(token, stream);
            }
        }
    }
}

/// The next client that waits; `None` when there is none.
fn accepted(listener: &TcpListener) -> io::Result<Option<TcpStream>> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => return Ok(Some(stream)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            // The client was gone before we came: its affair.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
}
