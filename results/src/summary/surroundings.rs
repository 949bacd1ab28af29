//! What went on around the measurement?
//!
//! What strangers used, how often that cost a round, what the machine itself took, and what could not be seen: of
//! the run as a whole. What it did to a single cell is in that cell's marks. Read next: [`crate::wording`], which
//! says it.

use crate::TrialRecord;
use std::collections::BTreeMap;

/// Of a run as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// Slices that were measured.
    pub slices: usize,
    /// Those of them that were set aside, since strangers were busy in their round.
    pub set_aside: usize,
    /// Those in which foreign CPU was watched.
    pub watched: usize,
    /// Foreign CPU in cores, over all watched slices.
    pub foreign_cores: f64,
    /// What of it was only estimated.
    pub estimated_cores: f64,
    /// What the machine itself took.
    pub hiccups: Option<Hiccups>,
}

/// What a spinning thread did not get although no other task ran.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hiccups {
    /// The part of the time that was lost: the median over blocks.
    pub median_share: f64,
    /// That of the worst block.
    pub most_share: f64,
    /// The longest gap of all.
    pub longest_ns: u64,
    /// How many blocks were probed.
    pub blocks: usize,
}

impl Surroundings {
    /// Of these trials.
    #[must_use]
    pub fn of(trials: &[TrialRecord]) -> Self {
        // In one go: there may be hundreds of thousands of slices.
        let mut all = Self { hiccups: hiccups(trials), ..Self::default() };
        let (mut span_ns, mut seen_ns, mut estimated_ns) = (0_u64, 0_u64, 0_u64);
        for slice in trials.iter().flat_map(|trial| &trial.slices) {
            all.slices += 1;
            all.set_aside += usize::from(slice.set_aside);
            let Some(foreign_ns) = slice.foreign_cpu_ns else { continue };
            all.watched += 1;
            let lasted_ns = slice.ended_ns.saturating_sub(slice.started_ns);
            span_ns = span_ns.saturating_add(lasted_ns);
            seen_ns = seen_ns.saturating_add(foreign_ns);
            estimated_ns = estimated_ns.saturating_add(slice.foreign_estimated_ns.unwrap_or(0));
        }
        let cores = |ns: u64| ns as f64 / span_ns.max(1) as f64;
        all.foreign_cores = cores(seen_ns.saturating_add(estimated_ns));
        all.estimated_cores = cores(estimated_ns);
        all
    }
}

/// One value a block: all its trials carry the same.
fn hiccups(trials: &[TrialRecord]) -> Option<Hiccups> {
    let found = trials.iter().filter_map(|trial| {
        let block = (&trial.label, &trial.load, trial.placement, trial.block);
        Some((block, trial.hiccups.as_ref()?))
    });
    let blocks: BTreeMap<_, _> = found.collect();
    let mut shares: Vec<f64> = blocks.values().map(|found| found.lost_share()).collect();
    shares.sort_unstable_by(f64::total_cmp);
    Some(Hiccups {
        median_share: (shares.get((shares.len().max(1) - 1) / 2)?
            + shares.get(shares.len() / 2)?)
            / 2.0,
        most_share: *shares.last()?,
        longest_ns: blocks.values().map(|found| found.max_ns).max()?,
        blocks: shares.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn slices_are_counted_and_blocks_are_probed_once() {
        let mut recording = synthetic::recording(&["tokio", "smol"], 2, 2, 50);
        let clean = Surroundings::of(&recording.trials);
        assert!(clean.slices > 0 && clean.watched == clean.slices);
        assert_eq!((clean.set_aside, clean.foreign_cores), (0, 0.0));
        let hiccups = clean.hiccups.unwrap();
        assert_eq!((hiccups.blocks, hiccups.longest_ns), (2, 90_000));
        assert!((hiccups.median_share - 0.01).abs() < 1e-12);
        for trial in &mut recording.trials {
            if let Some(found) = trial.hiccups.as_mut().filter(|_| trial.block == 1) {
                found.lost_ns *= 3;
            }
            for slice in &mut trial.slices {
                slice.foreign_cpu_ns = Some(5_000_000);
                slice.foreign_estimated_ns = Some(10_000_000);
                slice.set_aside = slice.round == 0;
            }
        }
        let busy = Surroundings::of(&recording.trials);
        assert_eq!(busy.set_aside * 2, busy.slices);
        // Slices of the made-up recording last 50 ms.
        assert!((busy.foreign_cores - 0.3).abs() < 1e-9, "{busy:?}");
        assert!((busy.estimated_cores - 0.2).abs() < 1e-9);
        let hiccups = busy.hiccups.unwrap();
        assert!((hiccups.median_share - 0.02).abs() < 1e-12 && hiccups.most_share > 0.029);
    }

    #[test]
    fn older_recordings_say_nothing() {
        let mut recording = synthetic::recording(&["tokio"], 1, 1, 50);
        for trial in &mut recording.trials {
            trial.hiccups = None;
            trial.slices.iter_mut().for_each(|slice| slice.foreign_cpu_ns = None);
        }
        let found = Surroundings::of(&recording.trials);
        assert_eq!((found.watched, found.foreign_cores, found.hiccups), (0, 0.0, None));
    }
}
