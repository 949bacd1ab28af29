//! How does async-io tick? By its own repeating timer.
//!
//! The timer keeps its schedule and skips nothing: after a long wait its ticks come in a burst. So it is set anew
//! where ticks are to be skipped.

use crate::schedule::Schedule;
use async_io::Timer;
use futures_lite::StreamExt;
use simul_workloads::Ticker;
use std::time::{Duration, Instant};

/// See the module's documentation.
#[derive(Debug)]
pub struct TimerTicker {
    timer: Timer,
    schedule: Schedule,
    period: Duration,
}

impl TimerTicker {
    /// The first tick is due one period from now.
    #[must_use]
    pub fn new(period: Duration) -> Self {
        let schedule = Schedule::new(period);
        Self { timer: Timer::interval_at(schedule.due(), period), schedule, period }
    }
}

impl Ticker for TimerTicker {
    async fn tick(&mut self) -> u64 {
        self.timer.next().await;
        let skipped = self.schedule.given(Instant::now());
        if self.schedule.skips() {
            self.timer.set_interval_at(self.schedule.due(), self.period);
        }
        skipped
    }
}
