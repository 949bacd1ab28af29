//! How do turns come to actors that are tasks?
//!
//! Through gates, which are channels of the runner's own, and from gatekeepers, which are tasks among the
//! actors: a task that is woken from outside the runtime may wait long behind those that are woken inside. With
//! a thousand actors on tokio, some had not begun when a slice of 50 ms was over, and Little's law showed it.
//! Where tasks stay on the worker that they were dealt to, each worker has a gatekeeper of its own: some runtimes
//! look for wake-ups from other threads only when they have nothing left to run, so the first actors of a batch
//! would keep all others of their worker from their turns for ever (monoio and glommio did).
//!
//! It must not know the work: it is compiled once for each runner. Next: [`super::actors`].

use simul_runners::{Executor, Turn, turn::Gate};
use simul_workloads::{Receiver, Runtime, Sender};

type Gates<E, T> = Vec<<<E as Executor>::Runtime as Runtime>::Sender<T>>;
type Turns<E, T> = Vec<<<E as Executor>::Runtime as Runtime>::Receiver<T>>;

/// A gate for each actor, and the end at which the actor waits.
pub(super) fn gates<E: Executor, T: Turn>(executor: &E, actors: u32) -> (Gates<E, T>, Turns<E, T>) {
    let runtime = executor.runtime();
    (0..actors).map(|_| runtime.channel(1)).unzip()
}

/// Puts the gates into the hands of gatekeepers.
pub(super) fn employ<E: Executor, T: Turn>(executor: &E, gates: Gates<E, T>) -> Gate<T> {
    let runtime = executor.runtime();
    let keepers = executor.dealt().clamp(1, gates.len().max(1));
    let mut kept: Vec<Gates<E, T>> = (0..keepers).map(|_| Vec::new()).collect();
    for (actor, gate) in gates.into_iter().enumerate() {
        kept[actor % keepers].push(gate);
    }
    let mut bells = Vec::new();
    for (keeper, gates) in kept.into_iter().enumerate() {
        let (bell, rings) = runtime.channel(1);
        executor.launch(keeper, keep_gate::<E::Runtime, T>(gates, rings));
        bells.push(bell);
    }
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
