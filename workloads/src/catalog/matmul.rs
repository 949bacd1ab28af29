//! What does it cost to split a matrix product over tasks?
//!
//! A batch: the product of two square matrices of `n` rows. Its rows are halved by forks until a task has `rows` of
//! them or fewer, which it computes block by block. Numbers are whole and small, so that every sum is exact in
//! floating point and the order of additions does not matter. The left matrix is another one each time.
//!
//! It cannot tell how fast a product could be: the loops are plain, without a library for it, the same on all
//! runners.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload,
};
use std::{
    future::Future,
    io,
    ops::Range,
    pin::Pin,
    sync::{Arc, OnceLock},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Matmul {
    n: usize,
    rows: usize,
    seed: u64,
    answers: OnceLock<Vec<Digest>>,
}

/// The factors, and one actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    left: Vec<Arc<Matrix>>,
    right: Arc<Matrix>,
    next: u64,
}

/// Row after row.
type Matrix = Vec<f64>;

/// How many different left factors there are.
const VARIANTS: u64 = 8;
/// Which one is the right factor.
const RIGHT: u64 = VARIANTS;
/// Entries are below this: products of two, summed over 1024 rows, are below 2^30 and so exact.
const BOUND: u64 = 1 << 10;
/// Columns of the left factor that are worked on together: 64 rows of the right one, 96 KiB at the default size, stay
/// in the second-level cache.
const BLOCK: usize = 64;

impl Workload for Matmul {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "matmul",
        question: "What does it cost to split a matrix product over tasks?",
        class: Class::Cpu,
        shape: Shape::Batch,
        measure: Measure::Service,
        // 7 forks; a piece is 24 rows.
        parameters: &[("n", "192"), ("rows", "24")],
        actors: 1,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let n = parameters.number("n", 1, 1024)? as usize;
        let rows = parameters.number("rows", 1, 1024)? as usize;
        Ok(Self { n, rows, seed, answers: OnceLock::new() })
    }

    fn needs(&self, actors: u32) -> Needs {
        let actors = u64::from(actors);
        let bytes = (self.n * self.n * size_of::<f64>()) as u64;
        Needs {
            fork_join: true,
            live_tasks: forks(self.n, self.rows) * actors,
            // The factors, the product, and the halves that it is put together from.
            memory_bytes: bytes * (VARIANTS + 3) * actors,
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        let left = (0..VARIANTS).map(|variant| Arc::new(self.matrix(variant))).collect();
        Ok(State { left, right: Arc::new(self.matrix(RIGHT)), next: u64::from(actor) })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let variant = state.next % VARIANTS;
        state.next += 1;
        let left = Arc::clone(&state.left[variant as usize]);
        let part = Part { left, right: Arc::clone(&state.right), n: self.n, most: self.rows };
        let product = multiplied(runtime, part, 0..self.n).await;
        if product.len() != self.n * self.n {
            return Err(io::Error::other("the product has not as many rows as its factor"));
        }
        // With a number for each row on its left, and one for each column on its right, a product becomes one
        // number. They are odd, so that no single entry can be wrong unseen.
        let by_column = product.chunks_exact(self.n).map(|row| dot(row, weight));
        let sum = (0..).zip(by_column).fold(0_u64, |sum, (at, value)| {
            sum.wrapping_add(weight(at + RIGHT).wrapping_mul(value))
        });
        Ok(checked(variant, sum))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let answers = self.answers.get_or_init(|| (0..VARIANTS).map(|v| self.answer(v)).collect());
        answers[((u64::from(actor) + index) % VARIANTS) as usize]
    }
}

impl Matmul {
    fn matrix(&self, variant: u64) -> Matrix {
        let first = Digest::of_number(self.seed ^ (variant << 32)).0;
        let entry = |at| (Digest::of_number(first.wrapping_add(at)).0 % BOUND) as f64;
        (0..(self.n * self.n) as u64).map(entry).collect()
    }

