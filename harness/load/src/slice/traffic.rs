//! What comes from the sockets: answers, ends, and connections that are open at last.
//!
//! Each request ends exactly once: in [`Slice::finish`] if it was sent, in [`Slice::attempt_failed`] if no
//! connection could be had for it, or it is left over at the end of the slice.

use super::Slice;
use crate::{connection::State, fault::Fault, http::reply::Progress, tally::Ended};
use rustix::event::epoll::EventFlags;

/// In a closed load, a connection that cannot be had is tried again after this. In an open one every request
/// that is due tries, and fails.
const RETRY_NS: u64 = 10_000_000;

/// The other side has sent, or will send, its last byte.
const ENDING: EventFlags = EventFlags::RDHUP.union(EventFlags::HUP).union(EventFlags::ERR);

impl Slice<'_> {
    /// Does what an event asks for. Returns the time afterwards.
    #[inline]
    pub(super) fn handle(&mut self, token: u64, flags: EventFlags, now: u64) -> u64 {
        let Some(index) = self.tools.pool.find(token) else { return now };
        let readable = flags.intersects(EventFlags::IN | ENDING);
        match self.tools.pool[index].state {
            State::Busy => {
                if flags.contains(EventFlags::OUT)
                    && let Err(fault) = self.tools.pool[index].send_rest()
                {
                    let now = self.now();
                    self.finish(index, now, Some(fault), false);
                    return now;
                }
                if readable { self.receive(index, flags.intersects(ENDING)) } else { now }
            }
            State::Free if readable => self.receive_unasked(index),
            State::Connecting if readable || flags.contains(EventFlags::OUT) => self.opened(index),
            _ => now,
        }
    }

    #[inline]
    fn receive(&mut self, index: usize, is_ending: bool) -> u64 {
        let connection = &mut self.tools.pool[index];
        let progress = connection.receive(self.tools.buffer, self.tools.reader, is_ending);
        let now = self.now();
        match progress {
            Progress::More => {}
            Progress::Whole { fault, keep } => self.finish(index, now, fault, keep),
            Progress::Broken(fault) => self.finish(index, now, Some(fault), false),
        }
        now
    }

    fn receive_unasked(&mut self, index: usize) -> u64 {
        let connection = &mut self.tools.pool[index];
        let outcome = connection.receive_unasked(self.tools.buffer);
        let is_proven = connection.is_proven;
        let now = self.now();
        match outcome {
            Ok(()) => return now,
            Err(Fault::Surplus) => self.tally.notes(Fault::Surplus),
            // A server may close a connection that rests.
            Err(_) => {}
        }
        if is_proven {
            self.reopen(index, now);
        } else {
            // It closes what it accepts: opening at once would go round and round.
            self.tools.pool.park(index, now + self.retry_ns());
        }
        now
    }

    fn opened(&mut self, index: usize) -> u64 {
        self.tools.pool.unlink(index);
        let opened = self.tools.pool[index].opened();
        let now = self.now();
        match opened {
            Ok(()) => self.tools.pool.put_free(index, now),
            Err(fault) => self.attempt_failed(index, fault, now),
        }
        now
    }

    /// The end of a request that was sent.
    #[inline]
    pub(super) fn finish(&mut self, index: usize, now: u64, fault: Option<Fault>, keep: bool) {
        self.tools.pool.unlink(index);
        self.under_way -= 1;
        self.ended += 1;
        let connection = &mut self.tools.pool[index];
        let (number, sent_ns) = (connection.request, connection.since_ns);
        let is_early = now.saturating_sub(sent_ns) < self.plan.least_service_ns;
        let fault = fault.or(is_early.then_some(Fault::TooEarly));
        let intended_ns = self.intended(number, sent_ns);
        self.note_backlog(now);
        self.tally.ends(Ended { intended_ns, sent_ns, done_ns: now, fault });
        if keep {
            self.tools.pool[index].is_proven = true;
            self.tools.pool.put_free(index, now);
        } else {
            self.reopen(index, now);
        }
    }

    /// One that has taken longer than the time-out.
    pub(super) fn give_up(&mut self, index: usize, now: u64) {
        if self.tools.pool[index].state == State::Busy {
            self.finish(index, now, Some(Fault::Timeout), false);
        } else {
            self.tools.pool.unlink(index);
            self.attempt_failed(index, Fault::ConnectTimeout, now);
        }
    }

    /// Opens a connection again.
    pub(super) fn reopen(&mut self, index: usize, now: u64) {
        self.tally.reconnects += 1;
        if let Err(fault) = self.tools.pool.open(index, self.tools.poller, now) {
            self.attempt_failed(index, fault, now);
        }
    }

    /// No connection could be had. The request that is due, and would have had it, has failed.
    fn attempt_failed(&mut self, index: usize, fault: Fault, now: u64) {
        self.tools.pool.park(index, now + self.retry_ns());
        match self.plan.schedule {
            Some(schedule) => {
                if let Some(intended_ns) = schedule.get(self.next).filter(|due| **due <= now) {
                    self.next += 1;
                    self.ended += 1;
                    self.tally.not_sent(*intended_ns, now, fault);
                }
            }
            None => self.tally.not_sent(now, now, fault),
        }
    }

    fn retry_ns(&self) -> u64 {
        if self.plan.schedule.is_some() { 0 } else { RETRY_NS }
    }
}
