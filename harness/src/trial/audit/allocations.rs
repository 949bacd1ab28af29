//! How often is memory asked for, and how much?
//!
//! The program's allocator (`harness/src/allocator.rs`) says so here. Outside of an audit that is one relaxed load of a
//! flag that nobody writes, and a branch that is never taken; `scripts/acceptance/audit` prints what it costs. During an
//! audit the counts are spread over cache lines by thread, so that workers do not wait for each other to count.
//! It must not allocate: it would ask itself. Next: [`super`].

use std::{
    cell::Cell,
    hint::black_box,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
};

/// More threads than this share lines, which costs time and no count.
const SHARDS: usize = 64;

/// As large as two cache lines, which some processors fetch together.
#[repr(align(128))]
struct Shard {
    calls: AtomicU64,
    bytes: AtomicU64,
}

static COUNTING: AtomicBool = AtomicBool::new(false);

static COUNTED: [Shard; SHARDS] =
    [const { Shard { calls: AtomicU64::new(0), bytes: AtomicU64::new(0) } }; SHARDS];

static THREADS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    // Without a destructor and with a constant beginning, so that looking at it never allocates.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

/// Memory is asked for. Of a reallocation, by how much it grows.
#[inline]
pub fn note(bytes: usize) {
    if COUNTING.load(Relaxed) {
        count(bytes);
    }
}

#[cold]
fn count(bytes: usize) {
    let shard = &COUNTED[this_thread() as usize % SHARDS];
    shard.calls.fetch_add(1, Relaxed);
    shard.bytes.fetch_add(bytes as u64, Relaxed);
}

/// A number of this thread's own, from 1.
#[must_use]
pub(super) fn this_thread() -> u32 {
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(THREADS.fetch_add(1, Relaxed) + 1);
        }
        number.get()
    })
}

/// Begins to count, from nothing.
pub fn begin() {
    for shard in &COUNTED {
        shard.calls.store(0, Relaxed);
        shard.bytes.store(0, Relaxed);
    }
    COUNTING.store(true, Relaxed);
}

/// Ends it: calls and bytes.
#[must_use]
pub fn end() -> [u64; 2] {
    COUNTING.store(false, Relaxed);
    COUNTED.iter().fold([0, 0], |[calls, bytes], shard| {
        [calls + shard.calls.load(Relaxed), bytes + shard.bytes.load(Relaxed)]
    })
}

/// Whether this program's allocator counts at all: it is asked for something, and looked whether that shows.
#[must_use]
pub fn is_counted() -> bool {
    begin();
    drop(black_box(Box::new([0_u8; 64])));
    end()[0] > 0
}
