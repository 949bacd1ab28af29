//! The neutral other end of the sockets: plain threads of the standard library, outside every runner.
//!
//! Not the peer of the harness, which the runners must not know: a second implementation of the same words.
//! To add one: a line in [`start`] and a function for one connection.

use simul_workloads::{Peer, catalog::connect};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
};

/// Starts the peer; it lives as long as the process.
pub(crate) fn start(peer: Peer) -> io::Result<SocketAddr> {
    match peer {
        Peer::Echo => one(echo),
        Peer::EchoOnMany => many(echo),
    }
}

/// What is done with a connection, on a thread of its own.
type Serve = fn(TcpStream) -> io::Result<()>;

/// On a port of the system's choice.
fn one(serve: Serve) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    accept(listener, serve);
    Ok(address)
}

/// On the same port of all the addresses that `connect` goes to.
fn many(serve: Serve) -> io::Result<SocketAddr> {
    loop {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = first.local_addr()?;
        let rest = connect::addresses(address.port()).skip(1).map(TcpListener::bind);
        match rest.collect::<io::Result<Vec<_>>>() {
            Ok(rest) => {
                std::iter::once(first).chain(rest).for_each(|listener| accept(listener, serve));
                return Ok(address);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
}

fn accept(listener: TcpListener, serve: Serve) {
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || {
                connection.set_nodelay(true)?;
                serve(connection)
            });
        }
    });
}

/// Sends back what comes, in pieces that are not the message's.
fn echo(mut connection: TcpStream) -> io::Result<()> {
    let mut bytes = [0; 50];
    loop {
        match connection.read(&mut bytes)? {
            0 => return Ok(()),
            count => connection.write_all(&bytes[..count])?,
        }
    }
}
