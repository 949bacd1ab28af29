//! What happens to waiting when every answer also has to be worked on?
//!
//! A session: the message of `echo` goes to the peer and back, then its answer decides which blocks are
//! hashed with SHA-256, on the worker itself or, with `offload=true`, the way the runner wants heavy work
//! run. `rounds` sets the ratio of computing to waiting.
//!
//! It cannot tell which of the two parts a difference comes from; compare with `echo` and `sha256`.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile, Runtime,
    Shape, Surroundings, Workload,
    catalog::{
        echo::{self, Echo},
        sha256::Sha256Block,
    },
    server::{Call, Route, routes::MOST_KIB},
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

/// How long a server waits in place of the peer: what a database in the same building takes to answer. Much
/// less, and the grain of timers would be all that is seen.
const WAIT_US: u64 = 1000;
/// What `bytes` is unless told otherwise.
const DEFAULT_MESSAGE_BYTES: usize = 64;

/// One actor's connection and block.
#[derive(Debug)]
pub struct State<S> {
    echo: echo::State<S>,
    block: Vec<u8>,
}

impl Workload for Mixed {
    type State<R: Runtime> = State<R::Tcp>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "mixed",
        question: "What happens to waiting for a peer when every answer must be worked on?",
        class: Class::Mixed,
        shape: Shape::Session,
        measure: Measure::Service,
        // 4 KiB hash in about the time that an echo's system calls take.
        parameters: &[("kib", "4"), ("rounds", "1"), ("bytes", "64"), ("offload", "false")],
        actors: 32,
        figures: &[],
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

    /// A wait of `WAIT_US` in place of the peer's answer, and as many bytes hashed as here, in one piece.
    fn call(&self) -> Result<Call, String> {
        if self.hashing.is_offloaded() {
            return Err(
                "the servers hash where the request is handled: offload=true has no route".into()
            );
        }
        if self.echo.message().whole().len() != DEFAULT_MESSAGE_BYTES {
            return Err("the servers wait in place of a message: bytes has no route".into());
        }
        let kib = self.rounds * (self.block().len() as u64 >> 10);
        if kib > MOST_KIB {
            return Err(format!(
                "{kib} KiB are more than the servers hash at once ({MOST_KIB} KiB)"
            ));
        }
        Ok(Call::new(Route::Mixed { us: WAIT_US, kib }, Vec::new()))
    }
}
