//! What does the program's allocator cost while it does not count? `cargo run --release --example allocator`.
//!
//! The system's allocator and ours, called directly in one process, in turns of fresh random order: each turn asks for
//! memory and gives it back, thousands of times. What is printed is the median over turns, and the median of the
//! differences within a round. It knows nothing of operations: `scripts/acceptance/audit` puts it beside them.

#[path = "../src/allocator.rs"]
mod allocator;

use rand::{SeedableRng, seq::SliceRandom};
use rand_pcg::Pcg64Mcg;
use simul::{clock, trial::audit::allocations};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
};

/// Turns of each, and pairs of a request and its return in one: 20 to 50 µs, shorter than most interruptions.
const ROUNDS: usize = 4000;
const PAIRS: u32 = 2000;
/// Small sizes, which are the quick ones, so that what is added shows most.
const SIZES: [usize; 3] = [32, 128, 1024];

fn main() {
    let mut random = Pcg64Mcg::seed_from_u64(7);
    let mut most_ns: f64 = 0.0;
    for size in SIZES {
        let layout = Layout::from_size_align(size, 8).expect("a legal layout");
        let (mut plain, mut ours, mut more) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let mut order = [false, true];
            order.shuffle(&mut random);
            let mut took = [0.0; 2];
            for counting in order {
                took[usize::from(counting)] = if counting {
                    turn(&allocator::Counting, layout)
                } else {
                    turn(&System, layout)
                };
            }
            plain.push(took[0]);
            ours.push(took[1]);
            more.push(took[1] - took[0]);
        }
        allocations::begin();
        let mut counted: Vec<f64> =
            (0..ROUNDS / 4).map(|_| turn(&allocator::Counting, layout)).collect();
        let [calls, _] = allocations::end();
        assert!(
            calls >= (ROUNDS / 4) as u64 * u64::from(PAIRS),
            "it does count when it is told to"
        );
        let [plain, ours, more] = [plain, ours, more].map(|mut values| median(&mut values));
        let counted = median(&mut counted);
        println!(
            "{size:>5} bytes, asked for and given back: system {plain:.2} ns, ours {ours:.2} ns, {more:+.3} ns \
             ({:+.2} %); while it counts {counted:.2} ns",
            more / plain * 100.0
        );
        most_ns = most_ns.max(more);
    }
    println!("extra_ns_per_allocation {most_ns:.4}");
}

/// Nanoseconds for a request and its return. Never inlined, so that both are called alike.
#[inline(never)]
#[expect(unsafe_code, reason = "allocators are called directly")]
fn turn(allocator: &impl GlobalAlloc, layout: Layout) -> f64 {
    let started_ns = clock::now_ns();
    for _ in 0..PAIRS {
        // SAFETY: the layout is not empty, and what comes back is given back to whom it came from.
        unsafe {
            let pointer = black_box(allocator.alloc(black_box(layout)));
            if !pointer.is_null() {
                allocator.dealloc(pointer, layout);
            }
        }
    }
    (clock::now_ns() - started_ns) as f64 / f64::from(PAIRS)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
