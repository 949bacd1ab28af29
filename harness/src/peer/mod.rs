//! Who answers at the other end of the sockets?
//!
//! A neutral process: one thread, a bare epoll loop, no runtime. One for each trial, since a shared peer
//! would carry its state from runner to runner. It must not know who asks. Measured against a peer of
//! threads, this one is the quickest, the steadiest, and the last to saturate (87 % busy where its client is
//! at 99 %).
//!
//! To add one: a variant of [`Peer`], and here a file with its `Conversation` and a line in [`serve`].
//! Next: `connections.rs` for the loop that all of them share.

mod answer;
mod chat;
mod connections;
mod echo;
mod http;
mod reset;
mod tls;
mod udp;
mod unix;

use crate::protocol::{self, PeerReady};
use answer::Answer;
use connections::serve_doors;
use mio::net::{TcpListener, TcpStream};
use simul_workloads::{Peer, catalog::connect};
use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
};

/// One connection's side of what is said on it.
trait Conversation {
    /// Takes what has come, in pieces as the socket gives them, and answers. It is not called again before
    /// the answer is sent.
    ///
    /// # Errors
    /// Whatever ends the connection, and that alone.
    fn hear(&mut self, received: &[u8], answer: &mut Answer) -> io::Result<()>;
}

/// Serves until it is killed, after it has said on standard output where it listens.
///
/// # Errors
/// No socket, no memory, or standard output is closed.
pub fn serve(peer: Peer) -> io::Result<()> {
    protocol::follow_guardian();
    match peer {
        Peer::Echo => serve_tcp(vec![listener()?], || Ok(echo::Echo)),
        Peer::EchoOnMany => serve_tcp(listeners()?, || Ok(echo::Echo)),
        Peer::Http => {
            let shelf = Rc::default();
            serve_tcp(vec![listener()?], || Ok(http::Http::new(&shelf)))
        }
        Peer::Tls => {
            let config = simul_workloads::tls::server()?;
            serve_tcp(listeners()?, || tls::TlsEcho::new(&config))
        }
        Peer::Reset => reset::serve(),
        Peer::Chat => chat::serve(),
        Peer::Unix => unix::serve(|| Ok(echo::Echo)),
        Peer::Udp => udp::serve(),
    }
}

/// Serves TCP connections; the listeners share a port, and the address of the first is told.
fn serve_tcp<C: Conversation>(
    listeners: Vec<TcpListener>,
    greet: impl FnMut() -> io::Result<C>,
) -> io::Result<()> {
    announce(listeners[0].local_addr()?)?;
    serve_doors(listeners, greet)
}

/// Tells the controller where the peer listens.
fn announce(address: SocketAddr) -> io::Result<()> {
    say(&PeerReady { address: Some(address), socket: None, pid: std::process::id() as i32 })
}

fn say(ready: &PeerReady) -> io::Result<()> {
    println!("{}", serde_json::to_string(ready)?);
    Ok(())
}

/// On a port of the system's choice.
fn listener() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())
}

/// The same port on each loopback address that `connect` goes to. Not all addresses at once: that would be
/// open to the network as well.
fn listeners() -> io::Result<Vec<TcpListener>> {
    /// Other programs hold few ports on these addresses.
    const MOST_ATTEMPTS: usize = 100;
    let mut taken = ErrorKind::AddrInUse.into();
    for _ in 0..MOST_ATTEMPTS {
        let first = listener()?;
        let port = first.local_addr()?.port();
        let rest = connect::addresses(port).skip(1).map(TcpListener::bind);
        match rest.collect::<io::Result<Vec<_>>>() {
            Ok(rest) => return Ok(std::iter::once(first).chain(rest).collect()),
            Err(error) if error.kind() == ErrorKind::AddrInUse => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// How a listening socket hands out its connections.
trait Door: mio::event::Source {
    /// A connection that does not block.
    type Stream: io::Read + io::Write + mio::event::Source;

    /// The next one that is waiting.
    ///
    /// # Errors
    /// `WouldBlock` when there is none.
    fn admit(&self) -> io::Result<Self::Stream>;
}

impl Door for TcpListener {
    type Stream = TcpStream;

    fn admit(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.accept()?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
