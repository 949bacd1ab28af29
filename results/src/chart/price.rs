//! What does an operation cost besides time?
//!
//! Small bars side by side, one row a runner, one panel a kind of cost, each with its own unit and axis from zero:
//! CPU time in the program and in the kernel, context switches given up and taken, memory, system calls,
//! allocations. A panel of which nothing was recorded is left out. It must not compute costs. Read next:
//! `scaling.rs`.

use super::{
    Dash, Palette,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, PAPER, SOFT, Stroke, picture},
    frame::{Frame, counted},
    hatch,
    rows::{LEFT, ROW, TOP, caption, middle, name, rules, thin},
    scale::Scale,
};
use crate::{
    grid, quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary},
};

/// One kind of cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its name.
    pub title: &'static str,
    /// What a bar is in.
    pub unit: &'static str,
    /// What the dark part of a bar is; empty where bars are whole.
    pub dark: &'static str,
    /// By row of the contest; `None` where it is not known.
    pub bars: Vec<Option<Bar>>,
}

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// All of it. Counts of a single audit trial have no interval, and are as low and as high as they are.
    pub whole: Estimate,
    /// Its dark part, in the same unit.
    pub dark: f64,
    /// Whether there is an interval to draw.
    pub has_interval: bool,
}

/// Title, unit, the dark part, and where a cell has it.
type Kind = (&'static str, &'static str, &'static str, fn(&CellSummary) -> Option<Bar>);

const MIB: f64 = 1_048_576.0;

const KINDS: [Kind; 6] = [
    ("CPU time", "µs per operation", "in the kernel", cpu),
    ("context switches", "per operation", "taken, not given up", switches),
    ("memory at its peak", "MiB", "", |cell| {
        let whole = scaled(cell.price.rss_peak_bytes?, 1.0 / MIB);
        Some(Bar { whole, dark: 0.0, has_interval: cell.blocks > 1 })
    }),
    ("memory of an actor", "KiB", "", |cell| {
        let whole = scaled(cell.price.bytes_per_actor?, 1.0 / 1024.0);
        Some(Bar { whole, dark: 0.0, has_interval: cell.blocks > 1 })
    }),
    ("system calls", "per operation", "", |cell| {
        cell.counted.as_ref()?.all_syscalls_per_op().map(single)
    }),
    ("allocations", "per operation", "", |cell| {
        cell.counted.as_ref()?.allocations_per_op().map(single)
    }),
];

fn cpu(cell: &CellSummary) -> Option<Bar> {
    let whole = cell.numbers.as_ref()?.cpu_us_per_op?;
    let dark = cell.price.system_part.map_or(0.0, |part| part.median) * whole.median;
    Some(Bar { whole, dark, has_interval: cell.blocks > 1 })
}

/// Both kinds are medians of their own, so their sum has no interval that we know.
fn switches(cell: &CellSummary) -> Option<Bar> {
    let (given, taken) = (cell.price.voluntary_per_op?, cell.price.involuntary_per_op?);
    let dark = taken.median;
    Some(Bar { dark, ..single(given.median + dark) })
}

/// A count that was made once.
fn single(count: f64) -> Bar {
    let whole = Estimate { median: count, low: count, high: count };
    Bar { whole, dark: 0.0, has_interval: false }
}

fn scaled(estimate: Estimate, by: f64) -> Estimate {
    let Estimate { median, low, high } = estimate;
    Estimate { median: median * by, low: low * by, high: high * by }
}

/// The panels of which something is known.
#[must_use]
pub fn panels(contest: &ContestSummary) -> Vec<Panel> {
    let panel = |(title, unit, dark, of): Kind| {
        let bars: Vec<Option<Bar>> =
            contest.cells.iter().map(|cell| of(cell).filter(|_| cell.is_measured())).collect();
        let has_dark = bars.iter().flatten().any(|bar| bar.dark > 0.0);
        let dark = if has_dark { dark } else { "" };
        bars.iter().any(Option::is_some).then_some(Panel { title, unit, dark, bars })
    };
    KINDS.into_iter().filter_map(panel).collect()
}

const PANEL: f64 = 112.0;
/// Between a panel's bars and the next panel's: room for the value of the longest.
const GAP: f64 = 52.0;
/// Below panels' titles, which take more room than those of other charts.
const HEAD: f64 = TOP - 27.0;

/// The chart; `None` where nothing but CPU time is known, which has a chart of its own.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Option<Drawing> {
    let panels = panels(contest);
    if panels.len() < 2 {
        return None;
    }
    let end = LEFT + (PANEL + GAP) * panels.len() as f64;
    let bottom = TOP + ROW * contest.cells.len() as f64;
    let mut subjects = Vec::new();
    for panel in &panels {
        let known = contest.cells.iter().zip(&panel.bars).filter(|(_, bar)| bar.is_some());
        let unit = format!("{} {}", panel.title, panel.unit);
        subjects.extend(known.map(|(cell, _)| counted(contest, cell, &unit)));
    }
    let mut frame = Frame::of(contest, "what it costs", &subjects);
    // Each panel has its units; all of them in one line would not fit.
    frame.conditions = crate::wording::conditions(contest);
    Some(picture(&frame, end.max(760.0) + 16.0, bottom + 106.0, |canvas| {
        let axes: Vec<Scale> =
            panels.iter().enumerate().map(|(at, panel)| axis(canvas, panel, at, bottom)).collect();
        rules(canvas, contest.cells.len(), end);
        for (row, cell) in contest.cells.iter().enumerate() {
            name(canvas, cell, palette.look(cell), row, end);
            for (panel, x) in panels.iter().zip(&axes) {
                if let Some(bar) = &panel.bars[row] {
                    let told = told(&grid::label(cell), panel, bar);
                    canvas.hover(&told, |canvas| draw_bar(canvas, cell, bar, palette, x, row));
                }
            }
        }
        let dark: Vec<String> = panels
            .iter()
            .filter(|panel| !panel.dark.is_empty())
            .map(|panel| format!("{}: {}", panel.title, panel.dark))
            .collect();
        let dark =
            if dark.is_empty() { String::new() } else { format!("dark: {}", dark.join("; ")) };
        caption(
            canvas,
            bottom + 34.0,
            &[
                "bars: median over blocks; lines: interval over blocks (95 % from six blocks on, else smallest to \
                 largest)",
                "system calls and allocations were counted once, in a trial of their own; no bar: not known",
                &dark,
                hatch::LEGEND,
            ],
        );
    }))
}

