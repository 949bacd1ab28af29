//! What does it cost to divide work into halves, again and again, and to join them?
//!
//! A batch: the recursion of Fibonacci, in which every call above the `cutoff` forks into two, and every call below
//! it is computed where it is. It starts from two numbers that differ from operation to operation, and each piece
//! that was computed is counted.
//!
//! It cannot tell how fast additions are: almost all of the work is in the pieces, which are the same on all
//! runners. On runners whose tasks stay on their thread nothing runs at the same time, and the figure is what
//! forking costs them.

use crate::{
    Class, Digest, DirectBatch, Measure, Needs, ParameterError, Parameters, Profile, Runtime,
    Shape, Surroundings, Workload,
};
use std::{
    future::Future,
    hint::black_box,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Fib {
    n: u64,
    cutoff: u64,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    actor: u32,
    next: u64,
}

/// The most levels that fork: 16 of them are 2583 forks, and where a task is a thread, as many threads.
const MOST_LEVELS: u64 = 16;

impl Workload for Fib {
    type State<R: Runtime> = State;
    type Port = DirectBatch;

    const PROFILE: Profile = Profile {
        name: "fib",
        question: "What does it cost to divide work into halves, again and again, and to join them?",
        class: Class::Cpu,
        shape: Shape::Batch,
        measure: Measure::Service,
        // 143 forks; a piece is 753 or 1219 calls.
        parameters: &[("n", "24"), ("cutoff", "14")],
        actors: 1,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        let n = parameters.number("n", 2, 40)?;
        // A call for 0 or 1 cannot be divided.
        let least = n.saturating_sub(MOST_LEVELS).max(1);
        Ok(Self { n, cutoff: parameters.number("cutoff", least, n)? })
    }

    fn needs(&self, actors: u32) -> Needs {
        let forks = self.pieces() - 1;
        Needs { fork_join: true, live_tasks: forks * u64::from(actors), ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let pieces = Arc::new(AtomicU64::new(0));
        let root = Call {
            n: self.n,
            cutoff: self.cutoff,
            first: first(state.actor, state.next),
            pieces: Arc::clone(&pieces),
        };
        state.next += 1;
        let value = value(runtime, root).await;
        Ok(computed(value, pieces.load(Relaxed)))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        computed(by_iteration(self.n, first(actor, index)), self.pieces())
    }
}

impl Fib {
    /// How many pieces there are: one more than forks, and a Fibonacci number themselves.
    fn pieces(&self) -> u64 {
        by_iteration(self.n - self.cutoff, [1, 2])
    }
}

/// One call of the recursion.
struct Call {
    n: u64,
    cutoff: u64,
    /// The values for 0 and 1.
    first: [u64; 2],
    pieces: Arc<AtomicU64>,
}

/// Boxed, since a future cannot contain itself.
fn value<R: Runtime>(runtime: R, call: Call) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        let Call { n, cutoff, first, pieces } = call;
        if n <= cutoff {
            pieces.fetch_add(1, Relaxed);
            return recursively(n, first);
        }
        let left = Call { n: n - 1, cutoff, first, pieces: Arc::clone(&pieces) };
        let right = Call { n: n - 2, cutoff, first, pieces };
        let (left, right) = runtime.fork(value(runtime, left), value(runtime, right)).await;
        left.wrapping_add(right)
    })
}

/// A piece. Nothing of it can be foreseen by the compiler.
fn recursively(n: u64, first: [u64; 2]) -> u64 {
    let n = black_box(n);
    if n < 2 {
        first[n as usize]
    } else {
        recursively(n - 1, first).wrapping_add(recursively(n - 2, first))
    }
}

/// The same by going up from the two first values.
fn by_iteration(n: u64, [mut this, mut next]: [u64; 2]) -> u64 {
    for _ in 0..n {
        (this, next) = (next, this.wrapping_add(next));
    }
    this
}

/// The two first values of one operation.
fn first(actor: u32, index: u64) -> [u64; 2] {
    let word = Digest::of_number((u64::from(actor) << 32) ^ index).0;
    [word, Digest::of_number(word).0]
}

fn computed(value: u64, pieces: u64) -> Digest {
    Digest::of_number(value).plus(Digest::of_number(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_fibonaccis() {
        let known = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55];
        for (n, known) in (0..).zip(known) {
            assert_eq!(by_iteration(n, [0, 1]), known);
            assert_eq!(recursively(n, [0, 1]), known);
        }
    }

    fn fib(parts: &str) -> Result<Fib, ParameterError> {
        Fib::new(&Parameters::parse(&Fib::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn pieces_are_counted_by_a_formula() {
        /// By taking the calls one by one.
        fn counted(n: u64, cutoff: u64) -> u64 {
            if n <= cutoff { 1 } else { counted(n - 1, cutoff) + counted(n - 2, cutoff) }
        }
        for (n, cutoff) in [(24, 14), (2, 1), (2, 2), (9, 1), (17, 1)] {
            let fib = fib(&format!("{n}:cutoff={cutoff}")).unwrap();
            // A call for 0 comes only from one for 2, which is above a cut-off of 1.
            assert_eq!(fib.pieces(), counted(n, cutoff), "{n}, {cutoff}");
        }
    }

    #[test]
    fn the_most_levels_are_as_many_forks_as_said() {
        assert_eq!(fib("24").unwrap().pieces(), 144);
        assert_eq!(fib("17:cutoff=1").unwrap().pieces(), 2584);
    }

    #[test]
    fn too_many_forks_are_refused() {
        assert_eq!(
            fib("30:cutoff=13").unwrap_err().to_string(),
            "parameter cutoff = '13' is not a whole number from 14 to 30"
        );
        assert!(fib("30:cutoff=31").is_err());
    }
}
