//! What does `--json` print of an audit?
//!
//! Per operation, as derived in `audit_record.rs`. What was not counted is `null`, never 0, and says why in `absent`.
//! Read next: `json.rs`.

use crate::record::{AuditRecord, PollTimes};
use serde::Serialize;
use std::collections::BTreeMap;

/// What an audit trial counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct AuditOutput {
    /// System calls per operation, by name.
    pub syscalls_per_op: Option<BTreeMap<String, f64>>,
    /// Allocations per operation.
    pub allocations_per_op: Option<f64>,
    /// Bytes that were asked for per operation.
    pub allocated_bytes_per_op: Option<f64>,
    /// Polls of tasks per operation.
    pub polls_per_op: Option<f64>,
    /// How long polls held their workers.
    pub poll_ns: Option<PollTimes>,
    /// Polls per operation on another thread than the same task's poll before.
    pub migrations_per_op: Option<f64>,
    /// Why something is missing: `syscalls`, `allocations`, `polls`.
    pub absent: BTreeMap<String, String>,
}

impl AuditOutput {
    pub(super) fn of(audit: &AuditRecord) -> Self {
        Self {
            syscalls_per_op: audit.syscalls_per_op(),
            allocations_per_op: audit.allocations_per_op(),
            allocated_bytes_per_op: audit.allocated_bytes_per_op(),
            polls_per_op: audit.polls_per_op(),
            poll_ns: audit.poll_times_ns(),
            migrations_per_op: audit.migrations_per_op(),
            absent: audit.absent.clone(),
        }
    }
}
