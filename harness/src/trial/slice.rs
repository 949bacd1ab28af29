//! How does one slice go, from the opening of the gate until all are quiet?
//!
//! The main thread of the trial opens the gate, and sleeps until the last actor is quiet. It must not know
//! how actors are driven: they stand behind a [`Gate`]. Next: [`super::actors`]
//! makes these.

use super::{
    audit::Audit,
    recorder::Recorder,
    turn::{Ending, Report, TrialTurn, Window},
};
use crate::{
    clock,
    protocol::{MOST_VALUES, Slice, Spec},
};
use simul_results::histogram;
use simul_runners::turn::Gate;
use simul_workloads::{Digest, Ledger, ledger::Entry};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::RecvTimeoutError,
    },
    time::Duration,
};

/// The actors of a trial, the arena, and what they have done so far.
pub struct Engine {
    /// `None` when it has been closed for good.
    gate: Option<Gate<TrialTurn>>,
    recorder: Arc<Recorder>,
    starts_ns: Arc<[AtomicU64]>,
    drain_ns: u64,
    /// For each actor: operations, and the sum of their digests.
    totals: Vec<(u64, Digest)>,
    early: u64,
    ledger: Ledger,
    /// Counters, if it is an audit trial.
    audit: Option<Audit>,
}

/// Why a trial cannot go on after a slice.
#[derive(Debug)]
pub struct Trouble {
    /// In one line.
    pub reason: String,
    /// Whether operations did not end in time.
    pub timed_out: bool,
    /// The slice as far as it went.
    pub slice: Slice,
}

impl Engine {
    /// Actors at the gate.
    #[must_use]
    pub fn new(gate: Gate<TrialTurn>, spec: &Spec) -> Self {
        let actors = spec.actors;
        Self {
            gate: Some(gate),
            recorder: Arc::new(Recorder::new(spec.usual_slice_ns, actors)),
            starts_ns: (0..actors).map(|_| AtomicU64::new(0)).collect(),
            totals: vec![(0, Digest::default()); actors as usize],
            early: 0,
            drain_ns: spec.drain_ns,
            ledger: spec.surroundings.ledger.clone(),
            audit: None,
        }
    }

    /// The same with counters.
    #[must_use]
    pub fn audited(self, audit: Option<Audit>) -> Self {
        Self { audit, ..self }
    }

    /// What the arena keeps resident.
    #[must_use]
    pub fn recorder_bytes(&self) -> u64 {
        self.recorder.resident_bytes()
    }

    /// For each actor: operations so far, and the sum of their digests.
    #[must_use]
    pub fn totals(&self) -> &[(u64, Digest)] {
        &self.totals
    }

    /// Operations that ended before the time that they had asked to wait.
    #[must_use]
    pub fn early(&self) -> u64 {
        self.early
    }

    /// Closes the gate for good: the actors end.
    pub fn close(&mut self) {
        self.gate = None;
    }

    /// One slice of `duration_ns`, of which the first `drop_ns` do not count.
    ///
    /// # Errors
    /// An operation failed, an actor is gone, or operations did not end in time.
    pub fn slice(&mut self, duration_ns: u64, drop_ns: u64) -> Result<Slice, Box<Trouble>> {
        let length_ns = duration_ns.saturating_sub(drop_ns).max(1);
        let started_ns = clock::now_ns();
        let (window, all_quiet) = Window::new(
            Arc::clone(&self.recorder),
            Arc::clone(&self.starts_ns),
            started_ns + drop_ns,
            length_ns,
        );
        let actors = 0..self.totals.len() as u32;
        let turns = actors.map(|actor| TrialTurn::new(Arc::clone(&window), actor, started_ns));
        let turns = turns.collect();
        if let Some(audit) = &self.audit {
            audit.begin();
        }
        if let Some(gate) = &mut self.gate {
            gate(turns);
        }
        // As long again as for the end, for actors that are slow to begin.
        let patience_ns = 2 * self.drain_ns + duration_ns;
        let timed_out = match all_quiet.recv_timeout(Duration::from_nanos(patience_ns)) {
            Ok(()) => false,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => true,
        };
        let audit = self.audit.as_ref().map(Audit::end);
        let ended_ns = clock::now_ns();
        let reports = window.take_reports();
        let (oldest_ns, unfinished) = self.unfinished(&reports, ended_ns);
        let slice = self.gather(&window, &reports, [started_ns, ended_ns, length_ns], unfinished);
        let slice = Slice { oldest_unfinished_ns: oldest_ns, audit, ..slice };
        match reason_to_stop(reports, timed_out, &slice) {
            None => Ok(slice),
            Some(reason) => Err(Box::new(Trouble { reason, timed_out, slice })),
        }
    }

