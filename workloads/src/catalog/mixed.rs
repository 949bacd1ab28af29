//! What happens to waiting when every answer also has to be worked on?
//!
//! A session: the message of `echo` goes to the peer and back, then its answer decides which blocks are
//! hashed with SHA-256, on the worker itself or, with `offload=true`, the way the runner wants heavy work
//! run. `rounds` sets the ratio of computing to waiting.
//!
//! It cannot tell which of the two parts a difference comes from; compare with `echo` and `sha256`.

use crate::{
    Class, Digest, Measure, Needs, ParameterError, Parameters, Peer, Profile, Runtime, Shape,
    Surroundings, Workload,
    catalog::{
        echo::{self, Echo},
        sha256::Sha256Block,
    },
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct Mixed {
    echo: Echo,
    hashing: Sha256Block,
    rounds: u64,
}

impl Mixed {
    /// The block that is hashed, before it is stamped.
    #[must_use]
    pub fn block(&self) -> Vec<u8> {
        self.hashing.block()
    }

    /// What an operation must do with an answer, on the calling thread. Public for the floor, which must do
    /// the same work.
    #[inline]
    pub fn work_on(&self, answer: &[u8], block: &mut [u8]) -> Digest {
        let (actor, index) = echo::stamped(answer);
        (0..self.rounds).fold(Digest::of_bytes(answer), |digest, round| {
            let number = actor.wrapping_add(index).wrapping_add(round);
            digest.plus(self.hashing.hash_here(block, number))
        })
    }
}

/// One actor's connection and block.
#[derive(Debug)]
pub struct State<S> {
    echo: echo::State<S>,
    block: Vec<u8>,
}

impl Workload for Mixed {
    type State<R: Runtime> = State<R::Tcp>;

    const PROFILE: Profile = Profile {
        name: "mixed",
        question: "What happens to waiting for a peer when every answer must be worked on?",
        class: Class::Mixed,
        shape: Shape::Session,
        measure: Measure::Service,
        // 4 KiB hash in about the time that an echo's system calls take.
        parameters: &[("kib", "4"), ("rounds", "1"), ("bytes", "64"), ("offload", "false")],
        actors: 32,
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let kib = parameters.number("kib", 1, 1 << 16)? as usize;
        Ok(Self {
            echo: Echo::new(parameters, seed)?,
            hashing: Sha256Block::with_bytes(kib << 10, parameters.flag("offload")?, seed),
            rounds: parameters.number("rounds", 1, 1000)?,
        })
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
        let echo = self.echo.open(runtime, surroundings, actor).await?;
        Ok(State { echo, block: self.block() })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let mut digest = self.echo.operation(runtime, &mut state.echo).await?;
        // From the received bytes: the computing depends on the answer.
        let (actor, index) = echo::stamped(state.echo.message());
        for round in 0..self.rounds {
            let number = actor.wrapping_add(index).wrapping_add(round);
            digest = digest.plus(self.hashing.hash_on(runtime, &mut state.block, number).await);
        }
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, runtime: R, state: Self::State<R>) -> io::Result<()> {
        self.echo.close(runtime, state.echo).await
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let number = u64::from(actor) + index;
        (0..self.rounds).fold(self.echo.expected(actor, index), |digest, round| {
            digest.plus(self.hashing.answer(number + round))
        })
    }
}
