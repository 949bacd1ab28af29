//! How do all contests of a run look at a glance?
//!
//! One table each: the median, the tail, what an operation costs, and each runner's percentiles as a sparkline on one
//! scale. Columns that do not fit are left out, from the least telling one, and that is said. Read next: `cell.rs`.

use super::{
    Screen,
    spark::{self, Scale},
};
use crate::{
    Role, Summary,
    builds::Builds,
    ending, glance, grid, quantity,
    quantity::TimeUnit,
    statistics::median,
    summary::{CellSummary, ContestSummary, Metric, Numbers},
    wording,
};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};
use std::f64::consts::LOG10_2;

/// Percentiles that a sparkline has a letter for, as nines: from the median to p99.99.
const NINES: [f64; 8] = [LOG10_2, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0];

/// A column: its title and a text for each cell.
struct Column {
    title: String,
    texts: Vec<String>,
    /// What is left out first has the largest number.
    weight: u8,
}

/// All contests as text that ends with a line feed.
#[must_use]
pub fn overview(summary: &Summary, screen: Screen) -> String {
    let mut text = String::new();
    for one in &summary.contests {
        text.push_str(&contest(one, screen));
        text.push('\n');
    }
    let mut last = glance::overall(summary);
    last.push(wording::grades(summary));
    last.extend(ending::stopping(summary));
    last.extend(summary.builds.iter().flat_map(Builds::lines));
    last.extend(wording::warnings(summary));
    let last: Vec<String> = last.iter().map(|line| screen.wrapped(line)).collect();
    text.push_str(&format!("{}\n", last.join("\n")));
    text
}

fn contest(contest: &ContestSummary, screen: Screen) -> String {
    let name = wording::plain(&contest.contest.to_string());
    let mut text = format!("{}\n", screen.heading(&name));
    text.push_str(&format!("{}\n", screen.wrapped(&wording::plain(&contest.question))));
    if contest.contest.load.is_sweep() {
        text.push_str(&screen.wrapped("a sweep: its rates are in simul report"));
        text.push('\n');
        return text;
    }
    let (mut columns, missing) = fitting(columns(contest), screen.width);
    columns.sort_by_key(|column| column.weight == 1);
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(columns.iter().map(|column| column.title.as_str()));
    for row in 0..contest.cells.len() {
        table.add_row(columns.iter().map(|column| column.texts[row].as_str()));
    }
    table.set_content_arrangement(ContentArrangement::Disabled);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if at > 0 && columns[at].weight != 1 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (at, line) in table.trim_fmt().lines().enumerate() {
        let line = line.trim_end();
        text.push_str(&if at == 0 { screen.faint(line) } else { line.to_owned() });
        text.push('\n');
    }
    let mut notes = vec![wording::spread(contest.blocks()).to_owned(), grid::noise(contest)];
    if !missing.is_empty() {
        notes.push(format!("no room for: {}", missing.join(", ")));
    }
    for note in notes {
        text.push_str(&format!("{}\n", screen.faint(&screen.wrapped(&format!("  {note}")))));
    }
    text
}

/// The columns that fit, and the titles of those that do not.
fn fitting(mut columns: Vec<Column>, width: usize) -> (Vec<Column>, Vec<String>) {
    let mut missing = Vec::new();
    loop {
        let used: usize = columns.iter().map(|column| column.width() + 2).sum();
        let least = (0..columns.len()).max_by_key(|at| columns[*at].weight);
        match least.filter(|at| used > width + 2 && columns[*at].weight > 0) {
            Some(at) => missing.push(columns.remove(at).title),
            None => return (columns, missing),
        }
    }
}

impl Column {
    fn width(&self) -> usize {
        let texts = self.texts.iter().chain([&self.title]);
        texts.map(|text| text.chars().count()).max().unwrap_or(0)
    }
}

fn columns(contest: &ContestSummary) -> Vec<Column> {
    let cells = &contest.cells;
    let numbers: Vec<&Numbers> = cells.iter().filter_map(|cell| cell.numbers.as_ref()).collect();
    let unit_of = |value: fn(&Numbers) -> f64| {
        let all: Vec<f64> = numbers.iter().map(|numbers| value(numbers)).collect();
        TimeUnit::of(median(&all).unwrap_or(1e3))
    };
    let (middle, tail) = (unit_of(|of| of.p50_ns.median), unit_of(|of| of.p99_ns.median));
    let scale = Scale::around(numbers.iter().flat_map(|numbers| percentiles(numbers)));
    let spark = |numbers: &Numbers| {
        scale.map_or_else(String::new, |scale| spark::line(&percentiles(numbers), scale))
    };
    let p99 = |cell: &CellSummary, of: &Numbers| match (of.carries(0.99), of.reaches(0.99)) {
        (false, _) => "–".to_owned(),
        (true, true) => quantity::estimate(&of.p99_ns, tail.ns, cell.blocks),
        (true, false) => grid::beyond(&of.p99_ns, tail.ns),
    };
    let p50 = |cell: &CellSummary, of: &Numbers| match of.reaches(0.5) {
        true => quantity::estimate(&of.p50_ns, middle.ns, cell.blocks),
        false => grid::beyond(&of.p50_ns, middle.ns),
    };
    let cpu = |cell: &CellSummary, of: &Numbers| {
        let cpu = of.cpu_us_per_op.as_ref();
        cpu.map_or_else(|| "unknown".into(), |cpu| quantity::estimate(cpu, 1.0, cell.blocks))
    };
    let column =
        |title: &str, weight: u8, text: &dyn Fn(&CellSummary, &Numbers) -> String| Column {
            title: title.into(),
            weight,
            texts: cells
                .iter()
                .map(|cell| cell.numbers.as_ref().map_or_else(String::new, |of| text(cell, of)))
                .collect(),
        };
    let mut found = vec![
        Column {
            title: "runner".into(),
            texts: cells.iter().map(grid::label).collect(),
            weight: 0,
        },
        column(&format!("p50 {}", middle.name), 0, &p50),
        column(&format!("p99 {}", tail.name), 2, &p99),
        column("CPU µs/op", 3, &cpu),
        column("ops/s", 5, &|cell, of| quantity::estimate(&of.throughput, 1.0, cell.blocks)),
        column("rank", 4, &|cell, _| rank(cell)),
        column("p50…p99.99", 1, &|_, of| spark(of)),
    ];
    for (text, cell) in found[1].texts.iter_mut().zip(cells) {
        if cell.numbers.is_none() {
            *text = wording::short_state(cell.state).into();
        }
    }
    found.retain(|column| column.texts.iter().any(|text| !text.is_empty()));
    found
}

/// The rank group by the median; lower is better.
fn rank(cell: &CellSummary) -> String {
    match (cell.role, cell.groups.on(Metric::P50)) {
        (Role::Runner, Some(group)) => group.to_string(),
        _ => String::new(),
    }
}

/// The curve at the sparkline's percentiles, as far as it goes.
fn percentiles(numbers: &Numbers) -> Vec<f64> {
    let at = |nines: &f64| numbers.curve.iter().find(|point| (point.nines - nines).abs() < 1e-4);
    NINES.iter().map_while(|nines| Some(at(nines)?.ns.median)).collect()
}
