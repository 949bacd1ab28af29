//! How much is ten percent more work?
//!
//! A fixed number of rounds of arithmetic with each operation, measured out once: what an operation costs without
//! them, by the CPU clock of the process over the first operations, and what a round costs, by that of the thread.
//! From then on no clock is read, so that whoever is disturbed does not work less. It must not know what an operation
//! is.

use rustix::time::{ClockId, clock_gettime};
use std::{
    hint::black_box,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// These operations, of all threads together, are not looked at: connections are new, and caches cold.
const COLD: u64 = 100;
/// Then so many are: within the usual warm-up, and enough that one switch of threads is no matter.
const LOOKED_AT: u64 = 1000;
/// Rounds by which one is measured out, in so many pieces; the median of the pieces counts.
const TRIED_ROUNDS: u64 = 20_000;
const PIECES: usize = 9;

/// Work that is done besides.
#[derive(Debug)]
pub(super) struct Toil {
    part: f64,
    /// What tells the cost of operations: of all threads, since they do one together.
    clock: ClockId,
    operations: AtomicU64,
    /// The CPU clock at the first operation that was looked at.
    from_ns: AtomicU64,
    /// Rounds of each operation, once they are known.
    rounds: OnceLock<u64>,
}

impl Toil {
    /// As much as this part of an operation.
    pub(super) fn of(part: f64) -> Self {
        Self::by(ClockId::ProcessCPUTime, part)
    }

    fn by(clock: ClockId, part: f64) -> Self {
        let (operations, from_ns) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { part, clock, operations, from_ns, rounds: OnceLock::new() }
    }

    /// Does it, with one operation.
    #[inline]
    pub(super) fn toil(&self) {
        match self.rounds.get() {
            Some(rounds) => work(*rounds),
            None => self.look(),
        }
    }

    #[cold]
    fn look(&self) {
        let done = self.operations.fetch_add(1, Relaxed);
        if done == COLD {
            self.from_ns.store(cpu_ns(self.clock), Relaxed);
        } else if done == COLD + LOOKED_AT {
            let spent_ns = cpu_ns(self.clock).saturating_sub(self.from_ns.load(Relaxed));
            let operation_ns = spent_ns as f64 / LOOKED_AT as f64;
            let rounds = (operation_ns * self.part / round_ns()).round() as u64;
            // Only one operation has this number.
            let _ = self.rounds.set(rounds);
        }
    }
}

/// What a round costs.
fn round_ns() -> f64 {
    let mut pieces = [0; PIECES];
    for piece in &mut pieces {
        let before_ns = cpu_ns(ClockId::ThreadCPUTime);
        work(TRIED_ROUNDS);
        *piece = cpu_ns(ClockId::ThreadCPUTime).saturating_sub(before_ns);
    }
    pieces.sort_unstable();
    pieces[PIECES / 2].max(1) as f64 / TRIED_ROUNDS as f64
}

/// Rounds that depend on one another, so that no processor does several at a time.
fn work(rounds: u64) {
    let mut state = black_box(1_u64);
    for _ in 0..rounds {
        // Any odd factor would do; this one is Knuth's of MMIX.
        state = black_box(state.wrapping_mul(6_364_136_223_846_793_005));
    }
    black_box(state);
}

/// A CPU clock, in nanoseconds.
fn cpu_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rounds_are_a_part_of_what_an_operation_costs() {
        const OPERATION: u64 = 5000;
        // Other tests work in other threads.
        let toil = Toil::by(ClockId::ThreadCPUTime, 0.5);
        for _ in 0..=COLD + LOOKED_AT {
            work(OPERATION);
            toil.toil();
        }
        let rounds = *toil.rounds.get().unwrap();
        // Half of the operation's rounds; the bounds leave room for a core that others share.
        assert!((OPERATION / 4..OPERATION).contains(&rounds), "{rounds}");
    }

    #[test]
    fn nothing_more_is_nothing() {
        let toil = Toil::of(0.0);
        (0..=COLD + LOOKED_AT).for_each(|_| toil.toil());
        assert_eq!(toil.rounds.get(), Some(&0));
    }
}
