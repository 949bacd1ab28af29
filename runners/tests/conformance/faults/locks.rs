//! What can go wrong with locks and permits?
//!
//! Nothing here is unsound: a lock that lets two in gives each a copy, and the last one to leave decides what
//! remains, which is what two threads would do to a number without a lock.

use super::{
    items::copy,
    runtime::Faulty,
    switch::{Fault, Switch},
};
use simul_workloads::{ErasedRuntime, Mutex, Runtime, Semaphore};
use std::{
    ops::{Deref, DerefMut},
    sync,
};

type SoundMutex<T> = <ErasedRuntime as Runtime>::Mutex<T>;
type SoundSemaphore = <ErasedRuntime as Runtime>::Semaphore;

/// A lock that may let two in.
pub(crate) struct FaultyMutex<T: Send + 'static> {
    runtime: Faulty,
    sound: SoundMutex<T>,
    /// What is left by whoever was last, once the fault shows.
    left: sync::Mutex<Option<T>>,
}

impl<T: Send + 'static> FaultyMutex<T> {
    pub(crate) fn new(runtime: Faulty, value: T) -> Self {
        let left = sync::Mutex::new(copy(&value));
        Self { runtime, sound: runtime.sound.mutex(value), left }
    }
}

/// The value, or a copy of it.
pub(crate) enum FaultyGuard<'a, T: Send + 'static> {
    Sound(<SoundMutex<T> as Mutex<T>>::Guard<'a>),
    Copy { value: T, left: &'a sync::Mutex<Option<T>> },
}

impl<T: Send + 'static> Mutex<T> for FaultyMutex<T> {
    type Guard<'a> = FaultyGuard<'a, T>;

    async fn lock(&self) -> FaultyGuard<'_, T> {
        if self.runtime.switch.shows(Fault::ForgetsLimits) {
            let copied = self.left.lock().unwrap().as_ref().and_then(copy);
            if let Some(value) = copied {
                // So that another one gets the same, on one core too.
                self.runtime.sound.yield_now().await;
                return FaultyGuard::Copy { value, left: &self.left };
            }
        }
        FaultyGuard::Sound(self.sound.lock().await)
    }
}

impl<T: Send + 'static> Deref for FaultyGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Sound(guard) => guard,
            Self::Copy { value, .. } => value,
        }
    }
}

impl<T: Send + 'static> DerefMut for FaultyGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match self {
            Self::Sound(guard) => guard,
            Self::Copy { value, .. } => value,
        }
    }
}

impl<T: Send + 'static> Drop for FaultyGuard<'_, T> {
    fn drop(&mut self) {
        if let Self::Copy { value, left } = self {
            *left.lock().unwrap() = copy(value);
        }
    }
}

/// A semaphore that may have a permit for everybody.
pub(crate) struct FaultySemaphore {
    pub(crate) sound: SoundSemaphore,
    pub(crate) switch: &'static Switch,
}

impl Semaphore for FaultySemaphore {
    type Permit<'a> = Option<<SoundSemaphore as Semaphore>::Permit<'a>>;

    async fn acquire(&self) -> Self::Permit<'_> {
        if self.switch.shows(Fault::ForgetsLimits) {
            return None;
        }
        Some(self.sound.acquire().await)
    }
}
