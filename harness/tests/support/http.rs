//! A client that can do what a good one never does: half requests, garbage, and leaving in the middle.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long a reply is awaited. Far beyond anything that is ever needed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Lower case, without the status line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Whether the connection is said to end.
    pub(crate) fn ends(&self) -> bool {
        self.head.contains("connection: close")
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Reads one reply, and no more than that.
    pub(crate) fn reply(&mut self) -> io::Result<Reply> {
        let end = self.until(|received| {
            received.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
        })?;
        let head: Vec<u8> = self.received.drain(..end).collect();
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let (line, head) = head.split_once("\r\n").unwrap_or((&head, ""));
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in '{line}'")))?;
        let head = head.to_ascii_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        // 100 has neither a body nor a length.
        let length = if status == 100 { Some(0) } else { length };
        let length: usize = length.ok_or_else(|| io::Error::other(format!("no length: {head}")))?;
        self.until(|received| (received.len() >= length).then_some(length))?;
        let body = self.received.drain(..length).collect();
        Ok(Reply { status, head, body })
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> io::Result<Reply> {
        self.send(request(method, path, body))?;
        self.reply()
    }

    /// Whether the server has closed the connection, and sent nothing more.
    pub(crate) fn is_ended(&mut self) -> io::Result<bool> {
        Ok(self.received.is_empty() && self.read(&mut [0])? == 0)
    }

    /// Reads what is there. With a time limit, a stopped and continued process interrupts it.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn until(&mut self, mut found: impl FnMut(&[u8]) -> Option<usize>) -> io::Result<usize> {
        let mut room = vec![0; 64 << 10];
        loop {
            if let Some(at) = found(&self.received) {
                return Ok(at);
            }
            match self.read(&mut room)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                bytes => self.received.extend_from_slice(&room[..bytes]),
            }
        }
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let length = match body.len() {
        0 => String::new(),
        bytes => format!("Content-Length: {bytes}\r\n"),
    };
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n{length}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
