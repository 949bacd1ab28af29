//! How near does waiting come to overlapping perfectly, when one part of the work cannot be shared?
//!
//! The chess exhibition of the textbooks: a master plays on 24 boards, 30 pairs of moves on each; she thinks 5
//! seconds about a move, her opponents 55. One board after the other that takes 12 hours; going from board to
//! board it takes one, since the opponents think meanwhile. Here a second is a `unit_us`, 100 µs.
//!
//! A session: an operation is the whole exhibition. Each board is a task; the opponent's thinking is a wait, the
//! master's is computing, and she is the runner's own semaphore with `masters` permits, 1: runners that compute in
//! parallel do not win by cloning her. A thought is a fixed number of hashes (`rounds`), the same for all
//! runners of a run, measured out once before it and recorded; nobody looks at a clock while thinking. Each hash is
//! of the one before, and each move enters the next thought, so that no thought can be left out.
//!
//! It cannot tell the price of a task, a lock or a timer by itself: each is a small part of the whole. Who comes
//! to the master next is the runner's business; an unfair one leaves a board behind, which shows at the end.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Semaphore,
    Shape, Surroundings, Workload, workload::Calibration,
};
use sha2::{Digest as _, Sha256};
use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Exhibition {
    game: Game,
    boards: u32,
    think: Duration,
    /// Whether nobody has said yet how many hashes a thought is.
    uncalibrated: bool,
    answers: OnceLock<Vec<Digest>>,
}

/// What all boards have in common.
#[derive(Clone, Copy, Debug)]
struct Game {
    pairs: u32,
    rounds: u64,
    wait: Duration,
    masters: u32,
    seed: u64,
}

/// The master, and one actor's place in the sequence.
#[derive(Debug)]
pub struct State<S> {
    master: Arc<Master<S>>,
    actor: u32,
    next: u64,
}

/// Whoever has a permit has the master; the count proves that there are not more of her.
#[derive(Debug)]
pub struct Master<S> {
    permits: S,
    thinking: AtomicU32,
}

/// What is hashed in a round. So long that what an interpreter does between two rounds is little beside it.
const BLOCK_BYTES: usize = 4096;
/// The part of the block that says where the game stands: the last hash, and the opponent's last move.
const POSITION_BYTES: usize = 40;
/// How many different openings there are. Fewer than boards: the oracle replays each once.
const OPENINGS: u32 = 4;
/// Stands for a number of rounds that is measured out before a run.
const CALIBRATED: &str = "calibrated";
/// The length of a thought where nobody has measured it out, which is in tests: right work, at no known speed.
const UNCALIBRATED_ROUNDS: u64 = 100;

