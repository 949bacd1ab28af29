//! What was to be measured, where, and how? The shape of `run.json`.
//!
//! Part of [`crate::record`], which says what holds for all recorded shapes; read that first.

use crate::{Placement, foreign_record::WatchRecord, open_record::OpenPlanRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One run on one host: `run.json`, written before the first trial starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunRecord {
    /// [`SCHEMA`](crate::record::SCHEMA) of the writer.
    pub schema: u32,
    /// Version of simul.
    pub simul: String,
    /// SHA-256 of the program that measured, in hexadecimal.
    pub binary: String,
    /// The command line.
    pub command: Vec<String>,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// Where.
    pub host: HostRecord,
    /// What was to be measured, and how.
    pub plan: PlanRecord,
    /// How foreign CPU was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<WatchRecord>,
}

/// Facts about the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HostRecord {
    /// Its name.
    pub name: String,
    /// Operating system and kernel.
    pub system: String,
    /// The processor's own name.
    pub processor: String,
    /// Cores that we may use.
    pub cores: Vec<u32>,
    /// Main memory.
    pub memory_bytes: u64,
    /// Whether the processor says that it is virtual.
    pub virtual_machine: bool,
    /// The clock source, such as `tsc`.
    pub clock: String,
    /// The timer slack of our threads, the same for all runners.
    pub timer_slack_ns: u64,
    /// The load average over one minute at the start.
    pub load_average: f64,
}

/// What was to be measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlanRecord {
    /// Decides every order and every random input.
    pub seed: u64,
    /// Blocks: fresh processes each.
    pub blocks: u32,
    /// Rounds in a block, unless a contest says otherwise.
    pub rounds: u32,
    /// Slices at least this long, unless a contest says otherwise; longer where operations are long.
    pub slice_ns: u64,
    /// The first part of a slice that does not count, likewise.
    pub drop_ns: u64,
    /// Warm-up of each trial.
    pub warm_up_ns: u64,
    /// Whether idle-priority spinners kept the cores awake.
    pub keep_awake: bool,
    /// Whether each measured cell has an audit trial in the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub audit: bool,
    /// When comparisons have seen enough; without it, when all blocks have been lived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<StoppingRecord>,
    /// In the order of reports.
    pub contests: Vec<ContestRecord>,
}

/// When a comparison has seen enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoppingRecord {
    /// After how many blocks of a contest is looked, in rising order; the last is the most blocks that there can be.
    /// Each look spends the same share of the error rate.
    pub looks: Vec<u32>,
    /// What must be decided: `all`, `p50`, `cpu`, `throughput`; or `p90`, `p99`, `p99.9`, which are then judged besides.
    pub metric: String,
    /// No block was started that would have ended later than this after the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_ns: Option<u64>,
}

/// Cells that are measured in the same rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ContestRecord {
    /// The workload's name with its parameters: `echo:64`.
    pub workload: String,
    /// The question that the workload answers.
    pub question: String,
    /// `service`, `lateness` or `makespan`; `response` under open load, and only there.
    pub measure: String,
    /// `closed-32`, `open-1000-poisson`.
    pub load: String,
    /// On which cores.
    pub placement: Placement,
    /// The runner that the others are compared with; `null` when none could run.
    pub baseline: Option<String>,
    /// The printed cells, null arm and floor included, in the order of reports.
    pub cells: Vec<String>,
    /// Rounds in a block, where they are not as many as the plan says; open loads tell theirs in `open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// Slices at least this long, where they are not as the plan says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice_ns: Option<u64>,
    /// The first part of them that does not count, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_ns: Option<u64>,
    /// Where suspects of `simul ab` are measured again: for each runner the metrics on which it was worse.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub suspects: BTreeMap<String, Vec<String>>,
    /// What only open loads have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenPlanRecord>,
    /// What the workload reports besides its times, in its own order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<FigureRecord>,
    /// How long an operation would take if waiting overlapped perfectly and nothing else cost anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ideal_ns: Option<u64>,
}

/// How a contest under closed load was to be lived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lived {
    /// Rounds in a block.
    pub rounds: u32,
    /// Slices at least this long.
    pub slice_ns: u64,
    /// The first part of a slice that does not count.
    pub drop_ns: u64,
}

impl ContestRecord {
    /// As it says itself, or else the plan.
    #[must_use]
    pub fn lived(&self, plan: &PlanRecord) -> Lived {
        Lived {
            rounds: self.rounds.unwrap_or(plan.rounds),
            slice_ns: self.slice_ns.unwrap_or(plan.slice_ns),
            drop_ns: self.drop_ns.unwrap_or(plan.drop_ns),
        }
    }
}

/// A figure that a workload reports besides its times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FigureRecord {
    /// Its name, unique within the workload.
    pub name: String,
    /// Its unit: `ns`, `bytes`, `1`.
    pub unit: String,
    /// What it says, in one sentence.
    pub describes: String,
}
