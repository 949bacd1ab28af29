//! How fast does a message go to a peer and back over a Unix socket?
//!
//! A session: as `echo`, but each actor's connection goes to the neutral peer's Unix stream socket, so that neither
//! TCP nor the loopback device is in the way; beside `echo` it tells what they cost. The message carries the actor
//! and the number of the operation, so an answer to an earlier message is not mistaken for this one's.
//!
//! It cannot tell anything about datagram sockets, or descriptors that are passed along.

use crate::{
    Buffer, Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Peer,
    Profile, Runtime, Shape, Stream, Surroundings, Workload,
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct UnixEcho {
    bytes: usize,
}

/// One actor's connection and its place in the sequence.
#[derive(Debug)]
pub struct State<S> {
    connection: S,
    buffer: Buffer,
    actor: u32,
    next: u64,
}

/// The room for the actor and the operation, 8 bytes each.
const HEADER_BYTES: usize = 16;
/// What the rest of a message is filled with.
const FILLING: u8 = b'u';

impl Workload for UnixEcho {
    type State<R: Runtime> = State<R::Unix>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "unix-echo",
        question: "How fast does a message go to a peer and back over a kept Unix stream?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("bytes", "64")],
        actors: 32,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // Beyond, both sides could fill their socket buffers and wait for each other.
        let bytes = parameters.number("bytes", HEADER_BYTES as u64, 64 << 10)?;
        Ok(Self { bytes: bytes as usize })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            peer: Some(Peer::Unix),
            unix_sockets: true,
            descriptors: u64::from(actors),
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let connection = runtime.connect_unix(surroundings.socket()?).await?;
        Ok(State { connection, buffer: self.message(), actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let mut buffer = std::mem::take(&mut state.buffer);
        stamp(buffer.whole_mut(), state.actor, state.next);
        state.next += 1;
        buffer = state.connection.write_all(buffer).await?;
        // A runner that never reads would otherwise find the right answer in its own buffer.
        buffer.whole_mut().fill(0);
        buffer = state.connection.read_exact(buffer).await?;
        let digest = Digest::of_bytes(buffer.whole());
        buffer.whole_mut()[HEADER_BYTES..].fill(FILLING);
        state.buffer = buffer;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let mut message = vec![FILLING; self.bytes];
        message[..8].copy_from_slice(&u64::from(actor).to_le_bytes());
        message[8..HEADER_BYTES].copy_from_slice(&index.to_le_bytes());
        Digest::of_bytes(&message)
    }
}

impl UnixEcho {
    /// A message before it is stamped.
    fn message(&self) -> Buffer {
        Buffer::filled(FILLING, self.bytes)
    }
}

/// Writes whose message this is, and which.
#[inline]
fn stamp(message: &mut [u8], actor: u32, index: u64) {
    message[..8].copy_from_slice(&u64::from(actor).to_le_bytes());
    message[8..HEADER_BYTES].copy_from_slice(&index.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(parts: &str) -> Result<UnixEcho, ParameterError> {
        UnixEcho::new(&Parameters::parse(&UnixEcho::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn a_message_has_room_for_its_header_and_fits_into_a_socket() {
        assert!(workload("15").is_err());
        assert!(workload("65537").is_err());
        for bytes in [16, 65536] {
            let workload = workload(&bytes.to_string()).unwrap();
            let mut message = workload.message();
            stamp(message.whole_mut(), 3, 9);
            assert_eq!(workload.expected(3, 9), Digest::of_bytes(message.whole()));
            assert_ne!(workload.expected(3, 9), workload.expected(3, 8));
            assert_ne!(workload.expected(3, 9), workload.expected(2, 9));
        }
    }
}