impl Workload for Exhibition {
    type State<R: Runtime> = State<R::Semaphore>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "exhibition",
        question: "How near does waiting come to overlapping perfectly, when one part cannot be shared?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Makespan,
        parameters: &[
            ("boards", "24"),
            ("pairs", "30"),
            ("think", "5"),
            ("wait", "55"),
            ("unit_us", "100"),
            ("masters", "1"),
            ("rounds", CALIBRATED),
        ],
        actors: 1,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let unit = Duration::from_micros(parameters.number("unit_us", 1, 1_000_000)?);
        let boards = parameters.number("boards", 1, 10_000)? as u32;
        let rounds = parameters.number_or("rounds", CALIBRATED, 1, 1 << 32)?;
        Ok(Self {
            game: Game {
                pairs: parameters.number("pairs", 1, 10_000)? as u32,
                rounds: rounds.unwrap_or(UNCALIBRATED_ROUNDS),
                wait: unit * parameters.number("wait", 0, 10_000)? as u32,
                masters: parameters.number("masters", 1, 10_000)? as u32,
                seed,
            },
            boards,
            think: unit * parameters.number("think", 1, 10_000)? as u32,
            uncalibrated: rounds.is_none(),
            answers: OnceLock::new(),
        })
    }

    fn needs(&self, _actors: u32) -> Needs {
        // Who waits for the master waits for one that is at work: boards can be played one after the other.
        Needs { nested_join: true, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let permits = runtime.semaphore(self.game.masters as usize);
        Ok(State { master: Arc::new(Master { permits, thinking: 0.into() }), actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let word = word(state.actor, state.next);
        state.next += 1;
        let mut boards = Vec::with_capacity(self.boards as usize);
        for board in 0..self.boards {
            let master = Arc::clone(&state.master);
            boards.push(runtime.spawn(play(runtime, master, self.game, board)));
        }
        let mut digest = Digest::default();
        for (number, board) in (0..).zip(boards) {
            digest = digest.plus(ended(word, number, board.await?));
        }
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let answers = self.answers.get_or_init(|| {
            // Without boards, tasks and waits: a game is a chain of hashes.
            let chain = |opening| {
                let mut block = block(self.game.seed, opening);
                for pair in 1..=u64::from(self.game.pairs) {
                    for _ in 0..self.game.rounds {
                        let hash = Sha256::digest(&block);
                        block[..32].copy_from_slice(&hash);
                    }
                    block[32..POSITION_BYTES].copy_from_slice(&pair.to_le_bytes());
                }
                Digest::of_bytes(&block[..POSITION_BYTES])
            };
            (0..OPENINGS.min(self.boards)).map(chain).collect()
        });
        let word = word(actor, index);
        let boards = (0..self.boards).zip(answers.iter().cycle());
        boards.fold(Digest::default(), |sum, (board, end)| sum.plus(ended(word, board, *end)))
    }

    /// Every board has all its opponent's waits, one after the other.
    fn asked(&self, _actor: u32, _index: u64) -> Duration {
        self.game.wait * self.game.pairs
    }

    /// Nothing can be shorter than the longer of two: all thoughts, shared evenly by the masters, and the wait after
    /// the last of them; and all of the board that is begun last, after a first thought for each before it. It
    /// assumes a core for each master, and that a thought lasts as long as it was measured out to.
    fn ideal(&self) -> Option<Duration> {
        let Game { pairs, wait, masters, .. } = self.game;
        let thoughts = (self.boards * pairs).div_ceil(masters);
        let of_masters = self.think * thoughts + wait;
        let before_last = self.boards.div_ceil(masters) - 1;
        let of_last_board = self.think * before_last + (self.think + wait) * pairs;
        Some(of_masters.max(of_last_board))
    }

    /// One board after the other.
    fn at_worst(&self) -> Duration {
        (self.think + self.game.wait) * (self.boards * self.game.pairs)
    }

    fn calibration(&self) -> Option<Calibration> {
        self.uncalibrated.then_some(Calibration {
            parameter: "rounds",
            work: |rounds| think(&mut block(0, 0), rounds),
            lasts: self.think,
        })
    }
}

/// One board: where the game stands in the end.
async fn play<R: Runtime>(
    runtime: R,
    master: Arc<Master<R::Semaphore>>,
    game: Game,
    board: u32,
) -> io::Result<Digest> {
    let mut block = block(game.seed, board);
    for pair in 1..=u64::from(game.pairs) {
        let permit = master.permits.acquire().await;
        if master.thinking.fetch_add(1, SeqCst) >= game.masters {
            return Err(io::Error::other("a master was at more than one board at the same time"));
        }
        think(&mut block, game.rounds);
        master.thinking.fetch_sub(1, SeqCst);
        drop(permit);
        runtime.sleep(game.wait).await;
        block[32..POSITION_BYTES].copy_from_slice(&pair.to_le_bytes());
    }
    Ok(Digest::of_bytes(&block[..POSITION_BYTES]))
}

/// A board before the first move. Boards with the same opening are played alike.
fn block(seed: u64, board: u32) -> Vec<u8> {
    let mut block: Vec<u8> = (0..BLOCK_BYTES).map(|at| at as u8).collect();
    let opening = seed.wrapping_add(u64::from(board % OPENINGS));
    block[..8].copy_from_slice(&opening.to_le_bytes());
    block
}

/// The master's thought: each round hashes what the one before has left. Never inlined, so that the thought
/// that is measured out is the one that is thought.
#[inline(never)]
fn think(block: &mut [u8], rounds: u64) {
    for _ in 0..rounds {
        let hash = Sha256::digest(&*block);
        block[..hash.len()].copy_from_slice(&hash);
    }
}

/// What boards are told apart by, different for each operation.
fn word(actor: u32, index: u64) -> u64 {
    Digest::of_number((u64::from(actor) << 32) ^ index).0
}

/// What a board adds that has ended so.
fn ended(word: u64, board: u32, end: Digest) -> Digest {
    Digest::of_number(word ^ u64::from(board)).plus(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exhibition(parts: &str) -> Result<Exhibition, ParameterError> {
        let parameters = Parameters::parse(&Exhibition::PROFILE, parts.split(':')).unwrap();
        Exhibition::new(&parameters, 1)
    }

    /// The ideal in units of 100 µs.
    fn ideal(parts: &str) -> u128 {
        exhibition(parts).unwrap().ideal().unwrap().as_micros() / 100
    }

    #[test]
    fn an_hour_at_all_boards_and_half_of_one_at_a_single_board() {
        // 24 × 30 thoughts of 5 s are an hour; the last opponent's answer comes 55 s later.
        assert_eq!(ideal("24"), 3600 + 55);
        // 30 pairs of a minute; 24 of these one after the other are the 720 minutes.
        assert_eq!(ideal("1"), 30 * 60);
        assert_eq!(24 * ideal("1"), 720 * 60);
        // With more masters than a round needs, the opponents are what is waited for.
        assert_eq!(ideal("24:masters=2"), 1800 + 55);
        assert_eq!(ideal("24:masters=4"), 5 * 5 + 30 * 60);
        assert_eq!(ideal("24:masters=24"), 30 * 60);
    }

    #[test]
    fn every_thought_and_every_move_counts() {
        let end = |parts: &str| exhibition(parts).unwrap().expected(0, 0);
        let whole = end("5:pairs=3:rounds=4");
        for other in ["4:pairs=3:rounds=4", "5:pairs=2:rounds=4", "5:pairs=3:rounds=3"] {
            assert_ne!(whole, end(other), "{other}");
        }
        assert_eq!(whole, end("5:pairs=3:rounds=4:masters=2:unit_us=7"));
    }

    #[test]
    fn thinking_in_parts_is_thinking() {
        let (mut whole, mut parts) = (block(7, 2), block(7, 6));
        think(&mut whole, 5);
        think(&mut parts, 2);
        think(&mut parts, 3);
        assert_eq!(whole, parts);
        assert_ne!(whole, block(7, 2));
    }

    #[test]
    fn what_was_measured_out_is_not_measured_again() {
        let calibration = exhibition("24").unwrap().calibration().unwrap();
        assert_eq!(
            (calibration.parameter, calibration.lasts),
            ("rounds", Duration::from_micros(500))
        );
        assert!(exhibition("24:rounds=123").unwrap().calibration().is_none());
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        assert_eq!(
            exhibition("24:rounds=0").unwrap_err().to_string(),
            "parameter rounds = '0' is not 'calibrated' or a whole number from 1 to 4294967296"
        );
        for parts in ["0", "1:pairs=0", "1:think=0", "1:masters=0", "1:unit_us=0"] {
            assert!(exhibition(parts).is_err(), "{parts}");
        }
    }
}
