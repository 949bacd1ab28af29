//! What does a turn hear of an operation that has ended?
//!
//! What it did, and the time that is taken off, or from which lateness counts: the workload says which. It must not
//! read a clock. Next: [`super::turn`].

use simul_runners::Turn;
use simul_workloads::{Digest, Measure, Runtime, Workload};
use std::time::Duration;

/// Tells the turn of an operation that has ended. The time that it had asked to wait is taken off where lateness
/// is measured; elsewhere it is only seen to it that it was waited for.
#[inline]
pub(super) fn told<R: Runtime, W: Workload, T: Turn>(
    turn: &mut T,
    work: &W,
    state: Option<&W::State<R>>,
    actor: u32,
    number: u64,
    digest: Digest,
) {
    if let Some(due) = state.and_then(|state| work.due(state)) {
        return turn.done_on_schedule(digest, due);
    }
    let asked = work.asked(actor, number);
    if W::PROFILE.measure == Measure::Lateness {
        return turn.done(digest, asked);
    }
    if !asked.is_zero() {
        turn.at_least(asked);
    }
    turn.done(digest, Duration::ZERO);
}
