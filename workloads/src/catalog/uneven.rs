//! What if a few of many sessions bring most of the computing?
//!
//! A session: each actor waits for its turn by the runner's own timer, for a drawn time around `think_us`, and then
//! hashes as many rounds as its session asks for. Of every ten actors one, drawn by the seed, brings `share` % of
//! the ten's rounds. What is recorded is lateness: how much more than the time that it asked to wait an operation
//! took, so its own computing and every wait behind somebody else's. Where tasks stay on the worker that they were
//! dealt to, light sessions sit behind heavy ones while another worker is idle; that is what work stealing is for.
//!
//! The waiting keeps the mixture of work the same for all as long as there are cores enough. With actors that never
//! wait, a scheduler that gives every thread the same time would do eighty light operations for each heavy one, and
//! one that gives every task a turn just one, so that their operations could not be compared. Actors that wait for
//! one another instead, in a ring, hang when one of them ends its slice before the others.
//!
//! It cannot tell a late timer from a busy worker: compare with `sleep`. Where a sleep holds a worker (inline, fixed
//! pools) lateness would be that of the other actors' sleeps, so it needs as many waiting tasks as actors. On machines without instructions for SHA-256, or with
//! many more actors than cores, the heavy ones are more than the cores can do; then sessions slow one another down.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload, draw,
};
use sha2::{Digest as _, Sha256};
use std::{io, sync::OnceLock, time::Duration};

/// See the module's documentation.
#[derive(Debug)]
pub struct Uneven {
    light: u64,
    heavy: u64,
    think_us: u64,
    seed: u64,
    answers: OnceLock<[Vec<Digest>; 2]>,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    actor: u32,
    next: u64,
}

/// One actor of so many is heavy.
const GROUP: u32 = 10;
/// How many different pieces of work there are.
const VARIANTS: u64 = 16;

impl Workload for Uneven {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "uneven",
        question: "What if a tenth of the sessions bring nine tenths of the computing?",
        class: Class::Cpu,
        shape: Shape::Session,
        measure: Measure::Lateness,
        // A heavy operation is then longer than the grain of timers (1 ms), and all sessions together ask for less
        // than one core where SHA-256 has instructions of its own.
        parameters: &[("rounds", "400"), ("share", "90"), ("think_us", "16000")],
        actors: 40,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let light = parameters.number("rounds", 1, 1_000_000)?;
        let share = parameters.number("share", 10, 99)?;
        let think_us = parameters.number("think_us", 2, 1_000_000)?;
        let heavy = light * u64::from(GROUP - 1) * share / (100 - share);
        Ok(Self { light, heavy, think_us, seed, answers: OnceLock::new() })
    }

    fn needs(&self, actors: u32) -> Needs {
        // Where a wait holds the only worker, sessions wait for one another's waits and not for heavy work.
        Needs { waiting_tasks: actors, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let (actor, index) = (state.actor, state.next);
        state.next += 1;
        runtime.sleep(self.asked(actor, index)).await;
        Ok(named(hashed(self.start(index), self.rounds(actor)), actor, index))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let answers = self.answers.get_or_init(|| {
            [self.light, self.heavy].map(|rounds| {
                (0..VARIANTS).map(|variant| hashed(self.start(variant), rounds)).collect()
            })
        });
        let of_kind = &answers[usize::from(self.is_heavy(actor))];
        named(of_kind[(index % VARIANTS) as usize], actor, index)
    }

    /// From half of the usual time to one and a half of it: in step, all would ask at once.
    fn asked(&self, actor: u32, index: u64) -> Duration {
        let drawn = draw::below(self.think_us, self.seed, actor, index);
        Duration::from_micros(self.think_us / 2 + drawn)
    }
}

impl Uneven {
    /// Whether this actor is the heavy one of its ten.
    fn is_heavy(&self, actor: u32) -> bool {
        // Not the number that any operation waits by.
        let drawn = draw::below(u64::from(GROUP), !self.seed, actor / GROUP, 0);
        u64::from(actor % GROUP) == drawn
    }

