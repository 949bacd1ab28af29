//! Which readings become the price of a trial, and of each of its slices?
//!
//! One account a trial: opened when it is ready, read around each of its slices, closed with the last. It must not know
//! how anything is read. Next: [`super::price`].

use super::price::{Collection, Reading};
use simul_results::record::{SlicePriceRecord, TrialPriceRecord};

/// What is known of a trial's price so far.
#[derive(Clone, Debug, Default)]
pub struct Account {
    collection: Collection,
    is_open: bool,
    /// The last reading, after a slice or when it was ready.
    last: Option<Reading>,
    /// Just before the slice that it works on.
    before: Option<Reading>,
    trial: TrialPriceRecord,
}

impl Account {
    /// An account that collects as the environment says.
    #[must_use]
    pub fn new() -> Self {
        Self { collection: Collection::chosen(), ..Self::default() }
    }

    /// It is set up and has done nothing.
    pub fn open(&mut self, processes: &[i32], actors: u32, actors_anonymous_bytes: Option<u64>) {
        if self.collection == Collection::Never {
            return;
        }
        self.is_open = true;
        self.last = Reading::of(processes);
        self.trial.rss_ready_bytes = self.last.as_ref().and_then(Reading::rss_bytes);
        self.trial.actors = actors;
        self.trial.actors_anonymous_bytes = actors_anonymous_bytes;
        self.note();
    }

    /// It is about to work on a slice, after so long a rest.
    pub fn before_slice(&mut self, round: u32, rested_ns: u64, processes: &[i32]) {
        self.trial.rested_ns += rested_ns;
        self.before = match self.collection.is_on(round) {
            true => Reading::again(processes, self.last.as_ref()),
            false => None,
        };
    }

    /// It has worked on the slice and is quiet.
    pub fn after_slice(&mut self, processes: &[i32]) -> Option<SlicePriceRecord> {
        let before = self.before.take()?;
        let after = Reading::of(processes)?;
        let price = after.since(&before);
        self.trial.rss_idle_bytes = after.rss_bytes();
        self.last = Some(after);
        self.note();
        Some(price)
    }

    /// It has been stopped while others worked.
    pub fn park(&mut self) {
        self.trial.parked = true;
    }

    /// What is written down; `None` when nothing was collected.
    #[must_use]
    pub fn closed(&self) -> Option<TrialPriceRecord> {
        self.is_open.then(|| self.trial.clone())
    }

    fn note(&mut self) {
        let Some(last) = &self.last else { return };
        self.trial.processes = Some(last.processes());
        self.trial.threads_peak = self.trial.threads_peak.max(last.threads());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_holds_what_was_read() {
        let me = [std::process::id() as i32];
        let mut account = Account { collection: Collection::Alternate, ..Account::default() };
        assert_eq!(account.closed(), None);
        account.open(&me, 4, Some(4096));
        account.before_slice(0, 10, &me);
        let price = account.after_slice(&me).unwrap();
        assert!(price.rss_bytes.unwrap() > 0);
        account.before_slice(1, 5, &me);
        assert_eq!(account.after_slice(&me), None);
        let trial = account.closed().unwrap();
        assert_eq!((trial.rested_ns, trial.actors, trial.processes), (15, 4, Some(1)));
        assert!(trial.rss_idle_bytes.unwrap() > 0 && trial.threads_peak.unwrap() >= 1);
        let mut off = Account { collection: Collection::Never, ..Account::default() };
        off.open(&me, 4, None);
        off.before_slice(0, 10, &me);
        assert_eq!((off.after_slice(&me), off.closed()), (None, None));
    }
}
