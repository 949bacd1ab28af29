//! How fast does a message go to a peer and back over a Unix socket?
//!
//! A session: the operation is that of `echo`, but each actor's connection goes to the neutral peer's Unix stream
//! socket, so that neither TCP nor the loopback device is in the way; beside `echo` it tells what they cost.
//!
//! It cannot tell anything about datagram sockets, or descriptors that are passed along.

use super::echo::{HEADER_BYTES, State, answer};
use crate::{
    Buffer, Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Peer,
    Profile, Runtime, Shape, Surroundings, Workload,
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct UnixEcho {
    bytes: usize,
}

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
        Ok(State::new(connection, self.message(), actor))
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        state.round_trip().await
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        answer(self.message(), actor, index)
    }
}

impl UnixEcho {
    /// A message before it is stamped.
    fn message(&self) -> Buffer {
        Buffer::filled(FILLING, self.bytes)
    }
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
            message.whole_mut()[..8].copy_from_slice(&3_u64.to_le_bytes());
            message.whole_mut()[8..HEADER_BYTES].copy_from_slice(&9_u64.to_le_bytes());
            assert_eq!(workload.expected(3, 9), Digest::of_bytes(message.whole()));
            assert_ne!(workload.expected(3, 9), workload.expected(3, 8));
            assert_ne!(workload.expected(3, 9), workload.expected(2, 9));
        }
    }
}