    fn rounds(&self, actor: u32) -> u64 {
        if self.is_heavy(actor) { self.heavy } else { self.light }
    }

    /// What the hashing of an operation starts from.
    fn start(&self, index: u64) -> u64 {
        self.seed.wrapping_add(index % VARIANTS)
    }
}

/// A chain of hashes: nothing of it can be left out.
fn hashed(start: u64, rounds: u64) -> Digest {
    let mut block = [0; 32];
    block[..8].copy_from_slice(&start.to_le_bytes());
    for _ in 0..rounds {
        block = Sha256::digest(block).into();
    }
    Digest::of_bytes(&block)
}

/// The digest of one operation of one actor.
fn named(hash: Digest, actor: u32, index: u64) -> Digest {
    hash.plus(Digest::of_number((u64::from(actor) << 40) ^ index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(text: &str, seed: u64) -> Result<Uneven, ParameterError> {
        Uneven::new(&Parameters::parse(&Uneven::PROFILE, text.split(':'))?, seed)
    }

    #[test]
    fn a_tenth_of_the_actors_brings_nine_tenths_of_the_work() {
        for seed in 0..20 {
            let work = workload("50", seed).unwrap();
            let heavy = (0..40).filter(|actor| work.is_heavy(*actor));
            let rounds_of_heavy: u64 = heavy.clone().map(|actor| work.rounds(actor)).sum();
            let all: u64 = (0..40).map(|actor| work.rounds(actor)).sum();
            assert_eq!((heavy.count(), rounds_of_heavy * 10), (4, all * 9));
        }
        let even = workload("50:share=10", 1).unwrap();
        assert_eq!(even.light, even.heavy);
    }

    #[test]
    fn waits_stay_around_what_was_asked() {
        let work = workload("1:think_us=1000", 1).unwrap();
        let waits = (0..40).flat_map(|a| (0..40).map(move |i| (a, i)));
        let waits: Vec<u128> = waits.map(|(a, i)| work.asked(a, i).as_micros()).collect();
        assert!(waits.iter().all(|us| (500..1500).contains(us)));
        assert!(waits.iter().any(|us| *us < 600) && waits.iter().any(|us| *us > 1400));
    }

    #[test]
    fn where_the_heavy_ones_sit_is_drawn() {
        let places = |seed| {
            let work = workload("50", seed).unwrap();
            (0..40).filter(|actor| work.is_heavy(*actor)).collect::<Vec<_>>()
        };
        assert!((1..20).any(|seed| places(seed) != places(0)));
    }

    #[test]
    fn the_chain_is_sha_256_of_sha_256() {
        // 32 zero bytes, twice, by `head -c 32 /dev/zero | sha256sum | xxd -r -p | sha256sum`.
        let twice = [
            0x2b, 0x32, 0xdb, 0x6c, 0x2c, 0x0a, 0x62, 0x35, 0xfb, 0x13, 0x97, 0xe8, 0x22, 0x5e,
            0xa8, 0x5e, 0x0f, 0x0e, 0x6e, 0x8c, 0x7b, 0x12, 0x6d, 0x00, 0x16, 0xcc, 0xbd, 0xe0,
            0xe6, 0x67, 0x15, 0x1e,
        ];
        assert_eq!(hashed(0, 2), Digest::of_bytes(&twice));
    }

    #[test]
    fn every_actor_and_operation_has_an_answer_of_its_own() {
        let work = workload("1", 5).unwrap();
        let mut answers: Vec<u64> = (0..40)
            .flat_map(|a| (0..40).map(move |i| (a, i)))
            .map(|(a, i)| work.expected(a, i).0)
            .collect();
        answers.sort_unstable();
        answers.dedup();
        assert_eq!(answers.len(), 1600);
    }

    #[test]
    fn parameters_have_limits() {
        for bad in ["0", "1000001", "1:share=9", "1:share=100", "1:think_us=1"] {
            assert!(workload(bad, 1).is_err(), "{bad}");
        }
    }
}
