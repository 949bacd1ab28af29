//! How often may disturbed rounds be run again?
//!
//! While that costs at most a quarter of the time that the run takes anyway: of the rounds that have counted, and of
//! those still ahead that the plan is sure of. Saved up over blocks, since a quarter of a few rounds may be none. It
//! must not know who disturbs. Next: [`super::block`].

/// A round that is disturbed for the third time counts, and is marked: who disturbs does not go away.
const MOST_TIMES: u32 = 2;
/// One part in so many may be spent.
const PARTS: u64 = 4;

/// Time that was spent on rounds.
#[derive(Debug, Default)]
pub struct Repeats {
    counted_ns: u64,
    repeated_ns: u64,
    /// How often the present round has been run in vain.
    times: u32,
}

impl Repeats {
    /// Whether a round that took so long may be run again; then it does not count. `ahead`: how many are still to
    /// come, this one included.
    pub fn grant(&mut self, round_ns: u64, ahead: u32) -> bool {
        let sure_ns = self.counted_ns.saturating_add(round_ns.saturating_mul(ahead.into()));
        let spent_ns = self.repeated_ns.saturating_add(round_ns);
        let may = self.times < MOST_TIMES && spent_ns.saturating_mul(PARTS) <= sure_ns;
        if may {
            self.times += 1;
            self.repeated_ns = spent_ns;
        }
        may
    }

    /// The round has counted.
    pub fn count(&mut self, round_ns: u64) {
        self.times = 0;
        self.counted_ns = self.counted_ns.saturating_add(round_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lives blocks in which every round is disturbed; the time that counted, and that was spent again.
    fn always_disturbed(blocks: u32, rounds: u32, round_ns: impl Fn(u32) -> u64) -> (u64, u64) {
        let mut repeats = Repeats::default();
        for _ in 0..blocks {
            for round in 0..rounds {
                let round_ns = round_ns(round);
                while repeats.grant(round_ns, rounds - round) {}
                repeats.count(round_ns);
            }
        }
        (repeats.counted_ns, repeats.repeated_ns)
    }

    #[test]
    fn it_never_costs_more_than_a_quarter() {
        for (blocks, rounds) in [(1, 1), (1, 3), (6, 1), (6, 5), (12, 20)] {
            for growing in [false, true] {
                let round_ns = |round: u32| if growing { 10 + u64::from(round) } else { 10 };
                let (counted_ns, repeated_ns) = always_disturbed(blocks, rounds, round_ns);
                assert!(repeated_ns * 4 <= counted_ns, "{blocks} × {rounds}: {repeated_ns}");
                let affordable = counted_ns / 4 > 10 + u64::from(rounds);
                assert!(repeated_ns > 0 || !affordable, "{blocks} × {rounds}");
            }
        }
    }

    #[test]
    fn no_round_is_run_for_ever() {
        let mut repeats = Repeats::default();
        repeats.count(1_000_000);
        let granted = std::iter::repeat_with(|| repeats.grant(1, 1)).take(9).filter(|may| *may);
        assert_eq!(granted.count(), MOST_TIMES as usize);
        repeats.count(1);
        assert!(repeats.grant(1, 1), "the next one may");
    }

    #[test]
    fn what_is_saved_is_spent_later() {
        let mut repeats = Repeats::default();
        assert!(!repeats.grant(10, 3), "a quarter of three rounds is none");
        repeats.count(10);
        repeats.count(10);
        repeats.count(10);
        assert!(repeats.grant(10, 3), "and of six it is one");
        assert!(!repeats.grant(10, 3));
    }
}
