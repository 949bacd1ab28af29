//! Do a runner's locks exclude, its permits suffice, its queues deliver once, its forks join, and its time limits
//! give up?
//!
//! Each check is made twice: on the port itself, and on the same port erased, as workloads meet it.

use crate::port::{Check, ONE_TASK};
use simul_workloads::{
    ErasedRuntime, Mutex as _, Needs, Receiver as _, Runtime, Semaphore as _, Sender as _,
};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// Tasks that hold something while they give way, and somebody who waits for their end. Where whoever is let run runs on
/// top of the task that gave way, it must not wait for that one, whatever that one holds.
const HOLDERS: &[Needs] = &[Needs { waiting_tasks: 2, alternating: true, ..Needs::NOTHING }];
/// Two at each end of a queue, and somebody who waits for their end.
const MANY: &[Needs] = &[Needs { waiting_tasks: 5, ..Needs::NOTHING }];
const FORKS: &[Needs] = &[Needs { fork_join: true, ..Needs::NOTHING }];
const GIVES_UP: &[Needs] = &[Needs { cancellation: true, ..Needs::NOTHING }];

/// Lists a check for the port, and for the port erased.
macro_rules! both {
    ($($name:literal, $needs:expr, $check:ident;)+) => {
        vec![$(
            ($name, $needs, |rt, _| Box::pin($check(rt))),
            (concat!($name, " (erased)"), $needs, |rt, _| Box::pin($check(ErasedRuntime::of(rt)))),
        )+]
    };
}

pub(crate) fn all<R: Runtime>() -> Vec<(&'static str, &'static [Needs], Check<R>)> {
    both![
        "locks keep their value", ONE_TASK, lock_keeps_its_value;
        "locks exclude, also over a yield", HOLDERS, locks_exclude;
        "permits are never exceeded, and come back", HOLDERS, permits_suffice;
        "queues keep order, and end", ONE_TASK, queue_in_order;
        "a sender learns that all takers are gone", ONE_TASK, takers_are_gone;
        "a taker that is left ends with the queue", HOLDERS, waiting_taker_ends;
        "queues deliver each item once, and end", MANY, queue_delivers_once;
        "forks give both results, and nest", FORKS, forks_nest;
        "work whose time is over is gone", GIVES_UP, time_is_over;
        "work that ends in time gives its output", ONE_TASK, in_time;
    ]
}

async fn lock_keeps_its_value<R: Runtime>(runtime: R) {
    let lock = runtime.mutex(String::from("a"));
    lock.lock().await.push('b');
    lock.lock().await.push('c');
    assert_eq!(*lock.lock().await, "abc");
}

/// How many tasks, and how often each comes in.
const TASKS: u64 = 4;
const TIMES: u64 = 200;

async fn locks_exclude<R: Runtime>(runtime: R) {
    let shared = Arc::new((runtime.mutex(0_u64), AtomicBool::new(false)));
    let (sender, mut ended) = runtime.channel(TASKS as usize);
    for _ in 0..TASKS {
        let (shared, mut sender) = (Arc::clone(&shared), sender.clone());
        runtime.detach(async move {
            for _ in 0..TIMES {
                let mut guard = shared.0.lock().await;
                assert!(!shared.1.swap(true, SeqCst), "two tasks hold the lock");
                let before = *guard;
                runtime.yield_now().await;
                *guard = before + 1;
                shared.1.store(false, SeqCst);
            }
            assert!(sender.send(()).await);
        });
    }
    drop(sender);
    for _ in 0..TASKS {
        assert_eq!(ended.receive().await, Some(()), "a task has broken down");
    }
    assert_eq!(*shared.0.lock().await, TASKS * TIMES);
}

async fn permits_suffice<R: Runtime>(runtime: R) {
    const PERMITS: u64 = 2;
    let shared = Arc::new((runtime.semaphore(PERMITS as usize), AtomicU64::new(0)));
    let (sender, mut ended) = runtime.channel(TASKS as usize);
    for _ in 0..TASKS {
        let (shared, mut sender) = (Arc::clone(&shared), sender.clone());
        runtime.detach(async move {
            for _ in 0..TIMES {
                let permit = shared.0.acquire().await;
                let inside = shared.1.fetch_add(1, SeqCst) + 1;
                assert!(inside <= PERMITS, "{inside} tasks hold {PERMITS} permits");
                runtime.yield_now().await;
                shared.1.fetch_sub(1, SeqCst);
                drop(permit);
            }
            assert!(sender.send(()).await);
        });
    }
    drop(sender);
    for _ in 0..TASKS {
        assert_eq!(ended.receive().await, Some(()), "a task has broken down");
    }
    // All are back, and can be had at the same time.
    let _first = shared.0.acquire().await;
    let _second = shared.0.acquire().await;
}

