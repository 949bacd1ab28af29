//! What may a workload ask of locks and semaphores?
//!
//! The traits of the two parts of the port that let tasks exclude one another. Both give something that frees
//! what was taken when it is dropped, and that may be held over an await: a task that waits for something else
//! meanwhile still holds it. They say nothing about fairness: who comes next is the runner's business, and part
//! of what is measured.
//!
//! Next: [`crate::runtime`], which makes them.

use std::{future::Future, ops::DerefMut};

/// A lock around a value.
pub trait Mutex<T: Send + 'static>: Send + Sync + 'static {
    /// The permission to use the value; dropping it unlocks.
    type Guard<'a>: DerefMut<Target = T> + Send
    where
        Self: 'a;

    /// Waits until nobody else has the value.
    fn lock(&self) -> impl Future<Output = Self::Guard<'_>> + Send;
}

/// A number of permits.
pub trait Semaphore: Send + Sync + 'static {
    /// One of them; dropping it gives it back.
    type Permit<'a>: Send
    where
        Self: 'a;

    /// Waits for a permit.
    fn acquire(&self) -> impl Future<Output = Self::Permit<'_>> + Send;
}
