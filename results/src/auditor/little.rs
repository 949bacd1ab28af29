//! Is anything missing from a closed load? Little's law.
//!
//! In a system that is stable, the mean number in flight is throughput × mean time, whatever the distributions
//! (J. D. C. Little, *A Proof for the Queuing Formula L = λW*, Operations Research 9 (1961)). Actors without think
//! time are always in flight, so the product must be their number. Where it is not, times or operations are
//! missing. Lateness leaves out the time that was asked for, so the law does not speak of it; under open load the
//! number in flight is not known beforehand. Read next: `order.rs`.

use super::{Evidence, Finding, evidence::part};
use crate::{SliceRecord, TrialRecord, statistics::median, summary::Measure};

/// In flight and throughput × mean time may differ so much: measured runs stay within a few percent.
const TOLERANCE: f64 = 0.10;

/// A slice with fewer operations consists of its edges.
const LEAST_OPERATIONS: u64 = 20;

/// Throughput × mean time ÷ actors in one slice, which should be 1, and how far off it may be: operations that
/// reach across an end of the window count as a whole or not at all, which is worth at most the longest one.
fn of_slice(slice: &SliceRecord, actors: u32) -> Option<(f64, f64)> {
    if slice.recorded < LEAST_OPERATIONS || slice.window_ns == 0 {
        return None;
    }
    let window_ns = slice.window_ns as f64;
    let mean_ns = slice.sum_ns as f64 / slice.recorded as f64;
    let ratio = slice.completed as f64 / window_ns * mean_ns / f64::from(actors);
    Some((ratio, TOLERANCE + slice.max_ns as f64 / window_ns))
}

/// Of the given slices: how many can be looked at, how many break the law, and the median ratio of those. Both
/// directions are not added up: what is missing is missing in every slice.
fn broken<'a>(slices: impl Iterator<Item = (&'a SliceRecord, u32)>) -> (usize, usize, f64) {
    let all: Vec<(f64, f64)> = slices.filter_map(|(slice, of)| of_slice(slice, of)).collect();
    let side = |sign: f64| -> Vec<f64> {
        let off = all.iter().filter(|(ratio, tolerance)| sign * (ratio - 1.0) > *tolerance);
        off.map(|(ratio, _)| *ratio).collect()
    };
    let (less, more) = (side(-1.0), side(1.0));
    let most = if less.len() > more.len() { less } else { more };
    (all.len(), most.len(), median(&most).unwrap_or(1.0))
}

/// Whether the slices of a closed trial, whose times are service times or makespans, break the law: most of
/// them, since one stall at the end of one slice proves nothing.
#[must_use]
pub fn breaks_little(trial: &TrialRecord, actors: u32) -> bool {
    let (all, off, _) = broken(trial.counted().map(|slice| (slice, actors)));
    2 * off > all
}

/// The cell's slices with the number of actors, where the law speaks of them and that number is known.
fn lawful<'e>(evidence: &'e Evidence<'_>) -> impl Iterator<Item = (&'e SliceRecord, u32)> {
    let speaks = evidence.is_closed() && evidence.measure != Measure::Lateness;
    let trials = evidence.measured().filter(move |_| speaks).filter_map(|trial| {
        let actors = trial.actors.as_ref()?.count;
        (actors > 0).then(|| trial.counted().map(move |slice| (slice, actors)))
    });
    trials.flatten()
}

/// Whether the law can be checked with what was recorded; then it need not be taken from a mark.
pub(super) fn can_be_checked(evidence: &Evidence<'_>) -> bool {
    broken(lawful(evidence)).0 > 0
}

/// `little`: most slices of the cell break the law, or of some trials.
pub(super) fn little(evidence: &Evidence<'_>) -> Option<Finding> {
    let (all, off, ratio) = broken(lawful(evidence));
    let actors = evidence.measured().find_map(|trial| Some(trial.actors.as_ref()?.count))?;
    let found = ratio * f64::from(actors);
    let reason = format!(
        "throughput × mean time is {found:.1}, and {actors} were in flight (in {}): operations or times are \
         missing",
        part(off, all)
    );
    if 2 * off > all {
        return Some(Finding::not_ranked("little", reason));
    }
    let speaks = evidence.is_closed() && evidence.measure != Measure::Lateness;
    let in_a_trial = evidence.measured().any(|trial| speaks && breaks_little(trial, actors));
    in_a_trial.then(|| Finding::marked("little", format!("{reason}, in most slices of some block")))
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;

    #[test]
    fn lost_operations_are_noticed() {
        let mut recording = clean();
        assert_eq!(checked(&recording, little, 0), None);
        // The times of long operations are cut off.
        each_slice(&mut recording, |_, slice| {
            slice.window_ns *= 100;
            slice.completed = slice.completed * 100 * 7 / 10;
        });
        let found = checked(&recording, little, 0).unwrap();
        assert!(found.reason.contains("is 22.4, and 32 were in flight"), "{found:?}");
        assert_eq!(checked(&recording, little, 1), None, "the other cells are as they were");
    }

    #[test]
    fn one_trial_that_lost_operations_is_said_and_does_not_bar() {
        let mut recording = clean();
        each_slice(&mut recording, |block, slice| {
            if block == 2 {
                (slice.completed, slice.max_ns) = (slice.completed / 2, 1);
            }
        });
        let found = checked(&recording, little, 0).unwrap();
        assert_eq!(found.severity, crate::auditor::Severity::Marked);
        assert!(found.reason.ends_with("in most slices of some block"), "{found:?}");
    }

    #[test]
    fn a_stall_in_one_slice_proves_nothing() {
        let mut recording = clean();
        each_slice(&mut recording, |block, slice| {
            if slice.round == 0 && block < 3 {
                slice.sum_ns *= 3;
            }
        });
        assert_eq!(checked(&recording, little, 0), None);
        each_slice(&mut recording, |_, slice| {
            // Half too many on one side, half too few on the other.
            slice.completed = if slice.round % 2 == 0 { 1 } else { slice.completed * 90 };
            slice.max_ns = 1;
        });
        assert_eq!(checked(&recording, little, 0), None, "neither side has most of them");
    }

    #[test]
    fn what_the_law_does_not_speak_of_is_left_alone() {
        let mut recording = clean();
        each_slice(&mut recording, |_, slice| (slice.completed, slice.max_ns) = (1, 1));
        assert!(checked(&recording, little, 0).is_some());
        for trial in &mut recording.trials {
            trial.actors = None;
        }
        assert_eq!(checked(&recording, little, 0), None, "an old recording without actors");
        let mut recording = clean();
        each_slice(&mut recording, |_, slice| (slice.completed, slice.max_ns) = (1, 1));
        recording.run.plan.contests[0].measure = "lateness".into();
        assert_eq!(checked(&recording, little, 0), None);
    }
}
