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
//! It must not know what is measured: it asks the turn and tells it. Next: [`super::turn`].

use simul_runners::{
    Discipline, Runner, Turn,
    blocking_io::poll_once,
    discipline::Driver,
    turn::{Gate, Opener, gate_of},
};
use simul_workloads::{Receiver, Runtime, Sender, Shape, Surroundings, Workload};
use std::{
    collections::VecDeque,
    future::Future,
    io,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, mpsc},
    task::{Context, Poll},
};

/// What all actors of a trial share.
struct Stage<R, W> {
    runner: R,
    work: W,
    surroundings: Surroundings,
    /// Each actor says whether it is set up; and, when it goes, how that went.
    news: mpsc::Sender<io::Result<()>>,
}

/// Actors that wait for their turns.
pub struct Actors<T> {
    /// Hands out turns; dropping it ends the actors.
    pub gate: Gate<T>,
    /// One message from each actor when it has ended.
    pub endings: mpsc::Receiver<io::Result<()>>,
}

/// Sets up the actors and waits until each is at its gate.
///
/// # Errors
/// What an actor met while it was set up.
pub fn start<R: Runner, W: Workload, T: Turn>(
    runner: R,
    work: W,
    surroundings: Surroundings,
    actors: u32,
) -> io::Result<Actors<T>> {
    let (news, endings) = mpsc::channel();
    let stage = Arc::new(Stage { runner, work, surroundings, news });
    let gate = R::Discipline::choose(Seating { stage, actors, turn: PhantomData });
    for _ in 0..actors {
        match endings.recv() {
            Ok(opened) => opened?,
            // An actor took its stage down without a word: its task is gone.
            Err(_) => return Err(io::Error::other("an actor ended while it was set up")),
        }
    }
    Ok(Actors { gate, endings })
}

/// Actors that are to be brought to their gate.
struct Seating<R, W, T> {
    stage: Arc<Stage<R, W>>,
    actors: u32,
    turn: PhantomData<T>,
}

impl<R: Runner, W: Workload, T: Turn> Driver for Seating<R, W, T> {
    type Output = Gate<T>;

    fn tasks(self) -> Gate<T> {
        as_tasks(&self.stage, self.actors)
    }

    fn jobs(self) -> Gate<T> {
        gate_of((0..self.actors).map(|actor| as_jobs(&self.stage, actor)).collect())
    }

    fn in_turn(self) -> Gate<T> {
        gate_of(in_turn(&self.stage, self.actors))
    }
}

/// Actors that are tasks of their own, and gatekeepers among them. Turns are handed out by a task because a
/// task that is woken from outside the runtime may wait long behind those that are woken inside: with a
/// thousand actors on tokio, some had not begun when a slice of 50 ms was over, and Little's law showed it.
/// Where tasks stay on the worker that they were dealt to, each worker has a gatekeeper of its own: some
/// runtimes look for wake-ups from other threads only when they have nothing left to run, so the first actors
/// of a batch would keep all others of their worker from their turns for ever (monoio and glommio did).
fn as_tasks<R: Runner, W: Workload, T: Turn>(stage: &Arc<Stage<R, W>>, actors: u32) -> Gate<T> {
    let runtime = stage.runner.runtime();
    let keepers = stage.runner.dealt().clamp(1, (actors as usize).max(1));
    let mut gates: Vec<Vec<_>> = (0..keepers).map(|_| Vec::new()).collect();
    for actor in 0..actors {
        let (gate, turns) = runtime.channel(1);
        stage.runner.launch(actor as usize, task(Arc::clone(stage), actor, turns));
        gates[actor as usize % keepers].push(gate);
    }
    let mut bells: Vec<_> = gates
        .into_iter()
        .enumerate()
        .map(|(keeper, gates)| {
            let (bell, rings) = runtime.channel(1);
            stage.runner.launch(keeper, keep_gate::<R::Runtime, T>(gates, rings));
            bell
        })
        .collect();
    Box::new(move |turns| {
        let mut dealt: Vec<Vec<T>> = (0..keepers).map(|_| Vec::new()).collect();
        for (actor, turn) in turns.into_iter().enumerate() {
            dealt[actor % keepers].push(turn);
        }
        for (bell, turns) in bells.iter_mut().zip(dealt) {
            // The gatekeeper has taken the last ring, so this never waits. If it is gone, the turns are
            // dropped, and that is noticed.
            pollster::block_on(bell.send(turns));
        }
    })
}

