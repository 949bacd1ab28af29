//! How do actors work that share one thread?
//!
//! Each does one operation when it is its turn, round after round. Next: [`crate::trial::turn`].

use super::Stage;
use crate::trial::telling::told;
use simul_runners::{Executor, Turn, turn::Opener};
use simul_workloads::Workload;
use std::{
    collections::VecDeque,
    sync::{Arc, mpsc},
};

/// All actors on one thread, each doing one operation when it is its turn.
pub(super) fn openers<E: Executor, W: Workload, T: Turn>(
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
