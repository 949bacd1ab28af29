//! What does it cost to start many tasks, to have them all alive at once, and to join them?
//!
//! A session: one operation is a whole fan-out. Each task reports that it is alive and ends only when it
//! is told a number, which happens after all have reported; a runner that ran them one after the other
//! could not finish. The channels are made once per actor and travel with the tasks, so that starting,
//! waking and joining are what is left.
//!
//! It cannot tell what a task costs that does not wait, nor the memory of a live task (the trial's costs
//! show that).

use crate::{
    Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Profile, Receiver,
    Runtime, Sender, Shape, Surroundings, Workload,
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct Spawn {
    tasks: u32,
}

/// One actor's channels and its place in the sequence.
#[derive(Debug)]
pub struct State<K, G, A> {
    /// What the next operation's tasks will own.
    kits: Vec<K>,
    /// Tells each task to end.
    go: Vec<G>,
    /// Hears that tasks are alive.
    alive: A,
    actor: u32,
    next: u64,
}

/// What a task owns while it lives.
#[derive(Debug)]
pub struct Kit<S, R> {
    number: u32,
    alive: S,
    go: R,
}

type KitOf<R> = Kit<<R as Runtime>::Sender<u32>, <R as Runtime>::Receiver<u64>>;

impl Workload for Spawn {
    type State<R: Runtime> = State<KitOf<R>, R::Sender<u64>, R::Receiver<u32>>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "spawn",
        question: "What does it cost to start many tasks, all alive at once, and to join them?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("tasks", "64")],
        actors: 1,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // Threads cost 2 MiB of address space each; 10,000 of them are a workload, a million an accident.
        Ok(Self { tasks: parameters.number("tasks", 1, 10_000)? as u32 })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            waiting_tasks: (self.tasks + 1).saturating_mul(actors),
            nested_join: true,
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let (report, alive) = runtime.channel(self.tasks as usize);
        let mut state = State { kits: Vec::new(), go: Vec::new(), alive, actor, next: 0 };
        for number in 0..self.tasks {
            let (go, wait) = runtime.channel(1);
            state.go.push(go);
            state.kits.push(Kit { number, alive: report.clone(), go: wait });
        }
        Ok(state)
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let word = word(state.actor, state.next);
        state.next += 1;
        let mut joins = Vec::with_capacity(state.kits.len());
        for kit in state.kits.drain(..) {
            joins.push(runtime.spawn(live(kit)));
        }
        // None is told to end before all have said that they are alive.
        let mut numbers = 0;
        for _ in 0..self.tasks {
            let number = state.alive.receive().await.ok_or_else(|| ended("a task"))?;
            numbers += u64::from(number);
        }
        if numbers != sum_of_numbers(self.tasks) {
            return Err(io::Error::other("a task reported twice, another not at all"));
        }
        for go in &mut state.go {
            if !go.send(word).await {
                return Err(ended("a task"));
            }
        }
        let mut sum = 0_u64;
        for join in joins {
            let (kit, value) = join.await?;
            sum = sum.wrapping_add(value);
            state.kits.push(kit);
        }
        Ok(Digest::of_number(sum))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let words = word(actor, index).wrapping_mul(u64::from(self.tasks));
        Digest::of_number(words.wrapping_add(sum_of_numbers(self.tasks)))
    }
}

/// One task: alive, waiting, and gone with what it was told plus its own number.
async fn live<S: Sender<u32>, R: Receiver<u64>>(
    mut kit: Kit<S, R>,
) -> io::Result<(Kit<S, R>, u64)> {
    if !kit.alive.send(kit.number).await {
        return Err(ended("the starter"));
    }
    let word = kit.go.receive().await.ok_or_else(|| ended("the starter"))?;
    let value = word.wrapping_add(u64::from(kit.number));
    Ok((kit, value))
}

/// What the tasks of one operation are told, different for each.
fn word(actor: u32, index: u64) -> u64 {
    Digest::of_number((u64::from(actor) << 32) ^ index).0
}

/// 0 + 1 + … + (`tasks` - 1).
fn sum_of_numbers(tasks: u32) -> u64 {
    u64::from(tasks) * u64::from(tasks - 1) / 2
}

fn ended(who: &str) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, format!("{who} ended before its time"))
}
