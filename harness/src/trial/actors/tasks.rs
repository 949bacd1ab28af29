//! How does an actor work that is a task of its own?
//!
//! It waits at a gate made of the runner's own channel. A session does its operations in that task; a batch spawns one
//! job per operation and awaits it. Next: `jobs.rs`, where there are no such tasks.

use super::{Stage, launch_boxed};
use crate::trial::{audit::polls, gatekeepers, telling::told};
use simul_runners::{Executor, Turn, turn::Gate};
use simul_workloads::{Digest, Port, Receiver, Runtime, Workload, erased::Boxed};
use std::{io, sync::Arc};

/// Actors that are tasks of their own, each behind a gate.
pub(super) fn gate<E: Executor, W: Workload, T: Turn>(
    stage: &Arc<Stage<E, W>>,
    actors: u32,
) -> Gate<T> {
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
