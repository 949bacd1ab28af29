//! How fast does an HTTP answer come over a kept connection?
//!
//! A session: each actor keeps one connection to the neutral HTTP peer, sends a GET, and reads the whole
//! answer: head, and body of a stated length or in chunks. The paths of operations that follow one another
//! differ, and so do the bodies, so that no answer passes for another.
//!
//! It cannot tell how a runner behaves as a server, nor what a client library costs on top of it: no pool, no
//! redirects, no compression.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile, Runtime,
    Shape, Surroundings, Workload, http, site::Resource, wire::Wire,
};
use std::{io, sync::OnceLock};

/// See the module's documentation.
#[derive(Debug)]
pub struct HttpGet {
    bytes: u64,
    chunked: bool,
    seed: u64,
    answers: OnceLock<Vec<Digest>>,
}

/// One actor's connection and its place in the sequence.
#[derive(Debug)]
pub struct State<S> {
    wire: Wire<S>,
    body: Vec<u8>,
    next: u64,
}

/// How many different bodies there are: enough that none follows itself, few enough that the oracle knows all.
const VARIANTS: u64 = 64;

impl Workload for HttpGet {
    type State<R: Runtime> = State<R::Tcp>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "http-get",
        question: "How fast does an HTTP answer come over a kept connection?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("bytes", "4096"), ("chunked", "false")],
        actors: 32,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        // With fewer than 8 bytes bodies could be equal by accident; the peer keeps 64 of the longest.
        let bytes = parameters.number("bytes", 8, 256 << 10)?;
        Ok(Self { bytes, chunked: parameters.flag("chunked")?, seed, answers: OnceLock::new() })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs { peer: Some(Peer::Http), ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let wire = Wire::new(runtime.connect(surroundings.peer()?).await?);
        Ok(State { wire, body: Vec::new(), next: u64::from(actor) })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let State { wire, body, next } = state;
        let resource = self.resource(*next);
        *next += 1;
        body.clear();
        http::get(wire, resource, |piece| body.extend_from_slice(piece)).await?;
        Ok(Digest::of_bytes(body))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let answers = self.answers.get_or_init(|| {
            let bodies = (0..VARIANTS).map(|number| self.resource(number).body());
            bodies.map(|body| Digest::of_bytes(&body)).collect()
        });
        answers[((u64::from(actor) + index) % VARIANTS) as usize]
    }
}

impl HttpGet {
    fn resource(&self, number: u64) -> Resource {
        let seed = self.seed.wrapping_add(number % VARIANTS);
        Resource::Bytes { seed, bytes: self.bytes, chunked: self.chunked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_edges_and_answers_follow_one_another_without_repetition() {
        let with = |bytes| {
            let parameters = Parameters::parse(&HttpGet::PROFILE, std::iter::once(bytes)).unwrap();
            HttpGet::new(&parameters, 9)
        };
        assert!(with("7").is_err() && with("262145").is_err() && with("262144").is_ok());
        let shortest = with("8").unwrap();
        let answers: std::collections::BTreeSet<_> =
            (0..VARIANTS).map(|index| shortest.expected(3, index).0).collect();
        assert_eq!(answers.len(), VARIANTS as usize);
        assert_eq!(shortest.expected(3, 0), shortest.expected(0, 3));
        assert_eq!(shortest.expected(0, 0), shortest.expected(0, VARIANTS));
    }
}
