//! What does a cell cost besides time, and how much of its CPU time is above the floor?
//!
//! Within a block, counts of the slices that were read are divided by the operations of these slices, all of them, since
//! they were read around the whole slice; over blocks an estimate, as for times. User and system time are sampled at
//! ticks, so only their ratio over a whole trial is taken. The distance to the floor is taken block by block, where both
//! lived together. What some block does not tell is `None`. It must not know how anything was read. Read next:
//! `price_grid.rs`.

use super::{CellSummary, effect::Blocks};
use crate::{
    Role, State, TrialRecord,
    record::{SlicePriceRecord, TrialPriceRecord},
    statistics::Estimate,
};

/// What a cell costs besides time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Price {
    /// CPU time per operation above the floor's, in µs; negative if it needs less. `None` for the floor itself.
    pub above_floor_us: Option<Estimate>,
    /// The part of CPU time that was spent in the kernel, from 0 to 1; of the whole trial, sampled at ticks.
    pub system_part: Option<Estimate>,
    /// Times an operation that a thread gave up the CPU.
    pub voluntary_per_op: Option<Estimate>,
    /// Times an operation that the CPU was taken from a thread.
    pub involuntary_per_op: Option<Estimate>,
    /// Both together. They are added up within each block, so the sum has an interval of its own.
    pub switches_per_op: Option<Estimate>,
    /// How long an operation's threads were ready and had no core, in µs.
    pub run_queue_us_per_op: Option<Estimate>,
    /// Page faults without the disk, per operation.
    pub minor_faults_per_op: Option<Estimate>,
    /// Page faults that read the disk, per operation.
    pub major_faults_per_op: Option<Estimate>,
    /// Bytes in through the `read` calls, per operation.
    pub read_call_bytes_per_op: Option<Estimate>,
    /// Bytes out through the `write` calls, per operation.
    pub write_call_bytes_per_op: Option<Estimate>,
    /// Bytes through the loopback interface per operation, headers and both directions included.
    pub loopback_bytes_per_op: Option<Estimate>,
    /// The most threads that any block showed between slices.
    pub threads_peak: Option<u32>,
    /// Resident when set up and idle, without the recorder, in bytes.
    pub rss_ready_bytes: Option<Estimate>,
    /// Resident when idle after the last slice, without the recorder, in bytes.
    pub rss_idle_bytes: Option<Estimate>,
    /// At most resident, without the recorder, in bytes.
    pub rss_peak_bytes: Option<Estimate>,
    /// By how much heap and stacks grew with each actor that was set up, in bytes.
    pub bytes_per_actor: Option<Estimate>,
    /// CPU time burnt per time that it waited while others worked: cores.
    pub idle_cores: Option<Estimate>,
}

/// Adds the price to a cell, if it was measured.
pub(super) fn add(cell: &mut CellSummary, trials: &Blocks<'_>, floor: Option<&Blocks<'_>>) {
    if cell.is_measured() {
        let is_sweep = cell.sweep.is_some();
        cell.price = of(trials, floor.filter(|_| cell.role != Role::Floor), is_sweep);
    }
}

/// The price of a measured cell.
pub(crate) fn of(trials: &Blocks<'_>, floor: Option<&Blocks<'_>>, is_sweep: bool) -> Price {
    let over = |value: &dyn Fn(&TrialRecord) -> Option<f64>| over(trials, value);
    // A sweep's slices are of many rates, and an operation costs something else at each.
    let per_op = |field: fn(&SlicePriceRecord) -> Option<u64>, unit: f64| {
        let counted = |trial: &TrialRecord| Some(counted(trial, field)? * unit);
        if is_sweep { None } else { over(&counted) }
    };
    let switches = |field: fn(&SlicePriceRecord) -> Option<u64>, whole: fn(&TrialRecord) -> _| {
        per_op(field, 1.0).or_else(|| {
            let of_trial = |trial: &TrialRecord| of_whole_trial(trial, whole(trial)?);
            if is_sweep { None } else { over(&of_trial) }
        })
    };
    let memory = |field: fn(&TrialPriceRecord) -> Option<u64>| {
        over(&|trial| Some(field(trial.price.as_ref()?)?.saturating_sub(recorder(trial)) as f64))
    };
    let threads = trials.values().map(|trial| trial.price.as_ref()?.threads_peak);
    let above = floor.filter(|_| !is_sweep);
    Price {
        above_floor_us: above.and_then(|floor| above_floor_us(trials, floor)),
        system_part: over(&system_part),
        voluntary_per_op: switches(
            |price| price.voluntary_switches,
            |trial| trial.costs.as_ref().map(|costs| costs.voluntary_switches),
        ),
        involuntary_per_op: switches(
            |price| price.involuntary_switches,
            |trial| trial.costs.as_ref().map(|costs| costs.involuntary_switches),
        ),
        switches_per_op: switches(
            |price| Some(price.voluntary_switches?.saturating_add(price.involuntary_switches?)),
            |trial| {
                let costs = trial.costs.as_ref()?;
                Some(costs.voluntary_switches.saturating_add(costs.involuntary_switches))
            },
        ),
        run_queue_us_per_op: per_op(|price| price.run_queue_wait_ns, 1e-3),
        minor_faults_per_op: per_op(|price| price.minor_faults, 1.0),
        major_faults_per_op: per_op(|price| price.major_faults, 1.0),
        read_call_bytes_per_op: per_op(|price| price.read_call_bytes, 1.0),
        write_call_bytes_per_op: per_op(|price| price.write_call_bytes, 1.0),
        loopback_bytes_per_op: per_op(|price| price.loopback_bytes, 1.0),
        threads_peak: threads.collect::<Option<Vec<u32>>>().and_then(|all| all.into_iter().max()),
        rss_ready_bytes: memory(|price| price.rss_ready_bytes),
        rss_idle_bytes: memory(|price| price.rss_idle_bytes),
        rss_peak_bytes: over(&|trial| Some(trial.costs.as_ref()?.peak_rss_bytes as f64)),
        bytes_per_actor: over(&|trial| {
            let price = trial.price.as_ref()?;
            Some(price.actors_anonymous_bytes? as f64 / f64::from(price.actors))
        }),
        idle_cores: over(&idle_cores),
    }
}

