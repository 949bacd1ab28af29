//! A server of one thread on a bare epoll loop, which does nothing that it need not do: what answers is decided
//! by whoever starts it.
//!
//! It knows just enough of HTTP to find the end of a request without a body. It never closes a connection that
//! its client keeps.

use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    fd::{AsFd, OwnedFd},
    io::Errno,
    net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send, sockopt},
};
use std::{io, net::TcpListener};

const LISTENER: u64 = u64::MAX;
const STOP: u64 = u64::MAX - 1;

/// A client, and what has come of a request that is not whole.
struct Client {
    socket: OwnedFd,
    begun: Vec<u8>,
}

/// Serves until `stop` becomes readable or its other end is closed. `answer` gets each request's head, and
/// returns what is sent back.
pub fn serve<'a>(
    listener: &TcpListener,
    stop: impl AsFd,
    mut answer: impl FnMut(&[u8]) -> &'a [u8],
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    epoll::add(&epoll, &stop, EventData::new_u64(STOP), EventFlags::IN)?;
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut events = Vec::with_capacity(256);
    let mut buffer = vec![0; 16 << 10];
    loop {
        events.clear();
        match epoll::wait(&epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &events {
            match event.data.u64() {
                STOP => return Ok(()),
                LISTENER => accept_all(&epoll, listener, &mut clients)?,
                index => {
                    let client = &mut clients[index as usize];
                    let is_over = client
                        .as_mut()
                        .is_some_and(|client| serve_one(client, &mut buffer, &mut answer).is_err());
                    if is_over {
                        *client = None;
                    }
                }
            }
        }
    }
}

fn accept_all(
    epoll: &OwnedFd,
    listener: &TcpListener,
    clients: &mut Vec<Option<Client>>,
) -> io::Result<()> {
    loop {
        let socket = match accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            Ok(socket) => socket,
            Err(Errno::AGAIN) => return Ok(()),
            Err(Errno::INTR | Errno::CONNABORTED) => continue,
            Err(error) => return Err(error.into()),
        };
        sockopt::set_tcp_nodelay(&socket, true)?;
        let token = EventData::new_u64(clients.len() as u64);
        epoll::add(epoll, &socket, token, EventFlags::IN | EventFlags::ET)?;
        clients.push(Some(Client { socket, begun: Vec::new() }));
    }
}

/// Answers what has come; an error ends the connection.
fn serve_one<'a>(
    client: &mut Client,
    buffer: &mut [u8],
    answer: &mut impl FnMut(&[u8]) -> &'a [u8],
) -> Result<(), Errno> {
    loop {
        let bytes = match recv(&client.socket, &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => return Err(Errno::PIPE),
            Ok((bytes, _)) => bytes,
            Err(Errno::AGAIN) => return Ok(()),
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error),
        };
        let whole = &buffer[..bytes];
        if client.begun.is_empty() && whole.ends_with(b"\r\n\r\n") {
            send(&client.socket, answer(whole), SendFlags::NOSIGNAL)?;
        } else {
            client.begun.extend_from_slice(whole);
            if client.begun.ends_with(b"\r\n\r\n") {
                send(&client.socket, answer(&client.begun), SendFlags::NOSIGNAL)?;
                client.begun.clear();
            }
        }
        // A short read has emptied the socket.
        if bytes < buffer.len() {
            return Ok(());
        }
    }
}
