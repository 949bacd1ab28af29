//! The neutral other end of the sockets: plain threads of the standard library, outside every runner.
//!
//! Not the peer of the harness, which the runners must not know: a second implementation of the same words.
//! To add one: a line in [`start`] and a function for one connection.

use crate::{peer_chat, peer_neighbours};
use rustls::{ServerConnection, StreamOwned};
use simul_workloads::{Ledger, Peer, Surroundings, catalog::connect, site::Resource};
use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::OnceLock,
    thread,
    time::Instant,
};

/// Starts the peer, if there is to be one; it lives as long as the process. What surrounds its clients then: where
/// it listens, and a ledger with a clock.
pub(crate) fn start(peer: Option<Peer>, folder: &Path) -> io::Result<Surroundings> {
    let mut around = Surroundings { ledger: Ledger::new(now_ns), ..Surroundings::default() };
    match peer {
        Some(Peer::Unix) => around.socket = Some(peer_neighbours::unix(folder)?),
        Some(peer) => around.peer = Some(at_an_address(peer)?),
        None => {}
    }
    Ok(around)
}

/// Nanoseconds since the first call.
pub(crate) fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

fn at_an_address(peer: Peer) -> io::Result<SocketAddr> {
    match peer {
        Peer::Echo => one(echo),
        Peer::EchoOnMany => many(echo),
        Peer::Http => one(http),
        Peer::Tls => many(tls),
        Peer::Reset => one(reset),
        Peer::Chat => one(peer_chat::serve),
        Peer::Udp => peer_neighbours::udp(),
        Peer::Unix => Err(ErrorKind::Unsupported.into()),
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

fn echo(connection: TcpStream) -> io::Result<()> {
    echo_on(connection)
}

fn tls(connection: TcpStream) -> io::Result<()> {
    let config = simul_workloads::tls::server()?;
    let server = ServerConnection::new(config).map_err(io::Error::other)?;
    echo_on(StreamOwned::new(server, connection))
}

/// Answers a request after the other; a chunk is as long as the number of those before it and one more.
fn http(connection: TcpStream) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            connection.read_line(&mut line)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let path = lines.first().and_then(|line| line.split(' ').nth(1));
        let Some(resource) = path.and_then(Resource::find) else { return Ok(()) };
        let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
        let body = resource.body();
        if resource.is_chunked() {
            answer.extend(b"transfer-encoding: chunked\r\n\r\n");
            let (mut rest, mut size) = (&body[..], 1);
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(rest.len().min(size));
                write!(answer, "{:X}\r\n", chunk.len())?;
                answer.extend(chunk);
                answer.extend(b"\r\n");
                (rest, size) = (after, size + 1);
            }
            answer.extend(b"0\r\n\r\n");
        } else {
            write!(answer, "content-length: {}\r\n\r\n", body.len())?;
            answer.extend(body);
        }
        connection.get_mut().write_all(&answer)?;
    }
}

/// Closes with something unread, which makes the end a reset.
fn reset(connection: TcpStream) -> io::Result<()> {
    connection.peek(&mut [0]).map(drop)
}

/// Sends back what comes, in pieces that are not the message's.
fn echo_on(mut connection: impl Read + Write) -> io::Result<()> {
    let mut bytes = [0; 50];
    loop {
        match connection.read(&mut bytes)? {
            0 => return Ok(()),
            count => connection.write_all(&bytes[..count])?,
        }
    }
}
