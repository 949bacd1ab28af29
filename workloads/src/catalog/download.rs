//! How fast does a long answer stream in and get hashed?
//!
//! A session: each actor keeps one connection to the neutral HTTP peer, asks for `bytes`, and hashes them
//! with SHA-256 as they come, in pieces of at most 64 KiB: the body is never in memory as a whole, and while
//! a piece is hashed the peer's next ones wait in the socket.
//!
//! It cannot tell copying from hashing, both of which are the same code on every runner; `sha256` is there to
//! compare with. The pieces' sizes are the kernel's choice and differ with the runner's pace.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile, Runtime,
    Shape, Surroundings, Workload, http,
    site::{MOST_BODY_BYTES, Resource},
    wire::Wire,
};
use sha2::{Digest as _, Sha256};
use std::{io, sync::OnceLock};

/// See the module's documentation.
#[derive(Debug)]
pub struct Download {
    bytes: u64,
    seed: u64,
    answers: OnceLock<Vec<Digest>>,
}

/// One actor's connection and its place in the sequence.
#[derive(Debug)]
pub struct State<S> {
    wire: Wire<S>,
    next: u64,
}

/// How many different bodies there are. They are long, and the peer keeps them all.
const VARIANTS: u64 = 3;
/// What is read at a time, and so the most that is in memory.
const PIECE_BYTES: usize = 64 << 10;

impl Workload for Download {
    type State<R: Runtime> = State<R::Tcp>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "download",
        question: "How fast does a long answer stream in and get hashed?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("bytes", "1048576")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        // Below a few KiB it would be `http-get`.
        let bytes = parameters.number("bytes", 1 << 10, MOST_BODY_BYTES)?;
        Ok(Self { bytes, seed, answers: OnceLock::new() })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            peer: Some(Peer::Http),
            memory_bytes: u64::from(actors) * PIECE_BYTES as u64,
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let stream = runtime.connect(surroundings.peer()?).await?;
        Ok(State { wire: Wire::with_room(stream, PIECE_BYTES), next: u64::from(actor) })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let resource = self.resource(state.next);
        state.next += 1;
        let mut hasher = Sha256::new();
        http::get(&mut state.wire, resource, |piece| hasher.update(piece)).await?;
        Ok(Digest::of_bytes(&hasher.finalize()))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let answers = self.answers.get_or_init(|| {
            let bodies = (0..VARIANTS).map(|number| self.resource(number).body());
            bodies.map(|body| Digest::of_bytes(&Sha256::digest(body))).collect()
        });
        answers[((u64::from(actor) + index) % VARIANTS) as usize]
    }
}

impl Download {
    fn resource(&self, number: u64) -> Resource {
        let seed = self.seed.wrapping_add(number % VARIANTS);
        Resource::Bytes { seed, bytes: self.bytes, chunked: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_edges_and_each_variant_its_hash() {
        let with = |bytes| {
            let parameters = Parameters::parse(&Download::PROFILE, std::iter::once(bytes)).unwrap();
            Download::new(&parameters, 9)
        };
        assert!(with("1023").is_err() && with("16777217").is_err() && with("16777216").is_ok());
        let shortest = with("1024").unwrap();
        let [a, b, c] = [0, 1, 2].map(|index| shortest.expected(4, index));
        assert!(a != b && b != c && a != c);
        assert_eq!(shortest.expected(1, 3), a);
    }
}
