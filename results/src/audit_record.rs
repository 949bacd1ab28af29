//! What did an audit trial see?
//!
//! Counters of trials of its own, outside of every time: system calls, allocations, polls. Everything is counted twice, with
//! a short and with a long slice, and what is said per operation is the difference of the counts over the difference of the
//! operations: what comes besides the operations (an order, the gate, the answer; set-up and end of a trial that was traced
//! as a whole) is in both, and cancels. It must not know how anything is counted. Read next: `audit_grid.rs`, `why.rs`.

use crate::histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The counters of one cell's audit. What could not be counted says why in `absent`, under its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditRecord {
    /// Allocations and polls, in a short and in a long slice that nobody traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<[CountsRecord; 2]>,
    /// System calls, of a trial with a short slice and of one with a long slice, both traced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traced: Option<[TraceRecord; 2]>,
    /// What is missing, by its name ([`part`]), and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub absent: BTreeMap<String, String>,
}

/// The parts of an audit, as `absent` names them.
pub mod part {
    /// System calls.
    pub const SYSCALLS: &str = "syscalls";
    /// Allocations and their bytes.
    pub const ALLOCATIONS: &str = "allocations";
    /// Polls, their lengths, and migrations.
    pub const POLLS: &str = "polls";
}

/// What was counted in one slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CountsRecord {
    /// All operations of the slice.
    pub operations: u64,
    /// Calls of the allocator that asked for memory.
    pub allocations: Option<u64>,
    /// Bytes that they asked for; of a reallocation, by how much it grew.
    pub allocated_bytes: Option<u64>,
    /// Polls of the actors' tasks and of the jobs that they spawned.
    pub polls: Option<u64>,
    /// Polls on another thread than the poll of the same task before.
    pub migrations: Option<u64>,
    /// How long each poll held its worker, in nanoseconds: base64 of the HdrHistogram V2 format.
    pub poll_histogram: Option<String>,
    /// The CRC-32 (IEEE) of that text.
    pub poll_histogram_crc: Option<u32>,
}

/// What was traced of one trial, from its first instruction to its end. Early recordings: of
/// one slice of a trial that was there already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TraceRecord {
    /// All its operations.
    pub operations: u64,
    /// System calls by their names, of all threads, and of processes that the operations started.
    pub calls: BTreeMap<String, u64>,
}

/// How long polls held their workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Deserialize, schemars::JsonSchema))]
pub struct PollTimes {
    /// The median.
    pub p50: u64,
    /// The 99th percentile: the slow polls.
    pub p99: u64,
    /// The slowest.
    pub max: u64,
}

impl AuditRecord {
    /// System calls per operation, by name; without those that operations did not make.
    #[must_use]
    pub fn syscalls_per_op(&self) -> Option<BTreeMap<String, f64>> {
        let [short, long] = self.traced.as_ref()?;
        let calls = long.calls.iter().map(|(name, calls)| {
            let before = short.calls.get(name).copied().unwrap_or(0);
            Some((name.clone(), per_op([before, *calls], [short.operations, long.operations])?))
        });
        let calls: BTreeMap<String, f64> = calls.collect::<Option<_>>()?;
        Some(calls.into_iter().filter(|(_, calls)| *calls > 0.0).collect())
    }

    /// System calls per operation, of all names.
    #[must_use]
    pub fn all_syscalls_per_op(&self) -> Option<f64> {
        Some(self.syscalls_per_op()?.values().sum())
    }

    /// Allocations per operation.
    #[must_use]
    pub fn allocations_per_op(&self) -> Option<f64> {
        self.counted_per_op(|counts| counts.allocations)
    }

    /// Allocated bytes per operation.
    #[must_use]
    pub fn allocated_bytes_per_op(&self) -> Option<f64> {
        self.counted_per_op(|counts| counts.allocated_bytes)
    }

    /// Polls per operation.
    #[must_use]
    pub fn polls_per_op(&self) -> Option<f64> {
        self.counted_per_op(|counts| counts.polls)
    }

    /// Polls per operation that went on on another thread.
    #[must_use]
    pub fn migrations_per_op(&self) -> Option<f64> {
        self.counted_per_op(|counts| counts.migrations)
    }

