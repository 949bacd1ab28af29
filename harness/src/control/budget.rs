//! Is there time for another block?
//!
//! A block is begun only where one as long as the longest of its contest so far would end in time. It must not know
//! what blocks are for, or whether more of them are wanted. Read next: [`super::stopping`] and [`super::ab`], which ask.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// The time that a run may take.
#[derive(Debug, Default)]
pub struct Budget {
    /// When no further block may be running; `None` where time does not matter.
    until: Option<Instant>,
    /// Since when a block has been lived.
    since: Option<Instant>,
    /// The longest block of each contest that this invocation has lived.
    longest: HashMap<String, Duration>,
    /// Whether time has ended before everything was decided.
    pub ran_out: bool,
}

impl Budget {
    /// Until then, or for ever.
    #[must_use]
    pub fn until(until: Option<Instant>) -> Self {
        Self { until, ..Self::default() }
    }

    /// Whether so many blocks of a contest, the least that are of use, would end in time. The first is begun now.
    pub fn admits(&mut self, contest: &str, blocks: u32) -> bool {
        let now = Instant::now();
        self.since = Some(now);
        let usual = self.longest.get(contest).copied().unwrap_or_default();
        let fits = self.until.is_none_or(|until| now + usual * blocks <= until);
        self.ran_out |= !fits;
        fits
    }

    /// Notes how long the block took that was admitted; `false` where none was: this invocation has not lived it.
    pub fn block_ended(&mut self, contest: &str) -> bool {
        let Some(since) = self.since.take() else { return false };
        let longest = self.longest.entry(contest.to_owned()).or_default();
        *longest = (*longest).max(since.elapsed());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_end_everything_fits() {
        let mut budget = Budget::until(None);
        assert!(budget.admits("a", u32::MAX) && budget.block_ended("a"));
        assert!(budget.admits("a", 12) && !budget.ran_out);
    }

    #[test]
    fn blocks_as_long_as_the_longest_of_their_contest_must_fit() {
        let mut budget = Budget::until(Some(Instant::now() + Duration::from_secs(3600)));
        assert!(!budget.block_ended("a"), "none was admitted");
        budget.longest.insert("a".into(), Duration::from_secs(1000));
        assert!(budget.admits("a", 3) && !budget.ran_out);
        assert!(budget.admits("b", 100), "nothing is known of it");
        assert!(!budget.admits("a", 4) && budget.ran_out);
        assert!(budget.admits("a", 1) && budget.ran_out, "it is said once and for all");
    }

    #[test]
    fn a_time_that_is_over_admits_nothing() {
        let mut budget = Budget::until(Instant::now().checked_sub(Duration::from_secs(1)));
        assert!(!budget.admits("a", 1));
    }
}
