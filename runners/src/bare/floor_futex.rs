//! The floor of `ping-pong`: two threads that hand a token over by the futex system call.
//!
//! No queue, no channel, no scheduler but the kernel's: one word says whose turn it is, and each side sleeps
//! on it while it is the other's. Nobody spins, so on one core it is two context switches an operation.

use super::Site;
use crate::turn::{Opener, Turn};
use rustix::{
    io::Errno,
    thread::futex::{self, Flags},
};
use simul_workloads::{Digest, catalog::ping_pong};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

/// What two threads share.
#[derive(Default)]
struct Table {
    /// [`ACTOR`] or [`PARTNER`]: who may touch the token.
    whose: AtomicU32,
    token: AtomicU64,
}

const ACTOR: u32 = 0;
const PARTNER: u32 = 1;

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let mut openers = Vec::with_capacity(site.actors as usize);
    for actor in 0..site.actors {
        let table = Arc::new(Table::default());
        let shared = Arc::clone(&table);
        let partner = move || pass_on(&shared);
        std::thread::Builder::new().name("floor-partner".into()).spawn(partner)?;
        let (gate, turns) = mpsc::sync_channel(1);
        let run = move || run(actor, &table, &turns);
        std::thread::Builder::new().name("floor-futex".into()).spawn(run)?;
        openers.push(Box::new(move |turn| gate.send(turn).is_ok()) as Opener<T>);
    }
    Ok(openers)
}

fn run<T: Turn>(actor: u32, table: &Table, turns: &mpsc::Receiver<T>) {
    let mut number = 0;
    while let Ok(mut turn) = turns.recv() {
        while turn.next() {
            table.token.store(ping_pong::token(actor, number), Ordering::Relaxed);
            number += 1;
            match table.hand_to(PARTNER).and_then(|()| table.wait_for(ACTOR)) {
                Ok(()) => {
                    let token = table.token.load(Ordering::Relaxed);
                    turn.done(Digest::of_number(token), Duration::ZERO);
                }
                Err(error) => {
                    turn.failed(error);
                    return;
                }
            }
        }
    }
}

/// The partner: sends every token back, changed. It ends with its process, or by an error, after which the
/// actor's operation does not end, which is noticed and reported.
fn pass_on(table: &Table) {
    while table.wait_for(PARTNER).is_ok() {
        let token = table.token.load(Ordering::Relaxed);
        table.token.store(ping_pong::changed(token), Ordering::Relaxed);
        if table.hand_to(ACTOR).is_err() {
            return;
        }
    }
}

impl Table {
    /// Makes it the other's turn, and wakes the other.
    fn hand_to(&self, other: u32) -> io::Result<()> {
        // Release: the token is written before.
        self.whose.store(other, Ordering::Release);
        futex::wake(&self.whose, Flags::PRIVATE, 1)?;
        Ok(())
    }

    /// Sleeps until it is `me`'s turn.
    fn wait_for(&self, me: u32) -> io::Result<()> {
        loop {
            // Acquire: the token is read after.
            let whose = self.whose.load(Ordering::Acquire);
            if whose == me {
                return Ok(());
            }
            match futex::wait(&self.whose, Flags::PRIVATE, whose, None) {
                // AGAIN: it has changed meanwhile.
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
