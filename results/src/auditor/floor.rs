//! Does it cost less than the least that such work needs?
//!
//! The floor does the same work without any runtime, and is compared in CPU time per operation only: it is no
//! floor of latency or throughput, since it has one thread and several cores may be there. Nor is every floor
//! one of CPU. Measured: tasks that switch in user space cost an eighth of a futex pair and a fifth of a timerfd;
//! who waits for many sockets at once costs an eighth of the inline floor, which waits for each; and another
//! language may compute a hash with better instructions. One floor does what nobody can leave out: the bare
//! epoll loop, which moves bytes to a peer and back. Even there honest runners lie up to an eighth below, where
//! they find more ready at once or cores that are awake. What costs far less has left work out. Slices that
//! other processes disturbed are not looked at, since cold caches cost CPU time. Read next: `machine.rs`.

use super::{Evidence, Finding, evidence::cpu_us_per_op};
use crate::{Role, quantity::digits, summary::Measure};

/// The floor whose work nobody can leave out, by its name in recordings.
const BINDING: &str = "floor-epoll";

/// Less than this part of the floor's CPU time, beyond both intervals, is impossible. The honest runner that was
/// furthest below was at 0.89; a ring that saves every system call of an echo still pays for the bytes.
const LEAST_PART: f64 = 0.6;

/// `below-floor`: much cheaper than the floor.
pub(super) fn below_floor(evidence: &Evidence<'_>) -> Option<Finding> {
    // What is spent on waiting differs by design, and so does what is spent per group.
    let is_work = evidence.measure == Measure::Service && evidence.is_closed();
    if !is_work || evidence.role() == Role::Floor {
        return None;
    }
    let floor = evidence.floor()?;
    let name = floor.values().next().map(|trial| trial.runner.as_str())?;
    if name != BINDING {
        return None;
    }
    let (own, least) = (cpu_us_per_op(evidence.trials)?, cpu_us_per_op(floor)?);
    (own.high < LEAST_PART * least.low).then(|| {
        Finding::not_ranked(
            "below-floor",
            format!(
                "an operation cost {} µs of CPU time, and {} on the bare {name}: work is missing, or is done \
                 where it is not seen",
                digits(own.median),
                digits(least.median)
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::store::Recording;

    /// The first cell with its CPU time changed; 7 µs an operation against the floor's 5.5.
    fn cheaper(factor: f64) -> Recording {
        let mut recording = clean();
        each_slice(&mut recording, |_, slice| {
            slice.cpu_ns = slice.cpu_ns.map(|ns| (ns as f64 * factor) as u64);
        });
        recording
    }

    #[test]
    fn work_that_was_left_out_is_noticed() {
        assert_eq!(checked(&cheaper(1.0), below_floor, 0), None);
        assert_eq!(checked(&cheaper(0.7), below_floor, 0), None, "0.89 of the floor happens");
        let found = checked(&cheaper(0.3), below_floor, 0).unwrap();
        assert!(found.reason.contains("on the bare floor-epoll"), "{found:?}");
        assert_eq!(checked(&cheaper(0.3), below_floor, 3), None, "the floor itself");
    }

    #[test]
    fn where_there_is_no_floor_to_lie_below_nothing_is_said() {
        let mut recording = cheaper(0.3);
        for trial in recording.trials.iter_mut().filter(|trial| trial.role == Role::Floor) {
            trial.runner = "floor-futex".into();
        }
        assert_eq!(checked(&recording, below_floor, 0), None, "it may be undercut");
        let mut recording = cheaper(0.3);
        each_slice(&mut recording, |_, slice| slice.cpu_ns = None);
        assert_eq!(checked(&recording, below_floor, 0), None, "unknown");
        let mut recording = cheaper(0.3);
        recording.trials.retain(|trial| trial.role != Role::Floor);
        assert_eq!(checked(&recording, below_floor, 0), None, "no floor");
    }
}
