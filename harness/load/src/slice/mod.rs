//! One slice: what is sent when, and what is done meanwhile?
//!
//! A loop of four steps: send what is due over free connections, in the order of the intended times; give up
//! what has taken too long; see whether all is over; wait for sockets or for the next intended time. What comes
//! from the sockets: [`traffic`]. Between two events, what has become due is sent first: nothing waits for
//! the generator longer than one event takes.
//!
//! All times are nanoseconds from the beginning of the slice.

mod traffic;

use crate::{
    clock,
    connection::State,
    generator::Pacing,
    http::{reply::Reader, request::Request},
    pacer::{Prospect, Wait},
    poller::Poller,
    pool::Pool,
    tally::Tally,
};
use std::{
    io,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether somebody wants to stop is looked at as often, also while nothing happens.
const STOP_NS: u64 = 100_000_000;

/// After a signal, what is under way is awaited no longer than this.
const STOP_GRACE_NS: u64 = 1_000_000_000;

/// A wait that ended sooner had found something at once: nobody slept. A switch to another thread and back takes
/// longer.
const NO_SLEEP_NS: u64 = 2_000;

/// What a slice is to be.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    /// The intended times; `None` in a closed load.
    pub(crate) schedule: Option<&'a [u64]>,
    pub(crate) duration_ns: u64,
    pub(crate) drop_ns: u64,
    pub(crate) grace_ns: u64,
    pub(crate) timeout_ns: u64,
    pub(crate) least_service_ns: u64,
    pub(crate) pacing: Pacing,
    /// How late every request is sent on purpose.
    pub(crate) lag_ns: u64,
}

/// What a slice works with.
pub(crate) struct Tools<'a> {
    pub(crate) pool: &'a mut Pool,
    pub(crate) poller: &'a mut Poller,
    pub(crate) request: &'a mut Request,
    pub(crate) reader: &'a mut Reader,
    pub(crate) buffer: &'a mut [u8],
    pub(crate) stop: &'a AtomicBool,
}

/// A slice under way.
pub(crate) struct Slice<'a> {
    tools: Tools<'a>,
    plan: Plan<'a>,
    pub(crate) started_ns: u64,
    pub(crate) tally: Tally,
    /// The number of the next request to be sent; open: its place in the schedule.
    next: usize,
    /// Open: the first that is not yet due, as far as it was looked at.
    due: usize,
    /// How many ended.
    ended: usize,
    /// How many are under way.
    under_way: usize,
    last_sent_ns: u64,
    pub(crate) interrupted: bool,
}

impl<'a> Slice<'a> {
    pub(crate) fn new(tools: Tools<'a>, plan: Plan<'a>) -> Self {
        tools.pool.begin();
        Self {
            tools,
            plan,
            started_ns: clock::now_ns(),
            tally: Tally::new(plan.drop_ns, plan.duration_ns),
            next: 0,
            due: 0,
            ended: 0,
            under_way: 0,
            last_sent_ns: 0,
            interrupted: false,
        }
    }

    #[inline]
    fn now(&self) -> u64 {
        clock::now_ns() - self.started_ns
    }

    /// Drives the slice to its end. Returns when that was.
    pub(crate) fn run(&mut self) -> io::Result<u64> {
        let mut now = self.now();
        loop {
            if self.tools.stop.load(Relaxed) && !self.interrupted {
                self.interrupt(now);
            }
            now = self.dispatch(now);
            self.give_up_late_ones(now);
            if now >= self.tally.backlog.until_ns() {
                self.note_backlog(now);
            }
            if self.is_over(now) {
                self.leave(now);
                return Ok(now);
            }
            let (count, after) = self.wait(now)?;
            now = after;
            for number in 0..count {
                let (token, flags) = self.tools.poller.event(number);
                now = self.handle(token, flags, now);
                now = self.dispatch(now);
            }
        }
    }

    /// When the next request may be sent as far as its time is concerned; `None`: never.
    #[inline]
    fn next_due(&self, now: u64) -> Option<u64> {
        match self.plan.schedule {
            Some(schedule) => Some(schedule.get(self.next)?.saturating_add(self.plan.lag_ns)),
            None => (now < self.plan.duration_ns).then_some(now),
        }
    }

    /// The intended time of a request; in a closed load, the time that stands for it.
    #[inline]
    fn intended(&self, request: usize, closed_ns: u64) -> u64 {
        self.plan.schedule.map_or(closed_ns, |schedule| schedule[request])
    }

    /// Sends what is due, as long as connections are free. Returns the time afterwards.
    #[inline]
    fn dispatch(&mut self, mut now: u64) -> u64 {
        while self.next_due(now).is_some_and(|due| due <= now) {
            match self.tools.pool.take_free() {
                Some(index) => now = self.send(index, now),
                None if self.open_parked(now) => {}
                None => break,
            }
        }
        now
    }

