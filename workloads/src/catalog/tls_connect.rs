//! How fast is an encrypted connection opened, used once, and closed?
//!
//! As `connect`, with a whole TLS 1.3 handshake (no resumption) after the connection is open: each operation
//! connects, shakes hands, sends one message of 64 bytes, waits until it has come back, says goodbye as TLS
//! demands, and drops the connection. To 64 addresses in turn, for the reason that `connect` gives.
//!
//! It cannot tell the runner's part from that of the cryptography: most of the time is signing, verifying and
//! agreeing on keys, on the runner's core and on the peer's, the same code for all.

use super::{connect, tls_echo};
use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile, Runtime,
    Shape, Surroundings, Workload,
    tls::{self, Tls},
};
use rustls::ClientConfig;
use std::{io, sync::Arc};

/// See the module's documentation.
#[derive(Debug)]
pub struct TlsConnect;

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    config: Arc<ClientConfig>,
    port: u16,
    message: Vec<u8>,
    actor: u32,
    next: u64,
}

/// Connections a second for which ports are asked: an assumption on the safe side, as in `connect`.
const MOST_RATE: u64 = 10_000;

impl Workload for TlsConnect {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "tls-connect",
        question: "How fast is a TLS 1.3 connection opened, used for one round trip, and closed?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[],
        actors: 32,
        figures: &[],
    };

    fn new(_parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        Ok(Self)
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs { peer: Some(Peer::Tls), ..connect::needs(actors, MOST_RATE) }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let message = connect::message();
        let port = surroundings.peer()?.port();
        Ok(State { config: tls::client()?, port, message, actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let (actor, index) = (state.actor, state.next);
        state.next += 1;
        let stream = runtime.connect(connect::address(state.port, actor, index)).await?;
        let mut tls = Tls::open(Arc::clone(&state.config), stream).await?;
        let digest = tls_echo::round_trip(&mut tls, &mut state.message, actor, index).await?;
        tls.close().await?;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        connect::answer(actor, index)
    }
}
