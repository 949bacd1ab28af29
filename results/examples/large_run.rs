//! A stored run as large as any: for measuring how long its analysis takes.
//!
//! `large_run FOLDER` writes 125 contests of 8 runners, 12 blocks, 20 slices, seeded; each runner is 5 % slower
//! than the one before, processes have offsets of their own, and every slice has a histogram of 2,000
//! operations, as a real one has.

#[path = "../tests/synthetic/mod.rs"]
#[expect(
    dead_code,
    reason = "the builder of made-up recordings is shared, and has more than we need"
)]
mod synthetic;

use simul_results::{
    Role, SliceRecord,
    record::ContestRecord,
    store::{StoreError, Writer},
};
use std::{path::Path, process::ExitCode};
use synthetic::{Random, cell, run, slice, trial};

const CONTESTS: u32 = 125;
const RUNNERS: u32 = 8;
const BLOCKS: u32 = 12;
const SLICES: u32 = 20;
const OPERATIONS: usize = 2000;

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = folders.as_slice() else {
        eprintln!("error: name the folder to make: large_run FOLDER");
        return ExitCode::from(2);
    };
    match write(Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn write(folder: &Path) -> Result<(), StoreError> {
    let mut random = Random(8);
    // Histograms are made once for each runner: the analysis does not care, and this takes seconds.
    let pools: Vec<Vec<SliceRecord>> = (0..RUNNERS)
        .map(|runner| {
            let centre = 70_000.0 * 1.05_f64.powi(runner as i32);
            let made = |random: &mut Random| slice(0, &random.latencies(centre, OPERATIONS), 5.0);
            (0..32).map(|_| made(&mut random)).collect()
        })
        .collect();
    let contests: Vec<ContestRecord> = (0..CONTESTS).map(contest).collect();
    let mut writer = Writer::create(folder, &run(contests, BLOCKS))?;
    for number in 0..CONTESTS {
        for block in 0..BLOCKS {
            let mut trials = Vec::new();
            for (runner, pool) in pools.iter().enumerate() {
                let offset = 1.0 + 0.01 * (random.part() - 0.5);
                let slices = (0..SLICES).map(|round| {
                    let drawn = &pool[(random.bits() % pool.len() as u64) as usize];
                    let mut slice = drawn.clone();
                    slice.round = round;
                    slice.started_ns = u64::from(block * SLICES + round) * 400_000_000;
                    slice.ended_ns = slice.started_ns + 50_000_000;
                    slice.p50_ns = (slice.p50_ns as f64 * offset) as u64;
                    slice.cpu_ns = slice.cpu_ns.map(|cpu_ns| (cpu_ns as f64 * offset) as u64);
                    slice
                });
                let slices = slices.collect();
                let mut cell = cell(&format!("runner-{runner}"), Role::Runner);
                cell.contest.workload = workload(number);
                trials.push(trial(&cell, block, slices));
            }
            writer.append(&trials)?;
        }
    }
    Ok(())
}

fn workload(number: u32) -> String {
    format!("echo:{}", 16 + number)
}

fn contest(number: u32) -> ContestRecord {
    let cells = (0..RUNNERS).map(|runner| {
        let mut cell = cell(&format!("runner-{runner}"), Role::Runner);
        cell.contest.workload = workload(number);
        cell
    });
    let cells: Vec<_> = cells.collect();
    let mut contest = synthetic::contest(&cells.iter().collect::<Vec<_>>(), Some("runner-0"));
    contest.workload = workload(number);
    contest
}
