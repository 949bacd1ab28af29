//! What may differ between two runners, and where is it read?
//!
//! A counter is a name, a unit and a way to read it, from a trial's costs or from an audit: one line of [`COUNTERS`].
//! It must not know what is compared with what. Read next: `audit_record.rs`.

use crate::{
    SliceRecord, TrialRecord,
    record::{AuditRecord, CostRecord, part},
    statistics::{Estimate, median},
    summary::{Price, effect::Blocks},
};
use serde::Serialize;

/// What a counter is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Microseconds per operation.
    UsPerOp,
    /// A number per operation.
    PerOp,
    /// Bytes per operation.
    BytesPerOp,
    /// Nanoseconds.
    Ns,
    /// Bytes.
    Bytes,
    /// A plain number.
    Count,
    /// Cores.
    Cores,
}

/// What is known of a cell.
pub(crate) struct Seen<'a> {
    pub(crate) trials: &'a Blocks<'a>,
    pub(crate) price: Price,
    pub(crate) audit: Option<&'a AuditRecord>,
}

/// How a counter is read.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// From each trial; the median over blocks counts.
    Trial(fn(&TrialRecord) -> Option<f64>),
    /// From what the cell costs; the median over blocks counts.
    Price(fn(&Price) -> Option<Estimate>),
    /// From the audit, in which the named part may be missing.
    Audit(&'static str, fn(&AuditRecord) -> Option<f64>),
}

use Source::{Audit as Counted, Price as Priced, Trial as Told};

/// A counter: its name, its unit, and where it is read.
pub(crate) type Counter = (&'static str, Unit, Source);

/// All counters but system calls by name, which are as many as there are. To add one, add a line.
pub(crate) const COUNTERS: &[Counter] = &[
    ("CPU", Unit::UsPerOp, Told(cpu_us_per_op)),
    ("CPU above the floor", Unit::UsPerOp, Priced(|price| price.above_floor_us)),
    ("CPU of the peer", Unit::UsPerOp, Told(peer_cpu_us_per_op)),
    ("user CPU", Unit::UsPerOp, Told(|trial| part_of_cpu(trial, |costs| costs.user_ns))),
    ("system CPU", Unit::UsPerOp, Told(|trial| part_of_cpu(trial, |costs| costs.system_ns))),
    ("run-queue wait", Unit::UsPerOp, Priced(|price| price.run_queue_us_per_op)),
    ("voluntary context switches", Unit::PerOp, Priced(|price| price.voluntary_per_op)),
    ("involuntary context switches", Unit::PerOp, Priced(|price| price.involuntary_per_op)),
    ("page faults", Unit::PerOp, Priced(|price| price.minor_faults_per_op)),
    ("page faults from disk", Unit::PerOp, Priced(|price| price.major_faults_per_op)),
    ("bytes in by read", Unit::BytesPerOp, Priced(|price| price.read_call_bytes_per_op)),
    ("bytes out by write", Unit::BytesPerOp, Priced(|price| price.write_call_bytes_per_op)),
    ("loopback bytes", Unit::BytesPerOp, Priced(|price| price.loopback_bytes_per_op)),
    ("threads", Unit::Count, Told(|trial| of(trial, |costs| u64::from(costs.threads)))),
    ("peak memory", Unit::Bytes, Priced(|price| price.rss_peak_bytes)),
    ("idle memory", Unit::Bytes, Priced(|price| price.rss_idle_bytes)),
    ("memory of an actor", Unit::Bytes, Priced(|price| price.bytes_per_actor)),
    ("CPU while idle", Unit::Cores, Priced(|price| price.idle_cores)),
    ("system calls", Unit::PerOp, Counted(part::SYSCALLS, AuditRecord::all_syscalls_per_op)),
    ("allocations", Unit::PerOp, Counted(part::ALLOCATIONS, AuditRecord::allocations_per_op)),
    (
        "allocated bytes",
        Unit::BytesPerOp,
        Counted(part::ALLOCATIONS, AuditRecord::allocated_bytes_per_op),
    ),
    ("polls", Unit::PerOp, Counted(part::POLLS, AuditRecord::polls_per_op)),
    ("slow polls (p99)", Unit::Ns, Counted(part::POLLS, slow_polls_ns)),
    ("migrations", Unit::PerOp, Counted(part::POLLS, AuditRecord::migrations_per_op)),
];

impl Source {
    /// The value, or why there is none.
    pub(crate) fn read(self, seen: &Seen<'_>) -> Result<f64, String> {
        match self {
            Self::Trial(read) => {
                let values: Vec<f64> = seen
                    .trials
                    .values()
                    .filter_map(|trial| read(trial))
                    .filter(|value| value.is_finite())
                    .collect();
                median(&values).ok_or_else(|| "not recorded".into())
            }
            Self::Price(read) => {
                read(&seen.price).map(|value| value.median).ok_or_else(|| "not recorded".into())
            }
            Self::Audit(part, read) => {
                let audit = seen.audit.ok_or("not audited: run with --audit")?;
                read(audit).ok_or_else(|| {
                    let why = audit.why_absent(part);
                    why.unwrap_or("too few operations to tell").to_owned()
                })
            }
        }
    }
}

fn sum(trial: &TrialRecord, of: impl Fn(&SliceRecord) -> u64) -> f64 {
    trial.counted().map(|slice| of(slice) as f64).sum()
}

fn cpu_us_per_op(trial: &TrialRecord) -> Option<f64> {
    let known = trial.counted().all(|slice| slice.cpu_ns.is_some());
    let us = sum(trial, |slice| slice.cpu_ns.unwrap_or(0)) * 1e-3;
    known.then(|| us / sum(trial, SliceRecord::paid))
}

fn peer_cpu_us_per_op(trial: &TrialRecord) -> Option<f64> {
    let known = trial.counted().all(|slice| slice.peer_cpu_ns.is_some());
    let us = sum(trial, |slice| slice.peer_cpu_ns.unwrap_or(0)) * 1e-3;
    known.then(|| us / sum(trial, |slice| slice.operations))
}

fn of(trial: &TrialRecord, part: fn(&CostRecord) -> u64) -> Option<f64> {
    trial.costs.as_ref().map(|costs| part(costs) as f64)
}

/// User or system time is sampled for the whole trial, set-up included; its share of both is applied to the CPU time of
/// the slices, which is exact.
fn part_of_cpu(trial: &TrialRecord, part: fn(&CostRecord) -> u64) -> Option<f64> {
    let both = of(trial, |costs| costs.user_ns + costs.system_ns)?;
    Some(of(trial, part)? / both * cpu_us_per_op(trial)?)
}

fn slow_polls_ns(audit: &AuditRecord) -> Option<f64> {
    Some(audit.poll_times_ns()?.p99 as f64)
}
