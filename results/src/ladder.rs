//! What stands in the table of a sweep?
//!
//! One row a runner: how far up the ladder it kept up, where waiting began, and what it promised. Rates are
//! rungs, so each is told with the next one at which it no longer held, and with how far the lowest block came where
//! that was less far. It must not know who draws the table. Read next: `table.rs`.

use crate::{
    grid::{Grid, Notes, Row, TOO_FEW, beyond, too_few},
    quantity::{self, TimeUnit},
    record::ObjectiveRecord,
    statistics::median,
    summary::{CellSummary, ContestSummary, KNEE, Numbers, Reached, Rung, Sweep},
    wording,
};

/// The table of a sweep.
#[must_use]
pub fn grid(contest: &ContestSummary) -> Grid {
    let objective = contest.open.as_ref().and_then(|open| open.objective);
    let sweeps = || contest.cells.iter().filter_map(|cell| cell.sweep.as_ref());
    let p99s = sweeps().filter_map(|sweep| Some(sweep.rungs.first()?.numbers.p99_ns.median));
    let unit = TimeUnit::of(median(&p99s.collect::<Vec<_>>()).unwrap_or(1e3));
    let first =
        sweeps().filter_map(|sweep| sweep.rungs.first()).map(|rung| rung.rate_per_sec).min();
    let lowest = first.map_or_else(String::new, rate_text);
    let mut header: Vec<String> = vec!["runner".into(), "sustained/s".into(), "knee/s".into()];
    header.extend(objective.map(|objective| format!("{}/s", objective_text(&objective))));
    header.extend([
        format!("p50 {} at {lowest}/s", unit.name),
        format!("p99 {} at {lowest}/s", unit.name),
        format!("p99 {} sustained", unit.name),
        "CPU µs/op sustained".into(),
    ]);
    let mut notes = Notes::default();
    let mut rows = Vec::new();
    for cell in &contest.cells {
        let mut texts = vec![notes.name(cell)];
        match &cell.sweep {
            Some(sweep) => texts.extend(values(cell, sweep, objective.is_some(), unit)),
            None => texts.push(wording::state(cell.state).into()),
        }
        texts.resize(header.len(), String::new());
        rows.push(Row { role: cell.role, measured: cell.is_measured(), texts });
    }
    if rows.iter().any(|row| row.texts.iter().any(|text| text == TOO_FEW)) {
        notes.all.push(too_few());
    }
    notes.all.push(
        "open load, raised rung by rung: sustained is the last rung at which the server kept up and nothing \
         failed, of the median block; in brackets the lowest rung above it at which it did not, and the last \
         rung of the lowest block where that is another; p50 and p99 are of the response time"
            .into(),
    );
    notes.all.push(format!(
        "knee: the last sustained rung at which p99 is at most {KNEE} times that of the first"
    ));
    Grid { header, rows, notes: notes.all }
}

/// The texts of a measured cell behind its name.
fn values(cell: &CellSummary, sweep: &Sweep, has_objective: bool, unit: TimeUnit) -> Vec<String> {
    let reached = |reached: Option<Reached>| reached.map_or_else(String::new, reached_text);
    let mut texts = vec![reached(sweep.sustained), reached(sweep.knee)];
    if has_objective {
        texts.push(reached(sweep.capacity));
    }
    let first = sweep.rungs.first();
    let last = sweep.sustained.and_then(|sustained| {
        sweep.rungs.iter().find(|rung| rung.rate_per_sec == sustained.held_per_sec)
    });
    let p99 = |rung: Option<&Rung>| {
        rung.map_or_else(String::new, |rung| time(cell, &rung.numbers, 0.99, unit))
    };
    texts.push(first.map_or_else(String::new, |rung| time(cell, &rung.numbers, 0.5, unit)));
    texts.extend([p99(first), p99(last)]);
    let cpu = last.and_then(|rung| rung.numbers.cpu_us_per_op);
    texts.push(cpu.map_or_else(String::new, |cpu| quantity::estimate(&cpu, 1.0, cell.blocks)));
    texts
}

/// The median or p99 of one rung.
fn time(cell: &CellSummary, numbers: &Numbers, quantile: f64, unit: TimeUnit) -> String {
    let value = if quantile <= 0.5 { &numbers.p50_ns } else { &numbers.p99_ns };
    let carried = quantile <= 0.5 || numbers.carries(quantile);
    match (carried, numbers.reaches(quantile)) {
        (false, _) => TOO_FEW.into(),
        (true, true) => quantity::estimate(value, unit.ns, cell.blocks),
        (true, false) => beyond(value, unit.ns),
    }
}

/// How far something held: `20,000 (<30,000)`, `≥ 100,000`, `< 1,000`; `20,000 (<30,000, lowest 10,000)` where blocks
/// did not agree.
#[must_use]
pub fn reached_text(reached: Reached) -> String {
    let Reached { held_per_sec, low_per_sec, broke_per_sec } = reached;
    let held = rate_text(held_per_sec);
    let lowest = (low_per_sec < held_per_sec).then(|| format!("lowest {}", rate_text(low_per_sec)));
    match (held_per_sec, broke_per_sec, lowest) {
        (0, Some(broke), _) => format!("< {}", rate_text(broke)),
        (_, Some(broke), None) => format!("{held} (<{})", rate_text(broke)),
        (_, Some(broke), Some(lowest)) => format!("{held} (<{}, {lowest})", rate_text(broke)),
        (_, None, None) => format!("≥ {held}"),
        (_, None, Some(lowest)) => format!("≥ {held} ({lowest})"),
    }
}

/// An objective in words: `p99 ≤ 10.0 ms`.
#[must_use]
pub fn objective_text(objective: &ObjectiveRecord) -> String {
    let percent = (objective.quantile * 1e6).round() / 1e4;
    format!("p{percent} ≤ {}", quantity::time(objective.limit_ns as f64))
}

/// Every digit of a rate that somebody asked for, in groups.
#[must_use]
pub fn rate_text(per_sec: u32) -> String {
    let text = per_sec.to_string();
    let grouped = text.as_bytes().rchunks(3).rev();
    let parts: Vec<&str> = grouped.filter_map(|part| std::str::from_utf8(part).ok()).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_held_is_told_with_where_it_broke() {
        let text = |held_per_sec, broke_per_sec| {
            reached_text(Reached { held_per_sec, low_per_sec: held_per_sec, broke_per_sec })
        };
        assert_eq!(text(20_000, Some(30_000)), "20,000 (<30,000)");
        assert_eq!(text(150_000, None), "≥ 150,000");
        assert_eq!(text(0, Some(1000)), "< 1,000");
        let uneven = |low_per_sec, broke_per_sec| {
            reached_text(Reached { held_per_sec: 20_000, low_per_sec, broke_per_sec })
        };
        assert_eq!(uneven(10_000, Some(30_000)), "20,000 (<30,000, lowest 10,000)");
        assert_eq!(uneven(0, None), "≥ 20,000 (lowest 0)");
        let objective = ObjectiveRecord { quantile: 0.999, limit_ns: 2_500_000 };
        assert_eq!(objective_text(&objective), "p99.9 ≤ 2.50 ms");
    }
}
