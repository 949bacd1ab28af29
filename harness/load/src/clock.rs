//! What time is it? The host's monotonic clock, so that instants of different processes can be compared.

use rustix::time::{ClockId, clock_gettime};

/// Now, on the monotonic clock, in nanoseconds. About 22 ns (no system call on the usual clock sources).
#[inline]
#[must_use]
pub fn now_ns() -> u64 {
    reading_ns(ClockId::Monotonic)
}

/// CPU time of this thread so far, in nanoseconds. A system call.
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    reading_ns(ClockId::ThreadCPUTime)
}

#[inline]
fn reading_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    // Neither clock goes below 0 or beyond 584 years.
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
