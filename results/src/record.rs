//! What was seen? The shapes of `run.json` and `trials.jsonl`.
//!
//! Raw observations and nothing derived that could not be derived again. Whoever changes a shape here
//! raises [`SCHEMA`] and keeps old files readable; the JSON Schemas in `results/schema/` are generated
//! from these types by a test.

pub use crate::audit_record::{AuditRecord, CountsRecord, PollTimes, TraceRecord, part};
pub use crate::open_record::{
    BeyondRecord, ObjectiveRecord, OpenPlanRecord, OpenRecord, QuantileRecord, Saturation,
    TimesRecord,
};

pub use crate::merged_record::{MergedOpenRecord, MergedRecord, MergedTimesRecord};

pub use crate::foreign_record::{HiccupRecord, MOST_LOST, WatchRecord};
pub use crate::price_record::{SlicePriceRecord, TrialPriceRecord};
pub use crate::run_record::{
    ContestRecord, FigureRecord, HostRecord, Lived, PlanRecord, RunRecord, StoppingRecord,
};

use crate::{Cell, Contest, Load, Placement, Role};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of both shapes.
///
/// 2: open loads; servers whose CPU time cannot be seen. 3: figures of a workload's own, ideal times, and checksums
/// of histograms. 4: price per slice, audit, foreign CPU in parts, parked trials. 5: packed recordings, and plans that stop early.
/// 6: contests with rounds of their own. 7: and with slices of their own; what suspects are suspected of.
/// Files of versions 1 to 6 are still read.
pub const SCHEMA: u32 = 7;

/// One trial: a line of `trials.jsonl`. Cells that could not start have one without slices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TrialRecord {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The cell's printed form, unique within a run: `echo:64/tokio/closed-32@separate`.
    pub cell: String,
    /// The workload's name.
    pub workload: String,
    /// The workload's name with its parameters, as in the cell: `echo:64`.
    pub label: String,
    /// All parameters, defaults included.
    pub parameters: BTreeMap<String, String>,
    /// `service`, `lateness` or `makespan`; `response` under open load, and only there.
    pub measure: String,
    /// The runner's name.
    pub runner: String,
    /// Runner, null arm or floor.
    pub role: Role,
    /// `closed-32`.
    pub load: String,
    /// On which cores.
    pub placement: Placement,
    /// Threads that the runner was given to run tasks on.
    pub workers: u32,
    /// Which block this trial lived in, from 0.
    pub block: u32,
    /// How it ended.
    pub state: State,
    /// Why, unless it was measured.
    pub reason: Option<String>,
    /// What makes its numbers doubtful, or must be said with them; see [`mark`].
    pub marks: Vec<String>,
    /// The runner's version, and how it is known.
    pub receipt: Option<ReceiptRecord>,
    /// How the runner does things: what still differs although the work is the same.
    pub card: BTreeMap<String, String>,
    /// What it really waited with, as looked up in the process: `blocking`, `epoll`, `io_uring`.
    pub backend: Option<String>,
    /// What it measured, in the order of time.
    pub slices: Vec<SliceRecord>,
    /// The distributions of its counted slices, at each rate, in a packed recording; its slices have none then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Vec<MergedRecord>>,
    /// What the whole trial cost.
    pub costs: Option<CostRecord>,
    /// What else it cost, read from outside; `null` where that was switched off or cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<TrialPriceRecord>,
    /// How evenly the actors came to work, over the whole trial.
    pub actors: Option<ActorsRecord>,
    /// What an audit trial counted. Such a trial has no slices and no costs, and stands for no number, state or mark of its cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditRecord>,
    /// What the machine itself took, just before and just after the block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hiccups: Option<HiccupRecord>,
}

/// The version of what a runner stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReceiptRecord {
    /// The crate or program.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Where the version was read.
    pub source: String,
}

