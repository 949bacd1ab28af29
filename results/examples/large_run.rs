//! A stored run as large as any: for measuring how long its analysis and its report take.
//!
//! `large_run FOLDER` writes 125 contests of 8 runners; `large_run FOLDER report` 34 contests of 24 runners, a null arm and
//! a floor, of which every sixth is under open load and in which two runners cannot do the work. Both have 12
//! blocks of 20 slices, seeded; each runner is 5 % slower than the one before, processes have offsets of their own, and
//! every slice has a histogram of 2,000 operations, as a real one has.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;
#[path = "../tests/synthetic/open.rs"]
#[expect(
    dead_code,
    reason = "the builder of made-up open loads is shared, and has more than we need"
)]
mod synthetic_open;

use simul_results::{
    Cell, Role, SliceRecord, State, TrialRecord,
    record::{ContestRecord, SlicePriceRecord, TrialPriceRecord},
    store::{StoreError, Writer},
};
use std::{path::Path, process::ExitCode};
use synthetic::{Random, cell, run, slice, trial, unmeasured};
use synthetic_open::{OPEN, open_plan, open_slice};

const BLOCKS: u32 = 12;
const SLICES: u32 = 20;
const OPERATIONS: usize = 2000;

/// Names as long as real ones are.
const NAMES: [&str; 24] = [
    "threads",
    "thread-pool",
    "rayon",
    "inline",
    "tokio",
    "tokio-current",
    "tokio-localset",
    "tokio-blocking",
    "async-std",
    "smol",
    "smol-global",
    "futures-executor",
    "glommio",
    "monoio",
    "monoio-epoll",
    "compio",
    "compio-polling",
    "mio",
    "asyncio",
    "asyncio-uvloop",
    "python-threads",
    "python-processes",
    "go",
    "node",
];

/// Runners of a report's contest that cannot do the work.
const UNABLE: usize = 2;

/// What is made.
#[derive(Clone, Copy)]
struct Shape {
    contests: usize,
    runners: usize,
    /// Whether it has all that a report shows: null arms, floors, prices, open loads, cells without numbers.
    whole: bool,
}

/// For the bar of the analysis.
const ANALYSIS: Shape = Shape { contests: 125, runners: 8, whole: false };
/// For the bar of the report.
const REPORT: Shape = Shape { contests: 34, runners: 24, whole: true };

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (folder, shape) = match words.as_slice() {
        [folder] => (folder, ANALYSIS),
        [folder, "report"] => (folder, REPORT),
        _ => {
            eprintln!("error: name the folder to make: large_run FOLDER [report]");
            return ExitCode::from(2);
        }
    };
    match shape.write(Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Slices that are made once for each arm: the analysis does not care, and this takes seconds.
struct Pool {
    closed: Vec<SliceRecord>,
    open: Vec<SliceRecord>,
}

impl Pool {
    fn new(arm: usize, whole: bool, random: &mut Random) -> Self {
        let centre = 70_000.0 * 1.05_f64.powi(arm as i32);
        let closed = (0..32).map(|_| slice(0, &random.latencies(centre, OPERATIONS), 5.0));
        let closed = closed.collect();
        let opened =
            |random: &mut Random| open_slice(0, 1000, &random.latencies(centre, OPERATIONS), 0, 0);
        let open = (0..if whole { 32 } else { 0 }).map(|_| opened(random)).collect();
        Self { closed, open }
    }
}

impl Shape {
    fn write(self, folder: &Path) -> Result<(), StoreError> {
        let mut random = Random(8);
        let arms = self.cells(0).len();
        let pools: Vec<Pool> =
            (0..arms).map(|arm| Pool::new(arm, self.whole, &mut random)).collect();
        let contests = (0..self.contests).map(|number| self.contest(number)).collect();
        let mut writer = Writer::create(folder, &run(contests, BLOCKS))?;
        for number in 0..self.contests {
            for block in 0..BLOCKS {
                let cells = self.cells(number).into_iter().zip(&pools).enumerate();
                let trials = cells.map(|(arm, (cell, pool))| {
                    if self.is_unable(number, arm) {
                        let why = "it waits for nobody, and this work needs 32 at once";
                        let mut trial = unmeasured(&cell, block, State::NotApplicable, why);
                        trial.measure = measure(&cell).into();
                        return trial;
                    }
                    self.trial(&cell, block, pool, &mut random)
                });
                let trials: Vec<TrialRecord> = trials.collect();
                writer.append(&trials)?;
            }
        }
        Ok(())
    }

    /// One process: an offset of its own, and slices drawn from the pool.
    fn trial(self, cell: &Cell, block: u32, pool: &Pool, random: &mut Random) -> TrialRecord {
        let offset = 1.0 + 0.01 * (random.part() - 0.5);
        let pool = if cell.contest.load.is_open() { &pool.open } else { &pool.closed };
        let slices = (0..SLICES).map(|round| {
            let drawn = &pool[(random.bits() % pool.len() as u64) as usize];
            let mut slice = drawn.clone();
            slice.round = round;
            slice.started_ns = u64::from(block * SLICES + round) * 400_000_000;
            slice.ended_ns = slice.started_ns + 50_000_000;
            slice.p50_ns = (slice.p50_ns as f64 * offset) as u64;
            slice.cpu_ns = slice.cpu_ns.map(|cpu_ns| (cpu_ns as f64 * offset) as u64);
            slice.price = self.whole.then(|| SlicePriceRecord {
                voluntary_switches: Some(slice.operations / 2),
                involuntary_switches: Some(3),
                run_queue_wait_ns: Some(slice.operations * 2_000),
                ..SlicePriceRecord::default()
            });
            slice
        });
        let mut trial = trial(cell, block, slices.collect());
        trial.measure = measure(cell).into();
        trial.price = self.whole.then(|| TrialPriceRecord {
            threads_peak: Some(3),
            rss_ready_bytes: Some(5 << 20),
            rss_idle_bytes: Some(7 << 20),
            actors: 32,
            rested_ns: 1_000_000_000,
            ..TrialPriceRecord::default()
        });
        trial
    }

    /// Whether a runner cannot do a contest's work: never the baseline.
    fn is_unable(self, number: usize, arm: usize) -> bool {
        let unable = (0..UNABLE).map(|one| 1 + (number * UNABLE + one) % (self.runners - 1));
        self.whole && unable.into_iter().any(|unable| unable == arm)
    }

    fn cells(self, number: usize) -> Vec<Cell> {
        let named = |name: &str, role| {
            let mut cell = cell(name, role);
            cell.contest.workload = format!("echo:{}", 16 + number);
            if self.whole && number % 6 == 5 {
                cell.contest.load = OPEN;
            }
            cell
        };
        let mut cells: Vec<Cell> =
            NAMES[..self.runners].iter().map(|name| named(name, Role::Runner)).collect();
        if self.whole {
            cells.extend([named(NAMES[0], Role::Null), named("floor-epoll", Role::Floor)]);
        }
        cells
    }

    fn contest(self, number: usize) -> ContestRecord {
        let cells = self.cells(number);
        let of = &cells[0].contest;
        let mut contest = synthetic::contest(&cells.iter().collect::<Vec<_>>(), Some(NAMES[0]));
        contest.workload = of.workload.clone();
        contest.load = of.load.to_string();
        contest.measure = measure(&cells[0]).into();
        contest.open = of.load.is_open().then(|| open_plan(None));
        contest
    }
}

/// What a cell's times are.
fn measure(cell: &Cell) -> &'static str {
    if cell.contest.load.is_open() { "response" } else { "service" }
}
