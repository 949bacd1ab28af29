//! How do tests get open recordings without measuring? From plain numbers, as closed ones.

use crate::synthetic::{Random, cell, recording, slice, trial};
use simul_results::{
    Arrivals, Cell, Load, Role, SliceRecord, histogram,
    record::{
        BeyondRecord, ObjectiveRecord, OpenPlanRecord, OpenRecord, QuantileRecord, Saturation,
        TimesRecord,
    },
    store::Recording,
};
use std::collections::BTreeMap;

/// The cell `echo:64/<runner>/<load>@separate`.
pub(crate) fn open_cell(runner: &str, role: Role, load: Load) -> Cell {
    let mut cell = cell(runner, role);
    cell.contest.load = load;
    cell
}

/// A slice whose requests were answered after these times, of which `stalled_ns` was waiting; `failed` more
/// were not answered.
pub(crate) fn open_slice(
    round: u32,
    rate_per_sec: u32,
    response_ns: &[u64],
    stalled_ns: u64,
    failed: u64,
) -> SliceRecord {
    let times = |values: &[u64]| {
        let plain = slice(0, values, 1.0);
        TimesRecord {
            recorded: plain.recorded,
            quantiles: quantiles(values, failed),
            max_ns: plain.max_ns,
            histogram: plain.histogram,
            beyond: beyond(failed),
        }
    };
    let service: Vec<u64> =
        response_ns.iter().map(|ns| ns.saturating_sub(stalled_ns).max(20_000)).collect();
    let drawn = response_ns.len() as u64 + failed;
    let mut slice = slice(round, response_ns, 8.0);
    slice.window_ns = drawn * 1_000_000_000 / u64::from(rate_per_sec);
    slice.open = Some(Box::new(OpenRecord {
        rate_per_sec,
        offered_per_sec: f64::from(rate_per_sec),
        achieved_per_sec: f64::from(rate_per_sec),
        drawn,
        sent: drawn,
        completed: response_ns.len() as u64,
        unfinished: 0,
        errors: if failed > 0 {
            BTreeMap::from([("closed".into(), failed)])
        } else {
            BTreeMap::new()
        },
        reconnects: failed,
        beyond: beyond(failed),
        response: quantiles(response_ns, failed),
        service: times(&service),
        wait: times(&vec![stalled_ns.max(1); response_ns.len()]),
        lag: times(&vec![900; response_ns.len()]),
        generator_cpu_ns: 1_000_000,
        generator_limited: false,
        saturated: Saturation::None,
    }));
    slice
}

/// Requests that were given up after 9 s.
fn beyond(count: u64) -> Option<BeyondRecord> {
    let mut histogram = histogram::empty();
    histogram.record_n(9_000_000_000, count).unwrap();
    (count > 0).then(|| BeyondRecord { count, histogram: histogram::encode(&histogram) })
}

fn quantiles(values: &[u64], failed: u64) -> QuantileRecord {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let count = sorted.len() as f64 + failed as f64;
    let at =
        |quantile: f64| sorted.get((quantile * count - 1e-9).ceil().max(1.0) as usize - 1).copied();
    QuantileRecord {
        p50_ns: at(0.5),
        p90_ns: at(0.9),
        p95_ns: at(0.95),
        p99_ns: at(0.99),
        p999_ns: at(0.999),
    }
}

/// The plan of an open contest.
pub(crate) fn open_plan(objective: Option<ObjectiveRecord>) -> OpenPlanRecord {
    OpenPlanRecord {
        connections: 64,
        rounds: 3,
        slice_ns: 2_000_000_000,
        least_arrivals: 2000,
        warm_up_ns: 500_000_000,
        objective,
        servers: BTreeMap::new(),
    }
}

/// A recording of one contest under this load, with these arms and their trials' slices by block.
pub(crate) fn open_recording(
    load: Load,
    arms: &[(&str, Role)],
    blocks: u32,
    mut slices: impl FnMut(usize, u32, &mut Random) -> Vec<SliceRecord>,
) -> Recording {
    let mut recording = recording(&["tokio"], blocks, 1, 10);
    let mut random = Random(5);
    recording.trials.clear();
    let cells: Vec<Cell> =
        arms.iter().map(|(runner, role)| open_cell(runner, *role, load)).collect();
    for block in 0..blocks {
        for (at, cell) in cells.iter().enumerate() {
            let mut trial = trial(cell, block, slices(at, block, &mut random));
            trial.measure = "response".into();
            recording.trials.push(trial);
        }
    }
    let contest = &mut recording.run.plan.contests[0];
    contest.load = load.to_string();
    contest.measure = "response".into();
    contest.cells = cells.iter().map(ToString::to_string).collect();
    contest.open = Some(open_plan(None));
    recording
}

/// The usual open load of these tests.
pub(crate) const OPEN: Load = Load::Open { rate_per_sec: 1000, arrivals: Arrivals::Poisson };

/// Three runners under [`OPEN`]: the first stalls, the second fails 2 % of its requests; and a null arm.
pub(crate) fn stalling(blocks: u32) -> Recording {
    let arms = [
        ("tokio", Role::Runner),
        ("smol", Role::Runner),
        ("threads", Role::Runner),
        ("tokio", Role::Null),
    ];
    open_recording(OPEN, &arms, blocks, |at, _, random| {
        (0..2)
            .map(|round| {
                let mut values = random.latencies(80_000.0, 2000);
                let stall = if at == 0 { 50_000_000 } else { 0 };
                values.iter_mut().take(200).for_each(|ns| *ns += stall);
                let failed = if at == 1 { 41 } else { 0 };
                open_slice(round, 1000, &values, stall, failed)
            })
            .collect()
    })
}

/// A sweep over four rates; the runners break at the third, the fourth and never.
pub(crate) fn sweeping(runners: &[&str], blocks: u32) -> Recording {
    let load = Load::Sweep { from_per_sec: 1000, arrivals: Arrivals::Poisson };
    let arms: Vec<(&str, Role)> = runners.iter().map(|name| (*name, Role::Runner)).collect();
    let mut recording = open_recording(load, &arms, blocks, |at, _, random| {
        let rates = [1000, 2000, 5000, 10_000];
        let breaks = 2 + at;
        let climb = rates.into_iter().enumerate().take(breaks + 2);
        climb
            .map(|(rung, rate)| {
                let slower = (1.0 + 0.1 * at as f64) * (1 + rung * rung) as f64;
                let centre = if rung >= breaks { 50e6 } else { 60_000.0 * slower };
                let mut slice =
                    open_slice(rung as u32, rate, &random.latencies(centre, 2000), 0, 0);
                if rung >= breaks
                    && let Some(open) = &mut slice.open
                {
                    open.saturated = Saturation::Server;
                }
                slice
            })
            .collect()
    });
    let objective = ObjectiveRecord { quantile: 0.99, limit_ns: 1_500_000 };
    recording.run.plan.contests[0].open = Some(open_plan(Some(objective)));
    recording
}
