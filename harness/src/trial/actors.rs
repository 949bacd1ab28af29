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

use super::{audit::polls, gatekeepers, telling::told};
use simul_runners::{
    Discipline, Executor, Turn,
    blocking_io::poll_once,
    discipline::Driver,
    turn::{Gate, Opener, gate_of},
};
use simul_workloads::{Digest, Port, Receiver, Runtime, Surroundings, Workload, erased::Boxed};
use std::{
    any::Any,
    collections::VecDeque,
    future::Future,
    io,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, mpsc},
    task::{Context, Poll},
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
        as_tasks(&self.stage, self.actors)
    }

    fn jobs(self) -> Gate<T> {
        gate_of((0..self.actors).map(|actor| as_jobs(&self.stage, actor)).collect())
    }

    fn in_turn(self) -> Gate<T> {
        gate_of(in_turn(&self.stage, self.actors))
    }
}

/// Launches what is not launched once an operation. Boxed, so that the runtime's side of a task is compiled once
/// for each runner and not for each pair; what a poll costs more, an indirect call, is the same for all.
fn launch_boxed<E: Executor>(executor: &E, actor: u32, task: Boxed<'static, ()>) {
    executor.launch(actor as usize, task);
}

/// Actors that are tasks of their own, each behind a gate.
fn as_tasks<E: Executor, W: Workload, T: Turn>(stage: &Arc<Stage<E, W>>, actors: u32) -> Gate<T> {
    let (gates, turns) = gatekeepers::gates::<E, T>(&stage.runner, actors);
    for (actor, turns) in (0..actors).zip(turns) {
        let task: Boxed<'static, ()> = Box::pin(task(Arc::clone(stage), actor, turns));
        launch_boxed(&stage.runner, actor, polls::watched(stage.polls.clone(), task));
    }
    gatekeepers::employ(&stage.runner, gates)
}

async fn task<E: Executor, W: Workload, T: Turn>(
    stage: Arc<Stage<E, W>>,
    actor: u32,
    mut turns: <E::Runtime as Runtime>::Receiver<T>,
) {
    let runtime = stage.runner.runtime();
    let mut held = match stage.work.open(runtime, &stage.surroundings, actor).await {
        Ok(state) => Some(state),
        Err(error) => return stage.tell(Err(error)),
    };
    stage.tell(Ok(()));
    let mut number = 0;
    while let Some(mut turn) = turns.receive().await {
        if let Some(state) = &mut held
            && let Err(error) = stage.work.begin(runtime, state).await
        {
            return turn.failed(error);
        }
        while turn.next() {
            let outcome = W::Port::perform(
                W::PROFILE.shape,
                (&stage, &mut held),
                |(stage, held)| here(stage, held),
                |(stage, held)| apart(stage, held),
            );
            match outcome.await {
                Ok(digest) => told::<E::Runtime, _, _>(
                    &mut turn,
                    &stage.work,
                    held.as_ref(),
                    actor,
                    number,
                    digest,
                ),
                Err(error) => return turn.failed(error),
            }
            number += 1;
        }
    }
    if let Some(state) = held {
        stage.tell(stage.work.close(runtime, state).await);
    }
}

/// An operation of a session, in the actor's own task.
async fn here<E: Executor, W: Workload>(
    stage: &Stage<E, W>,
    held: &mut Option<W::State<E::Runtime>>,
) -> io::Result<Digest> {
    match held {
        Some(state) => stage.work.operation(stage.runner.runtime(), state).await,
        None => Err(io::Error::other("an actor without a state")),
    }
}

/// An operation of a batch, in a job of its own, which brings the actor's state back.
async fn apart<E: Executor, W: Workload>(
    stage: &Arc<Stage<E, W>>,
    held: &mut Option<W::State<E::Runtime>>,
) -> io::Result<Digest> {
    let runtime = stage.runner.runtime();
    let (stage, mut state) = (Arc::clone(stage), held.take());
    let job = runtime.spawn(async move {
        let outcome = match stage.polls.as_deref() {
            None => here(&stage, &mut state).await,
            Some(polls) => polls.watch(here(&stage, &mut state)).await,
        };
        (outcome, state)
    });
    let (outcome, back) = job.await;
    *held = back;
    outcome
}

/// An actor whose every operation is a job. Between slices its state lies on the shelf.
fn as_jobs<E: Executor, W: Workload, T: Turn>(stage: &Arc<Stage<E, W>>, actor: u32) -> Opener<T> {
    let shelf = Arc::new(Mutex::new(None));
    let (opening, place) = (Arc::clone(stage), Arc::clone(&shelf));
    let open = async move {
        let opened =
            opening.work.open(opening.runner.runtime(), &opening.surroundings, actor).await;
        opening.tell(opened.map(|state| put(&place, (state, 0))));
    };
    launch_boxed(&stage.runner, actor, Box::pin(open));
    let home = Home(Seat { stage: Arc::clone(stage), actor, shelf });
    Box::new(move |turn: T| {
        let Some((state, number)) = take(&home.0.shelf) else { return false };
        Job { seat: home.0.clone(), state, number, turn, begun: false }.submit();
        true
    })
}

