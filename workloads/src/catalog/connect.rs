//! How fast is a connection opened, used once, and closed?
//!
//! A session, though nothing is kept: each operation connects to the neutral echo peer, sends one message of
//! 64 bytes, waits until it has come back, and drops the connection, with whatever the runner does then.
//!
//! Whoever closes first, here the client, leaves its local port waiting for a minute (`TIME_WAIT`), and a
//! port can be used once for each destination. Operations therefore go to 64 loopback addresses in turn. We do
//! not switch the waiting off (`SO_LINGER` of 0): the reset would be another protocol than the one that is used.
//!
//! It cannot tell what a connection over a network costs, nor whether the close was over when the next one
//! was opened: on some runners a drop closes later.

use super::echo;
use crate::{
    Buffer, Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile,
    Runtime, Shape, Stream, Surroundings, Workload,
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Connect;

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    port: u16,
    buffer: Buffer,
    actor: u32,
    next: u64,
}

/// How long a message is. One packet; what is asked is the price of the connection.
const MESSAGE_BYTES: usize = 64;
/// What a message is filled with.
const FILLING: u8 = b'x';
/// How many addresses are gone to: 127.0.0.1 to 127.0.0.64.
pub const ADDRESSES: u8 = 64;
/// Connections a second, kept up for a minute, for which ports are asked: an assumption on the safe side, and about
/// what the usual range of ports allows.
const MOST_RATE: u64 = 25_000;
/// How long a port waits: `TCP_TIMEWAIT_LEN` of the Linux kernel, which cannot be set.
const WAIT_SECONDS: u64 = 60;

/// Where the peer listens, the address that it names first.
pub fn addresses(port: u16) -> impl Iterator<Item = SocketAddr> {
    (1..=ADDRESSES).map(move |last| SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), port)))
}

/// Where an operation goes: in turn, and the actors not all to the same.
pub(super) fn address(port: u16, actor: u32, index: u64) -> SocketAddr {
    let last = (u64::from(actor) + index) % u64::from(ADDRESSES) + 1;
    SocketAddr::from((Ipv4Addr::new(127, 0, 0, last as u8), port))
}

/// What actors need that open so many connections a second, all together.
pub(super) fn needs(actors: u32, most_rate: u64) -> Needs {
    Needs {
        // Those that are open, and as many that are being closed behind them.
        descriptors: 2 * u64::from(actors),
        ports: most_rate * WAIT_SECONDS / u64::from(ADDRESSES) + u64::from(actors),
        ..Needs::default()
    }
}

/// A message before it is stamped.
pub(super) fn message() -> Vec<u8> {
    vec![FILLING; MESSAGE_BYTES]
}

/// The digest of a message that has come back.
pub(super) fn answer(actor: u32, index: u64) -> Digest {
    let mut message = message();
    echo::stamp(&mut message, actor, index);
    Digest::of_bytes(&message)
}

impl Workload for Connect {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "connect",
        question: "How fast is a TCP connection opened, used for one round trip, and closed?",
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
        Needs { peer: Some(Peer::EchoOnMany), ..needs(actors, MOST_RATE) }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let buffer = Buffer::from(message());
        Ok(State { port: surroundings.peer()?.port(), buffer, actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let mut buffer = std::mem::take(&mut state.buffer);
        echo::stamp(buffer.whole_mut(), state.actor, state.next);
        let to = address(state.port, state.actor, state.next);
        state.next += 1;
        let mut connection = runtime.connect(to).await?;
        buffer = connection.write_all(buffer).await?;
        echo::wipe(buffer.whole_mut());
        buffer = connection.read_exact(buffer).await?;
        drop(connection);
        let digest = Digest::of_bytes(buffer.whole());
        state.buffer = buffer;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        answer(actor, index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn operations_go_to_every_address_equally_and_to_no_other() {
        let all: BTreeSet<_> = addresses(7).collect();
        assert_eq!(all.len(), usize::from(ADDRESSES));
        assert!(all.iter().all(|address| address.ip().is_loopback() && address.port() == 7));
        for actor in [0, 1, 63, 64, u32::MAX] {
            let gone: BTreeSet<_> = (5..5 + 64).map(|index| address(7, actor, index)).collect();
            assert_eq!(gone, all);
        }
    }

    #[test]
    fn the_ports_that_wait_fit_the_usual_range() {
        // `net.ipv4.ip_local_port_range` is 32768 to 60999 unless set.
        assert!(Connect.needs(Connect::PROFILE.actors).ports < 28_232);
    }
}
