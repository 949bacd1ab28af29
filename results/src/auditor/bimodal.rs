//! Are there two results, and is the median an accident between them?
//!
//! A runner may settle into one of two states when its process starts: which core its worker got, which allocator
//! arena, which poller. Then the median over blocks lies in whichever state came up more often, and its interval
//! says nothing. The block medians are sorted and cut at their largest gap, as single linkage does (J. A.
//! Hartigan, *Clustering Algorithms* (1975), §11); they are two groups where the gap is many times as wide as
//! the wider group. Tests of modality need dozens of values (J. A. and P. M. Hartigan, *The Dip Test of
//! Unimodality*, Annals of Statistics 13 (1985)), and blocks are six to twelve; hence this rule, whose false
//! alarms a test counts. Read next: `stall.rs`.

use super::{Evidence, Finding, evidence::block_medians_ns};
use crate::{quantity::time, summary::Measure};

/// With fewer blocks, two groups of two and a gap happen too easily.
const LEAST_BLOCKS: usize = 6;

/// Each group has at least so many: one block apart is an outlier, which the median withstands.
const LEAST_GROUP: usize = 2;

/// The gap, as a part of the lower group's highest. Closer states are within what blocks differ by anyway.
const LEAST_GAP: f64 = 0.10;

/// The gap, in widths of the wider group. Four of them are left between six normal values in one of a hundred
/// cases, and [`LEAST_GAP`] is then seldom reached too.
const LEAST_WIDTHS: f64 = 4.0;

/// Where sorted, positive values fall into two groups: the number of values in the lower one.
fn split(sorted: &[f64]) -> Option<usize> {
    let last = sorted.len().checked_sub(LEAST_GROUP).filter(|_| sorted.len() >= LEAST_BLOCKS)?;
    let logs: Vec<f64> = sorted.iter().map(|value| value.ln()).collect();
    let gap = |at: usize| logs[at] - logs[at - 1];
    let at = (LEAST_GROUP..=last).max_by(|one, other| gap(*one).total_cmp(&gap(*other)))?;
    let width = (logs[at - 1] - logs[0]).max(logs[logs.len() - 1] - logs[at]);
    (gap(at) >= LEAST_GAP.ln_1p() && gap(at) >= LEAST_WIDTHS * width).then_some(at)
}

/// `bimodal`: the blocks fall into two groups by their medians.
pub(super) fn bimodal(evidence: &Evidence<'_>) -> Option<Finding> {
    // How late something was may be nothing; and the rungs of a sweep differ.
    if evidence.measure == Measure::Lateness || evidence.load.is_sweep() {
        return None;
    }
    let mut medians = block_medians_ns(evidence);
    medians.retain(|ns| *ns > 0.0);
    medians.sort_by(f64::total_cmp);
    let at = split(&medians)?;
    let group = |part: &[f64]| {
        let ends = (time(part[0]), time(part[part.len() - 1]));
        format!("{} lie at {} to {}", part.len(), ends.0, ends.1)
    };
    let (low, high) = (group(&medians[..at]), group(&medians[at..]));
    Some(Finding::marked(
        "bimodal",
        format!(
            "of the medians of {} blocks {low} and {high}: there are two states",
            medians.len()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::synthetic::Random;

    #[test]
    fn two_states_are_told() {
        let mut recording = clean();
        assert_eq!(checked(&recording, bimodal, 0), None);
        each_slice(&mut recording, |block, slice| {
            slice.p50_ns = (slice.p50_ns as f64 * if block % 3 == 0 { 1.4 } else { 1.0 }) as u64;
        });
        let found = checked(&recording, bimodal, 0).unwrap().reason;
        assert!(found.starts_with("of the medians of 6 blocks 4 lie at "), "{found}");
        recording.trials.retain(|trial| trial.block < 5);
        assert_eq!(checked(&recording, bimodal, 0), None, "too few blocks");
    }

    #[test]
    fn the_gap_must_be_wide() {
        assert_eq!(split(&[100.0, 101.0, 102.0, 140.0, 141.0, 142.0]), Some(3));
        assert_eq!(split(&[100.0, 101.0, 102.0, 106.0, 106.5, 107.0]), None, "too near");
        assert_eq!(split(&[100.0, 110.0, 120.0, 140.0, 150.0, 160.0]), None, "too scattered");
        assert_eq!(split(&[100.0, 100.0, 101.0, 101.0, 102.0, 160.0]), None, "an outlier");
        assert_eq!(split(&[1.0, 1.0, 9.0, 9.0]), None, "too few");
        assert_eq!(split(&[]), None);
    }

    #[test]
    fn one_state_is_seldom_taken_for_two() {
        // Blocks of one state, at noise of 5 % and, on a bad machine, 20 %.
        for (sd, most) in [(0.05, 5), (0.20, 60)] {
            for blocks in [6, 8, 12, 24] {
                let mut random = Random(3);
                let mut normal = || {
                    let (u, v) = (1.0 - random.part(), random.part());
                    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
                };
                let mut alarms = 0;
                for _ in 0..5000 {
                    let mut values: Vec<f64> = (0..blocks).map(|_| (sd * normal()).exp()).collect();
                    values.sort_by(f64::total_cmp);
                    alarms += u32::from(split(&values).is_some());
                }
                assert!(alarms <= most, "{alarms} of 5000 at {blocks} blocks, {sd}");
            }
        }
    }
}