    #[inline]
    fn send(&mut self, index: usize, now: u64) -> u64 {
        let number = self.next;
        let free_ns = self.tools.pool[index].since_ns;
        // In a closed load a request is intended when its connection is free.
        let intended = self.intended(number, free_ns);
        let ready = intended.max(free_ns);
        self.next += 1;
        self.under_way += 1;
        self.last_sent_ns = now;
        self.tools.pool.link(index, now);
        let connection = &mut self.tools.pool[index];
        (connection.state, connection.request) = (State::Busy, number);
        let sent = connection.send(self.tools.request.numbered(number as u64));
        if self.tally.counts(self.intended(number, now)) {
            self.tally.sends(ready - intended, now.saturating_sub(ready));
        } else {
            self.tally.dropped += 1;
        }
        match sent {
            Ok(()) => self.now(),
            Err(fault) => {
                let now = self.now();
                self.finish(index, now, Some(fault), false);
                now
            }
        }
    }

    /// Opens a parked connection for a request that is due, if there is one that may be opened. `true` when
    /// it is worth looking again.
    fn open_parked(&mut self, now: u64) -> bool {
        match self.tools.pool.take_parked(now) {
            None => false,
            Some(index) => {
                self.reopen(index, now);
                true
            }
        }
    }

    fn give_up_late_ones(&mut self, now: u64) {
        while let Some(index) = self.tools.pool.oldest()
            && now >= self.tools.pool[index].since_ns.saturating_add(self.plan.timeout_ns)
        {
            self.give_up(index, now);
        }
    }

    /// A signal: what was drawn for later is not part of it any more.
    fn interrupt(&mut self, now: u64) {
        self.interrupted = true;
        self.plan.duration_ns = self.plan.duration_ns.min(now);
        self.plan.grace_ns = self.plan.grace_ns.min(STOP_GRACE_NS);
        self.tally.end_ns = self.plan.duration_ns;
        if let Some(schedule) = self.plan.schedule {
            let due = schedule.partition_point(|time| *time <= now).max(self.next);
            self.plan.schedule = Some(&schedule[..due]);
        }
    }

    #[inline]
    fn note_backlog(&mut self, now: u64) {
        if let Some(schedule) = self.plan.schedule {
            while schedule.get(self.due).is_some_and(|time| *time <= now) {
                self.due += 1;
            }
            self.tally.backlog.note(now, (self.due - self.ended) as u64);
        }
    }

    #[inline]
    fn is_over(&self, now: u64) -> bool {
        let all_sent = match self.plan.schedule {
            Some(schedule) => self.next >= schedule.len(),
            None => now >= self.plan.duration_ns,
        };
        let is_given_up = now >= self.plan.duration_ns.saturating_add(self.plan.grace_ns);
        (all_sent && self.under_way == 0) || is_given_up
    }

    /// Counts what has not ended.
    fn leave(&mut self, now: u64) {
        while let Some(index) = self.tools.pool.oldest() {
            self.tools.pool.unlink(index);
            let connection = &mut self.tools.pool[index];
            if connection.state == State::Busy {
                let (number, sent) = (connection.request, connection.since_ns);
                let intended = self.intended(number, sent);
                self.tally.leaves(intended, Some(sent), now);
            }
            // It owes an answer: the next slice begins with another socket.
            self.tools.pool[index].close();
        }
        for number in self.next..self.plan.schedule.map_or(0, <[u64]>::len) {
            self.tally.leaves(self.intended(number, 0), None, now);
        }
    }

    /// Waits for sockets, or until something is to be done. Returns how many events there are, and the time.
    #[inline]
    fn wait(&mut self, now: u64) -> io::Result<(usize, u64)> {
        let (count, shortest_idle_ns) = match self.prospect(now) {
            Wait::Look => {
                let count = self.tools.poller.look()?;
                (count, if count == 0 { 0 } else { u64::MAX })
            }
            Wait::Sleep(until) => {
                let until = self.started_ns + until;
                (self.tools.poller.sleep_until(until, self.started_ns + now)?, NO_SLEEP_NS)
            }
        };
        let after = self.now();
        if after - now > shortest_idle_ns {
            self.tally.idle_ns += after - now;
        }
        Ok((count, after))
    }

    #[inline]
    fn prospect(&self, now: u64) -> Wait {
        let pool = &self.tools.pool;
        let late =
            pool.oldest().map(|index| pool[index].since_ns.saturating_add(self.plan.timeout_ns));
        let end = self.plan.duration_ns.saturating_add(self.plan.grace_ns);
        let limit_ns = late.unwrap_or(u64::MAX).min(end).min(now + STOP_NS);
        if self.plan.schedule.is_none() {
            // Nothing is due but answers, and connections that may be tried again.
            let retry = pool.next_parked_ns().filter(|_| now < self.plan.duration_ns);
            return Wait::Sleep(limit_ns.min(retry.unwrap_or(u64::MAX)));
        }
        let can_send = pool.has_free() || pool.next_parked_ns().is_some();
        self.plan.pacing.wait(Prospect {
            now_ns: now,
            due_ns: self.next_due(now).filter(|_| can_send),
            last_sent_ns: (self.under_way > 0).then_some(self.last_sent_ns),
            limit_ns,
        })
    }
}
