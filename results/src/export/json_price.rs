//! What of a cell's price stands in `--json`?
//!
//! The fields of [`crate::summary::Price`], each an estimate over blocks or `null`. It must not compute anything. Read
//! next: [`super::json`].

use crate::{statistics::Estimate, summary::CellSummary};
use serde::Serialize;

/// What a cell costs besides time. What is not known is `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize, schemars::JsonSchema))]
pub struct PriceOutput {
    /// CPU time per operation above the floor's in µs, block by block.
    pub cpu_above_floor_us_per_op: Option<Estimate>,
    /// The part of CPU time that was spent in the kernel, from 0 to 1; sampled at ticks over the whole trial.
    pub system_part: Option<Estimate>,
    /// Times that a thread gave up the CPU.
    pub voluntary_switches_per_op: Option<Estimate>,
    /// Times that the CPU was taken from a thread.
    pub involuntary_switches_per_op: Option<Estimate>,
    /// How long threads were ready and had no core, in µs.
    pub run_queue_us_per_op: Option<Estimate>,
    /// Page faults without the disk.
    pub minor_faults_per_op: Option<Estimate>,
    /// Page faults that read the disk.
    pub major_faults_per_op: Option<Estimate>,
    /// Bytes in through the `read` calls alone.
    pub read_call_bytes_per_op: Option<Estimate>,
    /// Bytes out through the `write` calls alone.
    pub write_call_bytes_per_op: Option<Estimate>,
    /// Bytes through the loopback interface, headers and both directions included.
    pub loopback_bytes_per_op: Option<Estimate>,
    /// The most threads seen between slices.
    pub threads_peak: Option<u32>,
    /// Resident when set up and idle, without the recorder.
    pub rss_ready_bytes: Option<Estimate>,
    /// Resident when idle after the last slice, without the recorder.
    pub rss_idle_bytes: Option<Estimate>,
    /// The largest resident set, without the recorder.
    pub rss_peak_bytes: Option<Estimate>,
    /// By how much heap and stacks grew with each actor that was set up.
    pub bytes_per_actor: Option<Estimate>,
    /// CPU time burnt while others worked, by the time that it waited: cores.
    pub idle_cores: Option<Estimate>,
}

impl PriceOutput {
    pub(super) fn of(cell: &CellSummary) -> Option<Self> {
        let price = cell.is_measured().then_some(&cell.price)?;
        Some(Self {
            cpu_above_floor_us_per_op: price.above_floor_us,
            system_part: price.system_part,
            voluntary_switches_per_op: price.voluntary_per_op,
            involuntary_switches_per_op: price.involuntary_per_op,
            run_queue_us_per_op: price.run_queue_us_per_op,
            minor_faults_per_op: price.minor_faults_per_op,
            major_faults_per_op: price.major_faults_per_op,
            read_call_bytes_per_op: price.read_call_bytes_per_op,
            write_call_bytes_per_op: price.write_call_bytes_per_op,
            loopback_bytes_per_op: price.loopback_bytes_per_op,
            threads_peak: price.threads_peak,
            rss_ready_bytes: price.rss_ready_bytes,
            rss_idle_bytes: price.rss_idle_bytes,
            rss_peak_bytes: price.rss_peak_bytes,
            bytes_per_actor: price.bytes_per_actor,
            idle_cores: price.idle_cores,
        })
    }
}
