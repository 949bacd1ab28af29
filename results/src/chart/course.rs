//! Did latency stay what it was while the run went on?
//!
//! One row a runner, all with the same axes: the median of each slice as a ratio to the median over all blocks,
//! in the order of the rounds; blocks alternate in shade, and each has a line at its own median. A flat line is
//! a steady runner; steps at the edges of blocks are processes that differ; a slope is a machine that got warm.
//! It must not judge it. Read next: `omission.rs`.

use super::{
    Arm, Palette,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, PAPER, Point, SOFT, Stroke, picture},
    frame::{Frame, timed},
    hatch,
    labels::cut,
    lines,
    palette::Dash,
    rows::{caption, intervals, thin, without},
    scale::Scale,
};
use crate::{
    grid, quantity,
    statistics::{Estimate, median},
    summary::{CellSummary, ContestSummary},
};
use std::collections::BTreeMap;

/// One runner's row.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub arm: Arm,
    /// The median over blocks that all ratios are to, with its interval, in nanoseconds.
    pub whole_ns: Estimate,
    /// By slice: which round of the contest it was, from 0, and the ratio; `None` where it is not known.
    pub slices: Vec<(usize, Option<f64>)>,
    /// By block: its first and last round, and the median ratio of its slices.
    pub blocks: Vec<(usize, usize, f64)>,
}

/// The rows of all measured cells, and where each block of the contest begins, in rounds; the last is the end.
#[must_use]
pub fn series(contest: &ContestSummary, palette: &Palette) -> (Vec<Series>, Vec<usize>) {
    let mut rounds: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for slice in contest.cells.iter().flat_map(|cell| &cell.course) {
        rounds.insert((slice.block, slice.round), 0);
    }
    let mut edges = Vec::new();
    let mut last = None;
    for (at, ((block, _), number)) in rounds.iter_mut().enumerate() {
        *number = at;
        if last.replace(*block) != Some(*block) {
            edges.push(at);
        }
    }
    edges.push(rounds.len());
    let all = contest.cells.iter().filter_map(|cell| row(cell, palette, &rounds)).collect();
    (all, edges)
}

fn row(
    cell: &CellSummary,
    palette: &Palette,
    rounds: &BTreeMap<(u32, u32), usize>,
) -> Option<Series> {
    let whole_ns = cell.numbers.as_ref()?.p50_ns;
    if cell.course.is_empty() || whole_ns.median <= 0.0 {
        return None;
    }
    let ratio = |p50_ns: Option<u64>| p50_ns.map(|ns| ns as f64 / whole_ns.median);
    let place = |block, round| rounds.get(&(block, round)).copied().unwrap_or(0);
    let slices = cell.course.iter();
    let slices = slices.map(|slice| (place(slice.block, slice.round), ratio(slice.p50_ns)));
    let mut blocks = Vec::new();
    for block in cell.course.chunk_by(|one, next| one.block == next.block) {
        let known: Vec<f64> = block.iter().filter_map(|slice| ratio(slice.p50_ns)).collect();
        let [first, last] = [block.first()?, block.last()?].map(|s| place(s.block, s.round));
        blocks.extend(median(&known).map(|middle| (first, last, middle)));
    }
    Some(Series { arm: Arm::of(cell, palette), whole_ns, slices: slices.collect(), blocks })
}

/// How far the axis of all rows reaches, as a ratio up and down: to most slices, and to every block; what lies
/// beyond is drawn at its end.
fn reach(all: &[Series]) -> f64 {
    let mut ratios: Vec<f64> =
        all.iter().flat_map(|row| &row.slices).filter_map(|(_, ratio)| *ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let at = |part: f64| ratios.get((part * ratios.len() as f64) as usize).copied();
    let blocks = || all.iter().flat_map(|row| &row.blocks).map(|(.., middle)| *middle);
    // A fiftieth of all slices may be cut off: single ones that are ten times as slow would flatten all others.
    let low = blocks().chain(at(0.01)).fold(1.0, f64::min);
    let high = blocks().chain(at(0.99)).fold(LEAST, f64::max);
    // A whole percent, so that it can be said.
    (100.0 * high.max(1.0 / low.max(1e-3))).ceil() / 100.0
}

/// Less than this around 1 would show nothing but rounding.
const LEAST: f64 = 1.02;
/// How far a line of slices may lie from where it should, in units of the drawing: they are noise.
const UNSEEN: f64 = 0.9;
const WIDTH: f64 = 1040.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 820.0;
const TOP: f64 = 88.0;
const ROW: f64 = 30.0;

/// The chart; `None` where nothing was measured, or only one slice each.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Option<Drawing> {
    let (all, edges) = series(contest, palette);
    let rounds = *edges.last()?;
    if all.is_empty() || rounds < 2 {
        return None;
    }
    let bottom = TOP + ROW * all.len() as f64;
    let x = Scale::linear((0.0, rounds as f64), (LEFT, RIGHT));
    let reach = reach(&all);
    let subjects: Vec<_> = contest
        .cells
        .iter()
        .filter(|cell| !cell.course.is_empty())
        .map(|cell| timed(contest, cell))
        .map(|subject| super::Subject { unit: "ratios".into(), ..subject })
        .collect();
    let what = format!("{} while the run went on", contest.measure.title());
    let frame = Frame::of(contest, &what, &subjects);
    Some(picture(&frame, WIDTH, bottom + 92.0, |canvas| {
        let text = if contest.blocks() > 1 { "median (interval over blocks)" } else { "median" };
        canvas.text((RIGHT + 12.0, TOP - 12.0), text, 11.0, SOFT, Anchor::Start);
        let text = format!(
            "slices against the median over blocks; each row reaches from −{:.0} % to +{:.0} %",
            100.0 * (1.0 - 1.0 / reach),
            100.0 * (reach - 1.0)
        );
        canvas.text((LEFT, TOP - 12.0), &text, 11.0, SOFT, Anchor::Start);
        shade(canvas, &edges, &x, bottom);
        for at in 0..all.len() {
            let top = TOP + ROW * at as f64;
            canvas.line((16.0, top + ROW), (WIDTH - 16.0, top + ROW), thin(FAINT));
            canvas.line((LEFT, top + ROW / 2.0), (RIGHT, top + ROW / 2.0), thin(FAINT));
        }
        for (at, row) in all.iter().enumerate() {
            let top = TOP + ROW * at as f64;
            let y = Scale::log((1.0 / reach, reach), (top + ROW - 3.0, top + 3.0));
            draw_row(canvas, row, &x, &y, top);
        }
        let text = "rounds in run order, blocks shaded in turn; between two blocks other contests may have run";
        canvas.text((f64::midpoint(LEFT, RIGHT), bottom + 16.0), text, 11.0, SOFT, Anchor::Middle);
        caption(
            canvas,
            bottom + 40.0,
            &[
                "thin: single slices (points at the edge lie beyond it); thick: median of the block's slices",
                &intervals("line in the middle", "pale", contest.blocks()),
                hatch::LEGEND,
                &without(contest, "row", |cell| {
                    all.iter().any(|row| row.arm.label == grid::label(cell))
                }),
            ],
        );
    }))
}

