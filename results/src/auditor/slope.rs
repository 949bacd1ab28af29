//! Did it become slower or faster while it was measured?
//!
//! A trial is warmed up before it counts, so its slices should not have a direction. One that has is still
//! warming, leaks, or fills something. Within each trial the slope of the logarithms of the slice medians is
//! estimated by the median of all pairs' slopes (P. K. Sen, *Estimates of the Regression Coefficient Based on
//! Kendall's Tau*, JASA 63 (1968)), which one odd slice does not move; and over all blocks Kendall's counts are
//! added up, as for the seasons of a year (R. M. Hirsch, J. R. Slack, R. A. Smith, *Techniques of Trend Analysis
//! for Monthly Water Quality Data*, Water Resources Research 18 (1982)). The direction must be that of nearly
//! all blocks and too clear for chance, and the size must matter. What all cells of the contest do is the
//! machine's doing, and is taken off. Read next: `bimodal.rs`.

use super::{Evidence, Finding};
use crate::{
    Load, SliceRecord, TrialRecord,
    statistics::{median, trend},
    summary::Measure,
};
use std::collections::BTreeMap;

/// Below this, from the first slice to the last, a slope changes no verdict that others than noise decide: it is
/// the size that differences of the machine within a minute have.
const LEAST_CHANGE: f64 = 0.10;

/// Standard deviations of Kendall's sum under no trend: chance exceeds them once in 10,000 cells.
const LEAST_DEVIATIONS: f64 = 3.9;

/// With fewer slices a trial has no direction.
const LEAST_SLICES: usize = 4;

/// Blocks that must go the same way, of all with a direction: each trial began anew, so a cause shows in each.
const LEAST_SHARE: f64 = 0.8;

/// With fewer other cells, the machine's doing cannot be told from theirs.
const LEAST_OTHERS: usize = 3;

/// `slope`: all trials became slower, or faster.
pub(super) fn slope(evidence: &Evidence<'_>) -> Option<Finding> {
    // How late something was may be nothing, and the rungs of a sweep are meant to differ.
    let comparable = evidence.measure != Measure::Lateness;
    if !comparable || matches!(evidence.load, Load::Sweep { .. }) {
        return None;
    }
    // What the machine's drift would hide is not looked for: to know it for every cell would take longer than all else.
    trend_of(evidence, &BTreeMap::new())?;
    let (change, alike, blocks) = trend_of(evidence, &common(evidence))?;
    let percent = change.exp_m1() * 100.0;
    Some(Finding::marked(
        "slope",
        format!(
            "the median of a trial's slices changed by {percent:+.0} % from its first to its last, in {alike} of \
             {blocks} blocks the same way: it warms, leaks or fills"
        ),
    ))
}

/// The median change of a trial from its first slice to its last, as a logarithm, and how many of how many blocks go
/// its way; `None` unless it is clear and large.
fn trend_of(
    evidence: &Evidence<'_>,
    common: &BTreeMap<(u32, u32), f64>,
) -> Option<(f64, usize, usize)> {
    let trials: Vec<Vec<(f64, f64)>> = evidence
        .measured()
        .map(|trial| points(trial, common))
        .filter(|points| points.len() >= LEAST_SLICES)
        .collect();
    let counts = trials.iter().map(|points| trend::kendall(points));
    let (sum, variance) = counts.fold((0.0, 0.0), |(s, v), (ds, dv)| (s + ds, v + dv));
    // One is taken off since the sum moves in steps of two.
    let deviations = (f64::abs(sum) - 1.0).max(0.0) / variance.sqrt();
    if trials.is_empty() || deviations < LEAST_DEVIATIONS {
        return None;
    }
    let change = |points: &Vec<(f64, f64)>| {
        let (first, last) = (points.first()?.0, points.last()?.0);
        Some(trend::slope(points)? * (last - first))
    };
    let changes: Vec<f64> = trials.iter().filter_map(change).collect();
    let change = median(&changes)?;
    let alike = changes.iter().filter(|one| *one * change > 0.0).count();
    let clear = sum * change > 0.0 && alike as f64 >= LEAST_SHARE * changes.len() as f64;
    (clear && change.abs() >= LEAST_CHANGE.ln_1p()).then_some((change, alike, changes.len()))
}

/// The logarithm of a slice's median; `None` without one.
fn level(slice: &SliceRecord) -> Option<f64> {
    slice.median_ns().filter(|ns| *ns > 0).map(|ns| (ns as f64).ln())
}

