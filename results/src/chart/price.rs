//! What does an operation cost besides time?
//!
//! Small bars side by side, one row a runner, one panel a kind of cost, each with its own unit and axis from zero:
//! CPU time in the program and in the kernel, context switches given up and taken, memory, system calls,
//! allocations. A panel of which nothing was recorded is left out. It must not compute costs. Read next:
//! `scaling.rs`.

use super::{
    Arm, Palette, bars,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, SOFT, picture},
    frame::{Frame, counted},
    hatch,
    rows::{LEFT, ROW, TOP, caption, intervals, middle, name, rules, thin},
    scale::Scale,
};
use crate::{
    quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary},
};

/// One kind of cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its name.
    pub title: &'static str,
    /// What a bar is in, and whether it was counted only once.
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
        Some(over_blocks(cell, cell.price.rss_peak_bytes?.scaled(1.0 / MIB), 0.0))
    }),
    ("memory of an actor", "KiB", "", |cell| {
        Some(over_blocks(cell, cell.price.bytes_per_actor?.scaled(1.0 / 1024.0), 0.0))
    }),
    ("system calls", ONCE, "", |cell| cell.counted.as_ref()?.all_syscalls_per_op().map(single)),
    ("allocations", ONCE, "", |cell| cell.counted.as_ref()?.allocations_per_op().map(single)),
];

/// Said where the interval would be: there is none, and nobody shall take a bar without one for a sure one.
const ONCE: &str = "per op., counted once";

fn cpu(cell: &CellSummary) -> Option<Bar> {
    let whole = cell.numbers.as_ref()?.cpu_us_per_op?;
    let part = cell.price.system_part.map_or(0.0, |part| part.median);
    Some(over_blocks(cell, whole, part * whole.median))
}

fn switches(cell: &CellSummary) -> Option<Bar> {
    let dark = cell.price.involuntary_per_op.map_or(0.0, |taken| taken.median);
    Some(over_blocks(cell, cell.price.switches_per_op?, dark))
}

/// What was measured in each block; one block has no interval.
fn over_blocks(cell: &CellSummary, whole: Estimate, dark: f64) -> Bar {
    Bar { whole, dark: dark.min(whole.median), has_interval: cell.blocks > 1 }
}

/// A count that was made once.
fn single(count: f64) -> Bar {
    let whole = Estimate { median: count, low: count, high: count };
    Bar { whole, dark: 0.0, has_interval: false }
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
                    let arm = Arm::of(cell, palette);
                    let told = told(&arm.label, panel, bar);
                    canvas.hover(&told, |canvas| draw_bar(canvas, bar, &arm, x, middle(row)));
                }
            }
        }
        explain(canvas, contest, &panels, bottom + 34.0);
    }))
}

/// How to read it.
fn explain(canvas: &mut Canvas, contest: &ContestSummary, panels: &[Panel], y: f64) {
    let mut once = "";
    if panels.iter().any(|panel| panel.unit == ONCE) {
        once = "counted once: in a trial of its own, so nobody knows how far another would differ, and no interval \
                is drawn";
    }
    let dark = panels.iter().filter(|panel| !panel.dark.is_empty());
    let dark: Vec<String> = dark.map(|panel| format!("{}: {}", panel.title, panel.dark)).collect();
    let dark = if dark.is_empty() { String::new() } else { format!("dark: {}", dark.join("; ")) };
    let intervals = intervals("bars", "lines", contest.blocks());
    caption(canvas, y, &[&intervals, once, "no bar: not known", &dark, hatch::LEGEND]);
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

fn draw_bar(canvas: &mut Canvas, bar: &Bar, arm: &Arm, x: &Scale, y: f64) {
    let (start, end) = (x.at(0.0), x.clipped(bar.whole.median).0);
    let color = arm.look.color;
    let pieces = [(start, end, color, 0.6), (start, x.clipped(bar.dark).0, color, 1.0)];
    bars::bar(canvas, (y, 5.0), &pieces, arm.may_be_ranked);
    let mut right = end;
    if bar.has_interval {
        let ends @ (_, high) = (x.clipped(bar.whole.low).0, x.clipped(bar.whole.high).0);
        bars::interval(canvas, (y, 3.0), ends);
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
        " (no interval)".into()
    };
    let dark = match panel.dark {
        "" => String::new(),
        what => format!(", {} of it {what}", digits(bar.dark)),
    };
    format!("{label}: {}{interval} {}{dark}", digits(bar.whole.median), panel.unit)
}
