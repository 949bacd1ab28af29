//! How much is ten percent more work?
//!
//! A message that the canary sends to itself over loopback, with every so many operations: work of the same kind, since
//! a machine whose neighbours come and go makes messages dearer by two thirds and arithmetic by a sixth (Xeon,
//! 2026-11-22), and ten percent of the one would not stay ten percent of the other. How many is measured out once, among
//! the first operations and by the CPU clock of the process: some are done with such a message and some without. From
//! then on no clock is read, so that whoever is disturbed does not work less. It must not know what an operation is.

use rustix::time::{ClockId, clock_gettime};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// These operations, of all threads together, are not looked at: threads and connections are new, and caches cold. Each
/// of the first 250 of 32 connections cost 17 to 20 times as much as a later one (echo, Xeon, 2026-11-22).
const COLD: u64 = 500;
/// Then come pieces of so many, in turn without a message besides and with one; all within the usual warm-up.
const PIECE: u64 = 100;
/// So many pairs of pieces. Their median counts, so that it does not matter what else the machine does during some.
const PAIRS: usize = 9;
/// When it is known what an operation costs.
const KNOWN: u64 = COLD + 2 * PAIRS as u64 * PIECE;

/// Work that is done besides.
#[derive(Debug)]
pub(super) struct Toil {
    part: f64,
    /// What tells the cost of operations: of all threads, since they do one together.
    clock: ClockId,
    line: OnceLock<Line>,
    operations: AtomicU64,
    /// The CPU clock at the ends of the pieces.
    ends_ns: [AtomicU64; 2 * PAIRS + 1],
    /// Messages with each operation, once that is known; most often less than one.
    messages: OnceLock<f64>,
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
            line: OnceLock::new(),
            operations: AtomicU64::new(0),
            ends_ns: Default::default(),
            messages: OnceLock::new(),
        }
    }

    /// Opens what is needed for it.
    ///
    /// # Errors
    /// There is no loopback, or no file descriptor.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let _ = self.line.set(Line::open()?);
        Ok(())
    }

    /// Does it, with one operation.
    #[inline]
    pub(super) fn toil(&self) {
        let number = self.operations.fetch_add(1, Relaxed);
        match self.messages.get() {
            Some(each) => {
                let [before, after] = [number, number + 1].map(|done| done as f64 * each);
                for _ in before as u64..after as u64 {
                    self.message();
                }
            }
            None => self.look(number),
        }
    }

    fn message(&self) {
        if let Some(line) = self.line.get() {
            line.pass();
        }
    }

    #[cold]
    fn look(&self, number: u64) {
        let Some(looked_at) = number.checked_sub(COLD).filter(|_| number <= KNOWN) else { return };
        let piece = (looked_at / PIECE) as usize;
        if looked_at.is_multiple_of(PIECE) {
            // Only one operation has this number.
            self.ends_ns[piece].store(cpu_ns(self.clock), Relaxed);
        }
        if number == KNOWN {
            let _ = self.messages.set(self.part * self.operation_in_messages());
        } else if piece % 2 == 1 {
            self.message();
        }
    }

    /// What an operation costs without anything besides, where a message costs 1.
    fn operation_in_messages(&self) -> f64 {
        let ends = || self.ends_ns.iter().map(|end| end.load(Relaxed));
        let pieces: Vec<f64> =
            ends().zip(ends().skip(1)).map(|(from, to)| to.saturating_sub(from) as f64).collect();
        let pairs = pieces.chunks_exact(2);
        let mut costs: Vec<f64> =
            pairs.map(|pair| pair[0] / (pair[1] - pair[0]).max(1.0)).collect();
        costs.sort_unstable_by(f64::total_cmp);
        costs[costs.len() / 2]
    }
}

/// A connection to itself.
#[derive(Debug)]
struct Line {
    near: TcpStream,
    far: TcpStream,
}

impl Line {
    fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let near = TcpStream::connect(listener.local_addr()?)?;
        let (far, _) = listener.accept()?;
        near.set_nodelay(true)?;
        Ok(Self { near, far })
    }

    /// Sends a message and takes one. Whichever thread's that is: each takes as much as it has sent before, so there is
    /// enough for all. A connection to oneself does not break.
    fn pass(&self) {
        let mut message = [0; 64];
        if (&self.near).write_all(&message).is_ok() {
            let _ = (&self.far).read_exact(&mut message);
        }
    }
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
    fn what_is_done_besides_is_a_part_of_what_an_operation_costs() {
        // Other tests work in other threads.
        let toil = Toil::by(ClockId::ThreadCPUTime, 0.5);
        toil.prepare().unwrap();
        let own = Line::open().unwrap();
        for number in 0..=KNOWN {
            // The first ones set up what later ones use. An operation is two messages.
            let messages = if number < COLD { 100 } else { 2 };
            (0..messages).for_each(|_| own.pass());
            toil.toil();
        }
        let each = *toil.messages.get().unwrap();
        // Half of the operation is one message; the bounds leave room for a core that others share.
        assert!((0.5..2.0).contains(&each), "{each}");
    }

    #[test]
    fn nothing_more_is_nothing() {
        let toil = Toil::of(0.0);
        toil.prepare().unwrap();
        (0..=KNOWN).for_each(|_| toil.toil());
        assert_eq!(toil.messages.get(), Some(&0.0));
    }
}
