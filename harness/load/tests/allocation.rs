//! Sending a request and taking its answer allocates nothing.

mod support;

use simul_load::Arrivals;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    time::Duration,
};
use support::{drive, generator, open, stalling::Stalling, target};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator cannot be replaced without")]
// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // While a thread ends there is no counter any more, and nothing to count.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's obligations are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, thus from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn a_slice_allocates_the_same_however_many_requests_it_has() {
    let never = Duration::from_nanos(1);
    let server = Stalling::start(Duration::from_secs(3600), never, 0);
    let mut generator = generator(target(server.address), 8, support::PATIENCE);
    generator.connect().unwrap();
    let mut count = |rate| {
        let before = ALLOCATIONS.get();
        let slice = Duration::from_millis(300);
        let outcome = drive(&mut generator, open(rate, Arrivals::Constant), slice);
        assert!(outcome.is_clean());
        (outcome.drawn, ALLOCATIONS.get() - before)
    };
    let (few, of_few) = count(100.0);
    let (many, of_many) = count(10_000.0);
    assert_eq!((few, many), (30, 3000));
    assert_eq!(of_few, of_many);
    server.finish();
}
