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
}

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

    /// How many rounds are sure to come, the next one included: of a sweep those of its rung.
    #[must_use]
    pub fn ahead(&self) -> u32 {
        match self.is_sweep {
            true => self.rounds - self.counted % self.rounds.max(1),
            false => self.rounds.saturating_sub(self.counted),
        }
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
        Course { rounds, from_per_sec: 1000, is_sweep, counted: 0 }
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
    fn what_is_sure_to_come_ends_with_the_plan_or_the_rung() {
        let mut fixed = course(false, 3);
        let mut sweep = course(true, 2);
        let mut ahead = Vec::new();
        for _ in 0..4 {
            ahead.push((fixed.ahead(), sweep.ahead()));
            fixed.advance();
            sweep.advance();
        }
        assert_eq!(ahead, [(3, 2), (2, 1), (1, 2), (0, 1)]);
    }
}
