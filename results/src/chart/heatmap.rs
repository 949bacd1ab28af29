//! Who is how far behind the best, over all workloads?
//!
//! Runners down, contests across; each field has the ratio of the runner's median to the best ranked one's in
//! that contest, and below it the spread of its own median over blocks. What was not measured says why in
//! a word. It must not rank. Read next: [`crate::report`].

use super::{
    Palette,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, PALE, PAPER, Rgb, SOFT, picture},
    frame::{Frame, lint, timed},
    hatch,
    labels::cut,
    rows::caption,
};
use crate::{
    Role, Summary, quantity,
    summary::{CellSummary, ContestSummary},
    wording,
};

/// What a field shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// The runner has no cell in this contest.
    Absent,
    /// It has one without numbers: why, in a word.
    State(&'static str),
    /// It was measured.
    Ratio {
        /// Its median divided by the best ranked one; `None` if none is ranked.
        ratio: Option<f64>,
        /// The spread of its own median over blocks, a part of it; `None` with one block.
        spread: Option<f64>,
        /// Whether it may be ranked itself; a barred one may lie below 1.
        ranked: bool,
    },
}

/// The whole map.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Runners in the order of the plan, with a cell each for their look.
    pub runners: Vec<String>,
    /// Fields by runner, then by contest.
    pub fields: Vec<Vec<Field>>,
}

/// Computes the map.
#[must_use]
pub fn map(summary: &Summary) -> Map {
    let mut runners: Vec<String> = Vec::new();
    let cells = columns(summary).flat_map(|contest| &contest.cells);
    for cell in cells.filter(|cell| cell.role == Role::Runner) {
        if !runners.contains(&cell.runner) {
            runners.push(cell.runner.clone());
        }
    }
    let fields = |runner: &String| columns(summary).map(|c| field(c, runner)).collect();
    let fields = runners.iter().map(fields).collect();
    Map { runners, fields }
}

/// A sweep has no single median to compare.
fn columns(summary: &Summary) -> impl Iterator<Item = &ContestSummary> {
    summary.contests.iter().filter(|contest| !contest.contest.load.is_sweep())
}

/// A runner's own cell in a contest.
fn cell<'a>(contest: &'a ContestSummary, runner: &str) -> Option<&'a CellSummary> {
    contest.cells.iter().find(|cell| cell.role == Role::Runner && cell.runner == runner)
}

/// The ranked cell with the least median, and that in nanoseconds.
fn best(contest: &ContestSummary) -> Option<(&CellSummary, f64)> {
    let ranked = contest.cells.iter().filter(|cell| cell.ranked);
    let medians = ranked.filter_map(|cell| Some((cell, cell.numbers.as_ref()?.p50_ns.median)));
    medians.min_by(|one, other| one.1.total_cmp(&other.1))
}

/// One runner in one contest.
fn field(contest: &ContestSummary, runner: &str) -> Field {
    let Some(cell) = cell(contest, runner) else { return Field::Absent };
    let Some(numbers) = &cell.numbers else {
        return Field::State(wording::short_state(cell.state));
    };
    let best = best(contest).filter(|(_, median)| *median > 0.0);
    Field::Ratio {
        ratio: best.map(|(_, median)| numbers.p50_ns.median / median),
        spread: numbers.p50_ns.spread().filter(|_| cell.blocks > 1),
        ranked: cell.ranked,
    }
}

const LEFT: f64 = 190.0;
const COLUMN: f64 = 118.0;
const ROW: f64 = 32.0;
const TOP: f64 = 138.0;

/// The chart.
#[must_use]
pub fn draw(summary: &Summary, palette: &Palette) -> Drawing {
    let map = map(summary);
    let end = LEFT + COLUMN * columns(summary).count() as f64;
    let bottom = TOP + ROW * map.runners.len() as f64;
    let heading = "median against the best of each workload";
    // Each column is a contest, and only within it anything is compared.
    let fault = columns(summary).find_map(|contest| {
        let measured = contest.cells.iter().filter(|cell| cell.numbers.is_some());
        lint(&measured.map(|cell| timed(contest, cell)).collect::<Vec<_>>()).err()
    });
    let frame = Frame { fault, ..Frame::over(heading, &conditions(summary), &[]) };
    picture(&frame, end.max(760.0) + 16.0, bottom + 62.0, |canvas| {
        for (i, contest) in columns(summary).enumerate() {
            column_title(canvas, contest, LEFT + COLUMN * (i as f64 + 0.5));
        }
        for (row, runner) in map.runners.iter().enumerate() {
            let y = TOP + ROW * (row as f64 + 0.5);
            let look = summary
                .contests
                .iter()
                .find_map(|contest| self::cell(contest, runner))
                .map(|cell| palette.look(cell));
            if let Some(look) = look {
                canvas.marker((23.0, y), look.marker, 4.0, look.color);
            }
            canvas.text((34.0, y), &cut(runner, 21), 12.0, INK, Anchor::Start);
            for (column, contest) in columns(summary).enumerate() {
                let (field, x) = (&map.fields[row][column], LEFT + COLUMN * (column as f64 + 0.5));
                if let Some(cell) = self::cell(contest, runner) {
                    let told = told(contest, cell, field);
                    canvas.hover(&told, |canvas| draw_field(canvas, field, (x, y)));
                }
            }
        }
        let words = "1.00 is the best ranked runner, 2.00 takes twice as long, from 4.00 on all are as dark; service time, lateness, makespan or \
                     (open loads only) response time, as each column says";
        let known = |field: &Field| matches!(field, Field::Ratio { spread: Some(_), .. });
        let spread = if map.fields.iter().flatten().any(known) {
            "below each ratio: the spread of the runner's own median over blocks"
        } else {
            "one block, so nothing is known of how far blocks differ: no spread stands below the ratios"
        };
        let barred = "! and hatched: not ranked, for the reason that stands under what was found";
        caption(canvas, bottom + 22.0, &[words, spread, barred]);
    })
}