/// Hands out turns whenever the bell rings. Every gate holds one turn, and its actor has taken the last.
async fn keep_gate<R: Runtime, T: Turn>(
    mut gates: Vec<R::Sender<T>>,
    mut rings: R::Receiver<Vec<T>>,
) {
    while let Some(turns) = rings.receive().await {
        for (gate, turn) in gates.iter_mut().zip(turns) {
            // An actor that is gone drops its turn, and that is noticed.
            gate.send(turn).await;
        }
    }
}

async fn task<R: Runner, W: Workload, T: Turn>(
    stage: Arc<Stage<R, W>>,
    actor: u32,
    mut turns: <R::Runtime as Runtime>::Receiver<T>,
) {
    let runtime = stage.runner.runtime();
    let mut state = match stage.work.open(runtime, &stage.surroundings, actor).await {
        Ok(state) => state,
        Err(error) => return stage.tell(Err(error)),
    };
    stage.tell(Ok(()));
    let mut number = 0;
    while let Some(mut turn) = turns.receive().await {
        while turn.next() {
            let outcome = match W::PROFILE.shape {
                Shape::Session => stage.work.operation(runtime, &mut state).await,
                Shape::Batch => {
                    let stage = Arc::clone(&stage);
                    let job = runtime.spawn(async move {
                        let outcome = stage.work.operation(runtime, &mut state).await;
                        (outcome, state)
                    });
                    let (outcome, back) = job.await;
                    state = back;
                    outcome
                }
            };
            match outcome {
                Ok(digest) => turn.done(digest, stage.work.asked(actor, number)),
                Err(error) => return turn.failed(error),
            }
            number += 1;
        }
    }
    stage.tell(stage.work.close(runtime, state).await);
}

/// An actor whose every operation is a job. Between slices its state lies on the shelf.
fn as_jobs<R: Runner, W: Workload, T: Turn>(stage: &Arc<Stage<R, W>>, actor: u32) -> Opener<T> {
    let shelf = Arc::new(Mutex::new(None));
    let (opening, place) = (Arc::clone(stage), Arc::clone(&shelf));
    stage.runner.launch(actor as usize, async move {
        let opened =
            opening.work.open(opening.runner.runtime(), &opening.surroundings, actor).await;
        opening.tell(opened.map(|state| put(&place, (state, 0))));
    });
    let home = Home(Seat { stage: Arc::clone(stage), actor, shelf });
    Box::new(move |mut turn: T| {
        if turn.next() {
            let Some((state, number)) = take(&home.0.shelf) else { return false };
            Job { seat: home.0.clone(), state, number, turn }.submit();
        }
        true
    })
}

/// Where an actor of a pool is at home.
struct Seat<R: Runner, W: Workload> {
    stage: Arc<Stage<R, W>>,
    actor: u32,
    /// The state, and the number of the next operation.
    shelf: Shelf<W::State<R::Runtime>>,
}

type Shelf<S> = Arc<Mutex<Option<(S, u64)>>>;

/// One operation of an actor of a pool.
struct Job<R: Runner, W: Workload, T: Turn> {
    seat: Seat<R, W>,
    state: W::State<R::Runtime>,
    number: u64,
    turn: T,
}

// Not derived, which would ask runner and workload to be `Clone`.
impl<R: Runner, W: Workload> Clone for Seat<R, W> {
    fn clone(&self) -> Self {
        let (stage, shelf) = (Arc::clone(&self.stage), Arc::clone(&self.shelf));
        Self { stage, actor: self.actor, shelf }
    }
}

impl<R: Runner, W: Workload, T: Turn> Job<R, W, T> {
    fn submit(self) {
        let stage = Arc::clone(&self.seat.stage);
        stage.runner.launch(self.seat.actor as usize, Submitted(Some(self)));
    }

