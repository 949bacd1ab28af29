//! What may differ between two runners, and where is it read?
//!
//! A counter is a name, a unit and a way to read it, from a trial's costs or from an audit: one line of [`COUNTERS`].
//! It must not know what is compared with what. Read next: `audit_record.rs`.

use crate::{
    SliceRecord, TrialRecord,
    record::{AuditRecord, CostRecord, part},
    statistics::median,
    summary::effect::Blocks,
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
}

/// What is known of a cell.
pub(crate) struct Seen<'a> {
    pub(crate) trials: &'a Blocks<'a>,
    pub(crate) audit: Option<&'a AuditRecord>,
}

/// How a counter is read.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// From each trial; the median over blocks counts.
    Trial(fn(&TrialRecord) -> Option<f64>),
    /// From the audit, in which the named part may be missing.
    Audit(&'static str, fn(&AuditRecord) -> Option<f64>),
}

/// A counter: its name, its unit, and where it is read.
pub(crate) type Counter = (&'static str, Unit, Source);

/// All counters but system calls by name, which are as many as there are. To add one, add a line.
pub(crate) const COUNTERS: &[Counter] = &[
    ("CPU", Unit::UsPerOp, Source::Trial(cpu_us_per_op)),
    ("CPU of the peer", Unit::UsPerOp, Source::Trial(peer_cpu_us_per_op)),
    ("user CPU", Unit::UsPerOp, Source::Trial(|trial| part_of_cpu(trial, |costs| costs.user_ns))),
    (
        "system CPU",
        Unit::UsPerOp,
        Source::Trial(|trial| part_of_cpu(trial, |costs| costs.system_ns)),
    ),
    (
        "voluntary context switches",
        Unit::PerOp,
        Source::Trial(|trial| per_op(trial, |costs| costs.voluntary_switches)),
    ),
    (
        "involuntary context switches",
        Unit::PerOp,
        Source::Trial(|trial| per_op(trial, |costs| costs.involuntary_switches)),
    ),
    ("threads", Unit::Count, Source::Trial(|trial| of(trial, |costs| u64::from(costs.threads)))),
    ("peak memory", Unit::Bytes, Source::Trial(|trial| of(trial, |costs| costs.peak_rss_bytes))),
    ("system calls", Unit::PerOp, Source::Audit(part::SYSCALLS, AuditRecord::all_syscalls_per_op)),
    ("allocations", Unit::PerOp, Source::Audit(part::ALLOCATIONS, AuditRecord::allocations_per_op)),
    (
        "allocated bytes",
        Unit::BytesPerOp,
        Source::Audit(part::ALLOCATIONS, AuditRecord::allocated_bytes_per_op),
    ),
    ("polls", Unit::PerOp, Source::Audit(part::POLLS, AuditRecord::polls_per_op)),
    (
        "slow polls (p99)",
        Unit::Ns,
        Source::Audit(part::POLLS, |audit| Some(audit.poll_times_ns()?.p99 as f64)),
    ),
    ("migrations", Unit::PerOp, Source::Audit(part::POLLS, AuditRecord::migrations_per_op)),
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

/// A cost of the whole trial, over the operations of the whole trial.
fn per_op(trial: &TrialRecord, part: fn(&CostRecord) -> u64) -> Option<f64> {
    let operations = trial.actors.as_ref()?.total;
    (operations > 0).then(|| Some(of(trial, part)? / operations as f64))?
}

/// User or system time is sampled for the whole trial, set-up included; its share of both is applied to the CPU time of
/// the slices, which is exact.
fn part_of_cpu(trial: &TrialRecord, part: fn(&CostRecord) -> u64) -> Option<f64> {
    let both = of(trial, |costs| costs.user_ns + costs.system_ns)?;
    Some(of(trial, part)? / both * cpu_us_per_op(trial)?)
}