/// What all columns have in common; each says the rest itself.
fn conditions(summary: &Summary) -> String {
    let contests = columns(summary).count();
    let blocks = || columns(summary).map(ContestSummary::blocks);
    let (fewest, most) = (blocks().min().unwrap_or(0), blocks().max().unwrap_or(0));
    let blocks =
        if fewest == most { wording::blocks(most) } else { format!("{fewest} to {most} blocks") };
    format!(
        "{contests} contests, each at its own load and placement · {blocks} · in ratios of medians"
    )
}

/// Workload, load and placement, blocks and measure.
fn column_title(canvas: &mut Canvas, contest: &ContestSummary, x: f64) {
    let lines = [
        cut(&contest.contest.workload, 16),
        cut(&contest.contest.load.to_string(), 19),
        contest.contest.placement.name().into(),
        contest.measure.title().into(),
        wording::blocks(contest.blocks()),
    ];
    for (i, line) in lines.iter().enumerate() {
        let (size, ink) = if i == 0 { (12.0, INK) } else { (10.0, SOFT) };
        canvas.text((x, TOP - 66.0 + 14.0 * i as f64), line, size, ink, Anchor::Middle);
    }
}

/// What a pointer on a field is told.
fn told(contest: &ContestSummary, cell: &CellSummary, field: &Field) -> String {
    let name = format!("{}, {}", cell.runner, contest.contest);
    let (Some(numbers), Field::Ratio { ratio, spread, ranked }) = (&cell.numbers, field) else {
        return format!("{name}: {}", cut(&wording::absence(cell), 200));
    };
    let [median, low, high] =
        [numbers.p50_ns.median, numbers.p50_ns.low, numbers.p50_ns.high].map(quantity::time);
    let interval = spread.map_or_else(String::new, |_| format!(" ({low} to {high})"));
    let blocks = wording::blocks(cell.blocks);
    let against = match (ratio, best(contest)) {
        (Some(ratio), Some((best, _))) if best.cell != cell.cell => {
            format!("; {ratio:.3} times that of {}, the best ranked", best.runner)
        }
        (Some(_), Some(_)) => "; the best ranked".into(),
        _ => "; nobody is ranked".into(),
    };
    let barred = if *ranked { "" } else { "; not ranked itself, see what was found" };
    format!(
        "{name}: p50 of the {} {median}{interval}, {blocks}{against}{barred}",
        contest.measure.title()
    )
}

/// A field's ground and texts.
fn draw_field(canvas: &mut Canvas, field: &Field, (x, y): (f64, f64)) {
    let (half, tall) = (COLUMN / 2.0 - 1.0, ROW / 2.0 - 1.0);
    let (from, to) = ((x - half, y - tall), (x + half, y + tall));
    match field {
        Field::Absent => {}
        Field::State(word) => {
            canvas.rect(from, to, FAINT, 0.6);
            canvas.text((x, y), word, 11.0, SOFT, Anchor::Middle);
        }
        Field::Ratio { ratio, spread, ranked } => {
            let (ground, ink) = ratio.map_or((FAINT, INK), shade);
            if *ranked {
                canvas.rect(from, to, ground, 1.0);
            } else {
                canvas.rect(from, to, PAPER, 1.0);
                hatch::rectangle(canvas, from, to, PALE);
            }
            let ink = if *ranked { ink } else { INK };
            let value = ratio.map_or_else(|| "–".into(), quantity::digits);
            let barred = if *ranked { "" } else { " !" };
            let spread = spread.map(|part| format!("±{:.1}%", part * 100.0));
            let up = if spread.is_some() { 5.0 } else { 0.0 };
            canvas.text((x, y - up), &format!("{value}{barred}"), 12.0, ink, Anchor::Middle);
            if let Some(spread) = spread {
                canvas.text((x, y + 9.0), &spread, 9.0, ink, Anchor::Middle);
            }
        }
    }
}

/// The best is pale and four times as slow is dark, evenly in between by logarithm; and the ink that is
/// read on it. These colours stay as they are on dark ground.
fn shade(ratio: f64) -> (Rgb, Rgb) {
    let part = (ratio.max(1.0).ln() / 4.0_f64.ln()).min(1.0);
    let between =
        |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * part) as u8;
    let (pale, dark) = ((224, 238, 247), (0, 84, 138));
    let ground = (between(pale.0, dark.0), between(pale.1, dark.1), between(pale.2, dark.2));
    (ground, if part > 0.55 { (254, 254, 254) } else { (25, 25, 25) })
}
