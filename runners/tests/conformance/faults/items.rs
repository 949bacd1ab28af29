//! What can go wrong with an item on its way to another task?

use super::switch::{Count, Fault, Switch};
use simul_workloads::{Receiver, Sender};
use std::{any::Any, sync::Arc};

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
        let copied = (item as &dyn Any).downcast_ref::<C>()?.clone();
        (&mut Some(copied) as &mut dyn Any).downcast_mut::<Option<T>>()?.take()
    }
    of::<u32, T>(item)
        .or_else(|| of::<u64, T>(item))
        .or_else(|| of::<(u64, u64), T>(item))
        .or_else(|| of::<Arc<[u8]>, T>(item))
}