/// Every second block, and where they begin.
fn shade(canvas: &mut Canvas, edges: &[usize], x: &Scale, bottom: f64) {
    for pair in edges.windows(2).skip(1).step_by(2) {
        canvas.rect((x.at(pair[0] as f64), TOP), (x.at(pair[1] as f64), bottom), FAINT, 0.45);
    }
}

/// A row: its name, its axis, the interval, the slices, the blocks and the value.
fn draw_row(canvas: &mut Canvas, row: &Series, x: &Scale, y: &Scale, top: f64) {
    let middle = top + ROW / 2.0;
    let Arm { label, look, may_be_ranked } = &row.arm;
    canvas.marker((23.0, middle), look.marker, 4.0, look.color);
    canvas.text((34.0, middle), &cut(label, 21), 12.0, INK, Anchor::Start);
    let whole = row.whole_ns;
    let ends = [whole.low, whole.high].map(|ns| y.clipped(ns / whole.median).0);
    canvas.rect((LEFT, ends[1]), (RIGHT, ends[0]), look.color, 0.14);
    if !may_be_ranked {
        hatch::rectangle(canvas, (LEFT, top + 3.0), (RIGHT, top + ROW - 3.0), FAINT);
    }
    canvas.hover(&told(row), |canvas| slices(canvas, row, x, y));
    let [low, high] = [whole.low, whole.high].map(quantity::time);
    let interval = if row.blocks.len() > 1 { format!(" ({low} to {high})") } else { String::new() };
    let text = format!("{}{interval}", quantity::time(whole.median));
    canvas.text((RIGHT + 12.0, middle), &text, 11.0, INK, Anchor::Start);
}

fn slices(canvas: &mut Canvas, row: &Series, x: &Scale, y: &Scale) {
    let color = row.arm.look.color;
    let thin = Stroke { color, width: 1.0, dash: Dash::Solid };
    let mut beyond = Vec::new();
    // A line goes on through a block, and not from one to the next: those are other processes.
    for (first, last, _) in &row.blocks {
        let mine = row.slices.iter().filter(|(at, _)| (first..=last).contains(&at));
        let known = mine.filter_map(|(at, ratio)| Some((*at, (*ratio)?)));
        let mut points: Vec<Point> = Vec::new();
        for (at, ratio) in known {
            let (place, is_beyond) = y.clipped(ratio);
            points.push((x.at(at as f64 + 0.5), place));
            beyond.extend(is_beyond.then_some((x.at(at as f64 + 0.5), place)));
        }
        canvas.path(&lines::thinned(&points, UNSEEN), thin);
    }
    for (x, y) in beyond {
        canvas.rect((x - 1.4, y - 1.4), (x + 1.4, y + 1.4), color, 1.0);
    }
    let levels = || {
        row.blocks.iter().map(|(first, last, middle)| {
            let at = y.clipped(*middle).0;
            ((x.at(*first as f64), at), (x.at(*last as f64 + 1.0), at))
        })
    };
    for (from, to) in levels() {
        canvas.line(from, to, Stroke { color: PAPER, width: 3.4, dash: Dash::Solid });
    }
    for (from, to) in levels() {
        canvas.line(from, to, Stroke { width: 2.0, ..thin });
    }
}

/// What a pointer is told.
fn told(row: &Series) -> String {
    let ratios = || row.slices.iter().filter_map(|(_, ratio)| *ratio);
    let percent = |ratio: f64| format!("{:+.1} %", 100.0 * (ratio - 1.0));
    let (low, high) =
        (ratios().fold(f64::INFINITY, f64::min), ratios().fold(f64::NEG_INFINITY, f64::max));
    format!("{}: slices from {} to {}", row.arm.label, percent(low), percent(high))
}
