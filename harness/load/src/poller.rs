//! Which sockets are ready, and how does one sleep until an instant? epoll, and a timer beside the sockets.
//!
//! Edge-triggered: a socket is registered once and never again touched here, so that a request costs no
//! further system calls. Sleeping ends at the instant or with the first event, whichever is earlier. A timerfd
//! is not subject to the timer slack of the thread (50 µs by default), and is exact below a millisecond, as the
//! time-out of `epoll_wait` is not.

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    fd::{AsFd, OwnedFd},
    io::{self, Errno},
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create,
        timerfd_settime,
    },
};

/// The token of the timer.
const TIMER: u64 = u64::MAX;

/// How many events are taken at a time.
const BATCH: usize = 256;

/// Beyond this, the time-out of `epoll_wait` is exact enough: it only has to end early.
const LONG_NS: u64 = 20_000_000;

pub(crate) struct Poller {
    epoll: OwnedFd,
    timer: OwnedFd,
    /// What the timer is set to, on the monotonic clock.
    armed_ns: u64,
    events: Vec<Event>,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        let token = EventData::new_u64(TIMER);
        epoll::add(&epoll, &timer, token, EventFlags::IN | EventFlags::ET)?;
        Ok(Self { epoll, timer, armed_ns: 0, events: Vec::with_capacity(BATCH) })
    }

    /// Reports from now on when the socket becomes readable, writable, or its other side leaves. Ends with the
    /// socket.
    pub(crate) fn add(&self, socket: impl AsFd, token: u64) -> io::Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&self.epoll, socket, EventData::new_u64(token), flags)
    }

    /// Looks what has happened, and does not wait. Returns how many events there are.
    #[inline]
    pub(crate) fn look(&mut self) -> io::Result<usize> {
        self.wait(Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))
    }

    /// Waits for an event, until an instant on the monotonic clock at most, or somewhat before it where it is
    /// far. Returns how many events there are; a signal ends it too.
    pub(crate) fn sleep_until(&mut self, at_ns: u64, now_ns: u64) -> io::Result<usize> {
        let left_ns = at_ns.saturating_sub(now_ns);
        if left_ns > LONG_NS {
            let whole_ms = (left_ns - LONG_NS / 2) / 1_000_000;
            let (seconds, ms) = (whole_ms / 1000, whole_ms % 1000);
            let timeout = Timespec { tv_sec: seconds as i64, tv_nsec: ms as i64 * 1_000_000 };
            return self.wait(Some(&timeout));
        }
        if self.armed_ns != at_ns {
            let (seconds, ns) = (at_ns / 1_000_000_000, at_ns % 1_000_000_000);
            let value = Itimerspec {
                it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
                it_value: Timespec { tv_sec: seconds as i64, tv_nsec: ns as i64 },
            };
            timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &value)?;
            self.armed_ns = at_ns;
        }
        // The timer comes first. It reports only once, so nothing may depend on its being heard.
        self.wait(Some(&Timespec { tv_sec: 0, tv_nsec: 2 * LONG_NS as i64 }))
    }

    #[inline]
    fn wait(&mut self, timeout: Option<&Timespec>) -> io::Result<usize> {
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout) {
            Err(Errno::INTR) => Ok(0),
            other => other,
        }
    }

    /// An event of those found last.
    #[inline]
    pub(crate) fn event(&self, number: usize) -> (u64, EventFlags) {
        let event = self.events[number];
        (event.data.u64(), event.flags)
    }
}