    /// The age of the oldest operation in flight, and how many there are.
    fn unfinished(&self, reports: &[Report], now_ns: u64) -> (u64, u32) {
        let mut quiet = vec![false; self.totals.len()];
        for report in reports {
            quiet[report.actor as usize] = true;
        }
        let late = quiet.iter().zip(&*self.starts_ns).filter(|(quiet, _)| !**quiet);
        late.fold((0, 0), |(oldest_ns, count), (_, start)| {
            (oldest_ns.max(now_ns.saturating_sub(start.load(Relaxed))), count + 1)
        })
    }

    fn gather(
        &mut self,
        window: &Window,
        reports: &[Report],
        [started_ns, ended_ns, window_ns]: [u64; 3],
        unfinished: u32,
    ) -> Slice {
        for report in reports {
            let total = &mut self.totals[report.actor as usize];
            *total = (total.0 + report.operations, total.1.plus_sum(report.digest));
            self.early += report.early;
        }
        let (histogram, unrecorded) = self.recorder.drain();
        Slice {
            started_ns,
            ended_ns,
            window_ns,
            operations: reports.iter().map(|report| report.operations).sum(),
            completed: reports.iter().map(|report| report.completed).sum(),
            recorded: reports.iter().map(|report| report.recorded).sum(),
            sum_ns: Some(reports.iter().map(|report| report.sum_ns).sum()),
            p50_ns: Some(histogram.value_at_quantile(0.5)),
            p90_ns: Some(histogram.value_at_quantile(0.9)),
            p99_ns: Some(histogram.value_at_quantile(0.99)),
            max_ns: Some(histogram.max()),
            cpu_ns: Some(window.cpu_ns()),
            unrecorded,
            unfinished,
            oldest_unfinished_ns: 0,
            histogram: Some(histogram::encode(&histogram)),
            counts: None,
            figures: figures(self.ledger.take()),
            audit: None,
        }
    }
}

/// What was entered, by figure. Where a figure has more values than can be told, every second is, or every
/// third, and so on: evenly over the slice.
fn figures(entries: Vec<Entry>) -> BTreeMap<String, Vec<f64>> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (name, value) in entries {
        all.entry(name.to_owned()).or_default().push(value);
    }
    for values in all.values_mut() {
        let step = values.len().div_ceil(MOST_VALUES).max(1);
        *values = values.iter().copied().step_by(step).collect();
    }
    all
}

/// Why there can be no further slice, if so.
fn reason_to_stop(reports: Vec<Report>, timed_out: bool, slice: &Slice) -> Option<String> {
    for report in reports {
        match report.ending {
            Ending::Stopped => {}
            Ending::Failed(error) => {
                return Some(format!("actor {}: an operation failed: {error}", report.actor));
            }
            Ending::Abandoned => {
                return Some(format!("actor {}: its task ended in the middle", report.actor));
            }
        }
    }
    timed_out.then(|| {
        let age = Duration::from_nanos(slice.oldest_unfinished_ns);
        format!(
            "{} operations had not ended when the wait was given up, the oldest after {age:.1?}",
            slice.unfinished
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_by_name_and_thinned_evenly() {
        let mut entries: Vec<Entry> = (0..2500).map(|value| ("many", f64::from(value))).collect();
        entries.push(("one", 7.5));
        let told = figures(entries);
        assert_eq!(told["one"], [7.5]);
        let many = &told["many"];
        assert!(many.len() <= MOST_VALUES && many.len() > MOST_VALUES / 2, "{}", many.len());
        assert!(many.windows(2).all(|pair| pair[1] - pair[0] == 3.0));
        assert_eq!((many[0], many[many.len() - 1]), (0.0, 2499.0));
    }
}
