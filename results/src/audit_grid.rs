//! What stands in the table of audits, whatever draws it?
//!
//! One row a cell that was audited: system calls, allocations, polls and migrations per operation, and how long
//! polls held their workers. What is missing says why. It must not know terminals or files. Read next: `why.rs`.

use crate::{
    grid::{Grid, Row, label},
    quantity::{self, TimeUnit},
    record::{AuditRecord, part},
    statistics::median,
    summary::{CellSummary, ContestSummary},
    wording::plain,
};

/// So many of a cell's system calls are named.
const NAMED: usize = 2;
/// Rarer system calls are chance.
const RARE_PER_OP: f64 = 0.005;
/// Stands where something could not be counted.
const ABSENT: &str = "–";

/// The audits of a contest; `None` where no cell has one.
#[must_use]
pub fn audits(contest: &ContestSummary) -> Option<Grid> {
    let audited: Vec<(&CellSummary, &AuditRecord)> =
        contest.cells.iter().filter_map(|cell| Some((cell, cell.counted.as_ref()?))).collect();
    if audited.is_empty() {
        return None;
    }
    let slow: Vec<f64> =
        audited.iter().filter_map(|(_, audit)| Some(audit.poll_times_ns()?.p99 as f64)).collect();
    let unit = TimeUnit::of(median(&slow).unwrap_or(1e3));
    let rows = audited.iter().map(|(cell, audit)| Row {
        role: cell.role,
        measured: true,
        texts: texts(cell, audit, unit),
    });
    let mut notes = vec![
        "audit: trials of their own, outside of every time; per operation, the difference of a long and a short \
         slice; a traced process is slow, so it may wait, and try in vain, more or less often than untraced"
            .to_owned(),
    ];
    notes.extend(absences(&audited));
    Some(Grid {
        header: [
            "audit, per operation",
            "syscalls",
            "of these",
            "allocations",
            "bytes",
            "polls",
            &format!("poll p99 {}", unit.name),
            &format!("max {}", unit.name),
            "migrations",
        ]
        .map(str::to_owned)
        .into(),
        rows: rows.collect(),
        notes,
    })
}

fn texts(cell: &CellSummary, audit: &AuditRecord, unit: TimeUnit) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or_else(|| ABSENT.to_owned(), per_op);
    let times = audit.poll_times_ns();
    let time = |ns: Option<u64>| number(ns.map(|ns| ns as f64 / unit.ns));
    vec![
        label(cell),
        number(audit.all_syscalls_per_op()),
        most_frequent(audit),
        number(audit.allocations_per_op()),
        number(audit.allocated_bytes_per_op()),
        number(audit.polls_per_op()),
        time(times.map(|times| times.p99)),
        time(times.map(|times| times.max)),
        number(audit.migrations_per_op()),
    ]
}

/// A count per operation. Less than one in ten thousand is none.
fn per_op(value: f64) -> String {
    quantity::digits(if value < 1e-4 { 0.0 } else { value })
}

/// The most frequent system calls: `sendto 1.00, epoll_wait 0.0312`.
fn most_frequent(audit: &AuditRecord) -> String {
    let Some(calls) = audit.syscalls_per_op() else { return ABSENT.into() };
    let mut calls: Vec<(String, f64)> =
        calls.into_iter().filter(|(_, calls)| *calls >= RARE_PER_OP).collect();
    calls.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let named = calls.iter().take(NAMED);
    let mut texts: Vec<String> =
        named.map(|(name, calls)| format!("{} {}", plain(name), per_op(*calls))).collect();
    if calls.len() > NAMED {
        texts.push("…".into());
    }
    texts.join(", ")
}

/// What is missing and why, each reason once, with the runners that it is true of.
fn absences(audited: &[(&CellSummary, &AuditRecord)]) -> Vec<String> {
    let mut found: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for name in [part::SYSCALLS, part::ALLOCATIONS, part::POLLS] {
        for (cell, audit) in audited {
            let Some(why) = audit.why_absent(name) else { continue };
            match found.iter_mut().find(|(part, reason, _)| *part == name && *reason == why) {
                Some((_, _, cells)) => cells.push(plain(&cell.arm)),
                None => found.push((name, why, vec![plain(&cell.arm)])),
            }
        }
    }
    let said = found.into_iter().map(|(name, why, cells)| {
        let who = if cells.len() == audited.len() { "all".into() } else { cells.join(", ") };
        format!("{ABSENT} {name}: {} ({who})", plain(why))
    });
    said.collect()
}
