//! What does a workload have to say besides how long its operations took?
//!
//! Some work has a figure of its own: the bytes that a waiting task costs, the time until all tasks were alive.
//! A workload declares its [`Figure`]s and enters values in the [`Ledger`] that its surroundings hold; what
//! becomes of them is the harness's business. It must not know the time: a [`Lap`] is opaque, and the clock
//! behind it belongs to whoever made the ledger.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A figure that a workload reports besides its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name in lists and reports, unique within the workload.
    pub name: &'static str,
    /// Its unit: `ns`, `bytes`, `1`; or [`Figure::IN_ALL`].
    pub unit: &'static str,
    /// What it says, in one sentence.
    pub describes: &'static str,
}

impl Figure {
    /// The unit of figures that count events: values are added up over a slice, and over a block, where those of
    /// other units are independent values with a median.
    pub const IN_ALL: &'static str = "in all";
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

impl Lap {
    /// The moment that comes so much later.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The nanoseconds of the ledger's clock, for whoever made the ledger.
    #[must_use]
    pub fn on_the_clock_ns(self) -> u64 {
        self.0
    }
}

impl Ledger {
    /// A ledger whose laps are taken from this clock, in nanoseconds.
    #[must_use]
    pub fn new(now_ns: fn() -> u64) -> Self {
        Self { entries: Arc::default(), now_ns }
    }

    /// Enters a value. Takes a lock: for once an operation, not for once a task.
    pub fn enter(&self, figure: &Figure, value: f64) {
        let mut entries = self.lock();
        if figure.unit == Figure::IN_ALL
            && let Some((_, sum)) = entries.iter_mut().find(|(name, _)| *name == figure.name)
        {
            *sum += value;
            return;
        }
        entries.push((figure.name, value));
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

    #[test]
    fn events_are_added_up() {
        const EVENTS: Figure = Figure { unit: Figure::IN_ALL, ..FIGURE };
        let ledger = Ledger::default();
        ledger.enter(&EVENTS, 2.0);
        ledger.enter(&EVENTS, 3.0);
        assert_eq!(ledger.take(), [("size", 5.0)]);
        ledger.enter(&EVENTS, 1.0);
        assert_eq!(ledger.take(), [("size", 1.0)]);
    }

    #[test]
    fn a_later_moment_is_later_on_the_clock() {
        let lap = Ledger::new(|| 7).lap();
        assert_eq!(lap.later(Duration::from_micros(2)).on_the_clock_ns(), 2007);
    }
}
