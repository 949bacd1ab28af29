//! What is written down of each request, and what is it called in the end?
//!
//! The memory is there before the first request; writing down allocates nothing, unless a request fails in a new
//! way. All times in nanoseconds of the slice.

use crate::{fault::Fault, outcome::Distribution};
use std::collections::BTreeMap;

/// A request that has ended, one way or the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) intended_ns: u64,
    pub(crate) sent_ns: u64,
    pub(crate) done_ns: u64,
    pub(crate) fault: Option<Fault>,
}

/// Counts and distributions of a slice.
pub(crate) struct Tally {
    /// Where the part that counts begins and ends.
    pub(crate) drop_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) response: Distribution,
    pub(crate) service: Distribution,
    pub(crate) wait: Distribution,
    pub(crate) lag: Distribution,
    pub(crate) dropped: u64,
    pub(crate) sent: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) unfinished: u64,
    /// Completions within the window, whether they count or not.
    pub(crate) in_window: u64,
    pub(crate) errors: BTreeMap<Fault, u64>,
    pub(crate) reconnects: u64,
    /// Time in which there was nothing to do.
    pub(crate) idle_ns: u64,
    pub(crate) backlog: Backlog,
}

impl Tally {
    pub(crate) fn new(drop_ns: u64, end_ns: u64) -> Self {
        Self {
            drop_ns,
            end_ns,
            response: Distribution::new(),
            service: Distribution::new(),
            wait: Distribution::new(),
            lag: Distribution::new(),
            dropped: 0,
            sent: 0,
            completed: 0,
            failed: 0,
            unfinished: 0,
            in_window: 0,
            errors: BTreeMap::new(),
            reconnects: 0,
            idle_ns: 0,
            backlog: Backlog::new(end_ns),
        }
    }

    /// Whether a request counts that was intended (closed: sent) then.
    #[inline]
    pub(crate) fn counts(&self, intended_ns: u64) -> bool {
        intended_ns >= self.drop_ns
    }

    /// A request that counts goes out.
    #[inline]
    pub(crate) fn sends(&mut self, wait_ns: u64, lag_ns: u64) {
        self.sent += 1;
        self.wait.values.saturating_record(wait_ns);
        self.lag.values.saturating_record(lag_ns);
    }

    /// The end of a request that was sent.
    #[inline]
    pub(crate) fn ends(&mut self, ended: Ended) {
        let Ended { intended_ns, sent_ns, done_ns, fault } = ended;
        let is_right = fault.is_none();
        self.in_window += u64::from(is_right && (self.drop_ns..self.end_ns).contains(&done_ns));
        if !self.counts(intended_ns) {
            return;
        }
        let (response_ns, service_ns) = (done_ns - intended_ns, done_ns.saturating_sub(sent_ns));
        match fault {
            None => {
                self.completed += 1;
                self.response.values.saturating_record(response_ns);
                self.service.values.saturating_record(service_ns);
            }
            Some(fault) => {
                self.fails(fault);
                self.response.beyond.saturating_record(response_ns);
                self.service.beyond.saturating_record(service_ns);
            }
        }
    }

    /// A request could not be sent, since no connection could be had.
    pub(crate) fn not_sent(&mut self, intended_ns: u64, now_ns: u64, fault: Fault) {
        if self.counts(intended_ns) {
            self.fails(fault);
            self.response.beyond.saturating_record(now_ns - intended_ns);
            self.wait.beyond.saturating_record(now_ns - intended_ns);
        } else {
            self.dropped += 1;
        }
    }

    fn fails(&mut self, fault: Fault) {
        self.failed += 1;
        self.notes(fault);
    }

    /// Something went wrong that no request failed by.
    pub(crate) fn notes(&mut self, fault: Fault) {
        *self.errors.entry(fault).or_default() += 1;
    }

    /// The slice is over, and this request was not: sent at some time, or never.
    pub(crate) fn leaves(&mut self, intended_ns: u64, sent_ns: Option<u64>, now_ns: u64) {
        if !self.counts(intended_ns) {
            self.dropped += u64::from(sent_ns.is_none());
            return;
        }
        self.unfinished += 1;
        // One that was never due, after a signal, is not among those that are left.
        let age_ns = now_ns.saturating_sub(intended_ns);
        self.response.beyond.saturating_record(age_ns);
        match sent_ns {
            Some(sent_ns) => self.service.beyond.saturating_record(now_ns.saturating_sub(sent_ns)),
            None => self.wait.beyond.saturating_record(age_ns),
        }
    }
}

/// How many requests were due and not answered, at the least, in each quarter of the slice. The least, since a
/// server that stalls and then catches up is not saturated.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    quarter_ns: u64,
    least: [u64; 4],
    /// The quarter that we are in; 4 after the slice.
    quarter: usize,
}

impl Backlog {
    fn new(end_ns: u64) -> Self {
        Self { quarter_ns: (end_ns / 4).max(1), least: [u64::MAX; 4], quarter: 0 }
    }

    /// When the present quarter ends.
    #[inline]
    pub(crate) fn until_ns(&self) -> u64 {
        match self.quarter {
            4 => u64::MAX,
            quarter => self.quarter_ns * (quarter as u64 + 1),
        }
    }

    /// So many are due and not answered now.
    #[inline]
    pub(crate) fn note(&mut self, now_ns: u64, backlog: u64) {
        if let Some(least) = self.least.get_mut(self.quarter) {
            *least = backlog.min(*least);
        }
        while now_ns >= self.until_ns() {
            self.quarter += 1;
            if let Some(least) = self.least.get_mut(self.quarter) {
                *least = backlog;
            }
        }
    }

    /// By how much it grew from the second quarter to the fourth, at the least; `None` when the slice did not
    /// come so far.
    pub(crate) fn growth(&self) -> Option<u64> {
        let [_, second, _, fourth] = self.least;
        (fourth != u64::MAX).then(|| fourth.saturating_sub(second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_is_no_growth_and_an_overload_is() {
        let mut stalled = Backlog::new(400);
        let mut overloaded = Backlog::new(400);
        for now in 0..400 {
            // Stalls at the end of every quarter, and catches up.
            stalled.note(now, (now % 100).saturating_sub(70));
            // Every tenth is left over.
            overloaded.note(now, now / 10);
        }
        assert_eq!(stalled.growth(), Some(0));
        assert_eq!(overloaded.growth(), Some(20));
    }

    #[test]
    fn a_server_that_never_answers_is_seen_at_the_quarters_ends() {
        let mut backlog = Backlog::new(400);
        for now in [100, 200, 300] {
            backlog.note(now, now);
        }
        assert_eq!(backlog.growth(), Some(200));
        assert_eq!(Backlog::new(400).growth(), None);
    }
}
