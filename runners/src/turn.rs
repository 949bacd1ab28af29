//! How does an actor learn whether to go on?
//!
//! The gate hands each actor a turn; the actor asks it before each operation and tells it after each.
//! Behind it stand clock, window and recorder, of which a runner must know nothing.

use simul_workloads::{Digest, ledger::Lap};
use std::{io, time::Duration};

/// One actor's permission to work. Dropping it says that the actor is quiet.
pub trait Turn: Send + 'static {
    /// Whether the actor may start another operation. Must be asked before each.
    fn next(&mut self) -> bool;

    /// An operation has ended; this is what it did, and the time that it had asked to wait (zero unless
    /// lateness is measured).
    fn done(&mut self, digest: Digest, asked: Duration);

    /// The same of an operation that was due at a moment of a schedule.
    fn done_on_schedule(&mut self, digest: Digest, due: Lap);

    /// The operation that is about to be done must have taken at least so long, or it is wrong work: for
    /// whoever has a clock. Not called where there is no such time, nor for lateness, of which [`Turn::done`] knows.
    fn at_least(&mut self, _least: Duration) {}

    /// An operation has failed; the actor does no more.
    fn failed(self, error: io::Error);
}

/// Hands one actor its turn. `false` when the actor is gone.
pub type Opener<T> = Box<dyn FnMut(T) -> bool + Send>;

/// Hands every actor its turn, in the order of their numbers; dropping it closes the gate for good.
pub type Gate<T> = Box<dyn FnMut(Vec<T>) + Send>;

/// A gate that opens for one actor after the other.
#[must_use]
pub fn gate_of<T: 'static>(mut openers: Vec<Opener<T>>) -> Gate<T> {
    Box::new(move |turns| {
        for (opener, turn) in openers.iter_mut().zip(turns) {
            // An actor that is gone drops its turn, and that is noticed.
            opener(turn);
        }
    })
}
