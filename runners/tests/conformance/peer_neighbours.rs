//! The neutral other end of Unix sockets and of datagrams: plain threads of the standard library, outside every
//! runner.
//!
//! A second implementation of the harness' words, as all of [`crate::peer`].

use std::{
    collections::HashSet,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Listens in this folder.
pub(crate) fn unix(folder: &Path) -> io::Result<PathBuf> {
    let socket = folder.join("peer");
    let listener = UnixListener::bind(&socket)?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || echo(connection));
        }
    });
    Ok(socket)
}

/// Sends back what comes, in pieces that are not the message's.
fn echo(mut connection: UnixStream) -> io::Result<()> {
    let mut bytes = [0; 50];
    loop {
        match connection.read(&mut bytes)? {
            0 => return Ok(()),
            count => connection.write_all(&bytes[..count])?,
        }
    }
}

/// Sends back what comes, but one in seven: that is lost the first time. Asks everybody when nothing comes any more.
pub(crate) fn udp() -> io::Result<SocketAddr> {
    const LOSES: u64 = 7;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = socket.local_addr()?;
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    thread::spawn(move || -> io::Result<()> {
        let mut bytes = vec![0; 64 << 10];
        let (mut clients, mut lost) = (HashSet::new(), HashSet::new());
        let mut count: u64 = 0;
        loop {
            match socket.recv_from(&mut bytes) {
                Ok((length, from)) => {
                    clients.insert(from);
                    count += 1;
                    let datagram = (from, bytes[..length].to_vec());
                    if count.is_multiple_of(LOSES) && lost.insert(datagram) {
                        continue;
                    }
                    let _ = socket.send_to(&bytes[..length], from);
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    for client in &clients {
                        let _ = socket.send_to(&[], client);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    });
    Ok(address)
}
