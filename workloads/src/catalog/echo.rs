//! How fast does a message go to a peer and back?
//!
//! A session: each actor keeps one TCP connection to the neutral echo peer, sends a message, and waits
//! until all of it has come back. The message carries the actor and the number of the operation, so an
//! answer to an earlier message is not mistaken for this one's.
//!
//! It cannot tell how a runner behaves as a server, or under load that does not wait for it.

use crate::{
    Buffer, Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Peer,
    Profile, Runtime, Shape, Stream, Surroundings, Workload,
    server::{Call, Route},
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct Echo {
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

/// The room for the actor (4 bytes, kept at 8) and the operation (8 bytes).
pub(super) const HEADER_BYTES: usize = 16;
/// What the rest of a message is filled with.
const FILLING: u8 = b'x';

impl Workload for Echo {
    type State<R: Runtime> = State<R::Tcp>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "echo",
        question: "How fast does a message go to a peer and back over a kept TCP connection?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("bytes", "64")],
        actors: 32,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // Beyond 1 MiB both sides could fill their socket buffers and wait for each other.
        let bytes = parameters.number("bytes", HEADER_BYTES as u64, 1 << 20)?;
        Ok(Self { bytes: bytes as usize })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs { peer: Some(Peer::Echo), ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let connection = runtime.connect(surroundings.peer()?).await?;
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

    fn call(&self) -> Result<Call, String> {
        Ok(Call::new(Route::Echo, self.message().into_bytes()))
    }
}

impl Echo {
    /// A message before it is stamped.
    #[must_use]
    pub fn message(&self) -> Buffer {
        Buffer::filled(FILLING, self.bytes)
    }
}

impl<S: Stream> State<S> {
    /// An actor that has done nothing yet. The buffer holds its message, without a stamp.
    pub(super) fn new(connection: S, buffer: Buffer, actor: u32) -> Self {
        Self { connection, buffer, actor, next: 0 }
    }

    /// One operation.
    #[inline]
    pub(super) async fn round_trip(&mut self) -> io::Result<Digest> {
        let mut buffer = std::mem::take(&mut self.buffer);
        stamp(buffer.whole_mut(), self.actor, self.next);
        self.next += 1;
        buffer = self.connection.write_all(buffer).await?;
        // A runner that never reads would otherwise find the right answer in its own buffer.
        wipe(buffer.whole_mut());
        buffer = self.connection.read_exact(buffer).await?;
        let digest = Digest::of_bytes(buffer.whole());
        self.buffer = buffer;
        Ok(digest)
    }

    /// The last message, as it came back.
    pub(super) fn message(&self) -> &[u8] {
        self.buffer.whole()
    }
}

/// What must come back.
pub(super) fn answer(mut message: Buffer, actor: u32, index: u64) -> Digest {
    stamp(message.whole_mut(), actor, index);
    Digest::of_bytes(message.whole())
}

/// The actor and the operation that a message is stamped with.
pub(super) fn stamped(message: &[u8]) -> (u64, u64) {
    let (words, _) = message.as_chunks::<8>();
    (u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]))
}

/// Writes actor and operation into a message. Public for the hand-written counterparts and the floor,
/// which must send the same bytes.
#[inline]
pub fn stamp(message: &mut [u8], actor: u32, index: u64) {
    message[..8].copy_from_slice(&u64::from(actor).to_le_bytes());
    message[8..HEADER_BYTES].copy_from_slice(&index.to_le_bytes());
}

/// Removes the stamp, so that only the peer can bring it back.
#[inline]
pub fn wipe(message: &mut [u8]) {
    message[..HEADER_BYTES].fill(0);
}
