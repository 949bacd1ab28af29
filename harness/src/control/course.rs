//! Which rounds does a block have?
//!
//! As many as planned; of a sweep, so many at each rung of the ladder, upwards, until nobody wants to climb on.
//! Asked after every round, so that it may look at what has been seen. It must not know how a slice is measured.
//! Next: [`super::block`].

use super::{open_plan::rung_per_sec, plan::ContestPlan};

/// The rounds of a block.
#[derive(Debug)]
pub struct Course {
    rounds: u32,
    /// The first rate of a sweep, or the only one; 0 under closed load.
    from_per_sec: u32,
    is_sweep: bool,
    /// Rounds that have counted.
    counted: u32,
    /// Rounds that may still be run again, since strangers were busy: a quarter of those that have counted,
    /// and not the same one for ever.
    spare: u32,
}

/// How often rounds of a sweep may be run again: nobody knows beforehand how many there will be.
const SPARE_OF_A_SWEEP: u32 = 4;

impl Course {
    /// The course of a contest's block.
    #[must_use]
    pub fn of(contest: &ContestPlan) -> Self {
        let open = contest.open.as_ref();
        let is_sweep = open.is_some_and(|open| open.is_sweep);
        Self {
            rounds: contest.rounds,
            from_per_sec: open.map_or(0, |open| open.rate_per_sec),
            is_sweep,
            counted: 0,
            spare: if is_sweep { SPARE_OF_A_SWEEP } else { contest.rounds / 4 },
        }
    }

    /// The rate of the next round, 0 under closed load; `None` when there is none.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        match self.is_sweep {
            true => rung_per_sec(self.from_per_sec, self.counted / self.rounds.max(1)),
            false => (self.counted < self.rounds).then_some(self.from_per_sec),
        }
    }

    /// Whether a disturbed round may be run again; then it does not count.
    pub fn repeat(&mut self) -> bool {
        let may = self.spare > 0;
        self.spare = self.spare.saturating_sub(1);
        may
    }

    /// The round has counted.
    pub fn advance(&mut self) {
        self.counted += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(is_sweep: bool, rounds: u32) -> Course {
        Course { rounds, from_per_sec: 1000, is_sweep, counted: 0, spare: 1 }
    }

    fn rates(mut course: Course, most: usize) -> Vec<u32> {
        let next = || {
            let rate = course.next()?;
            course.advance();
            Some(rate)
        };
        std::iter::from_fn(next).take(most).collect()
    }

    #[test]
    fn a_sweep_climbs_and_another_load_stays() {
        assert_eq!(rates(course(true, 2), 5), [1000, 1000, 1500, 1500, 2000]);
        assert_eq!(rates(course(false, 3), 9), [1000, 1000, 1000]);
        assert!(rates(course(true, 1), 99).len() < 99, "it ends although nobody is saturated");
    }

    #[test]
    fn repeating_ends() {
        let mut course = course(false, 3);
        assert!(course.repeat() && !course.repeat());
    }
}
