//! How does latency grow with offered load?
//!
//! Two panels with the same axes, p50 and p99 of the response time against the offered rate, all runners of a
//! sweep in both. Filled points: the server kept up. Open points: it was saturated, so the value depends on how
//! long one looks. An arrow: the percentile lies among requests that failed or never ended, and is at least that.
//! Rungs at which the generator is what was measured are left out. It must not compute percentiles. Read next:
//! `omission.rs`.

use super::{
    Dash, Look, Palette,
    canvas::{Anchor, Canvas, FAINT, INK, PAPER, SOFT, Stroke, picture},
    hatch,
    labels::{apart, cut},
    rows::{caption, thin, title},
    scale::Scale,
};
use crate::{
    grid, ladder, quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Numbers, Rung},
    wording,
};

/// Which percentile a panel shows: title, quantile and where to find it.
type Panel = (&'static str, f64, fn(&Numbers) -> Estimate);

const PANELS: [Panel; 2] =
    [("p50", 0.5, |numbers| numbers.p50_ns), ("p99", 0.99, |numbers| numbers.p99_ns)];

/// One runner's climb.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What stands at its end.
    pub label: String,
    /// How it is drawn.
    pub look: Look,
    /// Hatched where it may not.
    pub may_be_ranked: bool,
    /// By panel, p50 then p99: from the lowest rate up.
    pub panels: [Vec<Point>; 2],
}

/// One rung.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Requests per second, as asked for.
    pub rate_per_sec: f64,
    /// The time in nanoseconds, or its lower bound.
    pub ns: Estimate,
    /// Whether it is only a lower bound.
    pub is_bound: bool,
    /// Whether the server was saturated.
    pub saturated: bool,
}

/// The climbs of all measured cells of a sweep; empty for any other load.
#[must_use]
pub fn series(contest: &ContestSummary, palette: &Palette) -> Vec<Series> {
    let line = |cell: &CellSummary| {
        let rungs: Vec<&Rung> =
            cell.sweep.as_ref()?.rungs.iter().filter(|rung| !rung.generator_limited).collect();
        let panel = |(_, quantile, value): Panel| {
            let point = |rung: &&Rung| Point {
                rate_per_sec: f64::from(rung.rate_per_sec),
                ns: value(&rung.numbers),
                is_bound: !rung.numbers.reaches(quantile),
                saturated: rung.saturated,
            };
            rungs.iter().map(point).collect::<Vec<_>>()
        };
        let panels = PANELS.map(panel);
        (!panels[0].is_empty()).then(|| Series {
            label: grid::label(cell),
            look: palette.look(cell),
            may_be_ranked: cell.audit.may_be_ranked(),
            panels,
        })
    };
    contest.cells.iter().filter_map(line).collect()
}

const WIDTH: f64 = 1180.0;
const LEFTS: [f64; 2] = [76.0, 548.0];
const PANEL: f64 = 410.0;
const TOP: f64 = 92.0;
const LABEL: f64 = 15.0;

/// The chart, as an SVG document; `None` where nothing climbed.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Option<String> {
    let all = series(contest, palette);
    let points = || all.iter().flat_map(|line| line.panels.iter().flatten());
    let rates = || points().map(|point| point.rate_per_sec);
    let (slowest, fastest) = (rates().reduce(f64::min)?, rates().reduce(f64::max)?);
    let low = points().map(|point| point.ns.low).reduce(f64::min)?;
    let high = points().map(|point| point.ns.high).reduce(f64::max)?;
    let plot = (LABEL * (all.len() + 1) as f64).max(380.0);
    let bottom = TOP + plot;
    let y = Scale::log((low.max(1.0) * 0.9, high * 1.15), (bottom, TOP));
    let heading = "response time against offered load";
    let whole = format!("{}: {heading}", contest.contest.workload);
    Some(picture(&whole, WIDTH, bottom + 104.0, |canvas| {
        title(canvas, contest, heading);
        for (at, left) in LEFTS.into_iter().enumerate() {
            let x = Scale::log((slowest * 0.93, fastest * 1.07), (left, left + PANEL));
            axes(canvas, &x, &y, PANELS[at].0, left);
            objective(canvas, contest, PANELS[at].1, &x, &y);
            for line in all.iter().rev() {
                band(canvas, line, at, &x, &y);
            }
            for line in all.iter().rev() {
                climb(canvas, line, at, &x, &y);
            }
        }
        let x = Scale::log((slowest * 0.93, fastest * 1.07), (LEFTS[1], LEFTS[1] + PANEL));
        names(canvas, &all, &x, &y);
        caption(
            canvas,
            bottom + 56.0,
            &[
                "open load; lines: median over blocks; bands: interval over blocks (95 % from six blocks on, \
                 else smallest to largest); filled: the server kept up; hollow: saturated; arrow: at least",
                "time from the intended sending to the answer, over all requests drawn; rungs that the \
                 generator limited are left out",
                hatch::LEGEND,
                &without(contest),
            ],
        );
    }))
}

/// The cells that have no line, so that none disappears.
fn without(contest: &ContestSummary) -> String {
    let without = contest.cells.iter().filter(|cell| cell.sweep.is_none());
    let names: Vec<String> = without
        .map(|cell| format!("{} ({})", grid::label(cell), wording::state(cell.state)))
        .collect();
    if names.is_empty() { String::new() } else { format!("no line: {}", names.join(", ")) }
}

