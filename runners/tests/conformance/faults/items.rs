//! What can go wrong with an item on its way to another task, and with what a task returns?

use super::switch::{Count, Fault, Switch};
use simul_workloads::{Digest, Receiver, Sender};
use std::{any::Any, io, sync::Arc};

/// Which item of a channel is lost. Behind the few that start and end operations, so that those who wait for the
/// others notice, and do not merely wait.
const LOST: u64 = 20;
/// Which one comes twice.
const DOUBLED: u64 = 3;

/// The sending half of a channel that loses an item, or doubles one.
#[derive(Clone)]
pub(crate) struct FaultySender<S> {
    sound: S,
    switch: &'static Switch,
    count: Arc<Count>,
}

impl<S> FaultySender<S> {
    pub(crate) fn new(sound: S, switch: &'static Switch) -> Self {
        Self { sound, switch, count: Arc::default() }
    }
}

impl<T: Send + 'static, S: Sender<T>> Sender<T> for FaultySender<S> {
    async fn send(&mut self, item: T) -> bool {
        if self.switch.shows(Fault::SkipsItem) && self.count.reaches(LOST) {
            return true;
        }
        if self.switch.shows(Fault::DoublesItem)
            && let Some(copy) = copy(&item)
            && self.count.reaches(DOUBLED)
        {
            return self.sound.send(item).await && self.sound.send(copy).await;
        }
        self.sound.send(item).await
    }
}

/// The receiving half, which has nothing to be wrong about.
#[derive(Clone)]
pub(crate) struct FaultyReceiver<R>(pub(crate) R);

impl<T: Send + 'static, R: Receiver<T>> Receiver<T> for FaultyReceiver<R> {
    async fn receive(&mut self) -> Option<T> {
        self.0.receive().await
    }
}

/// The same item once more, if it is of a kind that the workloads send and that can be copied.
pub(crate) fn copy<T: 'static>(item: &T) -> Option<T> {
    fn of<C: Clone + 'static, T: 'static>(item: &T) -> Option<T> {
        taken_for((item as &dyn Any).downcast_ref::<C>()?.clone())
    }
    of::<u32, T>(item)
        .or_else(|| of::<u64, T>(item))
        .or_else(|| of::<(u64, u64), T>(item))
        .or_else(|| of::<Arc<[u8]>, T>(item))
        .or_else(|| of::<char, T>(item))
        .or_else(|| of::<&'static str, T>(item))
}

/// The result of a task that was not run, if it is of a kind of which there is a nothing.
pub(crate) fn nothing<T: 'static>() -> Option<T> {
    taken_for(0_u32)
        .or_else(|| taken_for(0_u64))
        .or_else(|| taken_for(io::Result::Ok(0_u64)))
        .or_else(|| taken_for(Digest::default()))
        .or_else(|| taken_for([0_u8; 32]))
        .or_else(|| taken_for(Vec::<u32>::new()))
        .or_else(|| taken_for(Vec::<u64>::new()))
        .or_else(|| taken_for(Vec::<f64>::new()))
}

/// A value as one of another type, if that is the same type.
fn taken_for<C: 'static, T: 'static>(value: C) -> Option<T> {
    (&mut Some(value) as &mut dyn Any).downcast_mut::<Option<T>>()?.take()
}
