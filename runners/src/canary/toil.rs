//! How much is ten percent more work?
//!
//! A fixed number of rounds of arithmetic with each operation, measured out once: what an operation costs without
//! them, by the CPU clock of the process over some of the first operations, and what a round costs, by that of the thread.
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

/// These operations, of all threads together, are not looked at: threads and connections are new, and caches cold. Each
/// of the first 500 of 32 connections cost 10 to 25 times as much as a later one (echo, Xeon, 2026-11-22).
const COLD: u64 = 500;
/// Then so many are, in so many pieces: all within the usual warm-up. The median of the pieces counts, so that it does
/// not matter what else the machine does during some.
const PIECE: u64 = 100;
const LOOKS: usize = 9;

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
    /// The CPU clock at the ends of the pieces.
    ends_ns: [AtomicU64; LOOKS + 1],
    /// Rounds of each operation, once they are known.
    rounds: OnceLock<u64>,
}

impl Toil {
    /// As much as this part of an operation.
    pub(super) fn of(part: f64) -> Self {
        Self::by(ClockId::ProcessCPUTime, part)
    }

    fn by(clock: ClockId, part: f64) -> Self {
        Self {
            part,
            clock,
            operations: AtomicU64::new(0),
            ends_ns: Default::default(),
            rounds: OnceLock::new(),
        }
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
        let looked_at = self.operations.fetch_add(1, Relaxed).wrapping_sub(COLD);
        let piece = (looked_at / PIECE) as usize;
        if !looked_at.is_multiple_of(PIECE) || piece > LOOKS {
            return;
        }
        // Only one operation has this number.
        self.ends_ns[piece].store(cpu_ns(self.clock), Relaxed);
        if piece == LOOKS {
            let rounds = (self.operation_ns() * self.part / round_ns()).round() as u64;
            let _ = self.rounds.set(rounds);
        }
    }

    /// What an operation costs without anything besides.
    fn operation_ns(&self) -> f64 {
        let mut pieces = [0; LOOKS];
        for (piece, ends) in pieces.iter_mut().zip(self.ends_ns.windows(2)) {
            *piece = ends[1].load(Relaxed).saturating_sub(ends[0].load(Relaxed));
        }
        median(pieces) as f64 / PIECE as f64
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
    median(pieces).max(1) as f64 / TRIED_ROUNDS as f64
}

fn median<const COUNT: usize>(mut values: [u64; COUNT]) -> u64 {
    values.sort_unstable();
    values[COUNT / 2]
}

/// Rounds that depend on one another, so that no processor does several at a time and no compiler several in one. All
/// in a register: some processors forward through memory in no time once they have seen it often, and not just after a
/// system call, where such rounds took twice as long as when they were measured out.
fn work(rounds: u64) {
    let mut state = black_box(1_u64);
    for _ in 0..rounds {
        // Any odd factor would do; this one is Knuth's of MMIX.
        state = (state ^ (state >> 29)).wrapping_mul(6_364_136_223_846_793_005);
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

    /// Whoever has done so many operations knows how much more to do.
    const KNOWN: u64 = COLD + LOOKS as u64 * PIECE;

    #[test]
    fn the_rounds_are_a_part_of_what_an_operation_costs() {
        const OPERATION: u64 = 5000;
        // Other tests work in other threads.
        let toil = Toil::by(ClockId::ThreadCPUTime, 0.5);
        for done in 0..=KNOWN {
            // The first ones set up what later ones use.
            work(if done < COLD { 50 * OPERATION } else { OPERATION });
            toil.toil();
        }
        let rounds = *toil.rounds.get().unwrap();
        // Half of the operation's rounds; the bounds leave room for a core that others share.
        assert!((OPERATION / 4..OPERATION).contains(&rounds), "{rounds}");
    }

    #[test]
    fn nothing_more_is_nothing() {
        let toil = Toil::of(0.0);
        (0..=KNOWN).for_each(|_| toil.toil());
        assert_eq!(toil.rounds.get(), Some(&0));
    }
}
