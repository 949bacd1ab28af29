//! How does latency grow with load?
//!
//! A sweep raises the rate rung by rung until the server is saturated; this is one runner's climb over all
//! blocks. Each rung is a measurement of its own, with percentiles over all requests drawn for it. Three
//! things are read off: the highest rate that was *sustained*, the *knee*, and the *capacity* at an objective.
//! They are rungs, so the truth lies between one and the next: that is printed too, and the lowest block where it came
//! less far. It must not know how it was measured. Read next: `effect.rs`.

use super::{block::Block, numbers::Numbers};
use crate::{TrialRecord, record::ObjectiveRecord};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One runner's climb.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// From the lowest rate up.
    pub rungs: Vec<Rung>,
    /// The highest rate before the first at which the server was saturated, failed requests, or the generator
    /// was what was measured.
    pub sustained: Option<Reached>,
    /// The highest sustained rate at which p99 is still at most [`KNEE`] times that of the lowest.
    pub knee: Option<Reached>,
    /// The highest rate up to which the objective held at every rung; `None` without an objective.
    pub capacity: Option<Reached>,
}

/// What was seen at one rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// The rate that was asked for, in requests per second.
    pub rate_per_sec: u32,
    /// In how many blocks it was reached.
    pub blocks: u32,
    /// Its numbers.
    pub numbers: Numbers,
    /// Whether the server was saturated in at least half of these blocks.
    pub saturated: bool,
    /// Whether the generator is what was measured, in any of them.
    pub generator_limited: bool,
}

/// How far up the ladder something held, in requests per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct Reached {
    /// The median over blocks of the last rung at which it held, the lower of the two middle ones where there
    /// are two; 0 where it did not even hold at the first.
    pub held_per_sec: u32,
    /// The lowest of the last rungs, over blocks.
    pub low_per_sec: u32,
    /// The lowest rung above `held_per_sec`, over blocks, at which it did not hold; `None` where there is none, and the
    /// truth is at least `held_per_sec`. What broke below that is told by `low_per_sec`.
    pub broke_per_sec: Option<u32>,
}

/// Beyond so many times the p99 of an idle server, waiting is most of the response.
pub const KNEE: f64 = 3.0;

/// One block's climb.
struct Climb(BTreeMap<u32, Block>);

impl Sweep {
    /// From the trials of one cell.
    ///
    /// # Errors
    /// A histogram that cannot be read.
    pub(super) fn over(
        trials: &[&TrialRecord],
        objective: Option<ObjectiveRecord>,
    ) -> Result<Option<Self>, String> {
        let climbs = trials.iter().map(|trial| Climb::of(trial)).collect::<Result<Vec<_>, _>>()?;
        let rates: BTreeSet<u32> =
            climbs.iter().flat_map(|climb| climb.0.keys().copied()).collect();
        let rungs: Vec<Rung> = rates.iter().filter_map(|rate| Rung::over(*rate, &climbs)).collect();
        if rungs.is_empty() {
            return Ok(None);
        }
        let knee = |block: &Block, first: &Block| {
            let p99_ns = |block: &Block| block.times.quantiles_ns(&[0.99])[0];
            keeps_up(block) && p99_ns(block) <= KNEE * p99_ns(first)
        };
        Ok(Some(Self {
            sustained: reached(&climbs, |block, _| keeps_up(block)),
            knee: reached(&climbs, knee),
            capacity: objective.and_then(|objective| {
                reached(&climbs, |block, _| !is_doubtful(block) && meets(block, &objective))
            }),
            rungs,
        }))
    }
}

impl Climb {
    fn of(trial: &TrialRecord) -> Result<Self, String> {
        let rate = |slice: &crate::SliceRecord| slice.open.as_ref().map(|open| open.rate_per_sec);
        let rates: BTreeSet<u32> = trial.counted().filter_map(rate).collect();
        let mut rungs = BTreeMap::new();
        for rung in rates {
            let slices = trial.counted().filter(|slice| rate(slice) == Some(rung));
            rungs.insert(rung, Block::of(trial, slices)?);
        }
        Ok(Self(rungs))
    }
}

impl Rung {
    fn over(rate_per_sec: u32, climbs: &[Climb]) -> Option<Self> {
        let blocks: Vec<&Block> =
            climbs.iter().filter_map(|climb| climb.0.get(&rate_per_sec)).collect();
        let open = || blocks.iter().filter_map(|block| block.open.as_ref());
        Some(Self {
            rate_per_sec,
            blocks: u32::try_from(blocks.len()).unwrap_or(u32::MAX),
            saturated: 2 * open().filter(|open| open.saturated).count() >= blocks.len(),
            generator_limited: open().any(|open| open.generator_limited),
            numbers: Numbers::over(&blocks)?,
        })
    }
}

/// Whether the numbers describe the generator rather than the server.
fn is_doubtful(block: &Block) -> bool {
    block.open.as_ref().is_none_or(|open| open.generator_limited)
}

/// Neither saturated nor failing.
fn keeps_up(block: &Block) -> bool {
    let sound = block.open.as_ref().is_some_and(|open| !open.saturated && open.errors.is_empty());
    sound && !is_doubtful(block) && block.unfinished == 0
}

/// Whether the quantile is known and within the limit.
fn meets(block: &Block, objective: &ObjectiveRecord) -> bool {
    let quantile = objective.quantile;
    quantile <= block.times.reach()
        && block.times.quantiles_ns(&[quantile])[0] <= objective.limit_ns as f64
}

/// How far up something holds: in each block until the first rung at which it does not, compared with the
/// block's lowest rung.
fn reached(climbs: &[Climb], holds: impl Fn(&Block, &Block) -> bool) -> Option<Reached> {
    let (mut held, mut broke) = (Vec::new(), Vec::new());
    for Climb(rungs) in climbs {
        let (_, first) = rungs.first_key_value()?;
        let good = rungs.iter().take_while(|(_, block)| holds(block, first));
        held.push(good.last().map_or(0, |(rate, _)| *rate));
        let bad = rungs.iter().find(|(_, block)| !holds(block, first));
        broke.extend(bad.map(|(rate, _)| *rate));
    }
    held.sort_unstable();
    let held_per_sec = *held.get((held.len().checked_sub(1)?) / 2)?;
    Some(Reached {
        held_per_sec,
        low_per_sec: *held.first()?,
        // A block that came less far broke below: beside the median block's rung that would be a contradiction.
        broke_per_sec: broke.into_iter().filter(|rate| *rate > held_per_sec).min(),
    })
}
