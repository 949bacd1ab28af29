//! How are datagrams sent back, and what if one was lost?
//!
//! One thread that waits in the call that receives. Nothing tells a client that its datagram, or the answer, was
//! lost, and a time limit for each of them would cost it more than the datagram does. So the peer, which has nothing
//! else to do, asks whoever has been silent for [`SILENCE`] whether it waits, by an empty datagram. Whoever has done
//! its work does not answer, and is asked [`MOST_QUESTIONS`] times and no more, so that work that pauses while others
//! are measured is left alone.

use super::announce;
use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

/// Beyond any wait of a datagram that is on its way, and far within a slice's time limit of seconds.
const SILENCE: Duration = Duration::from_millis(400);
/// A question may be lost as well.
const MOST_QUESTIONS: u32 = 3;
/// The longest datagram of all.
const BUFFER_BYTES: usize = 64 << 10;

/// A client that was heard of.
struct Client {
    heard: Instant,
    questions: u32,
}

/// Sends back what comes, until it is killed.
///
/// # Errors
/// No socket, or standard output is closed.
pub(super) fn serve() -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(socket.local_addr()?)?;
    let mut clients: HashMap<SocketAddr, Client> = HashMap::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut looked = Instant::now();
    loop {
        // Where nobody is known nobody can wait.
        socket.set_read_timeout((!clients.is_empty()).then_some(SILENCE))?;
        loop {
            let known = clients.len();
            match socket.recv_from(&mut buffer) {
                Ok((bytes, from)) => {
                    clients.insert(from, Client { heard: Instant::now(), questions: 0 });
                    // One that has gone, or has no room, gets none.
                    let _ = socket.send_to(&buffer[..bytes], from);
                }
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(error),
            }
            if looked.elapsed() >= SILENCE || known == 0 {
                break;
            }
        }
        looked = Instant::now();
        clients.retain(|address, client| {
            if looked.duration_since(client.heard) >= SILENCE {
                let _ = socket.send_to(&[], address);
                client.questions += 1;
            }
            client.questions < MOST_QUESTIONS
        });
    }
}

/// Nothing came for a while, or somebody whom we answered has gone.
fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
    )
}
