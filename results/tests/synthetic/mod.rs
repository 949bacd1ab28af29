//! How do tests get recordings without measuring? They make them up, here.
//!
//! A recording is built from plain numbers, so that a test can say beforehand what must come out.
//! It must not depend on anything that the tests check.

use hdrhistogram::Histogram;
use simul_results::{
    Cell, Contest, Load, Placement, Role, RunRecord, SliceRecord, State, TrialRecord, histogram,
    record::{
        ActorsRecord, ContestRecord, CostRecord, HiccupRecord, HostRecord, PlanRecord,
        ReceiptRecord, SCHEMA, WatchRecord,
    },
    store::Recording,
};
use std::collections::BTreeMap;

/// A small, seeded source of numbers: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub(crate) fn part(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Latencies with a long right tail around `centre_ns`.
    pub(crate) fn latencies(&mut self, centre_ns: f64, count: usize) -> Vec<u64> {
        (0..count)
            .map(|_| {
                let tail = (1.0 - self.part()).ln().abs();
                (centre_ns * (0.85 + 0.2 * tail + 0.01 * tail.powi(3))) as u64
            })
            .collect()
    }
}

/// The cell `echo:64/<runner>/closed-32@separate`.
pub(crate) fn cell(runner: &str, role: Role) -> Cell {
    let contest = Contest {
        workload: "echo:64".into(),
        load: Load::Closed(32),
        placement: Placement::Separate,
    };
    Cell { contest, runner: runner.into(), role }
}

/// A slice of 32 actors that recorded these values, each of which also completed inside the window, which is as long
/// as that takes.
pub(crate) fn slice(round: u32, values_ns: &[u64], cpu_us_per_op: f64) -> SliceRecord {
    let mut values: Histogram<u64> = histogram::empty();
    for value in values_ns {
        values.record(*value).expect("values are below an hour");
    }
    let count = values_ns.len() as u64;
    SliceRecord {
        round,
        position: 0,
        started_ns: u64::from(round) * 60_000_000,
        ended_ns: u64::from(round) * 60_000_000 + 50_000_000,
        window_ns: (values_ns.iter().sum::<u64>() / 32).max(1),
        operations: count,
        completed: count,
        recorded: count,
        sum_ns: values_ns.iter().sum(),
        p50_ns: values.value_at_quantile(0.5),
        p90_ns: values.value_at_quantile(0.9),
        p99_ns: values.value_at_quantile(0.99),
        max_ns: values_ns.iter().copied().max().unwrap_or(0),
        cpu_ns: Some((cpu_us_per_op * 1e3 * count as f64) as u64),
        peer_cpu_ns: Some((3e3 * count as f64) as u64),
        deferred_cpu_ns: 0,
        price: None,
        foreign_cpu_ns: Some(0),
        foreign_estimated_ns: Some(0),
        unfinished: 0,
        oldest_unfinished_ns: 0,
        set_aside: false,
        histogram_crc: Some(histogram::checksum(&histogram::encode(&values))),
        histogram: histogram::encode(&values),
        figures: BTreeMap::new(),
        open: None,
    }
}

/// A measured trial with these slices.
pub(crate) fn trial(cell: &Cell, block: u32, slices: Vec<SliceRecord>) -> TrialRecord {
    let total = slices.iter().map(|slice| slice.completed).sum();
    TrialRecord {
        schema: SCHEMA,
        cell: cell.to_string(),
        workload: cell.contest.workload_name().into(),
        label: cell.contest.workload.clone(),
        parameters: BTreeMap::from([("bytes".into(), "64".into())]),
        measure: "service".into(),
        runner: cell.runner.clone(),
        role: cell.role,
        load: cell.contest.load.to_string(),
        placement: cell.contest.placement,
        workers: 1,
        block,
        state: State::Measured,
        reason: None,
        marks: Vec::new(),
        receipt: Some(ReceiptRecord {
            package: cell.runner.clone(),
            version: "1.54.1".into(),
            source: "Cargo.lock".into(),
        }),
        card: BTreeMap::from([("timer".into(), "wheel of 1 ms".into())]),
        backend: Some("epoll".into()),
        slices,
        merged: None,
        costs: Some(CostRecord { peak_rss_bytes: 5 << 20, threads: 3, ..CostRecord::default() }),
        price: None,
        actors: Some(ActorsRecord { count: 32, least: total / 40, most: total / 25, total }),
        audit: None,
        hiccups: Some(hiccups()),
    }
}

