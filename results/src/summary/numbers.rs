//! Which numbers does a measured cell have?
//!
//! Each is estimated over blocks: a median with an interval. Those that only an open load has stand apart,
//! so that nothing can take them for a closed one's. It must not know other cells. Read next: `sweep.rs`.

use super::{
    block::{Block, OpenBlock},
    times::Times,
};
use crate::statistics::Estimate;
use std::collections::BTreeMap;

/// A measured cell's numbers. Times are of what the contest's measure says.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// Operations that were completed in counted slices, over all blocks.
    pub ops: u64,
    /// Operations that the smallest block recorded: how far into the tail its percentiles carry.
    pub least_recorded: u64,
    /// Completed operations per second.
    pub throughput: Estimate,
    /// The median, in nanoseconds.
    pub p50_ns: Estimate,
    /// The 90th percentile, in nanoseconds.
    pub p90_ns: Estimate,
    /// The 99th percentile, in nanoseconds.
    pub p99_ns: Estimate,
    /// The 99.9th percentile, in nanoseconds.
    pub p999_ns: Estimate,
    /// The largest value of all blocks, in nanoseconds.
    pub max_ns: u64,
    /// The largest quantile (from 0 to 1) that lies among recorded times in every block; beyond it,
    /// percentiles are lower bounds. 1 for every closed load.
    pub reach: f64,
    /// The percentile curve, as far as [`Self::carries`] and [`Self::reach`] allow.
    pub curve: Vec<Quantile>,
    /// CPU time per operation in µs; `None` where the process cannot be seen.
    pub cpu_us_per_op: Option<Estimate>,
    /// CPU time per operation in µs that was burnt between its own slices, while others worked.
    pub deferred_cpu_us_per_op: Estimate,
    /// CPU time of the peer, or generator, per operation in µs; `None` without either.
    pub peer_cpu_us_per_op: Option<Estimate>,
    /// Operations that never ended; under closed load they are in no percentile.
    pub unfinished: u64,
    /// The age of the oldest of them, in nanoseconds.
    pub oldest_unfinished_ns: u64,
    /// What only an open load has; then all times above are response times.
    pub open: Option<OpenNumbers>,
}

/// The numbers that only an open load has.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenNumbers {
    /// Requests drawn for counted slices, over all blocks.
    pub drawn: u64,
    /// Of these, how many failed, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Connections that had to be opened again, over all blocks.
    pub reconnects: u64,
    /// Requests drawn per second.
    pub offered: Estimate,
    /// From sent to done: what a generator that waits politely would report.
    pub service: Distribution,
    /// From intended to a free connection.
    pub wait: Distribution,
    /// From ready to sent: the generator's own lateness.
    pub lag: Distribution,
}

/// One more distribution of a cell: percentiles within each block, estimated over blocks, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Operations that the smallest block recorded: how far into the tail its percentiles carry.
    pub least_recorded: u64,
    /// The median.
    pub p50_ns: Estimate,
    /// The 90th percentile.
    pub p90_ns: Estimate,
    /// The 99th percentile.
    pub p99_ns: Estimate,
    /// The 99.9th percentile.
    pub p999_ns: Estimate,
    /// The largest value of all blocks.
    pub max_ns: u64,
    /// The largest quantile that lies among recorded times in every block.
    pub reach: f64,
    /// The percentile curve, as far as ten requests lie above and the reach goes.
    pub curve: Vec<Quantile>,
}

/// One point of a percentile curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// −log10(1 − quantile): 0 is the smallest value, 1 is p90, 2 is p99, 3 is p99.9.
    pub nines: f64,
    /// The time in nanoseconds.
    pub ns: Estimate,
}

/// Operations that must lie above a percentile in every block for it to be drawn or printed: with fewer,
/// it is the story of single operations.
const LEAST_ABOVE: f64 = 10.0;

/// The last nine that curves go to: p99.9999, for which a block needs ten million operations.
const MOST_NINES: u32 = 6;

/// Points of a curve between one nine and the next.
const POINTS: u32 = 20;

impl Numbers {
    /// Whether every block recorded at least ten operations above this quantile (from 0 to 1).
    #[must_use]
    pub fn carries(&self, quantile: f64) -> bool {
        is_carried(self.least_recorded, quantile)
    }

    /// Whether this quantile is known in every block; else its estimate is a lower bound.
    #[must_use]
    pub fn reaches(&self, quantile: f64) -> bool {
        is_reached(self.reach, quantile)
    }