/// Where an actor of a pool is at home.
struct Seat<E: Executor, W: Workload> {
    stage: Arc<Stage<E, W>>,
    actor: u32,
    /// The state, and the number of the next operation.
    shelf: Shelf<W::State<E::Runtime>>,
}

type Shelf<S> = Arc<Mutex<Option<(S, u64)>>>;

/// One operation of an actor of a pool.
struct Job<E: Executor, W: Workload, T: Turn> {
    seat: Seat<E, W>,
    state: W::State<E::Runtime>,
    number: u64,
    turn: T,
    /// Whether the actor has been readied for this slice, which is a job of its own: in the queue it stands
    /// before all operations, so that the window opens when everybody is ready.
    begun: bool,
}

// Not derived, which would ask runner and workload to be `Clone`.
impl<E: Executor, W: Workload> Clone for Seat<E, W> {
    fn clone(&self) -> Self {
        let (stage, shelf) = (Arc::clone(&self.stage), Arc::clone(&self.shelf));
        Self { stage, actor: self.actor, shelf }
    }
}

impl<E: Executor, W: Workload, T: Turn> Job<E, W, T> {
    fn submit(self) {
        let stage = Arc::clone(&self.seat.stage);
        stage.runner.launch(self.seat.actor as usize, Submitted(Some(self)));
    }

    fn run(mut self) {
        let stage = Arc::clone(&self.seat.stage);
        let actor = self.seat.actor;
        let runtime = stage.runner.runtime();
        if self.begun {
            match poll_once(stage.work.operation(runtime, &mut self.state)) {
                Ok(digest) => {
                    told::<E::Runtime, _, _>(
                        &mut self.turn,
                        &stage.work,
                        Some(&self.state),
                        actor,
                        self.number,
                        digest,
                    );
                }
                Err(error) => return self.turn.failed(error),
            }
            self.number += 1;
        } else if let Err(error) = poll_once(stage.work.begin(runtime, &mut self.state)) {
            return self.turn.failed(error);
        }
        self.begun = true;
        if self.turn.next() {
            return self.submit();
        }
        put(&self.seat.shelf, (self.state, self.number));
        // The turn is dropped last: when it reports, the actor is back on its shelf.
        drop(self.turn);
    }
}

/// A job as a future. A type of its own: an `async` block that submits itself would contain itself.
struct Submitted<E: Executor, W: Workload, T: Turn>(Option<Job<E, W, T>>);

impl<E: Executor, W: Workload, T: Turn> Future for Submitted<E, W, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if let Some(job) = self.0.take() {
            job.run();
        }
        Poll::Ready(())
    }
}

// The job is moved out before anything in it is pinned.
impl<E: Executor, W: Workload, T: Turn> Unpin for Submitted<E, W, T> {}

/// The opener's hold on an actor of a pool: when the gate closes, all are quiet and every state is on its
/// shelf, and the actor is closed.
struct Home<E: Executor, W: Workload>(Seat<E, W>);

impl<E: Executor, W: Workload> Drop for Home<E, W> {
    fn drop(&mut self) {
        let Seat { stage, actor, shelf } = &self.0;
        if let Some((state, _)) = take(shelf) {
            let leaving = Arc::clone(stage);
            let leave = async move {
                leaving.tell(leaving.work.close(leaving.runner.runtime(), state).await);
            };
            launch_boxed(&stage.runner, *actor, Box::pin(leave));
        }
    }
}

/// All actors on one thread, each doing one operation when it is its turn.
fn in_turn<E: Executor, W: Workload, T: Turn>(
    stage: &Arc<Stage<E, W>>,
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

async fn rotation<E: Executor, W: Workload, T: Turn>(
    stage: Arc<Stage<E, W>>,
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
        let mut arrived = Some(first);
        loop {
            // Whoever has arrived is readied before anybody's next operation.
            while let Some((actor, turn)) = arrived.take().or_else(|| turns.try_recv().ok()) {
                match stage.work.begin(runtime, &mut states[actor as usize].0).await {
                    Ok(()) => working.push_back((actor, turn)),
                    Err(error) => turn.failed(error),
                }
            }
            let Some((actor, mut turn)) = working.pop_front() else { break };
            if !turn.next() {
                continue;
            }
            let (state, number) = &mut states[actor as usize];
            match stage.work.operation(runtime, state).await {
                Ok(digest) => told::<E::Runtime, _, _>(
                    &mut turn,
                    &stage.work,
                    Some(state),
                    actor,
                    *number,
                    digest,
                ),
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

impl<E, W> Stage<E, W> {
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
