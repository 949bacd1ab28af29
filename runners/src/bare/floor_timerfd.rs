//! The floor of `sleep`: one thread, one timerfd for each actor, armed with absolute times, and epoll.
//!
//! timerfds ignore the thread's timer slack, so this is the best that a thread can do that does not spin:
//! what is left is the kernel's timer and the wake-up. It reads the clock once an operation, to arm.

use super::Site;
use crate::turn::{Opener, Turn};
use mio::{Events, Interest, Poll, Token, Waker, unix::SourceFd};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use simul_workloads::{Workload as _, catalog::sleep::Sleep};
use std::{
    io::{self, ErrorKind},
    os::fd::{AsRawFd, OwnedFd},
    sync::{Arc, mpsc},
    time::Duration,
};

/// The token of the gate; timers have the numbers of their actors.
const GATE: Token = Token(usize::MAX);

/// One actor: its timer, the delay that it waits for, and its turn while it has one.
struct Actor<T> {
    number: u32,
    timer: OwnedFd,
    next: u64,
    delay: Duration,
    turn: Option<T>,
}

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let sleep = Sleep::new(site.parameters, site.seed).map_err(io::Error::other)?;
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), GATE)?);
    let mut actors = Vec::with_capacity(site.actors as usize);
    for number in 0..site.actors {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let token = Token(number as usize);
        poll.registry().register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
        actors.push(Actor { number, timer, next: 0, delay: Duration::ZERO, turn: None });
    }
    let (gate, turns) = mpsc::channel();
    let run = move || run(&sleep, poll, actors, &turns);
    std::thread::Builder::new().name("floor-timerfd".into()).spawn(run)?;
    let opener = |number: u32| -> Opener<T> {
        let (gate, waker) = (gate.clone(), Arc::clone(&waker));
        Box::new(move |turn| gate.send((number, turn)).is_ok() && waker.wake().is_ok())
    };
    Ok((0..site.actors).map(opener).collect())
}

fn run<T: Turn>(
    sleep: &Sleep,
    mut poll: Poll,
    mut actors: Vec<Actor<T>>,
    turns: &mpsc::Receiver<(u32, T)>,
) {
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // The turns are dropped in the middle, which is noticed and reported.
            Err(_) => return,
        }
        for event in &events {
            if event.token() != GATE {
                actors[event.token().0].expired(sleep);
                continue;
            }
            loop {
                match turns.try_recv() {
                    Ok((number, turn)) => {
                        let actor = &mut actors[number as usize];
                        actor.turn = Some(turn);
                        actor.start_operation(sleep);
                    }
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => return,
                }
            }
        }
    }
}

impl<T: Turn> Actor<T> {
    /// Arms the timer, if there is another operation to do.
    fn start_operation(&mut self, sleep: &Sleep) {
        if !self.turn.as_mut().is_some_and(Turn::next) {
            self.turn = None;
            return;
        }
        self.delay = sleep.asked(self.number, self.next);
        if let Err(error) = arm(&self.timer, self.delay)
            && let Some(turn) = self.turn.take()
        {
            turn.failed(error);
        }
    }

    /// The timer has expired. Its count is not read: arming it again clears that.
    fn expired(&mut self, sleep: &Sleep) {
        if let Some(turn) = &mut self.turn {
            turn.done(Sleep::slept(self.number, self.next, self.delay), self.delay);
            self.next += 1;
            self.start_operation(sleep);
        }
    }
}

/// Sets a timer to now plus `delay`, as an absolute time.
fn arm(timer: &OwnedFd, delay: Duration) -> io::Result<()> {
    let now = clock_gettime(ClockId::Monotonic);
    let nanos = now.tv_nsec as u64 + u64::from(delay.subsec_nanos());
    let it_value = Timespec {
        tv_sec: now.tv_sec + delay.as_secs() as i64 + (nanos / 1_000_000_000) as i64,
        tv_nsec: (nanos % 1_000_000_000) as _,
    };
    let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
    let new = Itimerspec { it_interval, it_value };
    timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &new)?;
    Ok(())
}
