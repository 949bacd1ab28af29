//! How fast do two tasks wake each other?
//!
//! A session: a token goes to a partner task over the runner's own channel of capacity 1, and comes back
//! changed over another. One operation is there and back, which is two wake-ups. The partner starts when
//! the actor opens and ends when it closes, and then says how many tokens it has passed.
//!
//! It cannot tell channel from scheduler, nor how a channel behaves with many senders. Across cores it
//! measures the machine: waking a halted core costs more than any executor.

use crate::{
    Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Profile, Receiver,
    Runtime, Sender, Shape, Surroundings, Workload,
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct PingPong;

/// One pair: the channels to and from the partner, and the partner itself.
#[derive(Debug)]
pub struct State<S, R, J> {
    out: S,
    back: R,
    partner: J,
    actor: u32,
    next: u64,
}

impl Workload for PingPong {
    type State<R: Runtime> = State<R::Sender<u64>, R::Receiver<u64>, R::Join<u64>>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "ping-pong",
        question: "How fast do two tasks wake each other over the runner's own channels?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[],
        actors: 1,
        figures: &[],
    };

    fn new(_parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        Ok(Self)
    }

    fn needs(&self, actors: u32) -> Needs {
        // Every partner waits through the whole trial, and one actor at least must run beside them.
        Needs { waiting_tasks: actors.saturating_add(1), ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let (out, tokens) = runtime.channel(1);
        let (answers, back) = runtime.channel(1);
        let partner = runtime.spawn(pass_on(tokens, answers));
        Ok(State { out, back, partner, actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let token = token(state.actor, state.next);
        state.next += 1;
        if !state.out.send(token).await {
            return Err(gone());
        }
        state.back.receive().await.map(Digest::of_number).ok_or_else(gone)
    }

    async fn close<R: Runtime>(&self, _runtime: R, state: Self::State<R>) -> io::Result<()> {
        drop(state.out);
        let passed = state.partner.await;
        if passed != state.next {
            let wanted = state.next;
            return Err(io::Error::other(format!("{passed} tokens passed instead of {wanted}")));
        }
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        Digest::of_number(changed(token(actor, index)))
    }
}

/// The partner: sends every token back, changed, and counts them.
async fn pass_on<S: Sender<u64>, R: Receiver<u64>>(mut tokens: R, mut answers: S) -> u64 {
    let mut passed = 0;
    while let Some(token) = tokens.receive().await {
        if !answers.send(changed(token)).await {
            break;
        }
        passed += 1;
    }
    passed
}

/// The token of one operation. Public for the floor, which must hand over the same.
#[inline]
#[must_use]
pub fn token(actor: u32, index: u64) -> u64 {
    (u64::from(actor) << 32) ^ index
}

/// What the partner makes of a token, so that it cannot come back without it. Public for the floor.
#[inline]
#[must_use]
pub fn changed(token: u64) -> u64 {
    !token
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the partner task has ended")
}
