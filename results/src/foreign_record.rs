//! Who else was there, and what did the machine itself take? What is recorded beside the measurement.
//!
//! Part of [`crate::record`], which says what holds for all recorded shapes; read that first. It cannot tell who
//! strangers were, only how much they used.

use serde::{Deserialize, Serialize};

/// How foreign CPU was watched during a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WatchRecord {
    /// What the run time of all processors was read from, of which what is known was taken off: `cpuacct` and
    /// `cgroups` are exact, `ticks` are sampled.
    pub total: String,
    /// What could not be seen; empty: nothing is known to be missing.
    pub unseen: Vec<String>,
}

/// Time that a spinning thread did not get, on each core that a block uses, just before and just after the block.
///
/// A gap is more than 1 µs between two readings of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HiccupRecord {
    /// For how long it was looked, over all cores.
    pub span_ns: u64,
    /// The sum of all gaps in which no other task ran: interrupts, and what the hypervisor took.
    pub lost_ns: u64,
    /// The sum of those in which another task ran.
    pub switched_ns: u64,
    /// How many gaps no task explains.
    pub gaps: u64,
    /// Their median; 0 without any.
    pub p50_ns: u64,
    /// Their 99th percentile.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

/// With a larger part of the time lost, trials are marked: by as much two runners may differ and still be called
/// equivalent.
pub const MOST_LOST: f64 = 0.03;

impl HiccupRecord {
    /// The part of the time that was lost to nobody whom one can see.
    #[must_use]
    pub fn lost_share(&self) -> f64 {
        self.lost_ns as f64 / (self.span_ns - self.switched_ns.min(self.span_ns)).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_ran_is_not_lost() {
        let probe = HiccupRecord {
            span_ns: 1_500,
            lost_ns: 10,
            switched_ns: 500,
            ..HiccupRecord::default()
        };
        assert!((probe.lost_share() - 0.01).abs() < 1e-12);
        assert_eq!(HiccupRecord::default().lost_share(), 0.0);
    }
}
