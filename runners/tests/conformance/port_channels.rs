//! Do a runner's channels keep order, keep to their capacity, and end as the port promises?

use crate::port::{Check, ONE_TASK, TWO_AT_ONCE};
use simul_workloads::{Needs, Receiver as _, Runtime, Sender as _};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

pub(crate) fn all<R: Runtime>() -> Vec<(&'static str, &'static [Needs], Check<R>)> {
    vec![
        ("channels keep order and end", ONE_TASK, |rt, _| Box::pin(order_and_end(rt))),
        ("a sender learns that its receiver is gone", ONE_TASK, |rt, _| {
            Box::pin(receiver_is_gone(rt))
        }),
        ("channels are bounded", TWO_AT_ONCE, |rt, _| Box::pin(bounded(rt))),
        ("channels go from task to task and back", TWO_AT_ONCE, |rt, _| {
            Box::pin(there_and_back(rt))
        }),
    ]
}

async fn order_and_end<R: Runtime>(runtime: R) {
    let (mut sender, mut receiver) = runtime.channel(3);
    let mut clone = sender.clone();
    assert!(sender.send(1).await);
    assert!(clone.send(2).await);
    drop(clone);
    assert!(sender.send(3).await);
    drop(sender);
    for number in 1..=3 {
        assert_eq!(receiver.receive().await, Some(number));
    }
    assert_eq!(receiver.receive().await, None, "no sender is left");
}

async fn receiver_is_gone<R: Runtime>(runtime: R) {
    let (mut sender, receiver) = runtime.channel(1);
    drop(receiver);
    assert!(!sender.send(1).await);
}

/// Completed sends may be ahead of what was taken out by the capacity, and no more. True at any time,
/// whatever the scheduling; a channel without bounds lets the sender run ahead.
async fn bounded<R: Runtime>(runtime: R) {
    const CAPACITY: u64 = 2;
    const ITEMS: u64 = 1000;
    let (mut sender, mut receiver) = runtime.channel(CAPACITY as usize);
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    runtime.detach(async move {
        for item in 0..ITEMS {
            assert!(sender.send(item).await);
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    for item in 0..ITEMS {
        assert_eq!(receiver.receive().await, Some(item));
        let ahead = sent.load(Ordering::SeqCst).saturating_sub(item + 1);
        assert!(ahead <= CAPACITY, "{ahead} items in a channel for {CAPACITY}");
    }
    assert_eq!(receiver.receive().await, None);
}

async fn there_and_back<R: Runtime>(runtime: R) {
    let (mut out, mut incoming) = runtime.channel(1);
    let (mut answer, mut back) = runtime.channel(1);
    runtime.detach(async move {
        while let Some(number) = incoming.receive().await {
            assert!(answer.send(number + 1).await);
        }
    });
    let mut number = 0;
    for _ in 0..100 {
        assert!(out.send(number).await);
        number = back.receive().await.unwrap();
    }
    assert_eq!(number, 100);
    drop(out);
    assert_eq!(back.receive().await, None, "the other task has ended");
}
