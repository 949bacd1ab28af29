//! What if a few of many sessions bring most of the computing?
//!
//! A session: the actors stand in a ring and pass tokens on over the runner's own channels. One operation is to
//! wait for a token, to hash as many rounds as this actor's session asks for, and to pass the token on. Of every
//! ten actors one, drawn by the seed, brings `share` % of the ten's rounds. Where tasks stay on the worker that
//! they were dealt to, heavy ones may sit together on one while the other is idle; that is what work stealing is
//! for.
//!
//! The ring keeps the mixture of work fixed: nobody gets ahead of anybody. With actors that looped freely, a
//! scheduler that gives every thread the same time would do eighty light operations for each heavy one, and one
//! that gives every task a turn just one; their operations a second could not be compared.
//!
//! It cannot tell how long a light session waits behind a heavy one: each operation lasts as long as a token takes
//! to come round. Nor how many cores can be fed: not more than there are heavy actors, a tenth of all. Tasks wait
//! for one another, so fixed pools cannot do it.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Receiver, Runtime,
    Sender, Shape, Surroundings, Workload, draw,
};
use sha2::{Digest as _, Sha256};
use std::{
    any::Any,
    io,
    sync::{Mutex, OnceLock, PoisonError},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Uneven {
    light: u64,
    heavy: u64,
    seed: u64,
    answers: OnceLock<[Vec<Digest>; 2]>,
    /// The channels of the ring, of a type that only the first to open knows.
    ring: Mutex<Option<Box<dyn Any + Send>>>,
}

/// What goes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    number: u32,
    /// Where it is due.
    at: u32,
}

/// Both ends of each channel, until their actors take them.
type Ring<R> =
    Vec<(Option<<R as Runtime>::Sender<Token>>, Option<<R as Runtime>::Receiver<Token>>)>;

/// One actor's place in the ring.
#[derive(Debug)]
pub struct State<S, R> {
    tokens: R,
    on: S,
    actor: u32,
    actors: u32,
    next: u64,
    /// The token that must come, once one has come.
    due: Option<u32>,
}

/// One actor of so many is heavy.
const GROUP: u32 = 10;
/// A token for so many actors: two for each heavy one, so that none waits while there is work for it.
const ACTORS_PER_TOKEN: u32 = GROUP / 2;
/// How many different pieces of work there are.
const VARIANTS: u64 = 16;

impl Workload for Uneven {
    type State<R: Runtime> = State<R::Sender<Token>, R::Receiver<Token>>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "uneven",
        question: "What if a tenth of the sessions bring nine tenths of the computing?",
        class: Class::Cpu,
        shape: Shape::Session,
        measure: Measure::Service,
        // A light operation then takes some microseconds, many times what it costs to pass a token on.
        parameters: &[("rounds", "50"), ("share", "90")],
        actors: 40,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let light = parameters.number("rounds", 1, 1_000_000)?;
        let share = parameters.number("share", 10, 99)?;
        let heavy = light * u64::from(GROUP - 1) * share / (100 - share);
        Ok(Self { light, heavy, seed, answers: OnceLock::new(), ring: Mutex::default() })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs { waiting_tasks: actors, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let actors = surroundings.actors;
        let (on, tokens) = self.take_place(runtime, actor, actors).ok_or_else(|| {
            io::Error::other(format!("actor {actor} has no place in a ring of {actors}"))
        })?;
        let mut state = State { tokens, on, actor, actors, next: 0, due: None };
        // Tokens start at equal distances, and each is put there by the actor before its place.
        for number in 0..token_count(actors) {
            let at = number * actors / token_count(actors);
            if at == (actor + 1) % actors && !state.on.send(Token { number, at }).await {
                return Err(gone());
            }
        }
        Ok(state)
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let token = state.tokens.receive().await.ok_or_else(gone)?;
        let count = token_count(state.actors);
        if token.at != state.actor || state.due.is_some_and(|due| due != token.number) {
            return Err(io::Error::other(format!("{token:?} came out of turn")));
        }
        // They cannot overtake one another: behind each comes the one that started before it.
        state.due = Some((token.number + count - 1) % count);
        let index = state.next;
        state.next += 1;
        let hash = hashed(self.start(index), self.rounds(state.actor));
        // Where the next one has ended already, nobody can be waiting for this token: an actor that waited behind
        // it would see that the one before it has gone.
        state.on.send(Token { at: (state.actor + 1) % state.actors, ..token }).await;
        Ok(named(hash, state.actor, index))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
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
}

impl Uneven {
    /// Whether this actor is the heavy one of its ten.
    fn is_heavy(&self, actor: u32) -> bool {
        u64::from(actor % GROUP) == draw::below(u64::from(GROUP), self.seed, actor / GROUP, 0)
    }

    fn rounds(&self, actor: u32) -> u64 {
        if self.is_heavy(actor) { self.heavy } else { self.light }
    }

    /// What the hashing of an operation starts from.
    fn start(&self, index: u64) -> u64 {
        self.seed.wrapping_add(index % VARIANTS)
    }

    /// The channel to the next actor and the one to this; the first who asks makes them all.
    fn take_place<R: Runtime>(
        &self,
        runtime: R,
        actor: u32,
        actors: u32,
    ) -> Option<(R::Sender<Token>, R::Receiver<Token>)> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let ring = ring.get_or_insert_with(|| {
            // Room for all tokens: passing on never waits.
            let room = token_count(actors) as usize;
            let channels = (0..actors).map(|_| runtime.channel::<Token>(room));
            let channels = channels.map(|(sender, receiver)| (Some(sender), Some(receiver)));
            Box::new(channels.collect::<Ring<R>>())
        });
        let ring: &mut Ring<R> = ring.downcast_mut()?;
        let receiver = ring.get_mut(actor as usize)?.1.take()?;
        let sender = ring.get_mut(((actor + 1) % actors) as usize)?.0.take()?;
        Some((sender, receiver))
    }
}

fn token_count(actors: u32) -> u32 {
    (actors / ACTORS_PER_TOKEN).max(1)
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

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the actor beside this one has ended")
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
        for bad in ["0", "1000001", "1:share=9", "1:share=100"] {
            assert!(workload(bad, 1).is_err(), "{bad}");
        }
    }
}
