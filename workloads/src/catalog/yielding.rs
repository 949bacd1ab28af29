//! What does it cost to give way to others once?
//!
//! A session: one operation starts a partner, and then the two take `turns` in turn. Each gives way until the other
//! has moved, so that a turn cannot end before the other task has run; how often that took is a figure. With a
//! scheduler that takes turns on one worker it is once a move, which is the least; threads of one core may give way
//! many times before the kernel lets another run, and on two workers both run at once.
//!
//! It cannot tell giving way from being woken: no task ever sleeps here. Starting the partner is part of it, once
//! in `turns`.

use crate::{
    Class, Digest, DirectSession, Figure, Ledger, Measure, Needs, ParameterError, Parameters,
    Profile, Runtime, Shape, Surroundings, Workload,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
};

/// How often both tasks gave way for each move.
const YIELDS: Figure =
    Figure { name: "yields", unit: "1", describes: "How often a task gave way for each move" };

/// So often a task gives way, at most, before it says that the other one never runs: seconds.
const PATIENCE: u64 = 10_000_000;

/// See the module's documentation.
#[derive(Debug)]
pub struct Yield {
    turns: u64,
}

/// The board between two tasks: whose move it is, what was handed over, and how often they gave way.
#[derive(Debug, Default)]
pub struct Board {
    moves: AtomicU64,
    token: AtomicU64,
    yields: AtomicU64,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    ledger: Ledger,
    actor: u32,
    next: u64,
}

impl Workload for Yield {
    type State<R: Runtime> = State;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "yield",
        question: "What does it cost two tasks to give way to each other, again and again?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("turns", "100")],
        actors: 1,
        figures: &[YIELDS],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        Ok(Self { turns: parameters.number("turns", 1, 1_000_000)? })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs { waiting_tasks: actors.saturating_mul(2), alternating: true, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { ledger: surroundings.ledger.clone(), actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let mut token = word(state.actor, state.next);
        state.next += 1;
        let board = Arc::new(Board::default());
        runtime.detach(partner(runtime, Arc::clone(&board), self.turns));
        for turn in 0..self.turns {
            board.token.store(token, Relaxed);
            board.moves.store(2 * turn + 1, Release);
            if !reached(runtime, &board, 2 * turn + 2).await {
                return Err(io::Error::other("a task gave way, and the other one never ran"));
            }
            token = board.token.load(Relaxed);
        }
        let moves = (2 * self.turns) as f64;
        state.ledger.enter(&YIELDS, board.yields.load(Relaxed) as f64 / moves);
        Ok(Digest(token))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let first = word(actor, index);
        Digest((0..self.turns).fold(first, answer))
    }
}

/// The partner: answers each move, and is gone with its last.
async fn partner<R: Runtime>(runtime: R, board: Arc<Board>, turns: u64) {
    for turn in 0..turns {
        // A partner that has lost its patience ends; the other one tells.
        if !reached(runtime, &board, 2 * turn + 1).await {
            return;
        }
        board.token.store(answer(board.token.load(Relaxed), turn), Relaxed);
        board.moves.store(2 * turn + 2, Release);
    }
}

/// Gives way until the board has come to this move; `false` when it does not.
async fn reached<R: Runtime>(runtime: R, board: &Board, wanted: u64) -> bool {
    let mut yields = 0;
    while board.moves.load(Acquire) != wanted {
        if yields == PATIENCE {
            return false;
        }
        runtime.yield_now().await;
        yields += 1;
    }
    board.yields.fetch_add(yields, Relaxed);
    true
}

/// What the partner makes of a token: only it can have done so.
fn answer(token: u64, turn: u64) -> u64 {
    Digest::of_number(token ^ turn).0
}

fn word(actor: u32, index: u64) -> u64 {
    Digest::of_number((u64::from(actor) << 32) ^ index).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turn_counts() {
        let one = Yield { turns: 9 }.expected(1, 2);
        assert_ne!(Yield { turns: 8 }.expected(1, 2), one);
        assert_ne!(Yield { turns: 9 }.expected(2, 2), one);
        assert_ne!(Yield { turns: 9 }.expected(1, 3), one);
    }
}
