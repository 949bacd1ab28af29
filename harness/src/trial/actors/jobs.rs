//! How does an actor work whose every operation is a job of a fixed pool?
//!
//! The next job goes to the queue's tail when one has ended; between slices the actor's state lies on its shelf. Next:
//! `in_turn.rs`, where one thread does everybody's operations.

use super::{Stage, launch_boxed};
use crate::trial::telling::told;
use simul_runners::{Executor, Turn, blocking_io::poll_once, turn::Opener};
use simul_workloads::Workload;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

/// An actor whose every operation is a job. Between slices its state lies on the shelf.
pub(super) fn opener<E: Executor, W: Workload, T: Turn>(
    stage: &Arc<Stage<E, W>>,
    actor: u32,
) -> Opener<T> {
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

fn put<S>(shelf: &Mutex<Option<S>>, state: S) {
    *shelf.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
}

fn take<S>(shelf: &Mutex<Option<S>>) -> Option<S> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner).take()
}
