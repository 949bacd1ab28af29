//! The channels of runtimes whose own part they are (smol), and of those that have none which leave their
//! thread (compio, glommio, monoio): async-channel's.

use crate::Part;
use async_channel as channel;
use simul_workloads::{Receiver, Sender};

/// The sending half.
pub type AsyncSender<T> = Part<channel::Sender<T>>;
/// The receiving half.
pub type AsyncReceiver<T> = Part<channel::Receiver<T>>;

/// A channel for so many items.
pub(crate) fn bounded<T>(capacity: usize) -> (AsyncSender<T>, AsyncReceiver<T>) {
    let (sender, receiver) = channel::bounded(capacity);
    (Part(sender), Part(receiver))
}

impl<T: Send + 'static> Sender<T> for AsyncSender<T> {
    #[inline]
    async fn send(&mut self, item: T) -> bool {
        self.0.send(item).await.is_ok()
    }
}

impl<T: Send + 'static> Receiver<T> for AsyncReceiver<T> {
    #[inline]
    async fn receive(&mut self) -> Option<T> {
        self.0.recv().await.ok()
    }
}