    fn run(mut self) {
        let stage = Arc::clone(&self.seat.stage);
        let actor = self.seat.actor;
        match poll_once(stage.work.operation(stage.runner.runtime(), &mut self.state)) {
            Ok(digest) => self.turn.done(digest, stage.work.asked(actor, self.number)),
            Err(error) => return self.turn.failed(error),
        }
        self.number += 1;
        if self.turn.next() {
            return self.submit();
        }
        put(&self.seat.shelf, (self.state, self.number));
        // The turn is dropped last: when it reports, the actor is back on its shelf.
        drop(self.turn);
    }
}

/// A job as a future. A type of its own: an `async` block that submits itself would contain itself.
struct Submitted<R: Runner, W: Workload, T: Turn>(Option<Job<R, W, T>>);

impl<R: Runner, W: Workload, T: Turn> Future for Submitted<R, W, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if let Some(job) = self.0.take() {
            job.run();
        }
        Poll::Ready(())
    }
}

// The job is moved out before anything in it is pinned.
impl<R: Runner, W: Workload, T: Turn> Unpin for Submitted<R, W, T> {}

/// The opener's hold on an actor of a pool: when the gate closes, all are quiet and every state is on its
/// shelf, and the actor is closed.
struct Home<R: Runner, W: Workload>(Seat<R, W>);

impl<R: Runner, W: Workload> Drop for Home<R, W> {
    fn drop(&mut self) {
        let Seat { stage, actor, shelf } = &self.0;
        if let Some((state, _)) = take(shelf) {
            let leaving = Arc::clone(stage);
            stage.runner.launch(*actor as usize, async move {
                leaving.tell(leaving.work.close(leaving.runner.runtime(), state).await);
            });
        }
    }
}

/// All actors on one thread, each doing one operation when it is its turn.
fn in_turn<R: Runner, W: Workload, T: Turn>(
    stage: &Arc<Stage<R, W>>,
    actors: u32,
) -> Vec<Opener<T>> {
    let (gate, turns) = mpsc::channel::<(u32, T)>();
    let everybody = Arc::clone(stage);
    stage.runner.launch(0, rotation(everybody, actors, turns));
    let opener = |actor| -> Opener<T> {
        let gate = gate.clone();
        Box::new(move |turn| gate.send((actor, turn)).is_ok())
    };
    (0..actors).map(opener).collect()
}

async fn rotation<R: Runner, W: Workload, T: Turn>(
    stage: Arc<Stage<R, W>>,
    actors: u32,
    turns: mpsc::Receiver<(u32, T)>,
) {
    let runtime = stage.runner.runtime();
    let mut states = Vec::with_capacity(actors as usize);
    for actor in 0..actors {
        match stage.work.open(runtime, &stage.surroundings, actor).await {
            Ok(state) => states.push((state, 0)),
            Err(error) => return stage.tell(Err(error)),
        }
        stage.tell(Ok(()));
    }
    let mut working = VecDeque::with_capacity(actors as usize);
    while let Ok(first) = turns.recv() {
        working.push_back(first);
        while let Some((actor, mut turn)) = working.pop_front() {
            working.extend(turns.try_iter());
            if !turn.next() {
                continue;
            }
            let (state, number) = &mut states[actor as usize];
            match stage.work.operation(runtime, state).await {
                Ok(digest) => turn.done(digest, stage.work.asked(actor, *number)),
                Err(error) => {
                    turn.failed(error);
                    continue;
                }
            }
            *number += 1;
            working.push_back((actor, turn));
        }
    }
    for (state, _) in states {
        stage.tell(stage.work.close(runtime, state).await);
    }
}

impl<R, W> Stage<R, W> {
    fn tell(&self, news: io::Result<()>) {
        // Nobody listens any more when the process ends.
        let _ = self.news.send(news);
    }
}

fn put<S>(shelf: &Mutex<Option<S>>, state: S) {
    *shelf.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
}

fn take<S>(shelf: &Mutex<Option<S>>) -> Option<S> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner).take()
}
