//! When does an operation count, and who notices?
//!
//! A slice opens its gate for all actors; a little later, when every actor has begun, the window opens
//! in which operations count; it closes at the slice's end. An operation belongs to the window in which
//! it *started*: after the end actors start nothing new, and what is in flight is awaited and recorded with
//! its true time, since otherwise just the slow ones would be cut off. Throughput counts completions inside
//! the window.
//!
//! One clock read an operation: the end of one is the start of the next, so waits in every queue count.
//! The process's CPU clock is read by whichever actor first passes each end of the window, which makes CPU
//! per operation exact to one operation.
//!
//! Work that has a schedule says when an operation was due; how late it ended is then told from that, however long
//! the operation before it took. It must not know what an operation does. Next:
//! [`super::slice`] opens the gate and gathers.

use super::recorder::{Chunk, Recorder};
use crate::clock;
use simul_runners::Turn;
use simul_workloads::{Digest, ledger::Lap};
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{
            AtomicU32, AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
        mpsc,
    },
    time::Duration,
};

/// How often an actor that has begun looks whether all others have.
const LOOK_AGAIN_NS: u64 = 200_000;

/// What all turns of one slice share.
#[derive(Debug)]
pub struct Window {
    recorder: Arc<Recorder>,
    /// The window does not begin before this instant.
    earliest_ns: u64,
    /// The window's beginning; 0 until every actor has begun.
    from_ns: AtomicU64,
    /// How many actors have not begun yet.
    awaited: AtomicU32,
    length_ns: u64,
    /// Process CPU clock at the window's ends; 0 until somebody has passed.
    cpu_from_ns: AtomicU64,
    cpu_until_ns: AtomicU64,
    /// When each actor's present operation started, for the ages of unfinished ones.
    starts_ns: Arc<[AtomicU64]>,
    working: AtomicU32,
    reports: Mutex<Vec<Report>>,
    quiet: mpsc::SyncSender<()>,
}

/// What one actor did in one slice.
#[derive(Debug)]
pub struct Report {
    /// Which actor.
    pub actor: u32,
    /// All operations, outside the window too.
    pub operations: u64,
    /// Those that ended inside the window.
    pub completed: u64,
    /// Those that started inside the window.
    pub recorded: u64,
    /// The sum of their times.
    pub sum_ns: u64,
    /// The sum of the digests of all operations.
    pub digest: Digest,
    /// Operations that ended before their asked time.
    pub early: u64,
    /// How the turn ended.
    pub ending: Ending,
}

/// How a turn ended.
#[derive(Debug)]
pub enum Ending {
    /// It was told to stop.
    Stopped,
    /// An operation failed.
    Failed(io::Error),
    /// The task that had it is gone: it panicked, or its runtime dropped it.
    Abandoned,
}

impl Window {
    /// A window of this length, which opens when as many actors as there are starts have begun, but not
    /// before the given instant. The receiver gets one message, when all are quiet.
    #[must_use]
    pub fn new(
        recorder: Arc<Recorder>,
        starts_ns: Arc<[AtomicU64]>,
        earliest_ns: u64,
        length_ns: u64,
    ) -> (Arc<Self>, mpsc::Receiver<()>) {
        let (quiet, all_quiet) = mpsc::sync_channel(1);
        let actors = starts_ns.len() as u32;
        let window = Self {
            recorder,
            earliest_ns,
            from_ns: AtomicU64::new(0),
            awaited: AtomicU32::new(actors),
            length_ns,
            cpu_from_ns: AtomicU64::new(0),
            cpu_until_ns: AtomicU64::new(0),
            starts_ns,
            working: AtomicU32::new(actors),
            reports: Mutex::new(Vec::with_capacity(actors as usize)),
            quiet,
        };
        (Arc::new(window), all_quiet)
    }

    /// One more actor has begun; the last one opens the window. Were it opened at once, a runner that is
    /// slow to wake a thousand actors would be measured with fewer.
    fn begin(&self) {
        if self.awaited.fetch_sub(1, AcqRel) == 1 {
            self.from_ns.store(clock::now_ns().max(self.earliest_ns), Release);
        }
    }

