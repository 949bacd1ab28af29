//! What stands in the table of prices, whatever draws it?
//!
//! One row a cell, with what it costs besides time: first the floor and what lies above it, then where the CPU time
//! went, then memory. A column that no cell has a value for is left out; `–` is not known. It must not know
//! terminals or files. Read next: `table.rs`.

use crate::{
    Role,
    grid::{Grid, Row, label},
    quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Price},
    wording,
};

/// Stands for what is not known.
const UNKNOWN: &str = "–";

/// A column: its title, where its value is, and in what it is divided.
type Column = (&'static str, fn(&CellSummary) -> Option<Estimate>, f64);

const COLUMNS: [Column; 15] = [
    ("CPU µs/op", |cell| cell.numbers.as_ref()?.cpu_us_per_op, 1.0),
    ("above floor", |cell| cell.price.above_floor_us, 1.0),
    ("in kernel %", |cell| cell.price.system_part, 0.01),
    ("gave up/op", |cell| cell.price.voluntary_per_op, 1.0),
    ("lost/op", |cell| cell.price.involuntary_per_op, 1.0),
    ("queued µs/op", |cell| cell.price.run_queue_us_per_op, 1.0),
    ("faults/op", |cell| cell.price.minor_faults_per_op, 1.0),
    ("read B/op", |cell| cell.price.read_call_bytes_per_op, 1.0),
    ("written B/op", |cell| cell.price.write_call_bytes_per_op, 1.0),
    ("loopback B/op", |cell| cell.price.loopback_bytes_per_op, 1.0),
    ("ready MiB", |cell| cell.price.rss_ready_bytes, MIB),
    ("idle MiB", |cell| cell.price.rss_idle_bytes, MIB),
    ("peak MiB", |cell| cell.price.rss_peak_bytes, MIB),
    ("KiB/actor", |cell| cell.price.bytes_per_actor, 1024.0),
    ("idle % of core", |cell| cell.price.idle_cores, 0.01),
];

const MIB: f64 = 1_048_576.0;

const NOTES: [(&str, &str); 11] = [
    ("in kernel %", "of CPU time over the whole trial, sampled at ticks"),
    (
        "gave up/op, lost/op",
        "context switches of living threads; where threads ended, of the whole trial, set-up included",
    ),
    ("queued µs/op", "how long its threads were ready and had no core, all added up"),
    ("faults/op", "page faults without the disk"),
    (
        "read B/op, written B/op",
        "through the read and write calls alone: not sockets by recv and send, rings or memory maps; the trial's order and answer are among them",
    ),
    ("loopback B/op", "through the loopback interface, headers and both directions included"),
    ("ready MiB", "resident when set up and idle, without the recorder"),
    ("idle MiB", "the same after the last slice"),
    ("peak MiB", "the largest resident set, without the recorder"),
    (
        "KiB/actor",
        "growth of heap and stacks while actors were set up, by their number; with few actors mostly the runtime's own",
    ),
    ("idle % of core", "CPU time while others worked, by the time that it waited"),
];

/// What the cells of a contest cost; `None` where nothing was measured.
#[must_use]
pub fn prices(contest: &ContestSummary) -> Option<Grid> {
    let measured = || contest.cells.iter().filter(|cell| cell.is_measured());
    let shown: Vec<Column> = COLUMNS
        .into_iter()
        .filter(|(_, value, _)| measured().any(|cell| value(cell).is_some()))
        .collect();
    if shown.is_empty() {
        return None;
    }
    let threads = measured().any(|cell| cell.price.threads_peak.is_some());
    let mut header = vec!["what it costs".to_owned()];
    header.extend(shown.iter().map(|(title, ..)| (*title).to_owned()));
    header.extend(threads.then(|| "threads".to_owned()));
    let rows = contest.cells.iter().map(|cell| {
        let mut texts = vec![label(cell)];
        if cell.is_measured() {
            texts.extend(shown.iter().map(|(title, value, unit)| {
                value(cell).map_or_else(|| UNKNOWN.into(), |value| text(title, &value, *unit, cell))
            }));
            let Price { threads_peak, .. } = cell.price;
            let threads =
                threads.then(|| threads_peak.map_or_else(|| UNKNOWN.into(), |n| n.to_string()));
            texts.extend(threads);
        } else {
            texts.push(wording::state(cell.state).into());
        }
        texts.resize(header.len(), String::new());
        Row { role: cell.role, measured: cell.is_measured(), texts }
    });
    let rows = rows.collect();
    let mut notes: Vec<String> = floor(contest).into_iter().collect();
    let is_shown = |names: &str| names.split(", ").any(|name| header.iter().any(|h| h == name));
    let explained = NOTES.iter().filter(|(names, _)| is_shown(names));
    notes.extend(explained.map(|(names, words)| format!("{names}: {words}")));
    Some(Grid { header, rows, notes })
}

/// Whether there is more to tell of some cell than a recording without prices has.
#[must_use]
pub fn is_known(contest: &ContestSummary) -> bool {
    contest.cells.iter().any(|cell| cell.price.rss_idle_bytes.is_some())
}

/// The floor's price, and what is above it; `None` without a measured floor.
#[must_use]
pub fn floor(contest: &ContestSummary) -> Option<String> {
    let floor = contest.cells.iter().find(|cell| cell.role == Role::Floor)?;
    let cpu = floor.numbers.as_ref()?.cpu_us_per_op?;
    let interval = interval(&cpu, floor.blocks);
    Some(format!(
        "floor, the least that this machine needs for such work: {}{interval} CPU µs per operation; above floor: \
         what a runner needs more, block by block, with the interval over blocks",
        quantity::digits(cpu.median)
    ))
}

/// A value with its spread; of a difference with its ends, since it may lie around 0.
fn text(title: &str, value: &Estimate, unit: f64, cell: &CellSummary) -> String {
    if title == "above floor" {
        return format!("{}{}", signed(value.median), interval(value, cell.blocks));
    }
    quantity::estimate(value, unit, cell.blocks)
}

/// With its sign, which says which of both needs more.
pub(crate) fn signed(value: f64) -> String {
    let sign = if value < 0.0 { "" } else { "+" };
    format!("{sign}{}", quantity::digits(value))
}

/// ` (2.10–2.31)`, or for what may be negative ` (-0.10 to 0.21)`; one block has none.
pub(crate) fn interval(value: &Estimate, blocks: u32) -> String {
    let (low, high) = (quantity::digits(value.low), quantity::digits(value.high));
    match (blocks > 1, value.low < 0.0) {
        (false, _) => String::new(),
        (true, false) => format!(" ({low}–{high})"),
        (true, true) => format!(" ({low} to {high})"),
    }
}
