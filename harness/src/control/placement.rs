//! Which cores do runner and peer get?
//!
//! Waking a halted core costs 13 times a switch on the same core here, more than any executor, so placement
//! is a declared factor of every cell. It must not know what is placed. Next: [`super::guardian`] pins.

use nix::{sched::CpuSet, sched::sched_getaffinity, unistd::Pid};
use simul_results::Placement;

/// The cores of one trial. Empty lists mean: wherever the scheduler likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cores {
    /// For the runner.
    pub runner: Vec<u32>,
    /// For the peer.
    pub peer: Vec<u32>,
    /// Threads that the runner may run tasks on.
    pub workers: u32,
}

/// The cores that this process may use.
#[must_use]
pub fn available() -> Vec<u32> {
    let set = sched_getaffinity(Pid::from_raw(0)).unwrap_or_else(|_| CpuSet::new());
    (0..CpuSet::count())
        .filter(|core| set.is_set(*core).unwrap_or(false))
        .map(|c| c as u32)
        .collect()
}

/// How many cores the machine has, also those that this process may not use.
#[must_use]
pub fn of_the_machine() -> u64 {
    let online = nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN).ok().flatten();
    let online = online.and_then(|cores| u64::try_from(cores).ok()).unwrap_or(1);
    online.max(available().len() as u64)
}

impl Cores {
    /// The cores for a placement, of those that are available.
    ///
    /// # Errors
    /// The reason why it cannot be had here.
    pub fn of(placement: Placement, available: &[u32]) -> Result<Self, String> {
        let first = available.first().copied().ok_or("no core is available")?;
        let all = || available.to_vec();
        let many = available.len() as u32;
        Ok(match placement {
            Placement::Separate => match available.last() {
                // The last, since neighbours in number are often two halves of one physical core.
                Some(last) if *last != first => {
                    Self { runner: vec![first], peer: vec![*last], workers: 1 }
                }
                _ => return Err("runner and peer on separate cores need two cores".into()),
            },
            Placement::OneCore => Self { runner: vec![first], peer: vec![first], workers: 1 },
            Placement::AllCores => Self { runner: all(), peer: all(), workers: many },
            Placement::Unpinned => Self { runner: Vec::new(), peer: Vec::new(), workers: many },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placements_on_four_cores() {
        let cores = |placement| Cores::of(placement, &[0, 1, 4, 5]).unwrap();
        assert_eq!(
            cores(Placement::Separate),
            Cores { runner: vec![0], peer: vec![5], workers: 1 }
        );
        assert_eq!(cores(Placement::OneCore), Cores { runner: vec![0], peer: vec![0], workers: 1 });
        assert_eq!(cores(Placement::AllCores).workers, 4);
        assert!(cores(Placement::Unpinned).runner.is_empty());
    }

    #[test]
    fn one_core_cannot_be_separated() {
        assert!(Cores::of(Placement::Separate, &[3]).is_err());
        assert!(Cores::of(Placement::OneCore, &[3]).is_ok());
    }

    #[test]
    fn this_machine_has_cores() {
        assert!(!available().is_empty());
    }
}