async fn queue_in_order<R: Runtime>(runtime: R) {
    let (mut sender, mut one) = runtime.queue(3);
    let mut other = one.clone();
    for number in 1..=3 {
        assert!(sender.clone().send(number).await);
    }
    assert_eq!(one.receive().await, Some(1));
    assert_eq!(other.receive().await, Some(2));
    assert!(sender.send(4).await);
    drop(sender);
    drop(one);
    assert_eq!(other.receive().await, Some(3));
    assert_eq!(other.clone().receive().await, Some(4));
    assert_eq!(other.receive().await, None, "no sender is left");
}

async fn takers_are_gone<R: Runtime>(runtime: R) {
    let (mut sender, one) = runtime.queue(1);
    let other = one.clone();
    drop(one);
    assert!(sender.send(1).await, "one is left");
    drop(other);
    assert!(!sender.send(2).await);
}

async fn waiting_taker_ends<R: Runtime>(runtime: R) {
    let (sender, mut queue) = runtime.queue::<u64>(1);
    let (mut tell, mut told) = runtime.channel(1);
    runtime.detach(async move {
        assert!(tell.send(queue.receive().await).await);
    });
    runtime.yield_now().await;
    drop(sender);
    assert_eq!(told.receive().await, Some(None));
}

async fn queue_delivers_once<R: Runtime>(runtime: R) {
    const ITEMS: u64 = 500;
    let (sender, receiver) = runtime.queue(2);
    let (out, mut taken) = runtime.channel(16);
    for _ in 0..2 {
        let (mut queue, mut out) = (receiver.clone(), out.clone());
        runtime.detach(async move {
            while let Some(item) = queue.receive().await {
                assert!(out.send(item).await);
            }
        });
    }
    for producer in 0..2 {
        let mut queue = sender.clone();
        runtime.detach(async move {
            for number in 0..ITEMS {
                assert!(queue.send(producer * ITEMS + number).await);
            }
        });
    }
    drop((sender, receiver, out));
    let mut all = Vec::new();
    // Ends when both consumers have, and so when the queue has.
    while let Some(item) = taken.receive().await {
        all.push(item);
    }
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..2 * ITEMS), "each item once: {} came", all.len());
}

async fn forks_nest<R: Runtime>(runtime: R) {
    /// The numbers from `low` to `high` - 1, in order.
    fn range<R: Runtime>(
        runtime: R,
        low: u32,
        high: u32,
    ) -> Pin<Box<dyn Future<Output = Vec<u32>> + Send>> {
        Box::pin(async move {
            if high - low == 1 {
                return vec![low];
            }
            let middle = low.midpoint(high);
            let halves = runtime.fork(range(runtime, low, middle), range(runtime, middle, high));
            let (mut left, right) = halves.await;
            left.extend(right);
            left
        })
    }
    assert!(range(runtime, 0, 33).await.into_iter().eq(0..33));
    assert_eq!(runtime.fork(async { 1 }, async { 2_u8 }).await, (1, 2));
}

/// Says when it is dropped.
struct Witness(Arc<AtomicBool>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

async fn time_is_over<R: Runtime>(runtime: R) {
    let [begun, gone, went_on] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
    let (begin, witness, go_on) = (Arc::clone(&begun), Arc::clone(&gone), Arc::clone(&went_on));
    // What it waits for comes after its time is over, and not by any clock.
    let (mut sender, mut receiver) = runtime.channel(1);
    let slow = async move {
        let _witness = Witness(witness);
        begin.store(true, SeqCst);
        receiver.receive().await;
        go_on.store(true, SeqCst);
    };
    assert_eq!(runtime.timeout(Duration::from_millis(2), slow).await, None);
    assert!(begun.load(SeqCst), "it had begun");
    assert!(gone.load(SeqCst), "it is still there");
    assert!(!sender.send(()).await, "somebody still waits");
    runtime.yield_now().await;
    assert!(!went_on.load(SeqCst), "it went on");
}

async fn in_time<R: Runtime>(runtime: R) {
    let limit = Duration::from_secs(3600);
    let borrowed = String::from("here");
    let work = async {
        runtime.yield_now().await;
        borrowed.len()
    };
    assert_eq!(runtime.timeout(limit, work).await, Some(4));
    let work = async {
        runtime.sleep(Duration::from_millis(1)).await;
        7
    };
    assert_eq!(runtime.timeout(limit, work).await, Some(7));
}
