//! What is a job of a runner without tasks of its own, and how does its result, or its panic, get to
//! whoever awaits it?
//!
//! Shared by the runners that queue closures: inline, thread-pool, rayon. It must not know how any of them
//! waits; next: [`crate::blocking_io`].

use std::{
    panic::{self, AssertUnwindSafe},
    sync::mpsc,
    thread,
};

/// A closure on its way to a worker.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Where the result of a job will be.
pub(crate) struct Outcome<T>(mpsc::Receiver<thread::Result<T>>);

/// Turns a task into a job and the place of its result. The job never panics.
pub(crate) fn with_outcome<T: Send + 'static>(
    task: impl FnOnce() -> T + Send + 'static,
) -> (Job, Outcome<T>) {
    let (sender, receiver) = mpsc::sync_channel(1);
    let job = move || {
        // Nobody waits any more when this fails.
        let _ = sender.send(panic::catch_unwind(AssertUnwindSafe(task)));
    };
    (Box::new(job), Outcome(receiver))
}

/// A job that nobody awaits. Its panic is reported by the panic hook, and ends here: a worker lost to it
/// would be missing from then on.
pub(crate) fn isolated(task: impl FnOnce() + Send + 'static) -> Job {
    Box::new(move || drop(panic::catch_unwind(AssertUnwindSafe(task))))
}

impl<T> Outcome<T> {
    /// The result, if the job has ended; passes its panic on.
    #[cfg(feature = "rayon")]
    pub(crate) fn ready(&self) -> Option<T> {
        match self.0.try_recv() {
            Ok(result) => Some(result.unwrap_or_else(|panic| panic::resume_unwind(panic))),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => lost(),
        }
    }

    /// Blocks the thread until the job has ended; passes its panic on.
    pub(crate) fn wait(self) -> T {
        match self.0.recv() {
            Ok(result) => result.unwrap_or_else(|panic| panic::resume_unwind(panic)),
            Err(mpsc::RecvError) => lost(),
        }
    }
}

/// Queues drop no jobs while their process lives.
#[cold]
fn lost<T>() -> T {
    unreachable!("a job was dropped instead of run")
}