    pub(super) fn over(blocks: &[&Block]) -> Option<Self> {
        let over = |value: &dyn Fn(&Block) -> f64| {
            Estimate::over(&blocks.iter().map(|block| value(block)).collect::<Vec<_>>())
        };
        let all = |value: &dyn Fn(&Block) -> Option<f64>| {
            let values: Option<Vec<f64>> = blocks.iter().map(|block| value(block)).collect();
            values.and_then(|values| Estimate::over(&values))
        };
        let times: Vec<&Times> = blocks.iter().map(|block| &block.times).collect();
        let Distribution { least_recorded, p50_ns, p90_ns, p99_ns, p999_ns, max_ns, reach, curve } =
            Distribution::over(&times)?;
        let open: Option<Vec<&OpenBlock>> =
            blocks.iter().map(|block| block.open.as_ref()).collect();
        let open = match open {
            Some(open) => Some(OpenNumbers::over(&open, all(&Block::offered_per_sec)?)?),
            None => None,
        };
        Some(Self {
            ops: blocks.iter().fold(0, |sum, block| sum.saturating_add(block.completed)),
            least_recorded,
            throughput: over(&Block::per_sec)?,
            p50_ns,
            p90_ns,
            p99_ns,
            p999_ns,
            max_ns,
            reach,
            curve,
            cpu_us_per_op: match blocks.iter().all(|block| block.cpu_us().is_some()) {
                true => Some(all(&Block::cpu_us)?),
                false => None,
            },
            deferred_cpu_us_per_op: over(&Block::deferred_cpu_us)?,
            peer_cpu_us_per_op: all(&Block::peer_cpu_us),
            unfinished: blocks.iter().fold(0, |sum, block| sum.saturating_add(block.unfinished)),
            oldest_unfinished_ns: blocks.iter().map(|block| block.oldest_unfinished_ns).max()?,
            open,
        })
    }
}

impl OpenNumbers {
    fn over(blocks: &[&OpenBlock], offered: Estimate) -> Option<Self> {
        let of = |pick: fn(&OpenBlock) -> &Times| {
            Distribution::over(&blocks.iter().map(|block| pick(block)).collect::<Vec<_>>())
        };
        let mut errors = BTreeMap::new();
        for (kind, count) in blocks.iter().flat_map(|block| &block.errors) {
            let sum: &mut u64 = errors.entry(kind.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        Some(Self {
            drawn: blocks.iter().fold(0, |sum, block| sum.saturating_add(block.drawn)),
            errors,
            reconnects: blocks.iter().fold(0, |sum, block| sum.saturating_add(block.reconnects)),
            offered,
            service: of(|block| &block.service)?,
            wait: of(|block| &block.wait)?,
            lag: of(|block| &block.lag)?,
        })
    }

    /// How many requests failed, of all kinds.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.errors.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl Distribution {
    /// Whether every block recorded at least ten operations above this quantile (from 0 to 1).
    #[must_use]
    pub fn carries(&self, quantile: f64) -> bool {
        is_carried(self.least_recorded, quantile)
    }

    /// Whether this quantile is known in every block; else its estimate is a lower bound.
    #[must_use]
    pub fn reaches(&self, quantile: f64) -> bool {
        is_reached(self.reach, quantile)
    }

    fn over(blocks: &[&Times]) -> Option<Self> {
        let [p50_ns, p90_ns, p99_ns, p999_ns] =
            quantiles(blocks, &[0.5, 0.9, 0.99, 0.999])?.try_into().ok()?;
        let reach = blocks.iter().map(|times| times.reach()).reduce(f64::min)?;
        Some(Self {
            least_recorded: blocks.iter().map(|times| times.count()).min()?,
            p50_ns,
            p90_ns,
            p99_ns,
            p999_ns,
            max_ns: blocks.iter().map(|times| times.max_ns).max()?,
            reach,
            curve: curve(blocks, reach)?,
        })
    }
}

/// What is forgiven is the rounding of, for instance, 1 − 0.9.
fn is_carried(least_recorded: u64, quantile: f64) -> bool {
    least_recorded as f64 * (1.0 - quantile) + 1e-6 >= LEAST_ABOVE
}

/// What is forgiven is the rounding of, for instance, 999 / 1000.
fn is_reached(reach: f64, quantile: f64) -> bool {
    quantile <= reach + 1e-9
}

/// [`POINTS`] a nine, and p50 itself, as far as the smallest block carries.
fn curve(blocks: &[&Times], reach: f64) -> Option<Vec<Quantile>> {
    let least = blocks.iter().map(|times| times.count()).min()? as f64;
    let end = (least / LEAST_ABOVE).log10().min(f64::from(MOST_NINES)) + 1e-9;
    let mut points: Vec<f64> =
        (0..=MOST_NINES * POINTS).map(|step| f64::from(step) / f64::from(POINTS)).collect();
    points.push(2.0_f64.log10());
    points.retain(|nines| *nines <= end && is_reached(reach, 1.0 - 10.0_f64.powf(-nines)));
    points.sort_by(f64::total_cmp);
    let parts: Vec<f64> = points.iter().map(|nines| 1.0 - 10.0_f64.powf(-nines)).collect();
    let estimates = quantiles(blocks, &parts)?;
    Some(points.into_iter().zip(estimates).map(|(nines, ns)| Quantile { nines, ns }).collect())
}

/// Ascending quantiles of each block, estimated over blocks, in nanoseconds.
fn quantiles(blocks: &[&Times], quantiles: &[f64]) -> Option<Vec<Estimate>> {
    let by_block: Vec<Vec<f64>> =
        blocks.iter().map(|times| times.quantiles_ns(quantiles)).collect();
    let over =
        |at: usize| Estimate::over(&by_block.iter().map(|values| values[at]).collect::<Vec<_>>());
    (0..quantiles.len()).map(over).collect()
}
