//! Who hands out memory?
//!
//! The system's allocator. Each request is told to [`simul::trial::audit::allocations`] before, which counts it in audits
//! and nowhere else. What is given back is not told. Declared by the program alone: libraries and tests choose their own.

use simul::trial::audit::allocations::note;
use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, with requests told.
pub(crate) struct Counting;

#[expect(unsafe_code, reason = "an allocator cannot be replaced without")]
// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract; `note` neither
// allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's obligations are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's obligations are those of the system's allocator.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the functions here, thus from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size.saturating_sub(layout.size()));
        // SAFETY: the pointer came from the functions here, thus from the system's allocator.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
