//! How do several runs of one machine become one report?
//!
//! Contest by contest, one behind the other. A contest is of one run only: slices of two runs were never interleaved,
//! so cells of the same contest in two runs are refused here, and are for [`crate::compare`]. Nothing is averaged, and
//! each run is judged by itself: by its own clock, and by its own looks where it could stop early.
//! Read next: `report/further.rs`.

use crate::{Summary, compare, store::Recording, summary::Surroundings};
use std::collections::BTreeSet;

/// Why runs do not become one report.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Different machines.
    #[error(
        "the runs are of different hosts ({0} and {1}), which says more about the machines than about the runners; \
         write a report of each"
    )]
    Hosts(String, String),
    /// The same contest twice.
    #[error(
        "contest '{0}' is in more than one of the runs, whose slices were not interleaved; leave one out, or put \
         them side by side without a verdict: simul compare RUN_A RUN_B"
    )]
    Twice(String),
    /// A recording contradicts itself.
    #[error("{0}")]
    Contradiction(String),
}

/// Summarises runs of one host together; the first one's facts stand first.
///
/// # Errors
/// Different hosts, a contest that is in two runs, or a recording that contradicts itself.
pub fn join(recordings: Vec<Recording>) -> Result<Summary, JoinError> {
    let mut contests = BTreeSet::new();
    let hosts: Vec<String> =
        recordings.iter().map(|recording| compare::identity(&recording.run.host)).collect();
    if let Some(other) = hosts.iter().find(|host| **host != hosts[0]) {
        return Err(JoinError::Hosts(hosts[0].clone(), other.clone()));
    }
    for planned in recordings.iter().flat_map(|recording| &recording.run.plan.contests) {
        let name = format!("{}/{}@{}", planned.workload, planned.load, planned.placement.name());
        if !contests.insert(name.clone()) {
            return Err(JoinError::Twice(name));
        }
    }
    let mut summaries = Vec::new();
    let mut trials = Vec::new();
    for recording in recordings {
        summaries.push(Summary::of(&recording).map_err(JoinError::Contradiction)?);
        trials.extend(recording.trials);
    }
    let mut all = summaries.into_iter();
    let Some(mut joined) = all.next() else {
        return Err(JoinError::Contradiction("no run was named".into()));
    };
    for Summary { run, contests, torn, builds, .. } in all {
        joined.contests.extend(contests);
        joined.builds.extend(builds);
        joined.torn |= torn;
        joined.further.push(run);
    }
    joined.surroundings = Surroundings::of(&trials);
    Ok(joined)
}
