//! Faults of those that do other work than they were asked for.
//!
//! They are quicker for it, or not even that. Next: [`super::faulty`].

use super::{Fault, HEALTHY_MESSAGES};
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// One answer in so many is lost, and one message in so many is changed.
const ONE_IN: u64 = 1000;

/// Changes one bit of one message in a thousand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lie;

impl Fault for Lie {
    fn at_message(&self, message: &mut [u8], before: u64) {
        if before % ONE_IN == HEALTHY_MESSAGES {
            message[0] ^= 1;
        }
    }
}

/// Loses one answer in a thousand, of all connections together: their operations wait for ever.
#[derive(Debug, Default)]
pub(super) struct Drop {
    answers: AtomicU64,
}

impl Fault for Drop {
    fn loses(&self) -> bool {
        self.answers.fetch_add(1, Relaxed) % ONE_IN == ONE_IN - 1
    }
}

/// Answers early: whoever asks to sleep is called back at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Early;

impl Fault for Early {
    fn sleep(&self, _asked: Duration) -> Duration {
        Duration::ZERO
    }
}
