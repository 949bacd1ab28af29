//! Recording a sample allocates nothing: neither the turn nor the arena, on the whole path of an operation.

use simul::{
    clock,
    trial::{
        recorder::Recorder,
        turn::{TrialTurn, Window},
    },
};
use simul_runners::Turn;
use simul_workloads::Digest;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator cannot be replaced without")]
// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's obligations are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, thus from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

// The only test of this file: another one, running beside it, would allocate.
#[test]
fn an_operation_is_recorded_without_an_allocation() {
    let recorder = Arc::new(Recorder::new(10_000_000, 1));
    let (window, _quiet) = Window::new(recorder, Arc::new([AtomicU64::new(0)]), 0, u64::MAX / 4);
    let mut turn = TrialTurn::new(window, 0, clock::now_ns());
    // The first operation opens the window, the second passes into it.
    for number in 0..2 {
        assert!(turn.next());
        turn.done(Digest(number), Duration::ZERO);
    }
    let before = ALLOCATIONS.load(Relaxed);
    for number in 0..100_000 {
        assert!(turn.next());
        turn.done(Digest(number), Duration::ZERO);
    }
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 0);
}
