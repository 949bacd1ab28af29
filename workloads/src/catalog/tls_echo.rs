//! What does encryption add to a round trip?
//!
//! A session: `echo` over TLS 1.3. Each actor keeps one connection, whose handshake is over before anything is
//! measured, sends a message, and waits until all of it has come back.
//!
//! It cannot tell the runner's part from that of the cryptography, which is the same on all; `echo` is there to
//! compare with, and `tls-connect` for the handshake.

use super::echo;
use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile, Runtime,
    Shape, Surroundings, Workload,
    tls::{self, Tls},
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct TlsEcho {
    bytes: usize,
}

/// One actor's connection and its place in the sequence.
pub struct State<S> {
    tls: Tls<S>,
    message: Vec<u8>,
    actor: u32,
    next: u64,
}

impl Workload for TlsEcho {
    type State<R: Runtime> = State<R::Tcp>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "tls-echo",
        question: "How fast does a message go to a peer and back over a kept TLS 1.3 connection?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("bytes", "64")],
        actors: 32,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // 16 for the stamp. Far beyond 64 KiB both sides could fill their socket buffers and wait for each other.
        Ok(Self { bytes: parameters.number("bytes", 16, 64 << 10)? as usize })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs { peer: Some(Peer::Tls), ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let stream = runtime.connect(surroundings.peer()?).await?;
        let tls = Tls::open(tls::client()?, stream).await?;
        Ok(State { tls, message: self.message(), actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let index = state.next;
        state.next += 1;
        round_trip(&mut state.tls, &mut state.message, state.actor, index).await
    }

    async fn close<R: Runtime>(&self, _runtime: R, state: Self::State<R>) -> io::Result<()> {
        state.tls.close().await
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let mut message = self.message();
        echo::stamp(&mut message, actor, index);
        Digest::of_bytes(&message)
    }
}

impl TlsEcho {
    fn message(&self) -> Vec<u8> {
        vec![b'x'; self.bytes]
    }
}

/// Sends a message that is stamped with actor and operation, and waits until it has come back.
pub(super) async fn round_trip<S: crate::Stream>(
    tls: &mut Tls<S>,
    message: &mut [u8],
    actor: u32,
    index: u64,
) -> io::Result<Digest> {
    echo::stamp(message, actor, index);
    tls.send(message).await?;
    echo::wipe(message);
    tls.receive(message).await?;
    Ok(Digest::of_bytes(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_edges_and_every_operation_an_answer_of_its_own() {
        let with = |bytes| {
            let parameters = Parameters::parse(&TlsEcho::PROFILE, std::iter::once(bytes)).unwrap();
            TlsEcho::new(&parameters, 9)
        };
        assert!(with("15").is_err() && with("65537").is_err() && with("65536").is_ok());
        let shortest = with("16").unwrap();
        assert_ne!(shortest.expected(0, 1), shortest.expected(1, 0));
        assert_ne!(shortest.expected(0, 1), shortest.expected(0, 2));
    }
}
