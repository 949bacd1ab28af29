//! What are locks, permits and queues behind a port that is known only at run time?
//!
//! The runner's own, as ever, around a box: what [`crate::erased`] does for sockets and channels, done for the
//! parts that let tasks exclude one another. Taking a lock or a permit costs two allocations more, the future
//! and the guard.

use crate::{
    Mutex, Receiver, Semaphore,
    erased::{Boxed, Parcel, ReceiverTable, unpacked},
};
use std::{
    any::Any,
    future::Future,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

pub(crate) trait MutexTable: Send + Sync {
    fn lock(&self) -> Boxed<'_, Box<dyn GuardTable + '_>>;
}

impl<M: Mutex<Parcel>> MutexTable for M {
    fn lock(&self) -> Boxed<'_, Box<dyn GuardTable + '_>> {
        Box::pin(async move { Box::new(self.lock().await) as Box<dyn GuardTable + '_> })
    }
}

pub(crate) trait GuardTable: Send {
    fn value(&self) -> &(dyn Any + Send);
    fn value_mut(&mut self) -> &mut (dyn Any + Send);
}

impl<G: DerefMut<Target = Parcel> + Send> GuardTable for G {
    fn value(&self) -> &(dyn Any + Send) {
        &***self
    }

    fn value_mut(&mut self) -> &mut (dyn Any + Send) {
        &mut ***self
    }
}

/// A lock of any runtime.
pub struct ErasedMutex<T> {
    table: Box<dyn MutexTable>,
    value: PhantomData<fn() -> T>,
}

impl<T> ErasedMutex<T> {
    pub(crate) fn new(table: Box<dyn MutexTable>) -> Self {
        Self { table, value: PhantomData }
    }
}

impl<T: Send + 'static> Mutex<T> for ErasedMutex<T> {
    type Guard<'a> = ErasedGuard<'a, T>;

    async fn lock(&self) -> ErasedGuard<'_, T> {
        ErasedGuard { table: self.table.lock().await, value: PhantomData }
    }
}

/// The guard of a lock of any runtime.
pub struct ErasedGuard<'a, T> {
    table: Box<dyn GuardTable + 'a>,
    value: PhantomData<fn() -> T>,
}

impl<T: 'static> Deref for ErasedGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        let value = self.table.value().downcast_ref();
        value.unwrap_or_else(|| unreachable!("a lock holds what was put into it"))
    }
}

impl<T: 'static> DerefMut for ErasedGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let value = self.table.value_mut().downcast_mut();
        value.unwrap_or_else(|| unreachable!("a lock holds what was put into it"))
    }
}

/// Whatever gives something back when it is dropped.
pub trait Held: Send {}

impl<P: Send> Held for P {}

pub(crate) trait SemaphoreTable: Send + Sync {
    fn acquire(&self) -> Boxed<'_, Box<dyn Held + '_>>;
}

impl<S: Semaphore> SemaphoreTable for S {
    fn acquire(&self) -> Boxed<'_, Box<dyn Held + '_>> {
        Box::pin(async move { Box::new(self.acquire().await) as Box<dyn Held + '_> })
    }
}

/// A semaphore of any runtime.
pub struct ErasedSemaphore(Box<dyn SemaphoreTable>);

impl ErasedSemaphore {
    pub(crate) fn new(table: Box<dyn SemaphoreTable>) -> Self {
        Self(table)
    }
}

impl Semaphore for ErasedSemaphore {
    type Permit<'a> = Box<dyn Held + 'a>;

    fn acquire(&self) -> impl Future<Output = Box<dyn Held + '_>> + Send {
        self.0.acquire()
    }
}

pub(crate) trait QueueReceiverTable: ReceiverTable {
    fn copy(&self) -> Box<dyn QueueReceiverTable>;
}

impl<R: Receiver<Parcel> + Clone> QueueReceiverTable for R {
    fn copy(&self) -> Box<dyn QueueReceiverTable> {
        Box::new(self.clone())
    }
}

/// The taking end of a queue of any runtime.
pub struct ErasedQueueReceiver<T> {
    table: Box<dyn QueueReceiverTable>,
    item: PhantomData<fn() -> T>,
}

impl<T> ErasedQueueReceiver<T> {
    pub(crate) fn new(table: Box<dyn QueueReceiverTable>) -> Self {
        Self { table, item: PhantomData }
    }
}

impl<T> Clone for ErasedQueueReceiver<T> {
    fn clone(&self) -> Self {
        Self::new(self.table.copy())
    }
}

impl<T: Send + 'static> Receiver<T> for ErasedQueueReceiver<T> {
    async fn receive(&mut self) -> Option<T> {
        self.table.receive().await.map(unpacked)
    }
}
