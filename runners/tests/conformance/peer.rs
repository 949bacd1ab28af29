//! The neutral other end of the sockets: plain threads of the standard library, outside every runner.

use crate::peer_chat;
use simul_workloads::Peer;
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
};

/// Starts the peer; it lives as long as the process.
pub(crate) fn start(peer: Peer) -> io::Result<SocketAddr> {
    let serve = match peer {
        Peer::Echo => echo,
        Peer::Reset => reset,
        Peer::Chat => peer_chat::serve,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(connection));
        }
    });
    Ok(address)
}

/// Closes with something unread, which makes the end a reset.
fn reset(connection: TcpStream) -> io::Result<()> {
    connection.peek(&mut [0]).map(drop)
}

/// Sends back what comes, in pieces that are not the message's.
fn echo(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut bytes = [0; 50];
    loop {
        match connection.read(&mut bytes)? {
            0 => return Ok(()),
            count => connection.write_all(&bytes[..count])?,
        }
    }
}
