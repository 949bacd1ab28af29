//! What does it cost to sort in parallel?
//!
//! A batch: a merge sort of `items` numbers. Each half is sorted by a fork until it has `cutoff` numbers or fewer,
//! which the standard library sorts; then halves are merged. The numbers are one of a few shuffles, another one
//! each time.
//!
//! It cannot tell how fast a sort could be: one that works in place, with less copying, is faster on every
//! runner. The last merge is one task's, so that perfect speed-up is out of reach for all.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload,
};
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct MergeSort {
    items: usize,
    cutoff: usize,
    seed: u64,
    answers: OnceLock<Vec<Digest>>,
}

/// The shuffles, and one actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    shuffles: Arc<Vec<Vec<u64>>>,
    next: u64,
}

/// How many different shuffles there are: enough that no answer can be the last one, few enough to keep them.
const VARIANTS: u64 = 8;

impl Workload for MergeSort {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "sort",
        question: "What does it cost to sort 65,536 numbers by halves that are sorted at once?",
        class: Class::Cpu,
        shape: Shape::Batch,
        measure: Measure::Service,
        // 15 forks; a piece is 4096 numbers.
        parameters: &[("items", "65536"), ("cutoff", "4096")],
        actors: 1,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let items = parameters.number("items", 1, 1 << 24)?;
        // No more than some thousand forks: where a task is a thread, each is one.
        let cutoff = parameters.number("cutoff", items.div_ceil(1 << 11).max(1), 1 << 24)?;
        let (items, cutoff) = (items as usize, cutoff as usize);
        Ok(Self { items, cutoff, seed, answers: OnceLock::new() })
    }

    fn needs(&self, actors: u32) -> Needs {
        let actors = u64::from(actors);
        let bytes = (self.items * size_of::<u64>()) as u64;
        Needs {
            fork_join: true,
            live_tasks: forks(self.items, self.cutoff) * actors,
            // The shuffles, and two copies of one.
            memory_bytes: bytes * (VARIANTS + 2) * actors,
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        let shuffles = (0..VARIANTS).map(|variant| self.shuffle(variant)).collect();
        Ok(State { shuffles: Arc::new(shuffles), next: u64::from(actor) })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let numbers = state.shuffles[(state.next % VARIANTS) as usize].clone();
        state.next += 1;
        Ok(in_order(&sorted(runtime, numbers, self.cutoff).await))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let answers = self.answers.get_or_init(|| {
            let answer = |variant| {
                let mut numbers = self.shuffle(variant);
                numbers.sort_unstable();
                in_order(&numbers)
            };
            (0..VARIANTS).map(answer).collect()
        });
        answers[((u64::from(actor) + index) % VARIANTS) as usize]
    }
}

impl MergeSort {
    fn shuffle(&self, variant: u64) -> Vec<u64> {
        let first = Digest::of_number(self.seed ^ (variant << 32)).0;
        // Half as many values as numbers, so that equal ones meet.
        let range = self.items as u64 / 2 + 1;
        (0..self.items as u64)
            .map(|at| Digest::of_number(first.wrapping_add(at)).0 % range)
            .collect()
    }
}

/// How many forks it takes.
fn forks(items: usize, cutoff: usize) -> u64 {
    if items <= cutoff {
        return 0;
    }
    1 + forks(items / 2, cutoff) + forks(items - items / 2, cutoff)
}

/// Boxed, since a future cannot contain itself.
fn sorted<R: Runtime>(
    runtime: R,
    mut numbers: Vec<u64>,
    cutoff: usize,
) -> Pin<Box<dyn Future<Output = Vec<u64>> + Send>> {
    Box::pin(async move {
        if numbers.len() <= cutoff {
            numbers.sort_unstable();
            return numbers;
        }
        let right = numbers.split_off(numbers.len() / 2);
        let (left, right) = (sorted(runtime, numbers, cutoff), sorted(runtime, right, cutoff));
        let (left, right) = runtime.fork(left, right).await;
        merged(&left, &right)
    })
}

fn merged(mut left: &[u64], mut right: &[u64]) -> Vec<u64> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
        if first <= second {
            all.push(*first);
            left = left_rest;
        } else {
            all.push(*second);
            right = right_rest;
        }
    }
    all.extend_from_slice(left);
    all.extend_from_slice(right);
    all
}

/// The numbers and their order: a sum of each with its place, so that neither can change unseen.
fn in_order(numbers: &[u64]) -> Digest {
    let sum = (1_u64..).zip(numbers).fold(0_u64, |sum, (place, number)| {
        sum.wrapping_add(Digest::of_number(number.wrapping_mul(place) ^ (place << 40)).0)
    });
    Digest(sum).plus(Digest::of_number(numbers.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_order_and_every_number() {
        assert_eq!(merged(&[1, 3, 3, 9], &[2, 3]), [1, 2, 3, 3, 3, 9]);
        assert_eq!(merged(&[], &[2, 3]), [2, 3]);
        assert_eq!(merged(&[5], &[]), [5]);
    }

    #[test]
    fn the_digest_sees_order_and_every_number() {
        let whole = in_order(&[1, 2, 3, 3]);
        for other in [&[2, 1, 3, 3][..], &[1, 2, 3], &[1, 2, 3, 3, 3], &[1, 2, 2, 3]] {
            assert_ne!(in_order(other), whole, "{other:?}");
        }
    }

    fn sort(parts: &str) -> Result<MergeSort, ParameterError> {
        MergeSort::new(&Parameters::parse(&MergeSort::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn a_shuffle_is_not_sorted_and_not_another() {
        let sort = sort("1000:cutoff=10").unwrap();
        let [one, two] = [0, 1].map(|variant| sort.shuffle(variant));
        assert!(!one.is_sorted());
        assert_ne!(one, two);
    }

    #[test]
    fn forks_are_counted_and_bounded() {
        assert_eq!(forks(65_536, 4096), 15);
        assert_eq!(forks(4096, 4096), 0);
        assert_eq!(forks(5, 2), 2);
        assert!(sort("1000000:cutoff=10").is_err());
    }
}
