//! How does compio tick? By its own interval.
//!
//! The interval gives the times at which its ticks were due, from which those that it skipped are counted. A
//! tick that is due before it is asked for counts as skipped.

use crate::{schedule::skipped_between, thread_bound::ThreadBound};
use compio::time::{Interval, interval_at};
use simul_workloads::Ticker;
use std::time::{Duration, Instant};

/// See the module's documentation.
#[derive(Debug)]
pub struct IntervalTicker {
    interval: ThreadBound<Interval>,
    last: Instant,
    period: Duration,
}

impl IntervalTicker {
    /// The first tick is due one period from now.
    #[must_use]
    pub fn new(period: Duration) -> Self {
        let last = Instant::now();
        let interval = interval_at(last + period, period);
        Self { interval: ThreadBound::new(interval), last, period }
    }
}

impl Ticker for IntervalTicker {
    async fn tick(&mut self) -> u64 {
        let due = ThreadBound::new(self.interval.tick()).await;
        let gap = due - std::mem::replace(&mut self.last, due);
        skipped_between(gap, self.period)
    }
}
