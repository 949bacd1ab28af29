//! How do actors come to their operations on a runner?
//!
//! The generic part of a trial, and the only one: one workload on one runner, driven the way the runner's
//! [`Discipline`] says; the discipline belongs to the runner's type, so each pair compiles one way of the three.
//! What comes out is a gate, behind which nothing is generic any more.
//!
//! - *Tasks*: every actor is a task that waits at a gate made of the runner's own channel. A session does
//!   its operations in that task; a batch spawns one job per operation and awaits it.
//! - *Jobs*: every operation is one job of a fixed pool; the actor's next one goes to the queue's tail.
//! - *In turn*: one thread does everybody's operations, one after the other.
//!
//! Each way is a file: `tasks.rs`, `jobs.rs`, `in_turn.rs`. It must not know what is measured: it asks the turn and tells
//! it. Next: [`super::turn`].

mod in_turn;
mod jobs;
mod tasks;

use super::audit::polls;
use simul_runners::{
    Discipline, Executor, Turn,
    discipline::Driver,
    turn::{Gate, gate_of},
};
use simul_workloads::{Surroundings, Workload, erased::Boxed};
use std::{
    any::Any,
    io,
    marker::PhantomData,
    sync::{Arc, mpsc},
};

/// What all actors of a trial share.
struct Stage<E, W> {
    runner: E,
    work: W,
    surroundings: Surroundings,
    /// Each actor says whether it is set up; and, when it goes, how that went.
    news: mpsc::Sender<io::Result<()>>,
    /// Counts polls, in an audit.
    polls: Option<Arc<polls::Polls>>,
}

/// Actors that wait for their turns.
pub struct Actors<T> {
    /// Hands out turns; dropping it ends the actors.
    pub gate: Gate<T>,
    /// One message from each actor when it has ended.
    pub endings: mpsc::Receiver<io::Result<()>>,
    /// The runner, held outside of its own tasks: the last of them would drop it, and some runtimes panic where
    /// a worker ends them.
    pub runner: Arc<dyn Any + Send + Sync>,
}

/// Sets up the actors, with their polls counted if that is wanted, and waits until each is at its gate.
///
/// # Errors
/// What an actor met while it was set up.
pub fn start<E: Executor, W: Workload, T: Turn>(
    runner: E,
    work: W,
    surroundings: Surroundings,
    actors: u32,
    polls: Option<Arc<polls::Polls>>,
) -> io::Result<Actors<T>> {
    let (news, endings) = mpsc::channel();
    let stage = Arc::new(Stage { runner, work, surroundings, news, polls });
    let held = Arc::clone(&stage) as Arc<dyn Any + Send + Sync>;
    let gate = E::Discipline::choose(Seating { stage, actors, turn: PhantomData });
    await_opened(&endings, actors)?;
    Ok(Actors { gate, endings, runner: held })
}

/// Waits until each actor has said that it is set up. Not generic: it is the same for all.
fn await_opened(news: &mpsc::Receiver<io::Result<()>>, actors: u32) -> io::Result<()> {
    for _ in 0..actors {
        match news.recv() {
            Ok(opened) => opened?,
            // An actor took its stage down without a word: its task is gone.
            Err(_) => return Err(io::Error::other("an actor ended while it was set up")),
        }
    }
    Ok(())
}

/// Actors that are to be brought to their gate.
struct Seating<E, W, T> {
    stage: Arc<Stage<E, W>>,
    actors: u32,
    turn: PhantomData<T>,
}

impl<E: Executor, W: Workload, T: Turn> Driver for Seating<E, W, T> {
    type Output = Gate<T>;

    fn tasks(self) -> Gate<T> {
        tasks::gate(&self.stage, self.actors)
    }

    fn jobs(self) -> Gate<T> {
        gate_of((0..self.actors).map(|actor| jobs::opener(&self.stage, actor)).collect())
    }

    fn in_turn(self) -> Gate<T> {
        gate_of(in_turn::openers(&self.stage, self.actors))
    }
}

/// Launches what is not launched once an operation. Boxed, so that the runtime's side of a task is compiled once
/// for each runner and not for each pair; what a poll costs more, an indirect call, is the same for all.
fn launch_boxed<E: Executor>(executor: &E, actor: u32, task: Boxed<'static, ()>) {
    executor.launch(actor as usize, task);
}

impl<E, W> Stage<E, W> {
    fn tell(&self, news: io::Result<()>) {
        // Nobody listens any more when the process ends.
        let _ = self.news.send(news);
    }
}
