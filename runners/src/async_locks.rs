//! The locks and semaphores of runtimes whose own part they are (smol, async-std), and of those that have none
//! which leave their thread (compio, glommio, monoio) or none at all: async-lock's.
//!
//! Who comes first is not who gets the lock first, unless somebody has starved for half a millisecond: then
//! they queue up fairly.

use crate::Part;
use async_lock::{MutexGuard, SemaphoreGuard};
use simul_workloads::{Mutex, Semaphore};

/// A lock.
pub type AsyncMutex<T> = Part<async_lock::Mutex<T>>;
/// A number of permits.
pub type AsyncSemaphore = Part<async_lock::Semaphore>;

impl<T: Send + 'static> Mutex<T> for AsyncMutex<T> {
    type Guard<'a> = MutexGuard<'a, T>;

    #[inline]
    async fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().await
    }
}

impl Semaphore for AsyncSemaphore {
    type Permit<'a> = SemaphoreGuard<'a>;

    #[inline]
    async fn acquire(&self) -> SemaphoreGuard<'_> {
        self.0.acquire().await
    }
}

/// A lock around a value.
pub(crate) fn mutex<T>(value: T) -> AsyncMutex<T> {
    Part(async_lock::Mutex::new(value))
}

/// So many permits.
pub(crate) fn semaphore(permits: usize) -> AsyncSemaphore {
    Part(async_lock::Semaphore::new(permits))
}

/// What the card of a runtime says that borrows them, and its queue from async-channel.
#[cfg(any(feature = "compio", feature = "glommio", feature = "monoio"))]
pub(crate) const BORROWED: &str = "async-lock's Mutex and Semaphore; queue: async-channel, which has many takers; \
                                   fork: spawn and await";
