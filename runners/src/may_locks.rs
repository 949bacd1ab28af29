//! What do may's coroutines lock with?
//!
//! With its `Mutex`, its semaphore, and its channel of many takers, whose bound is another of its semaphores, as
//! for the channel of one taker in [`crate::catalog::may`]. Whoever waits, the coroutine waits.

use crate::Part;
use may::sync::{self, MutexGuard, Semphore, mpmc};
use simul_workloads::{Mutex, Receiver, Semaphore, Sender};
use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicBool, Ordering::SeqCst},
};

impl<T: Send + 'static> Mutex<T> for Part<sync::Mutex<T>> {
    type Guard<'a> = MutexGuard<'a, T>;

    #[inline]
    async fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A permit of a semaphore.
#[derive(Debug)]
pub struct Permit<'a>(&'a Semphore);

impl Semaphore for Part<Semphore> {
    type Permit<'a> = Permit<'a>;

    #[inline]
    async fn acquire(&self) -> Permit<'_> {
        self.0.wait();
        Permit(&self.0)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.post();
    }
}

/// How much room is left in a channel.
pub(crate) struct Room {
    pub(crate) free: Semphore,
    closed: AtomicBool,
}

impl Room {
    /// For so many items.
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self { free: Semphore::new(capacity), closed: AtomicBool::new(false) })
    }

    /// Waits for a place; `false` when nobody takes anything any more.
    pub(crate) fn enter(&self) -> bool {
        self.free.wait();
        if self.closed.load(SeqCst) {
            // Whoever waits next learns it too.
            self.free.post();
            return false;
        }
        true
    }

    /// Nobody takes anything any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, SeqCst);
        self.free.post();
    }
}

/// The giving end of may's queue, with a bound.
pub struct QueueSender<T> {
    sender: mpmc::Sender<T>,
    room: Arc<Room>,
}

/// The taking end.
pub struct QueueReceiver<T> {
    receiver: mpmc::Receiver<T>,
    room: Arc<Taken>,
}

/// The room, as seen by the takers: the last of them closes it.
struct Taken(Arc<Room>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A queue for so many items.
pub(crate) fn queue<T>(capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    let room = Room::new(capacity);
    let (sender, receiver) = mpmc::channel();
    (
        QueueSender { sender, room: Arc::clone(&room) },
        QueueReceiver { receiver, room: Arc::new(Taken(room)) },
    )
}

// Neither is derived, which would ask the items to be `Clone`.
impl<T> Clone for QueueSender<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), room: Arc::clone(&self.room) }
    }
}

impl<T> Clone for QueueReceiver<T> {
    fn clone(&self) -> Self {
        Self { receiver: self.receiver.clone(), room: Arc::clone(&self.room) }
    }
}

impl<T: Send + 'static> Sender<T> for QueueSender<T> {
    async fn send(&mut self, item: T) -> bool {
        self.room.enter() && self.sender.send(item).is_ok()
    }
}

impl<T: Send + 'static> Receiver<T> for QueueReceiver<T> {
    async fn receive(&mut self) -> Option<T> {
        let item = self.receiver.recv().ok();
        if item.is_some() {
            self.room.0.free.post();
        }
        item
    }
}
