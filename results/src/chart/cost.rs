//! What does an operation cost in CPU time, and how much of it is the runner's?
//!
//! One bar a cell from zero, with the interval over blocks. What the floor needs too is pale; what lies
//! above it is the runner's own overhead. A strip along the bar's foot is the kernel's part. It must not compute costs. Read next: `heatmap.rs`.

use super::{
    Arm, Dash, Palette, bars,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, PALE, SOFT, Stroke, picture},
    frame::{Frame, counted},
    hatch,
    rows::{LEFT, ROW, TOP, caption, intervals, middle, name, rules, thin},
    scale::Scale,
};
use crate::{
    Role,
    price_grid::{interval, signed},
    quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary},
};

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// CPU time per operation in µs.
    pub total_us: Estimate,
    /// What of it lies above the floor's, in µs, block by block; negative if it needs less, `None` for the floor
    /// itself or without one.
    pub above_floor_us: Option<Estimate>,
    /// The part that was spent in the kernel, from 0 to 1.
    pub system_part: Option<f64>,
}

/// By row of the contest; `None` for cells without numbers.
#[must_use]
pub fn bars(contest: &ContestSummary) -> Vec<Option<Bar>> {
    let bar = |cell: &CellSummary| {
        let total_us = cell.numbers.as_ref()?.cpu_us_per_op?;
        let system_part = cell.price.system_part.map(|part| part.median);
        Some(Bar { total_us, above_floor_us: cell.price.above_floor_us, system_part })
    };
    contest.cells.iter().map(bar).collect()
}

/// The floor's CPU time per operation in µs.
fn floor(contest: &ContestSummary) -> Option<Estimate> {
    let floor = contest.cells.iter().find(|cell| cell.role == Role::Floor)?;
    floor.numbers.as_ref().and_then(|numbers| numbers.cpu_us_per_op)
}

const RIGHT: f64 = 760.0;
/// Where stands how much of it is above the floor.
const ABOVE: f64 = 856.0;
const WIDTH: f64 = 1040.0;

/// The chart.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Drawing {
    let bars = bars(contest);
    let bottom = TOP + ROW * bars.len() as f64;
    let most = bars.iter().flatten().map(|bar| bar.total_us.high).fold(0.0, f64::max);
    let x = Scale::linear((0.0, if most > 0.0 { most * 1.04 } else { 1.0 }), (LEFT, RIGHT));
    let measured = contest.cells.iter().filter(|cell| cell.numbers.is_some());
    let subjects: Vec<_> =
        measured.map(|cell| counted(contest, cell, "CPU µs per operation")).collect();
    let frame = Frame::of(contest, "CPU time per operation", &subjects);
    picture(&frame, WIDTH, bottom + 100.0, |canvas| {
        for tick in x.ticks(8) {
            canvas.line((x.at(tick), TOP), (x.at(tick), bottom), thin(FAINT));
            let text = format!("{}", (tick * 1e6).round() / 1e6);
            canvas.text((x.at(tick), bottom + 13.0), &text, 11.0, SOFT, Anchor::Middle);
        }
        canvas.text((LEFT, TOP - 14.0), "CPU µs per operation", 12.0, INK, Anchor::Start);
        canvas.text((RIGHT + 10.0, TOP - 14.0), "median", 11.0, SOFT, Anchor::Start);
        if bars.iter().flatten().any(|bar| bar.above_floor_us.is_some()) {
            canvas.text((ABOVE, TOP - 14.0), "above the floor", 11.0, SOFT, Anchor::Start);
        }
        rules(canvas, bars.len(), WIDTH - 16.0);
        for (row, (cell, bar)) in contest.cells.iter().zip(&bars).enumerate() {
            if let Some(bar) = bar {
                let (arm, blocks) = (Arm::of(cell, palette), cell.blocks);
                canvas.hover(&told(&cell.arm, bar, blocks), |canvas| {
                    draw_bar(canvas, bar, &arm, blocks, &x, middle(row));
                });
            }
        }
        let intervals = intervals("bars", "lines", contest.blocks());
        let mut lines = vec![intervals.as_str(), hatch::LEGEND];
        if bars.iter().flatten().any(|bar| bar.system_part.is_some()) {
            lines.push("dark strip at the foot of a bar: in the kernel; the rest: in the program");
        }
        if let Some(floor) = floor(contest) {
            let stroke = Stroke { color: INK, width: 1.2, dash: Dash::Dotted };
            canvas.rect((x.at(floor.low), TOP), (x.at(floor.high), bottom), INK, 0.08);
            canvas.line((x.at(floor.median), TOP - 4.0), (x.at(floor.median), bottom), stroke);
            lines.push(
                "dotted: the floor, what the machine itself costs; the runner's own overhead is \
                 what lies above it (+, block by block, with its interval)",
            );
        }
        // Behind the floor's line, so that it does not cross why a cell was not measured.
        for (row, cell) in contest.cells.iter().enumerate() {
            name(canvas, cell, palette.look(cell), row, WIDTH - 16.0);
        }
        caption(canvas, bottom + 38.0, &lines);
    })
}

/// What a pointer is told.
fn told(arm: &str, bar: &Bar, blocks: u32) -> String {
    let total = bar.total_us;
    let (value, ends) = (quantity::digits(total.median), interval(&total, blocks));
    let above = bar.above_floor_us.map_or_else(String::new, |above| {
        format!(", {}{} above the floor", signed(above.median), interval(&above, blocks))
    });
    let kernel = bar
        .system_part
        .map_or_else(String::new, |part| format!(", {:.0} % in the kernel", 100.0 * part));
    format!("{arm}: {value}{ends} CPU µs per operation{above}{kernel}")
}

/// The floor's part pale, the rest in the runner's colour, the interval over it, the numbers behind.
fn draw_bar(canvas: &mut Canvas, bar: &Bar, arm: &Arm, blocks: u32, x: &Scale, y: f64) {
    let total = bar.total_us;
    let own = bar.above_floor_us.map_or(0.0, |above| above.median.clamp(0.0, total.median));
    let (start, split, end) = (x.at(0.0), x.at(total.median - own), x.at(total.median));
    let pieces = [(start, split, PALE, 1.0), (split, end, arm.look.color, 0.75)];
    bars::bar(canvas, (y, 6.0), &pieces, arm.may_be_ranked);
    if let Some(part) = bar.system_part {
        canvas.rect((start, y + 4.5), (x.at(total.median * part), y + 6.0), INK, 0.7);
    }
    if blocks > 1 {
        bars::interval(canvas, (y, 4.0), (x.at(total.low), x.at(total.high)));
    }
    let text = quantity::estimate(&total, 1.0, blocks);
    canvas.text((RIGHT + 10.0, y), &text, 11.0, INK, Anchor::Start);
    if let Some(above) = bar.above_floor_us {
        let text = format!("{}{}", signed(above.median), interval(&above, blocks));
        canvas.text((ABOVE, y), &text, 11.0, INK, Anchor::Start);
    }
}