/// When and where the slices of a trial were, in seconds and logarithms, without what the machine did.
fn points(trial: &TrialRecord, common: &BTreeMap<(u32, u32), f64>) -> Vec<(f64, f64)> {
    let point = |slice: &SliceRecord| {
        let machine = common.get(&(trial.block, slice.round)).copied().unwrap_or(0.0);
        Some((slice.started_ns as f64 * 1e-9, level(slice)? - machine))
    };
    let mut points: Vec<(f64, f64)> = trial.counted().filter_map(point).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

/// What the other runners of the contest did in each round of each block, against their own trials' medians: the
/// median over them. Empty where there are too few.
fn common(evidence: &Evidence<'_>) -> BTreeMap<(u32, u32), f64> {
    let mut all: BTreeMap<(u32, u32), Vec<f64>> = BTreeMap::new();
    let own = evidence.runner();
    for (_, blocks) in evidence.contest {
        for trial in blocks.values().filter(|trial| trial.runner != own) {
            let levels: Vec<f64> = trial.counted().filter_map(level).collect();
            let Some(usual) = median(&levels) else { continue };
            for slice in trial.counted() {
                if let Some(level) = level(slice) {
                    all.entry((trial.block, slice.round)).or_default().push(level - usual);
                }
            }
        }
    }
    let enough = all.into_iter().filter(|(_, values)| values.len() >= LEAST_OTHERS);
    enough.filter_map(|(place, values)| Some((place, median(&values)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::{store::Recording, synthetic};

    fn scale(slice: &mut SliceRecord, factor: f64) {
        slice.p50_ns = (slice.p50_ns as f64 * factor) as u64;
    }

    /// The clean recording, whose first cell grows by this part in each round.
    fn growing(by: f64) -> Recording {
        let mut recording = clean();
        each_slice(&mut recording, |_, slice| scale(slice, 1.0 + by * f64::from(slice.round)));
        recording
    }

    #[test]
    fn trials_that_become_slower_or_faster_are_noticed() {
        let found = checked(&growing(0.05), slope, 0).unwrap().reason;
        assert!(found.contains("in 6 of 6 blocks the same way"), "{found}");
        let percent: f64 =
            found.split('+').nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((25.0..45.0).contains(&percent), "{found}");
        assert!(checked(&growing(-0.04), slope, 0).unwrap().reason.contains("by -"));
        assert_eq!(checked(&growing(0.005), slope, 0), None, "too small to matter");
        assert_eq!(checked(&clean(), slope, 0), None);
    }

    #[test]
    fn blocks_that_go_different_ways_are_noise() {
        let mut recording = clean();
        each_slice(&mut recording, |block, slice| {
            let by = if block % 2 == 0 { 0.05 } else { -0.05 };
            scale(slice, 1.0 + by * f64::from(slice.round));
        });
        assert_eq!(checked(&recording, slope, 0), None);
    }

    #[test]
    fn what_all_cells_do_is_the_machines_doing() {
        let mut recording = synthetic::recording(&["tokio", "smol", "threads", "rayon"], 6, 8, 200);
        for trial in &mut recording.trials {
            for slice in &mut trial.slices {
                scale(slice, 1.0 + 0.05 * f64::from(slice.round));
            }
        }
        assert_eq!(checked(&recording, slope, 0), None);
    }

    #[test]
    fn one_trial_alone_needs_a_clear_direction() {
        let alone = |rounds: u32| {
            let mut recording = synthetic::recording(&["tokio", "smol"], 1, rounds, 200);
            each_slice(&mut recording, |_, slice| {
                scale(slice, 1.0 + 0.1 * f64::from(slice.round));
            });
            checked(&recording, slope, 0)
        };
        assert_eq!(alone(5), None, "five slices may ascend by chance");
        assert!(alone(14).is_some());
    }

    #[test]
    fn noise_has_no_direction() {
        let mut random = synthetic::Random(11);
        let mut alarms = 0;
        let mut recording = clean();
        for _ in 0..300 {
            each_slice(&mut recording, |_, slice| {
                slice.p50_ns = (70_000.0 * (0.8 + 0.4 * random.part())) as u64;
            });
            alarms += usize::from(checked(&recording, slope, 0).is_some());
        }
        assert_eq!(alarms, 0);
    }
}