    /// CPU time of the process between the window's ends; 0 when nobody passed both.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        self.cpu_until_ns.load(Acquire).saturating_sub(self.cpu_from_ns.load(Acquire))
    }

    /// The reports so far.
    #[must_use]
    pub fn take_reports(&self) -> Vec<Report> {
        std::mem::take(&mut self.reports.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the CPU clock if nobody has yet; whether it was read now.
    fn stamp(slot: &AtomicU64) -> bool {
        // The slot is claimed first: a thousand actors pass, and one reads.
        if slot.load(Relaxed) != 0 || slot.compare_exchange(0, 1, AcqRel, Relaxed).is_err() {
            return false;
        }
        slot.store(clock::own_cpu_ns(), Release);
        true
    }

    fn report(&self, report: Report) {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        // Only the last one wakes the main thread: it would compete with actors that still work.
        if self.working.fetch_sub(1, AcqRel) == 1 {
            // Nobody listens any more after a time-out; then the process ends anyway.
            let _ = self.quiet.try_send(());
        }
    }
}

/// One actor's turn in one slice.
#[derive(Debug)]
pub struct TrialTurn {
    window: Arc<Window>,
    actor: u32,
    chunk: Chunk,
    last_ns: u64,
    /// When to look up from work next: see [`TrialTurn::cross`].
    boundary_ns: u64,
    begun: bool,
    inside: bool,
    operations: u64,
    completed: u64,
    recorded: u64,
    sum_ns: u64,
    digest: Digest,
    early: u64,
    ending: Option<Ending>,
}

impl TrialTurn {
    /// A turn that begins when the gate opened.
    #[must_use]
    pub fn new(window: Arc<Window>, actor: u32, gate_ns: u64) -> Self {
        window.starts_ns[actor as usize].store(gate_ns, Relaxed);
        Self {
            window,
            actor,
            chunk: Chunk::default(),
            last_ns: gate_ns,
            boundary_ns: gate_ns,
            begun: false,
            inside: false,
            operations: 0,
            completed: 0,
            recorded: 0,
            sum_ns: 0,
            digest: Digest::default(),
            early: 0,
            ending: None,
        }
    }

    /// The actor begins, or its time has passed a boundary: into the window, or out of it.
    #[cold]
    fn cross(&mut self) -> bool {
        self.begin();
        if !self.inside {
            let from_ns = self.window.from_ns.load(Acquire);
            if from_ns == 0 || self.last_ns < from_ns {
                self.boundary_ns =
                    if from_ns == 0 { self.last_ns + LOOK_AGAIN_NS } else { from_ns };
                return true;
            }
            self.inside = true;
            self.boundary_ns = from_ns + self.window.length_ns;
            // The operation that has just ended started before the window and ended inside it.
            self.completed += u64::from(self.operations > 0 && self.last_ns < self.boundary_ns);
            let reading_ns = clock::now_ns();
            if Window::stamp(&self.window.cpu_from_ns) {
                // The reading takes longer the more threads there are; it is nobody's operation. What was waited for
                // before it is: actors that take turns on one thread come here long after their last operation.
                self.last_ns += clock::now_ns() - reading_ns;
            }
            if self.last_ns < self.boundary_ns {
                return true;
            }
        }
        Window::stamp(&self.window.cpu_until_ns);
        self.ending = Some(Ending::Stopped);
        false
    }
}

impl TrialTurn {
    fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            self.window.begin();
        }
    }
}

impl Turn for TrialTurn {
    #[inline]
    fn next(&mut self) -> bool {
        self.last_ns < self.boundary_ns || self.cross()
    }

    #[inline]
    fn done(&mut self, digest: Digest, asked: Duration) {
        let due_ns = self.last_ns + asked.as_nanos() as u64;
        self.end(digest, due_ns);
    }

    #[inline]
    fn done_on_schedule(&mut self, digest: Digest, due: Lap) {
        // The trial's ledger has this clock.
        self.end(digest, due.on_the_clock_ns());
    }

    fn at_least(&mut self, least: Duration) {
        let took_ns = clock::now_ns() - self.last_ns;
        self.early += u64::from(took_ns < least.as_nanos() as u64);
    }

    fn failed(mut self, error: io::Error) {
        self.ending = Some(Ending::Failed(error));
    }
}

impl TrialTurn {
    /// An operation ends now that was due at an instant.
    #[inline]
    fn end(&mut self, digest: Digest, due_ns: u64) {
        let now_ns = clock::now_ns();
        self.early += u64::from(now_ns < due_ns);
        if self.inside {
            let time_ns = now_ns.saturating_sub(due_ns);
            self.window.recorder.record(&mut self.chunk, time_ns);
            self.recorded += 1;
            self.sum_ns += time_ns;
        }
        // Inside the window the boundary is its end.
        self.completed += u64::from(self.inside && now_ns < self.boundary_ns);
        self.operations += 1;
        self.digest = self.digest.plus(digest);
        self.last_ns = now_ns;
        self.window.starts_ns[self.actor as usize].store(now_ns, Relaxed);
    }
}

impl Drop for TrialTurn {
    fn drop(&mut self) {
        // The others would wait for it for ever.
        self.begin();
        self.window.report(Report {
            actor: self.actor,
            operations: self.operations,
            completed: self.completed,
            recorded: self.recorded,
            sum_ns: self.sum_ns,
            digest: self.digest,
            early: self.early,
            ending: self.ending.take().unwrap_or(Ending::Abandoned),
        });
    }
}

#[cfg(test)]
mod tests;
