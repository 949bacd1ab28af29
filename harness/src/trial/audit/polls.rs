//! How often is a task polled, how long does each poll hold its worker, and on which threads?
//!
//! Around the task of each actor, and around each job that one spawns; not around tasks that an operation starts by
//! itself. A poll that goes on on another thread than the same task's last one has migrated, which is seen alike on
//! every runtime. It is there in audits only: without one, no task is wrapped. It must not know what a task does. Next:
//! [`super`].

use super::allocations::this_thread;
use crate::{clock, protocol::PollCounts};
use hdrhistogram::Histogram;
use simul_results::histogram;
use simul_workloads::erased::Boxed;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// More workers than this share a lock, which costs time and no count. A histogram has 216 KiB.
const SHARDS: usize = 8;

/// Counts of all tasks.
#[derive(Debug)]
pub struct Polls {
    shards: [Mutex<Tally>; SHARDS],
}

/// The counts of some threads.
#[derive(Debug)]
struct Tally {
    polls: u64,
    suspended: u64,
    migrations: u64,
    times: Histogram<u64>,
}

impl Tally {
    fn new() -> Self {
        Self { polls: 0, suspended: 0, migrations: 0, times: histogram::empty() }
    }
}

impl Default for Polls {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::new(Tally::new())) }
    }
}

/// A task whose polls are counted in an audit; otherwise the task as it is.
#[must_use]
pub fn watched(polls: Option<Arc<Polls>>, task: Boxed<'static, ()>) -> Boxed<'static, ()> {
    match polls {
        None => task,
        Some(polls) => Box::pin(async move { polls.watch(task).await }),
    }
}

impl Polls {
    /// A future with its polls counted. Nothing is allocated for it.
    pub async fn watch<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut last = None;
        poll_fn(|context| {
            let here = this_thread();
            let started_ns = clock::now_ns();
            let polled = future.as_mut().poll(context);
            let took_ns = clock::now_ns() - started_ns;
            let has_migrated = last.is_some_and(|last| last != here);
            last = Some(here);
            let mut tally = self.of_thread(here);
            tally.polls += 1;
            tally.suspended += u64::from(polled.is_pending());
            tally.migrations += u64::from(has_migrated);
            tally.times.saturating_record(took_ns.max(1));
            polled
        })
        .await
    }

    fn of_thread(&self, thread: u32) -> MutexGuard<'_, Tally> {
        let shard = &self.shards[thread as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted since the last time; `None` where no poll ended before its task did: then an operation blocks
    /// its thread, and its polls say nothing.
    #[must_use]
    pub fn take(&self) -> Option<PollCounts> {
        let mut all = Tally::new();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let part = std::mem::replace(&mut *shard, Tally::new());
            all.polls += part.polls;
            all.suspended += part.suspended;
            all.migrations += part.migrations;
            // Of the same bounds, so nothing is left out.
            let _ = all.times.add(part.times);
        }
        (all.suspended > 0).then(|| PollCounts {
            polls: all.polls,
            migrations: all.migrations,
            histogram: histogram::encode(&all.times),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    /// Suspends so many times.
    async fn suspend(times: u32) {
        for _ in 0..times {
            let mut before = false;
            poll_fn(|_| {
                if before {
                    return Poll::Ready(());
                }
                before = true;
                Poll::Pending
            })
            .await;
        }
    }

    #[test]
    fn every_poll_is_counted_and_every_change_of_thread() {
        let polls = Arc::new(Polls::default());
        let watched = Arc::clone(&polls);
        let mut task = Box::pin(async move { watched.watch(suspend(3)).await });
        let mut poll = move || {
            let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            polled.is_ready()
        };
        assert_eq!([poll(), poll()], [false; 2]);
        let elsewhere = std::thread::spawn(move || [poll(), poll()]);
        assert_eq!(elsewhere.join().unwrap(), [false, true]);
        let counts = polls.take().unwrap();
        assert_eq!((counts.polls, counts.migrations), (4, 1));
        assert_eq!(histogram::decode(&counts.histogram).unwrap().len(), 4);
        assert!(polls.take().is_none(), "nothing since");
    }

    #[test]
    fn who_never_suspends_has_no_polls() {
        let polls = Polls::default();
        pollster::block_on(polls.watch(async {}));
        assert!(polls.take().is_none());
    }
}
