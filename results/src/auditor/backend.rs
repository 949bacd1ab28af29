//! Did it wait with what its name says?
//!
//! What was looked up in the process against what the runner's card promises. Runtimes fall back silently where the
//! kernel refuses a ring, and then epoll is measured under another name. Bare loops promise nothing; a blocking
//! runner that serves may be fed by a poller, which its card says. Read next: `floor.rs`.

use super::{Evidence, Finding};
use crate::TrialRecord;
use std::collections::BTreeSet;

/// What can be told apart from outside.
const KNOWN: [&str; 3] = ["blocking", "epoll", "io_uring"];

/// `backend`: another one than promised, or different ones in different blocks.
pub(super) fn backend(evidence: &Evidence<'_>) -> Option<Finding> {
    let known = |name: &&str| KNOWN.contains(name);
    let is_open = evidence.load.is_open();
    let found = |trial: &TrialRecord| trial.backend.as_deref().filter(known).map(str::to_owned);
    let other = evidence.measured().find_map(|trial| {
        let promised = trial.card.get("backend").map(String::as_str).filter(known);
        let promised = promised.filter(|name| !(is_open && *name == "blocking"))?;
        found(trial).filter(|found| found != promised).map(|found| {
            format!("block {}: its card says {promised} and it waited with {found}", trial.block)
        })
    });
    let different: BTreeSet<String> = evidence.measured().filter_map(found).collect();
    let mixed = (different.len() > 1).then(|| {
        let names: Vec<String> = different.into_iter().collect();
        format!("it waited with {} in different blocks", names.join(" and with "))
    });
    other.or(mixed).map(|reason| Finding::not_ranked("backend", reason))
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean};
    use super::*;
    use crate::synthetic_open;

    #[test]
    fn a_silent_fallback_is_named() {
        let mut recording = clean();
        let first = recording.trials[0].cell.clone();
        let own = |trial: &&mut TrialRecord| trial.cell == first;
        assert_eq!(checked(&recording, backend, 0), None, "nothing was promised");
        for trial in recording.trials.iter_mut().filter(own) {
            trial.card.insert("backend".into(), "epoll".into());
        }
        assert_eq!(checked(&recording, backend, 0), None);
        recording.trials[0].backend = Some("io_uring".into());
        let found = checked(&recording, backend, 0).unwrap().reason;
        assert_eq!(found, "block 0: its card says epoll and it waited with io_uring");
        recording.trials[0].card.clear();
        let found = checked(&recording, backend, 0).unwrap().reason;
        assert_eq!(found, "it waited with epoll and with io_uring in different blocks");
        recording.trials[0].backend = Some("unknown".into());
        assert_eq!(checked(&recording, backend, 0), None);
    }

    #[test]
    fn a_blocking_server_may_be_fed_by_a_poller() {
        let mut recording = synthetic_open::stalling(2);
        for trial in &mut recording.trials {
            trial.card.insert("backend".into(), "blocking".into());
        }
        assert_eq!(checked(&recording, backend, 0), None);
    }
}