/// One turn of measurement. Times are nanoseconds; instants are of the host's monotonic clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SliceRecord {
    /// Which round of the block, from 0. Re-run rounds have numbers of their own.
    pub round: u32,
    /// Which turn in its round, from 0.
    pub position: u32,
    /// When the gate opened.
    pub started_ns: u64,
    /// When the last actor was quiet.
    pub ended_ns: u64,
    /// The length of the window in which operations count; the slice's first part is dropped.
    pub window_ns: u64,
    /// All operations of the slice, inside the window or not: what CPU time of the whole slice is for.
    pub operations: u64,
    /// Operations that ended inside the window: the throughput's numerator.
    pub completed: u64,
    /// Operations that started inside the window: the histogram's count.
    pub recorded: u64,
    /// The sum of what the histogram holds, exactly.
    pub sum_ns: u64,
    /// The histogram's median.
    pub p50_ns: u64,
    /// Its 90th percentile.
    pub p90_ns: u64,
    /// Its 99th percentile.
    pub p99_ns: u64,
    /// Its largest value.
    pub max_ns: u64,
    /// CPU time of all threads of the trial's process inside the window (taken at the first operation
    /// boundary after each of its ends); of an open slice, of the server and its descendants during the whole
    /// slice. `null` where the process cannot be seen.
    pub cpu_ns: Option<u64>,
    /// CPU time of the peer, or generator, during the slice; `null` without either.
    pub peer_cpu_ns: Option<u64>,
    /// CPU time that this trial burnt since its last slice, while others worked.
    pub deferred_cpu_ns: u64,
    /// What else the slice cost; `null` where that was switched off or cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<SlicePriceRecord>,
    /// On-CPU time, during the slice, of processes that are not ours; `null` where it cannot be seen.
    pub foreign_cpu_ns: Option<u64>,
    /// CPU time of processes that are not ours and came and went during the slice, or were hidden: estimated from what
    /// the processors ran in all. `null` where it cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_estimated_ns: Option<u64>,
    /// Operations still in flight when the wait for them was given up.
    pub unfinished: u32,
    /// The age of the oldest of them.
    pub oldest_unfinished_ns: u64,
    /// The round was contaminated and has been re-run: kept, and left out of every estimate.
    pub set_aside: bool,
    /// Base64 of the HdrHistogram V2 format; empty in a packed recording.
    pub histogram: String,
    /// The CRC-32 (IEEE) of that text, so that an edited one is noticed; of the text that there was, in a packed
    /// recording; `null` in recordings that are older.
    #[serde(default)]
    pub histogram_crc: Option<u32>,
    /// Values of the workload's own figures, by their names. Of a figure with more than a thousand values in the
    /// slice every second is kept, or every third, and so on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, Vec<f64>>,
    /// What only an open slice has; then all times of this slice are response times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // Boxed: hundreds of thousands of slices of a large run have none.
    pub open: Option<Box<OpenRecord>>,
}

/// What a whole trial cost, warm-up included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CostRecord {
    /// User CPU time; sampled at ticks by the kernel, hence per trial only.
    pub user_ns: u64,
    /// System CPU time; likewise.
    pub system_ns: u64,
    /// Times that a thread gave up the CPU.
    pub voluntary_switches: u64,
    /// Times that the CPU was taken from a thread.
    pub involuntary_switches: u64,
    /// The largest resident set, with `recorder_bytes` taken off.
    pub peak_rss_bytes: u64,
    /// What the recorder itself keeps resident; the same for all runners of a contest.
    pub recorder_bytes: u64,
    /// Threads at the end of the last slice.
    pub threads: u32,
}

/// Operations per actor over a whole trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ActorsRecord {
    /// How many actors there were.
    pub count: u32,
    /// Operations of the one that did least.
    pub least: u64,
    /// Operations of the one that did most.
    pub most: u64,
    /// Operations of all.
    pub total: u64,
}

/// How a trial or a cell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum State {
    /// There are numbers.
    Measured,
    /// It ended with an error.
    Failed,
    /// It did not answer in time and was killed with all its children.
    TimedOut,
    /// The runner cannot run on this machine.
    Unavailable,
    /// This work cannot run on this runner, or at this placement.
    NotApplicable,
    /// It did other work than it should have: its numbers are thrown away.
    Discarded,
}

impl State {
    /// Its name in tables and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Unavailable => "unavailable",
            Self::NotApplicable => "not-applicable",
            Self::Discarded => "discarded",
        }
    }

    /// Whether something went wrong that should not have.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Discarded)
    }
}