/// Ticks, names and the panel's percentile.
fn axes(canvas: &mut Canvas<'_>, x: &Scale, y: &Scale, name: &str, left: f64) {
    let (bottom, top) = (y.clipped(0.0).0, y.clipped(f64::INFINITY).0);
    for tick in x.ticks(8) {
        canvas.line((x.at(tick), top), (x.at(tick), bottom), thin(FAINT));
        let text = if tick >= 1000.0 { format!("{}k", tick / 1e3) } else { format!("{tick}") };
        canvas.text((x.at(tick), bottom + 14.0), &text, 12.0, INK, Anchor::Middle);
    }
    for tick in y.ticks(9) {
        canvas.line((left, y.at(tick)), (left + PANEL, y.at(tick)), thin(FAINT));
        canvas.text((left - 8.0, y.at(tick)), &quantity::time(tick), 12.0, INK, Anchor::End);
    }
    canvas.line((left, bottom), (left + PANEL, bottom), thin(SOFT));
    let middle = left + PANEL / 2.0;
    canvas.text(
        (middle, top - 14.0),
        &format!("{name} of the response time"),
        13.0,
        INK,
        Anchor::Middle,
    );
    let text = "offered load, requests per second";
    canvas.text((middle, bottom + 33.0), text, 12.0, SOFT, Anchor::Middle);
}

/// The line of the objective, in the panel of its percentile.
fn objective(
    canvas: &mut Canvas<'_>,
    contest: &ContestSummary,
    quantile: f64,
    x: &Scale,
    y: &Scale,
) {
    let objective = contest.open.as_ref().and_then(|open| open.objective);
    let Some(objective) = objective.filter(|wanted| (wanted.quantile - quantile).abs() < 1e-9)
    else {
        return;
    };
    let (at, outside) = y.clipped(objective.limit_ns as f64);
    if outside {
        return;
    }
    let (left, right) = (x.clipped(0.0).0, x.clipped(f64::INFINITY).0);
    let stroke = Stroke { color: INK, width: 1.2, dash: Dash::Dotted };
    canvas.line((left, at), (right, at), stroke);
    let text = ladder::objective_text(&objective);
    canvas.text((left + 6.0, at - 8.0), &text, 11.0, INK, Anchor::Start);
}

/// The interval over blocks.
fn band(canvas: &mut Canvas<'_>, line: &Series, panel: usize, x: &Scale, y: &Scale) {
    let points = &line.panels[panel];
    let upper = points.iter().map(|point| (x.at(point.rate_per_sec), y.at(point.ns.high)));
    let lower = points.iter().rev().map(|point| (x.at(point.rate_per_sec), y.at(point.ns.low)));
    canvas.polygon(&upper.clone().chain(lower.clone()).collect::<Vec<_>>(), line.look.color, 0.09);
    if !line.may_be_ranked {
        let (upper, lower): (Vec<_>, Vec<_>) = (upper.collect(), lower.rev().collect());
        hatch::band(canvas, &upper, &lower, line.look.color);
    }
}

/// The line, and a mark at each rung that says how to read it.
fn climb(canvas: &mut Canvas<'_>, line: &Series, panel: usize, x: &Scale, y: &Scale) {
    let at = |point: &Point| (x.at(point.rate_per_sec), y.at(point.ns.median));
    let points = &line.panels[panel];
    let stroke = Stroke { color: line.look.color, width: 1.6, dash: line.look.dash };
    canvas.path(&points.iter().map(at).collect::<Vec<_>>(), stroke);
    for point in points {
        let place = at(point);
        canvas.marker(place, line.look.marker, 3.6, line.look.color);
        if point.saturated {
            canvas.marker(place, line.look.marker, 2.2, PAPER);
        }
        if point.is_bound {
            let (x, y) = place;
            let tip = [(x, y - 13.0), (x - 4.0, y - 6.0), (x + 4.0, y - 6.0)];
            canvas.polygon(&tip, line.look.color, 1.0);
        }
    }
}

/// Names at the ends of the lines of the last panel, apart from each other.
fn names(canvas: &mut Canvas<'_>, all: &[Series], x: &Scale, y: &Scale) {
    let right = LEFTS[1] + PANEL;
    let end = |line: &Series| {
        let last = line.panels[1].last().copied();
        last.map_or((right, TOP), |point| (x.at(point.rate_per_sec), y.at(point.ns.median)))
    };
    let ends: Vec<(f64, f64)> = all.iter().map(end).collect();
    let (bottom, top) = (y.clipped(0.0).0, y.clipped(f64::INFINITY).0);
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    for ((line, end), at) in all.iter().zip(ends).zip(apart(&wanted, LABEL, top, bottom)) {
        let color = line.look.color;
        let leader = Stroke { color, width: 0.5, dash: Dash::Dotted };
        canvas.path(&[end, (right + 8.0, at)], leader);
        let sample = Stroke { color, width: 1.6, dash: line.look.dash };
        canvas.path(&[(right + 8.0, at), (right + 34.0, at)], sample);
        canvas.marker((right + 21.0, at), line.look.marker, 3.2, color);
        canvas.text((right + 40.0, at), &cut(&line.label, 24), 12.0, INK, Anchor::Start);
    }
}
