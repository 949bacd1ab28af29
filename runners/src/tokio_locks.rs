//! What do the runners of the tokio family lock with?
//!
//! With tokio's own `Mutex` and `Semaphore`, which are fair: first come, first served. Its channels have one
//! receiver, so a queue of many takers is a receiver behind its `Mutex`, as its users write it.

use crate::Part;
use simul_workloads::{Mutex, Receiver, Semaphore};
use std::sync::Arc;
use tokio::sync::{self, MutexGuard, SemaphorePermit, mpsc};

impl<T: Send + 'static> Mutex<T> for Part<sync::Mutex<T>> {
    type Guard<'a> = MutexGuard<'a, T>;

    #[inline]
    async fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().await
    }
}

impl Semaphore for Part<sync::Semaphore> {
    type Permit<'a> = SemaphorePermit<'a>;

    #[inline]
    async fn acquire(&self) -> SemaphorePermit<'_> {
        self.0.acquire().await.expect("nobody closes it")
    }
}

/// A receiver that many take from, one at a time: who waits for an item holds the lock meanwhile.
#[derive(Debug)]
pub struct SharedReceiver<T>(Arc<sync::Mutex<mpsc::Receiver<T>>>);

// Not derived, which would ask the items to be `Clone`.
impl<T> Clone for SharedReceiver<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + 'static> Receiver<T> for SharedReceiver<T> {
    async fn receive(&mut self) -> Option<T> {
        self.0.lock().await.recv().await
    }
}

/// A queue for so many items.
pub(crate) fn queue<T>(capacity: usize) -> (Part<mpsc::Sender<T>>, SharedReceiver<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (Part(sender), SharedReceiver(Arc::new(sync::Mutex::new(receiver))))
}

/// What a card says of them.
pub(crate) const CARD: &str = "tokio::sync::Mutex and Semaphore; queue: a tokio::sync::mpsc receiver behind a \
                               tokio::sync::Mutex; fork: spawn and await";