/// What must be said with a trial's numbers.
pub mod mark {
    /// Some actor did less than half of the mean: the numbers describe only the others.
    pub const STARVED: &str = "starved";
    /// The peer was busy for at least 95 % of the time: the numbers describe the peer.
    pub const PEER_BOUND: &str = "peer-bound";
    /// Processes that are not ours used more than a tenth of a core during slices that were kept.
    pub const CONTAMINATED: &str = "contaminated";
    /// That is known only by what the processors ran in all: they came and went unseen.
    pub const FOREIGN_ESTIMATED: &str = "foreign-estimated";
    /// The machine itself lost more than 3 % of the time around the block.
    pub const HICCUPS: &str = "hiccups";
    /// In flight and throughput × mean latency differ by more than 10 %: something is not counted.
    pub const LITTLE: &str = "little";
    /// A runner that has one worker by design was given several cores.
    pub const ONE_WORKER: &str = "one-worker";
    /// Slices held fewer than 20 operations although none took longer than 20 ms.
    pub const FEW_OPERATIONS: &str = "few-operations";
    /// More operations than the recorder could hold: some latencies are missing.
    pub const RECORDER_FULL: &str = "recorder-full";
    /// It waited with something else than its name says.
    pub const OTHER_BACKEND: &str = "other-backend";
    /// The generator was late by a tenth of what it measured: the numbers describe the generator.
    pub const GENERATOR_LIMITED: &str = "generator-limited";
    /// The server could not keep up with the open load: the backlog grew until the slice ended.
    pub const SATURATED: &str = "saturated";
    /// Requests failed or never ended: they rank above every completed one.
    pub const ERRORS: &str = "errors";
    /// The server closed connections, which were opened again.
    pub const RECONNECTED: &str = "reconnected";
    /// Open slices held fewer arrivals than percentiles need.
    pub const FEW_ARRIVALS: &str = "few-arrivals";
    /// It burnt CPU while others worked, and was stopped meanwhile from then on.
    pub const PARKED: &str = "parked";
    /// It burnt CPU while others worked, and could not be stopped.
    pub const BURNS_IDLE: &str = "burns-idle";
    /// The server was running already: its cores and its CPU time are unknown.
    pub const NOT_OURS: &str = "not-ours";

    /// Marks that keep a cell out of every ranking.
    ///
    /// A saturated server's times tell for how long one looked; and who fails requests has done less for its
    /// CPU time than who answers them.
    pub const NOT_RANKED: [&str; 10] = [
        STARVED,
        PEER_BOUND,
        LITTLE,
        RECORDER_FULL,
        OTHER_BACKEND,
        GENERATOR_LIMITED,
        NOT_OURS,
        SATURATED,
        ERRORS,
        BURNS_IDLE,
    ];

    /// Those that a moment of a busy machine can bring about in a block: the peer, or some actor's share, waits for
    /// the processor.
    pub const OF_MOMENTS: [&str; 2] = [STARVED, PEER_BOUND];
}

impl TrialRecord {
    /// The identity of what was measured.
    ///
    /// # Errors
    /// A load that this version does not know.
    pub fn identity(&self) -> Result<Cell, String> {
        let load: Load = self.load.parse()?;
        let contest = Contest { workload: self.label.clone(), load, placement: self.placement };
        Ok(Cell { contest, runner: self.runner.clone(), role: self.role })
    }

    /// The slices that estimates are made from.
    pub fn counted(&self) -> impl Iterator<Item = &SliceRecord> {
        self.slices.iter().filter(|slice| !slice.set_aside)
    }
}

impl SliceRecord {
    /// How many operations the CPU time was spent on: of a closed load those inside the window, of an open
    /// one those of the whole slice, since it is read from outside.
    #[must_use]
    pub fn paid(&self) -> u64 {
        if self.open.is_some() { self.operations } else { self.completed }
    }

    /// The median in nanoseconds; `None` where nothing was recorded, or where it lies among requests that failed
    /// or never ended, so that only a lower bound is known.
    #[must_use]
    pub fn median_ns(&self) -> Option<u64> {
        let is_known = self.open.as_ref().is_none_or(|open| open.response.p50_ns.is_some());
        (self.recorded > 0 && is_known).then_some(self.p50_ns)
    }

    /// CPU time per operation in µs; `None` where it cannot be seen. Not finite without an operation.
    #[must_use]
    pub fn cpu_us_per_op(&self) -> Option<f64> {
        self.cpu_ns.map(|cpu_ns| cpu_ns as f64 * 1e-3 / self.paid() as f64)
    }
}