/// One value a block, if every block has one.
fn over(trials: &Blocks<'_>, value: &dyn Fn(&TrialRecord) -> Option<f64>) -> Option<Estimate> {
    let values: Option<Vec<f64>> = trials.values().map(|trial| value(trial)).collect();
    Estimate::over(&values?)
}

/// A count of all slices that were read, by their operations; `None` unless each of them tells it.
fn counted(trial: &TrialRecord, field: fn(&SlicePriceRecord) -> Option<u64>) -> Option<f64> {
    let read = trial.counted().filter_map(|slice| Some((slice, slice.price.as_ref()?)));
    let (mut sum, mut operations) = (0_u64, 0_u64);
    for (slice, price) in read {
        sum = sum.saturating_add(field(price)?);
        operations = operations.saturating_add(slice.operations);
    }
    (operations > 0).then(|| sum as f64 / operations as f64)
}

/// A count of the trial's own, with its set-up and warm-up, by all its operations.
fn of_whole_trial(trial: &TrialRecord, count: u64) -> Option<f64> {
    let operations = trial.actors.as_ref()?.total;
    let is_whole = trial.price.as_ref()?.whole_switches && operations > 0;
    is_whole.then(|| count as f64 / operations as f64)
}

/// What the recorder keeps resident; the same for all runners of a contest, and nobody's price. A server of
/// somebody else has none.
fn recorder(trial: &TrialRecord) -> u64 {
    trial.costs.as_ref().map_or(0, |costs| costs.recorder_bytes)
}

fn system_part(trial: &TrialRecord) -> Option<f64> {
    let costs = trial.costs.as_ref()?;
    let all_ns = costs.user_ns.saturating_add(costs.system_ns);
    (all_ns > 0).then(|| costs.system_ns as f64 / all_ns as f64)
}

fn idle_cores(trial: &TrialRecord) -> Option<f64> {
    let rested_ns = trial.price.as_ref()?.rested_ns;
    let burnt_ns =
        trial.slices.iter().fold(0_u64, |sum, slice| sum.saturating_add(slice.deferred_cpu_ns));
    (rested_ns > 0).then(|| burnt_ns as f64 / rested_ns as f64)
}

/// CPU time per operation of a block in µs.
fn cpu_us(trial: &TrialRecord) -> Option<f64> {
    let (mut sum_ns, mut paid) = (0_u64, 0_u64);
    for slice in trial.counted() {
        sum_ns = sum_ns.saturating_add(slice.cpu_ns?);
        paid = paid.saturating_add(slice.paid());
    }
    (paid > 0).then(|| sum_ns as f64 * 1e-3 / paid as f64)
}

/// Over the blocks in which both were measured.
fn above_floor_us(trials: &Blocks<'_>, floor: &Blocks<'_>) -> Option<Estimate> {
    let measured = |trial: &&&TrialRecord| trial.state == State::Measured;
    let mut differences = Vec::new();
    for (block, trial) in trials {
        if let Some(floor) = floor.get(block).filter(measured) {
            differences.push(cpu_us(trial)? - cpu_us(floor)?);
        }
    }
    Estimate::over(&differences)
}