    /// How long polls held their workers, in nanoseconds, in the long slice.
    #[must_use]
    pub fn poll_times_ns(&self) -> Option<PollTimes> {
        let [_, long] = self.counted.as_ref()?;
        let histogram = histogram::decode(long.poll_histogram.as_deref()?).ok()?;
        (!histogram.is_empty()).then(|| PollTimes {
            p50: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            max: histogram.max(),
        })
    }

    /// Why a part is missing; `None` where it is there.
    #[must_use]
    pub fn why_absent(&self, part: &str) -> Option<&str> {
        self.absent.get(part).map(String::as_str)
    }

    /// Whether every text of histograms is the one that was written.
    pub(crate) fn is_intact(&self) -> bool {
        let counts = self.counted.iter().flatten();
        let mut texts = counts.map(|counts| (&counts.poll_histogram, counts.poll_histogram_crc));
        texts.all(|(text, crc)| {
            crc.is_none_or(|crc| text.as_deref().map(histogram::checksum) == Some(crc))
        })
    }

    fn counted_per_op(&self, of: fn(&CountsRecord) -> Option<u64>) -> Option<f64> {
        let [short, long] = self.counted.as_ref()?;
        per_op([of(short)?, of(long)?], [short.operations, long.operations])
    }
}

/// The difference of counts over that of operations. Where an operation does nothing of the kind, the short slice may
/// have had more by chance: then it is 0.
fn per_op([short, long]: [u64; 2], [few, many]: [u64; 2]) -> Option<f64> {
    (many > few).then(|| long.saturating_sub(short) as f64 / (many - few) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(operations: u64, calls: &[(&str, u64)]) -> TraceRecord {
        let calls = calls.iter().map(|(name, calls)| ((*name).to_owned(), *calls)).collect();
        TraceRecord { operations, calls }
    }

    #[test]
    fn what_a_slice_costs_by_itself_is_nobodys() {
        // 30 reads and 7 futexes a slice, 2 reads and a half futex an operation.
        let short = trace(10, &[("read", 50), ("futex", 12), ("restart_syscall", 3)]);
        let long = trace(110, &[("read", 250), ("futex", 62), ("restart_syscall", 3)]);
        let audit = AuditRecord { traced: Some([short, long]), ..AuditRecord::default() };
        let calls = audit.syscalls_per_op().unwrap();
        assert_eq!(calls, [("futex".to_owned(), 0.5), ("read".to_owned(), 2.0)].into());
        assert_eq!(audit.all_syscalls_per_op(), Some(2.5));
    }

    #[test]
    fn no_further_operation_gives_no_number() {
        let same = || trace(10, &[("read", 50)]);
        let audit = AuditRecord { traced: Some([same(), same()]), ..AuditRecord::default() };
        assert_eq!(audit.syscalls_per_op(), None);
        assert_eq!(AuditRecord::default().syscalls_per_op(), None);
        assert_eq!(AuditRecord::default().poll_times_ns(), None);
    }

    #[test]
    fn polls_have_times_and_an_edited_histogram_is_noticed() {
        let mut times = histogram::empty();
        (1..=1000).for_each(|value| times.saturating_record(value * 1000));
        let text = histogram::encode(&times);
        let crc = histogram::checksum(&text);
        let counts = |operations, polls| CountsRecord {
            operations,
            polls: Some(polls),
            migrations: Some(0),
            poll_histogram: Some(text.clone()),
            poll_histogram_crc: Some(crc),
            ..CountsRecord::default()
        };
        let mut audit = AuditRecord {
            counted: Some([counts(100, 205), counts(1100, 2205)]),
            ..AuditRecord::default()
        };
        assert_eq!(audit.polls_per_op(), Some(2.0));
        assert_eq!(audit.migrations_per_op(), Some(0.0));
        assert_eq!(audit.allocations_per_op(), None);
        let times = audit.poll_times_ns().unwrap();
        assert!((499_000..=501_000).contains(&times.p50) && times.max >= 1_000_000, "{times:?}");
        assert!(audit.is_intact());
        audit.counted.as_mut().unwrap()[1].poll_histogram.as_mut().unwrap().push('A');
        assert!(!audit.is_intact());
    }
}
