//! Faults of those that do the right work and take too much for it: time, CPU, memory, threads.
//!
//! What leaks is bounded, so that a canary that somebody lets work for an hour does not take the machine along.
//! Next: [`super::faulty`].

use super::{Fault, toil::Toil};
use std::{
    hint::spin_loop,
    io,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// So long everything stands still.
const FREEZE: Duration = Duration::from_millis(100);
/// And again after so many operations of all connections: a fraction of a second apart, and so rare that no 99th
/// percentile shows it.
const OPERATIONS_BETWEEN: u64 = 1000;

/// Stands still for 100 ms, with all its threads, now and then.
#[derive(Debug, Default)]
pub(super) struct Freeze {
    operations: AtomicU64,
    ice: RwLock<()>,
}

impl Fault for Freeze {
    fn at_message(&self, _message: &mut [u8], _before: u64) {
        if self.operations.fetch_add(1, Relaxed) % OPERATIONS_BETWEEN == OPERATIONS_BETWEEN - 1 {
            let _ice = self.ice.write().unwrap_or_else(PoisonError::into_inner);
            thread::sleep(FREEZE);
        } else {
            drop(self.ice.read().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Does more work with each message, as a part of what a message costs without it.
#[derive(Debug)]
pub(super) struct Slow {
    toil: Toil,
}

impl Slow {
    pub(super) fn by(percent: f64) -> Self {
        Self { toil: Toil::of(percent / 100.0) }
    }
}

impl Fault for Slow {
    fn at_start(&self) -> io::Result<()> {
        self.toil.prepare()
    }

    fn at_message(&self, _message: &mut [u8], _before: u64) {
        self.toil.toil();
    }
}

/// The most threads that are left behind: far below what systems allow.
const MOST_THREADS: u64 = 4000;
/// They only wait.
const STACK_BYTES: usize = 16 << 10;

/// Leaves a thread behind with each operation.
#[derive(Debug, Default)]
pub(super) struct LeakThreads {
    threads: AtomicU64,
}

impl LeakThreads {
    fn leak(&self) {
        if self.threads.fetch_add(1, Relaxed) < MOST_THREADS {
            let thread = thread::Builder::new().stack_size(STACK_BYTES);
            // Where no more are allowed, the leak has shown.
            let _ = thread.spawn(|| {
                loop {
                    thread::park();
                }
            });
        }
    }
}

impl Fault for LeakThreads {
    fn at_message(&self, _message: &mut [u8], _before: u64) {
        self.leak();
    }

    fn sleep(&self, asked: Duration) -> Duration {
        self.leak();
        asked
    }
}

/// What is kept with each operation.
const KEPT_BYTES: usize = 64 << 10;
/// The most that is kept.
const MOST_KEPT: usize = (256 << 20) / KEPT_BYTES;

/// Keeps memory with each operation.
#[derive(Debug, Default)]
pub(super) struct Grow {
    kept: Mutex<Vec<Vec<u8>>>,
}

impl Grow {
    fn grow(&self) {
        // Of zeros, the system would give none until they are written to.
        let more = vec![1; KEPT_BYTES];
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.push(more);
        }
    }
}

impl Fault for Grow {
    fn at_message(&self, _message: &mut [u8], _before: u64) {
        self.grow();
    }

    fn sleep(&self, asked: Duration) -> Duration {
        self.grow();
        asked
    }
}

/// Has a thread that spins, whether there is work or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spin;

impl Fault for Spin {
    fn at_start(&self) -> io::Result<()> {
        let spinner = || {
            loop {
                spin_loop();
            }
        };
        thread::Builder::new().name("spinner".into()).spawn(spinner).map(drop)
    }
}