/// A panel's name, unit and ticks.
fn axis(canvas: &mut Canvas, panel: &Panel, at: usize, bottom: f64) -> Scale {
    let left = LEFT + (PANEL + GAP) * at as f64 + 6.0;
    let most = panel.bars.iter().flatten().map(|bar| bar.whole.high).fold(0.0, f64::max);
    let x = Scale::linear((0.0, if most > 0.0 { most } else { 1.0 }), (left, left + PANEL));
    canvas.text((left, HEAD), panel.title, 12.0, INK, Anchor::Start);
    canvas.text((left, HEAD + 15.0), panel.unit, 11.0, SOFT, Anchor::Start);
    for tick in x.ticks(2) {
        canvas.line((x.at(tick), TOP), (x.at(tick), bottom), thin(FAINT));
        let text = quantity::digits(tick);
        canvas.text((x.at(tick), bottom + 12.0), &text, 10.0, SOFT, Anchor::Middle);
    }
    x
}

fn draw_bar(
    canvas: &mut Canvas,
    cell: &CellSummary,
    bar: &Bar,
    palette: &Palette,
    x: &Scale,
    row: usize,
) {
    let y = middle(row);
    let (start, end) = (x.at(0.0), x.clipped(bar.whole.median).0);
    let color = palette.look(cell).color;
    canvas.rect((start, y - 5.0), (end, y + 5.0), color, 0.6);
    let dark = x.clipped(bar.dark).0;
    if dark > start {
        canvas.rect((start, y - 5.0), (dark, y + 5.0), color, 1.0);
    }
    if !cell.audit.may_be_ranked() {
        canvas.rect((start, y - 5.0), (end, y + 5.0), PAPER, 0.6);
        hatch::rectangle(canvas, (start, y - 5.0), (end, y + 5.0), INK);
    }
    let mut right = end;
    if bar.has_interval {
        let [low, high] = [bar.whole.low, bar.whole.high].map(|value| x.clipped(value).0);
        let stroke = Stroke { color: INK, width: 1.0, dash: Dash::Solid };
        canvas.line((low, y), (high, y), stroke);
        for at in [low, high] {
            canvas.line((at, y - 3.0), (at, y + 3.0), stroke);
        }
        right = right.max(high);
    }
    canvas.text((right + 5.0, y), &quantity::digits(bar.whole.median), 10.0, INK, Anchor::Start);
}

/// What a pointer is told.
fn told(label: &str, panel: &Panel, bar: &Bar) -> String {
    let digits = quantity::digits;
    let interval = if bar.has_interval {
        format!(" ({} to {})", digits(bar.whole.low), digits(bar.whole.high))
    } else {
        String::new()
    };
    let dark = match panel.dark {
        "" => String::new(),
        what => format!(", {} of it {what}", digits(bar.dark)),
    };
    format!("{label}: {}{interval} {}{dark}", digits(bar.whole.median), panel.unit)
}
