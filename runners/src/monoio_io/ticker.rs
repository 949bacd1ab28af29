//! How does monoio tick? By its own interval, told to skip.
//!
//! The interval gives the times at which its ticks were due, from which those that it skipped are counted. It
//! skips when it is more than 5 ms late; below that it gives each tick, however near to the last one.

use crate::{schedule::skipped_between, thread_bound::ThreadBound};
use monoio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use simul_workloads::Ticker;
use std::time::Duration;

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
        let mut interval = interval_at(last + period, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
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