    /// Freivalds' way (1977): the weights go through the factors one after the other, as vectors, so that the
    /// product is never computed.
    fn answer(&self, variant: u64) -> Digest {
        let (left, right) = (self.matrix(variant), self.matrix(RIGHT));
        let inner: Vec<u64> = right.chunks_exact(self.n).map(|row| dot(row, weight)).collect();
        let outer = left.chunks_exact(self.n).map(|row| dot(row, |at| inner[at as usize]));
        let sum = (0..).zip(outer).fold(0_u64, |sum, (at, value)| {
            sum.wrapping_add(weight(at + RIGHT).wrapping_mul(value))
        });
        checked(variant, sum)
    }
}

/// What a task works on.
#[derive(Clone)]
struct Part {
    left: Arc<Matrix>,
    right: Arc<Matrix>,
    n: usize,
    /// The most rows that are not halved.
    most: usize,
}

/// How many forks it takes.
fn forks(rows: usize, most: usize) -> u64 {
    if rows <= most {
        return 0;
    }
    1 + forks(rows / 2, most) + forks(rows - rows / 2, most)
}

/// Some rows of the product. Boxed, since a future cannot contain itself.
fn multiplied<R: Runtime>(
    runtime: R,
    part: Part,
    rows: Range<usize>,
) -> Pin<Box<dyn Future<Output = Matrix> + Send>> {
    Box::pin(async move {
        if rows.len() <= part.most {
            return product(&part, rows);
        }
        let middle = rows.start + rows.len() / 2;
        let upper = multiplied(runtime, part.clone(), rows.start..middle);
        let lower = multiplied(runtime, part, middle..rows.end);
        let (mut upper, lower) = runtime.fork(upper, lower).await;
        upper.extend_from_slice(&lower);
        upper
    })
}

/// Some rows of the product, computed here.
fn product(part: &Part, rows: Range<usize>) -> Matrix {
    let Part { left, right, n, .. } = part;
    let n = *n;
    let mut product = vec![0.0; rows.len() * n];
    for block in (0..n).step_by(BLOCK) {
        let block = block..n.min(block + BLOCK);
        for (row, sums) in rows.clone().zip(product.chunks_exact_mut(n)) {
            for inner in block.clone() {
                let factor = left[row * n + inner];
                for (sum, entry) in sums.iter_mut().zip(&right[inner * n..][..n]) {
                    *sum += factor * entry;
                }
            }
        }
    }
    product
}

/// An odd number for each place.
fn weight(at: u64) -> u64 {
    Digest::of_number(at).0 | 1
}

/// The sum of a row's entries, each weighted; entries are whole.
fn dot(row: &[f64], weight: impl Fn(u64) -> u64) -> u64 {
    (0..)
        .zip(row)
        .fold(0, |sum: u64, (at, entry)| sum.wrapping_add((*entry as u64).wrapping_mul(weight(at))))
}

fn checked(variant: u64, sum: u64) -> Digest {
    Digest::of_number(variant).plus(Digest(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matmul(parts: &str) -> Matmul {
        let parameters = Parameters::parse(&Matmul::PROFILE, parts.split(':')).unwrap();
        Matmul::new(&parameters, 1).unwrap()
    }

    #[test]
    fn blocks_give_what_the_definition_gives() {
        let matmul = matmul("70:rows=9");
        let n = matmul.n;
        let (left, right) = (Arc::new(matmul.matrix(0)), Arc::new(matmul.matrix(RIGHT)));
        let part = Part { left: Arc::clone(&left), right: Arc::clone(&right), n, most: 9 };
        let found = product(&part, 3..70);
        for (row, sums) in (3..70).zip(found.chunks_exact(n)) {
            for (column, sum) in sums.iter().enumerate() {
                let defined: f64 = (0..n).map(|k| left[row * n + k] * right[k * n + column]).sum();
                assert!((sum - defined).abs() < 0.5, "{row}, {column}: {sum}, {defined}");
            }
        }
    }

    #[test]
    fn factors_differ_and_so_do_answers() {
        let matmul = matmul("16");
        assert_ne!(matmul.matrix(0), matmul.matrix(1));
        assert_ne!(matmul.expected(0, 0), matmul.expected(0, 1));
        assert_eq!(matmul.expected(0, 1), matmul.expected(1, 0));
    }

    #[test]
    fn forks_are_counted() {
        assert_eq!(forks(192, 24), 7);
        assert_eq!(forks(1, 1), 0);
    }
}
