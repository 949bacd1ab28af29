//! A stored run as large as any: for measuring how long its analysis takes.
//!
//! `large_run FOLDER` writes 125 contests of 8 runners, 12 blocks, 20 slices, seeded; `large_run FOLDER report` 34
//! of 24 runners, with a null arm and a floor, four of them with other numbers of actors. Each runner is 5 % slower
//! than the one before, processes have offsets of their own, and every slice has a histogram of 2,000
//! operations, as a real one has.

#[path = "../tests/synthetic/mod.rs"]
#[expect(
    dead_code,
    reason = "the builder of made-up recordings is shared, and has more than we need"
)]
mod synthetic;

use simul_results::{
    Cell, Load, Role, SliceRecord, TrialRecord,
    record::{ContestRecord, SlicePriceRecord, TrialPriceRecord},
    store::{StoreError, Writer},
};
use std::{path::Path, process::ExitCode};
use synthetic::{Random, cell, run, slice, trial};

/// How large.
#[derive(Clone, Copy)]
struct Size {
    contests: u32,
    runners: u32,
    /// Whether there are a null arm, a floor, and contests that differ in their actors alone.
    whole: bool,
}

/// For judging.
const ANALYSIS: Size = Size { contests: 125, runners: 8, whole: false };
/// For a report.
const REPORT: Size = Size { contests: 34, runners: 24, whole: true };
const BLOCKS: u32 = 12;
const SLICES: u32 = 20;
const OPERATIONS: usize = 2000;

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let (folder, size) = match folders.as_slice() {
        [folder] => (folder, ANALYSIS),
        [folder, what] if what == "report" => (folder, REPORT),
        _ => {
            eprintln!("error: name the folder to make: large_run FOLDER [report]");
            return ExitCode::from(2);
        }
    };
    match write(Path::new(folder), size) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn write(folder: &Path, size: Size) -> Result<(), StoreError> {
    let mut random = Random(8);
    // Histograms are made once for each runner: the analysis does not care, and this takes seconds.
    let pools: Vec<Vec<SliceRecord>> = (0..arms(size, 0).len())
        .map(|arm| {
            // The null arm is as fast as its runner, the floor somewhat faster.
            let slower = match arm.checked_sub(size.runners as usize) {
                None => arm as i32,
                Some(0) => 0,
                Some(_) => -1,
            };
            let centre = 70_000.0 * 1.05_f64.powi(slower);
            let made = |random: &mut Random| slice(0, &random.latencies(centre, OPERATIONS), 5.0);
            (0..32).map(|_| made(&mut random)).collect()
        })
        .collect();
    let contests: Vec<ContestRecord> =
        (0..size.contests).map(|number| contest(size, number)).collect();
    let mut writer = Writer::create(folder, &run(contests, BLOCKS))?;
    for number in 0..size.contests {
        for block in 0..BLOCKS {
            let mut trials = Vec::new();
            for (cell, pool) in arms(size, number).iter().zip(&pools) {
                trials.push(measured(cell, pool, block, &mut random));
            }
            writer.append(&trials)?;
        }
    }
    Ok(())
}

/// One trial with slices from its pool, shifted by an offset of its own.
fn measured(cell: &Cell, pool: &[SliceRecord], block: u32, random: &mut Random) -> TrialRecord {
    let offset = 1.0 + 0.01 * (random.part() - 0.5);
    let slices = (0..SLICES).map(|round| {
        let drawn = &pool[(random.bits() % pool.len() as u64) as usize];
        let mut slice = drawn.clone();
        slice.round = round;
        slice.started_ns = u64::from(block * SLICES + round) * 400_000_000;
        slice.ended_ns = slice.started_ns + 50_000_000;
        slice.p50_ns = (slice.p50_ns as f64 * offset) as u64;
        slice.cpu_ns = slice.cpu_ns.map(|cpu_ns| (cpu_ns as f64 * offset) as u64);
        slice.price = Some(SlicePriceRecord {
            voluntary_switches: Some(1000 + random.bits() % 1000),
            involuntary_switches: Some(random.bits() % 100),
            ..SlicePriceRecord::default()
        });
        slice
    });
    let mut trial = trial(cell, block, slices.collect());
    trial.price = Some(TrialPriceRecord {
        actors_anonymous_bytes: Some(200_000 + random.bits() % 100_000),
        actors: 32,
        ..TrialPriceRecord::default()
    });
    trial
}

/// The cells of a contest.
fn arms(size: Size, number: u32) -> Vec<Cell> {
    let mut cells: Vec<Cell> =
        (0..size.runners).map(|at| cell(&format!("runner-{at}"), Role::Runner)).collect();
    if size.whole {
        cells.extend([cell("runner-0", Role::Null), cell("floor-epoll", Role::Floor)]);
    }
    let (workload, load) = kind(size, number);
    for cell in &mut cells {
        (cell.contest.workload, cell.contest.load) = (workload.clone(), load);
    }
    cells
}

/// Workload and load of a contest.
fn kind(size: Size, number: u32) -> (String, Load) {
    match size.contests - number {
        left @ 1..=4 if size.whole => ("echo:8".into(), Load::Closed(4_u32.pow(left))),
        _ => (format!("echo:{}", 16 + number), Load::Closed(32)),
    }
}

fn contest(size: Size, number: u32) -> ContestRecord {
    let cells = arms(size, number);
    let mut contest = synthetic::contest(&cells.iter().collect::<Vec<_>>(), Some("runner-0"));
    let (workload, load) = kind(size, number);
    (contest.workload, contest.load) = (workload, load.to_string());
    contest
}
