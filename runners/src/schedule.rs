//! When is the next tick due, and how many were skipped?
//!
//! Ticks are due at multiples of the period after the start, however late the last one came. Some runtimes have
//! intervals of their own that keep such a schedule; those that have none, or one that drifts, sleep until the
//! next tick is due ([`SleepingTicker`]).
//!
//! It must not know any runtime.

use simul_workloads::{Runtime, Ticker};
use std::time::{Duration, Instant};

/// The ticks of one ticker.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    due: Instant,
    period: Duration,
    skipped: u64,
}

impl Schedule {
    /// The first tick is due one period from now.
    #[must_use]
    pub fn new(period: Duration) -> Self {
        Self { due: Instant::now() + period, period, skipped: 0 }
    }

    /// When the next tick is due.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.due
    }

    /// How long that is from now; zero when it is due already.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    /// Gives the tick that is due at `now`: how many were skipped before it. Those that should have come between
    /// it and `now` are skipped.
    pub fn given(&mut self, now: Instant) -> u64 {
        let late = now.saturating_duration_since(self.due);
        let skipped = whole_periods(late, self.period);
        // On the schedule again: the first time after `now`.
        self.due += self.period;
        self.due += Duration::from_nanos_u128(self.period.as_nanos() * u128::from(skipped));
        std::mem::replace(&mut self.skipped, skipped)
    }

    /// Whether the next tick is not the one that follows the last.
    #[must_use]
    pub fn skips(&self) -> bool {
        self.skipped > 0
    }
}

/// How many ticks were skipped between two that an interval gave, by the times at which they were due.
#[must_use]
pub fn skipped_between(gap: Duration, period: Duration) -> u64 {
    whole_periods(gap, period).saturating_sub(1)
}

fn whole_periods(time: Duration, period: Duration) -> u64 {
    let periods = time.as_nanos() / period.as_nanos().max(1);
    u64::try_from(periods).unwrap_or(u64::MAX)
}

/// Ticks by sleeping until the next one is due.
#[derive(Debug)]
pub struct SleepingTicker<R> {
    runtime: R,
    schedule: Schedule,
}

impl<R: Runtime> SleepingTicker<R> {
    /// The first tick is due one period from now.
    #[must_use]
    pub fn new(runtime: R, period: Duration) -> Self {
        Self { runtime, schedule: Schedule::new(period) }
    }
}

impl<R: Runtime> Ticker for SleepingTicker<R> {
    async fn tick(&mut self) -> u64 {
        loop {
            let left = self.schedule.left();
            if left.is_zero() {
                return self.schedule.given(Instant::now());
            }
            self.runtime.sleep(left).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(10);

    #[test]
    fn a_late_tick_is_given_and_those_after_it_keep_the_schedule() {
        let mut schedule = Schedule::new(PERIOD);
        let start = schedule.due() - PERIOD;
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(schedule.given(at(10)), 0);
        assert_eq!((schedule.due(), schedule.skips()), (at(20), false));
        // Late by two periods and a half: those of 30 and 40 are skipped, as the next one says.
        assert_eq!(schedule.given(at(45)), 0);
        assert_eq!((schedule.due(), schedule.skips()), (at(50), true));
        assert_eq!(schedule.given(at(51)), 2);
        assert_eq!(schedule.given(at(60)), 0);
        // A tick that comes when the one after it is due: that one is skipped.
        assert_eq!(schedule.given(at(80)), 0);
        assert_eq!(schedule.due(), at(90));
        assert_eq!(schedule.given(at(90)), 1);
    }

    #[test]
    fn gaps_are_counted_in_whole_periods() {
        for (gap_ms, skipped) in [(0, 0), (10, 0), (20, 1), (70, 6)] {
            assert_eq!(skipped_between(Duration::from_millis(gap_ms), PERIOD), skipped);
        }
    }
}
