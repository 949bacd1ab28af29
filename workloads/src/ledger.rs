//! What does a workload have to say besides how long its operations took?
//!
//! Some work has a figure of its own: the bytes that a waiting task costs, the time until all tasks were alive.
//! A workload declares its [`Figure`]s and enters values in the [`Ledger`] that its surroundings hold; what
//! becomes of them is the harness's business. It must not know the time: a [`Lap`] is opaque, and the clock
//! behind it belongs to whoever made the ledger.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// A figure that a workload reports besides its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name in lists and reports, unique within the workload.
    pub name: &'static str,
    /// Its unit: `ns`, `bytes`, `1`.
    pub unit: &'static str,
    /// What it says, in one sentence.
    pub describes: &'static str,
}

/// A value of a [`Figure`], by the figure's name.
pub type Entry = (&'static str, f64);

/// The place where values are entered. Clones share it. What stands in no one's surroundings takes values and
/// forgets them with itself, and its clock stands still.
#[derive(Clone)]
pub struct Ledger {
    entries: Arc<Mutex<Vec<Entry>>>,
    now_ns: fn() -> u64,
}

/// A moment, of which only the distance to a later one can be entered.
#[derive(Clone, Copy, Debug)]
pub struct Lap(u64);

impl Ledger {
    /// A ledger whose laps are taken from this clock, in nanoseconds.
    #[must_use]
    pub fn new(now_ns: fn() -> u64) -> Self {
        Self { entries: Arc::default(), now_ns }
    }

    /// Enters a value. Takes a lock: for once an operation, not for once a task.
    pub fn enter(&self, figure: &Figure, value: f64) {
        self.lock().push((figure.name, value));
    }

    /// Begins a lap.
    #[must_use]
    pub fn lap(&self) -> Lap {
        Lap((self.now_ns)())
    }

    /// Enters the nanoseconds since the lap began.
    pub fn enter_lap(&self, figure: &Figure, lap: Lap) {
        self.enter(figure, (self.now_ns)().saturating_sub(lap.0) as f64);
    }

    /// Takes out what was entered since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new(|| 0)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("entries", &self.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIGURE: Figure = Figure { name: "size", unit: "bytes", describes: "How large it is" };

    #[test]
    fn what_is_entered_is_taken_once_by_whoever_shares_it() {
        let ledger = Ledger::new(|| 7);
        ledger.clone().enter(&FIGURE, 3.0);
        ledger.enter_lap(&FIGURE, ledger.lap());
        assert_eq!(ledger.take(), [("size", 3.0), ("size", 0.0)]);
        assert_eq!(ledger.take(), []);
    }
}
