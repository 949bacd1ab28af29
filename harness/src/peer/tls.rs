//! What does the TLS peer say? What it hears, over TLS 1.3.

use super::{Answer, Conversation};
use rustls::{ServerConfig, ServerConnection};
use std::{
    io::{self, ErrorKind, Read, Write},
    sync::Arc,
};

/// Sends back every byte, decrypted and encrypted again.
#[derive(Debug)]
pub(super) struct TlsEcho {
    connection: ServerConnection,
    /// What was decrypted, and what was encrypted; their room is kept.
    plain: Vec<u8>,
    encrypted: Vec<u8>,
}

/// What is decrypted at a time: a record is no longer.
const PLAIN_BYTES: usize = 16 << 10;

impl TlsEcho {
    pub(super) fn new(config: &Arc<ServerConfig>) -> io::Result<Self> {
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        // What we have to say is bounded by what we heard.
        connection.set_buffer_limit(None);
        Ok(Self { connection, plain: vec![0; PLAIN_BYTES], encrypted: Vec::new() })
    }
}

impl Conversation for TlsEcho {
    fn hear(&mut self, mut received: &[u8], answer: &mut Answer) -> io::Result<()> {
        while !received.is_empty() {
            // It takes nothing more after the client's goodbye.
            if self.connection.read_tls(&mut received)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.connection.process_new_packets().map_err(io::Error::other)?;
            loop {
                match self.connection.reader().read(&mut self.plain) {
                    // It has said goodbye; the end of the stream follows.
                    Ok(0) => break,
                    Ok(bytes) => self.connection.writer().write_all(&self.plain[..bytes])?,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        self.encrypted.clear();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.encrypted)?;
        }
        answer.say(&self.encrypted);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ClientConnection, pki_types::ServerName};
    use simul_workloads::tls;

    #[test]
    fn what_is_said_comes_back_however_it_is_cut() {
        let config = tls::server().unwrap();
        for step in [1, 100, 64 << 10] {
            let name = ServerName::try_from("localhost").unwrap();
            let mut client = ClientConnection::new(tls::client().unwrap(), name).unwrap();
            let mut peer = TlsEcho::new(&config).unwrap();
            client.set_buffer_limit(None);
            let message = b"said ".repeat(10_000);
            client.writer().write_all(&message).unwrap();
            let mut back = Vec::new();
            while back.len() < message.len() {
                let mut bytes = Vec::new();
                while client.wants_write() {
                    client.write_tls(&mut bytes).unwrap();
                }
                let (mut answer, mut said) = (Answer::default(), Vec::new());
                for piece in bytes.chunks(step) {
                    peer.hear(piece, &mut answer).unwrap();
                }
                assert!(answer.send(&mut said).unwrap());
                let mut said = &said[..];
                while !said.is_empty() {
                    client.read_tls(&mut said).unwrap();
                    client.process_new_packets().unwrap();
                    let end = client.reader().read_to_end(&mut back).unwrap_err();
                    assert_eq!(end.kind(), ErrorKind::WouldBlock);
                }
            }
            assert_eq!(back, message);
        }
    }

    #[test]
    fn what_is_not_tls_ends_the_connection() {
        let mut peer = TlsEcho::new(&tls::server().unwrap()).unwrap();
        assert!(peer.hear(b"GET / HTTP/1.1\r\n\r\n", &mut Answer::default()).is_err());
    }
}
