//! What do runners without a reactor lock with?
//!
//! With the standard library: its `Mutex`; a semaphore of a `Mutex` and a `Condvar`, since it has none; and a
//! queue of many takers that is an `mpsc` receiver behind a `Mutex`, as its book teaches. Whoever waits, the
//! thread waits.

use crate::{Part, thread_bound::ThreadBound};
use simul_workloads::{Mutex, Receiver, Semaphore};
use std::sync::{self, Arc, Condvar, MutexGuard, PoisonError, mpsc};

/// A guard belongs to the thread that locked, while the port's are `Send`: so it is bound to its thread.
impl<T: Send + 'static> Mutex<T> for Part<sync::Mutex<T>> {
    type Guard<'a> = Bound<'a, T>;

    #[inline]
    async fn lock(&self) -> Bound<'_, T> {
        // A panic of a task is told by whoever awaits it; here the next one goes on, as on all other runners.
        Bound(ThreadBound::new(self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A guard that is used on its thread only.
#[derive(Debug)]
pub struct Bound<'a, T>(ThreadBound<MutexGuard<'a, T>>);

impl<T> std::ops::Deref for Bound<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Bound<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// Permits that are counted under a lock.
#[derive(Debug)]
pub struct Permits {
    free: sync::Mutex<usize>,
    freed: Condvar,
}

impl Permits {
    /// So many of them.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Self { free: sync::Mutex::new(permits), freed: Condvar::new() }
    }
}

/// One of them.
#[derive(Debug)]
pub struct Permit<'a>(&'a Permits);

impl Semaphore for Permits {
    type Permit<'a> = Permit<'a>;

    async fn acquire(&self) -> Permit<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.freed.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Permit(self)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

/// A receiver that many take from, one at a time: who waits for an item holds the lock meanwhile.
#[derive(Debug)]
pub struct SharedReceiver<T>(Arc<sync::Mutex<mpsc::Receiver<T>>>);

impl<T> SharedReceiver<T> {
    /// Shares a receiver.
    #[must_use]
    pub fn new(receiver: mpsc::Receiver<T>) -> Self {
        Self(Arc::new(sync::Mutex::new(receiver)))
    }
}

// Not derived, which would ask the items to be `Clone`.
impl<T> Clone for SharedReceiver<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + 'static> Receiver<T> for SharedReceiver<T> {
    async fn receive(&mut self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}
