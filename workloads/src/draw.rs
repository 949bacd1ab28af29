//! What is random, and yet the same for every runner?
//!
//! A pure function of the seed, the actor and the operation: nobody keeps a generator, so the oracle knows
//! the same numbers, whatever order the operations had.

use crate::Digest;

/// A number from 0 up to `bound` - 1 for one operation of one actor. `bound` must not be 0; below 2³² the
/// numbers differ in likelihood by less than one in 2³².
#[inline]
#[must_use]
pub fn below(bound: u64, seed: u64, actor: u32, index: u64) -> u64 {
    let of_actor = Digest::of_number(seed ^ (u64::from(actor) << 32)).0;
    let drawn = Digest::of_number(of_actor.wrapping_add(index)).0;
    // The high half of the product (Lemire, 2019), which needs no division.
    ((u128::from(drawn) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn numbers_stay_below_the_bound_and_reach_all_of_it() {
        let mut seen = [0; 10];
        for actor in 0..4 {
            for index in 0..1000 {
                seen[below(10, 7, actor, index) as usize] += 1;
            }
        }
        // 400 expected of each; a standard deviation is 19.
        assert!(seen.iter().all(|count| (300..500).contains(count)), "{seen:?}");
    }

    #[test]
    fn seed_actor_and_operation_all_count() {
        let numbers = [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1)]
            .map(|(seed, actor, index)| below(u64::MAX, seed, actor, index));
        for (at, number) in numbers.iter().enumerate() {
            assert!(!numbers[..at].contains(number));
        }
    }
}