/// A trial that never measured.
pub(crate) fn unmeasured(cell: &Cell, block: u32, state: State, reason: &str) -> TrialRecord {
    let mut trial = trial(cell, block, Vec::new());
    trial.state = state;
    trial.reason = Some(reason.into());
    trial.costs = None;
    trial.actors = None;
    trial.backend = None;
    trial
}

/// The facts of a run whose plan holds these contests.
pub(crate) fn run(contests: Vec<ContestRecord>, blocks: u32) -> RunRecord {
    RunRecord {
        schema: SCHEMA,
        simul: "0.1.0".into(),
        binary: "0".repeat(64),
        command: vec!["simul".into(), "run".into()],
        started: "2026-01-02T03:04:05Z".into(),
        host: HostRecord {
            name: "bench".into(),
            system: "Linux 6.18".into(),
            processor: "Some Processor".into(),
            cores: vec![0, 1],
            memory_bytes: 8 << 30,
            virtual_machine: true,
            clock: "tsc".into(),
            timer_slack_ns: 1000,
            load_average: 0.1,
        },
        plan: PlanRecord {
            stopping: None,
            seed: 7,
            blocks,
            rounds: 12,
            slice_ns: 50_000_000,
            drop_ns: 5_000_000,
            warm_up_ns: 300_000_000,
            keep_awake: false,
            audit: false,
            contests,
        },
        watch: Some(WatchRecord { total: "cpuacct".into(), unseen: Vec::new() }),
    }
}

/// A hundredth of the time lost, in a hundred gaps.
fn hiccups() -> HiccupRecord {
    HiccupRecord {
        span_ns: 80_000_000,
        lost_ns: 800_000,
        switched_ns: 0,
        gaps: 100,
        p50_ns: 7_000,
        p99_ns: 50_000,
        max_ns: 90_000,
    }
}

/// The contest of [`cell`], with these cells and this baseline.
pub(crate) fn contest(cells: &[&Cell], baseline: Option<&str>) -> ContestRecord {
    ContestRecord {
        workload: "echo:64".into(),
        question: "How fast does a message go to a peer and back?".into(),
        measure: "service".into(),
        load: "closed-32".into(),
        placement: Placement::Separate,
        baseline: baseline.map(Into::into),
        cells: cells.iter().map(ToString::to_string).collect(),
        open: None,
        figures: Vec::new(),
        rounds: None,
        slice_ns: None,
        drop_ns: None,
        suspects: BTreeMap::new(),
        ideal_ns: None,
    }
}

/// A whole recording of one contest. The first runner is the baseline and has a null arm; there is a floor, and a
/// runner that was not available. Each runner is slower than the one before.
pub(crate) fn recording(
    runners: &[&str],
    blocks: u32,
    rounds: u32,
    operations: usize,
) -> Recording {
    let mut random = Random(42);
    let baseline = runners[0];
    let mut arms: Vec<(Cell, f64)> = runners
        .iter()
        .enumerate()
        .map(|(i, name)| (cell(name, Role::Runner), 70_000.0 * (1.0 + 0.15 * i as f64)))
        .collect();
    arms.push((cell(baseline, Role::Null), 70_000.0));
    arms.push((cell("floor-epoll", Role::Floor), 55_000.0));
    let mut trials = Vec::new();
    for block in 0..blocks {
        for (cell, centre_ns) in &arms {
            let offset = 1.0 + 0.02 * (random.part() - 0.5);
            let slices = (0..rounds)
                .map(|round| {
                    let values = random.latencies(centre_ns * offset, operations);
                    slice(round, &values, centre_ns * offset / 10_000.0)
                })
                .collect();
            trials.push(trial(cell, block, slices));
        }
    }
    let absent = cell("glommio", Role::Runner);
    trials.push(unmeasured(&absent, 0, State::Unavailable, "the kernel has no io_uring"));
    let mut cells: Vec<&Cell> = arms.iter().map(|(cell, _)| cell).collect();
    cells.push(&absent);
    let run = run(vec![contest(&cells, Some(baseline))], blocks);
    Recording { run, trials, audits: Vec::new(), torn: false }
}
