//! How fast does a datagram go to a peer and back?
//!
//! A session: each actor keeps one connected UDP socket, sends a datagram to the neutral peer, and waits until it
//! comes back. The datagram carries the actor and the number of the operation.
//!
//! Datagrams may be lost: when the peer's socket is full, for instance. Nobody tells, and a time limit for each
//! operation would cost more than the datagram, and differently on each runner. So the peer asks whoever has been
//! silent for 400 ms, by an empty datagram. An actor that waits answers with a query, which takes the same way
//! behind its message; when the query comes back and the message has not, the message or its answer was lost. That
//! is counted (`lost`), and the message is sent again, within the same operation. An answer that comes twice is
//! older than what is waited for, and is passed over.
//!
//! It cannot tell how a network loses datagrams: it has one machine.

use crate::{
    Buffer, Class, Datagram, Digest, DirectSession, Figure, Ledger, Measure, Needs, ParameterError,
    Parameters, Peer, Profile, Runtime, Shape, Surroundings, Workload,
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct UdpEcho {
    bytes: usize,
}

/// One actor's socket and its place in the sequence.
#[derive(Debug)]
pub struct State<S> {
    socket: S,
    /// What is sent, and what has come: apart, so that what was not received cannot pass for it.
    message: Buffer,
    answer: Buffer,
    ledger: Ledger,
    actor: u32,
    next: u64,
    queries: u64,
}

/// The room for the actor and the operation, 8 bytes each. A query is no more than that.
const HEADER_BYTES: usize = 16;
/// What the rest of a message is filled with.
const FILLING: u8 = b'd';

/// The loss of messages or of their answers.
pub const LOST: Figure = Figure {
    name: "lost",
    unit: Figure::IN_ALL,
    describes: "messages that were lost on their way there or back, and sent again",
};

/// What a datagram that has come is.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// The peer asks whether somebody waits.
    Question,
    /// The answer to the query of this number.
    Query(u64),
    /// The answer to an earlier message, once more.
    Stale,
    /// An answer, or what has to pass for one.
    Answer,
}

impl Workload for UdpEcho {
    type State<R: Runtime> = State<R::Udp>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "udp-echo",
        question: "How fast does a datagram go to a peer and back?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("bytes", "64")],
        actors: 32,
        figures: &[LOST],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // More than a query, and no more than fits into a datagram of IPv4.
        let bytes = parameters.number("bytes", HEADER_BYTES as u64 + 1, 65507)?;
        Ok(Self { bytes: bytes as usize })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            peer: Some(Peer::Udp),
            datagrams: true,
            descriptors: u64::from(actors),
            ports: u64::from(actors),
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let mut message = Buffer::filled(FILLING, self.bytes);
        message.whole_mut()[..8].copy_from_slice(&u64::from(actor).to_le_bytes());
        let mut state = State {
            socket: runtime.udp(surroundings.peer()?).await?,
            message,
            answer: Buffer::filled(0, self.bytes),
            ledger: surroundings.ledger.clone(),
            actor,
            next: 0,
            queries: 0,
        };
        state.settle().await?;
        Ok(state)
    }

    /// Passes over the questions that came while nothing was to be done.
    async fn begin<R: Runtime>(&self, _runtime: R, state: &mut Self::State<R>) -> io::Result<()> {
        state.settle().await
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let number = state.next;
        state.next += 1;
        state.message.whole_mut()[8..HEADER_BYTES].copy_from_slice(&number.to_le_bytes());
        state.send().await?;
        loop {
            let bytes = state.receive().await?;
            match heard(&state.answer.whole()[..bytes], state.actor, number) {
                Heard::Answer => return Ok(Digest::of_bytes(&state.answer.whole()[..bytes])),
                Heard::Question => state.query().await?,
                Heard::Query(query) if query == state.queries => {
                    state.ledger.enter(&LOST, 1.0);
                    state.send().await?;
                }
                Heard::Query(_) | Heard::Stale => {}
            }
        }
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

/// Tells a datagram that has come to this actor, which waits for the answer to this message.
fn heard(datagram: &[u8], actor: u32, number: u64) -> Heard {
    let word = |at: usize| {
        let bytes = datagram.get(at..at + 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    match (datagram.len(), word(0), word(8)) {
        (0, ..) => Heard::Question,
        (HEADER_BYTES, Some(from), Some(query)) if from == u64::from(actor) => Heard::Query(query),
        (_, Some(from), Some(earlier)) if from == u64::from(actor) && earlier < number => {
            Heard::Stale
        }
        // Whatever it is: its digest will tell.
        _ => Heard::Answer,
    }
}

impl<S: Datagram> State<S> {
    async fn send(&mut self) -> io::Result<()> {
        let (sent, message) = self.socket.send(std::mem::take(&mut self.message)).await?;
        self.message = message;
        if sent < self.message.whole().len() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        Ok(())
    }

    async fn receive(&mut self) -> io::Result<usize> {
        // What the last one left must not pass for this one's.
        self.answer.whole_mut().fill(0xff);
        let (bytes, answer) = self.socket.receive(std::mem::take(&mut self.answer)).await?;
        self.answer = answer;
        if bytes > self.answer.whole().len() {
            // Which only a faulty runtime reports.
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(bytes)
    }

    /// Asks after all that is still on its way: it comes before the answer to this.
    async fn query(&mut self) -> io::Result<()> {
        self.queries += 1;
        let mut query = vec![0; HEADER_BYTES];
        query[..8].copy_from_slice(&u64::from(self.actor).to_le_bytes());
        query[8..].copy_from_slice(&self.queries.to_le_bytes());
        self.socket.send(query.into()).await.map(drop)
    }

    /// Receives all that is still on its way.
    async fn settle(&mut self) -> io::Result<()> {
        self.query().await?;
        loop {
            let bytes = self.receive().await?;
            match heard(&self.answer.whole()[..bytes], self.actor, self.next) {
                Heard::Query(query) if query == self.queries => return Ok(()),
                // The query itself may have been lost.
                Heard::Question => self.query().await?,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(parts: &str) -> Result<UdpEcho, ParameterError> {
        UdpEcho::new(&Parameters::parse(&UdpEcho::PROFILE, parts.split(':')).unwrap(), 1)
    }

    fn datagram(actor: u64, number: u64, bytes: usize) -> Vec<u8> {
        let mut datagram = [actor.to_le_bytes(), number.to_le_bytes()].concat();
        datagram.resize(bytes, FILLING);
        datagram
    }

    #[test]
    fn a_message_is_longer_than_a_query_and_fits_into_a_datagram() {
        for bytes in [16, 65508] {
            assert!(workload(&bytes.to_string()).is_err(), "{bytes}");
        }
        for bytes in [17, 65507] {
            let workload = workload(&bytes.to_string()).unwrap();
            assert_eq!(workload.expected(3, 9), Digest::of_bytes(&datagram(3, 9, bytes)));
        }
    }

    #[test]
    fn only_what_is_surely_not_the_answer_is_passed_over() {
        let heard = |bytes: &[u8]| heard(bytes, 3, 9);
        assert_eq!(heard(&[]), Heard::Question);
        assert_eq!(heard(&datagram(3, 5, 16)), Heard::Query(5));
        assert_eq!(heard(&datagram(3, 8, 64)), Heard::Stale);
        assert_eq!(heard(&datagram(3, 9, 64)), Heard::Answer);
        // Wrong work, which must not be waited past.
        for wrong in [datagram(4, 8, 64), datagram(3, 10, 64), datagram(4, 5, 16), vec![1]] {
            assert_eq!(heard(&wrong), Heard::Answer);
        }
    }
}
