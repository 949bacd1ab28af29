//! How does latency grow with offered load?
//!
//! Two panels with the same axes, p50 and p99 of the response time against the offered rate, all runners of a
//! sweep in both. Filled points: the server kept up. Open points: it was saturated, so the value depends on how
//! long one looks. An arrow: the percentile lies among requests that failed or never ended, and is at least that.
//! A ring: the knee, beyond which waiting is most of the response; beside the names stand its rate, and the one up to
//! which the objective held.
//! Rungs at which the generator is what was measured are left out, and so is a p99 with fewer than ten requests above. It
//! must not compute percentiles. Read next:
//! `omission.rs`.

use super::{
    Arm, Dash, Look, Marker, Palette,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, PAPER, SOFT, Stroke, picture},
    frame::{Frame, timed},
    hatch,
    labels::width,
    lines,
    rows::{caption, intervals, thin, without},
    scale::Scale,
};
use crate::{
    ladder, quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, KNEE, Numbers, Reached, Rung},
};

/// Which percentile a panel shows: title, quantile and where to find it.
type Panel = (&'static str, f64, fn(&Numbers) -> Estimate);

const PANELS: [Panel; 2] =
    [("p50", 0.5, |numbers| numbers.p50_ns), ("p99", 0.99, |numbers| numbers.p99_ns)];

/// One runner's climb.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub arm: Arm,
    /// The rate beyond which waiting is most of the response, in requests per second.
    pub knee: Option<Reached>,
    /// The rate up to which the objective held; `None` without an objective.
    pub capacity: Option<Reached>,
    /// By panel, p50 then p99: from the lowest rate up. There may be no p99 at all.
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
        let sweep = cell.sweep.as_ref()?;
        let rungs: Vec<&Rung> = sweep.rungs.iter().filter(|rung| !rung.generator_limited).collect();
        let panel = |(_, quantile, value): Panel| {
            let point = |rung: &&Rung| Point {
                rate_per_sec: f64::from(rung.rate_per_sec),
                ns: value(&rung.numbers),
                is_bound: !rung.numbers.reaches(quantile),
                saturated: rung.saturated,
            };
            // The median of a few requests is rough, but never the story of a single one.
            let carried = |rung: &&&Rung| quantile <= 0.5 || rung.numbers.carries(quantile);
            rungs.iter().filter(carried).map(point).collect::<Vec<_>>()
        };
        let panels = PANELS.map(panel);
        (!panels[0].is_empty()).then(|| Series {
            arm: Arm::of(cell, palette),
            knee: sweep.knee,
            capacity: sweep.capacity,
            panels,
        })
    };
    contest.cells.iter().filter_map(line).collect()
}

/// At least: what stands behind the names may need more.
const WIDTH: f64 = 1400.0;
const LEFTS: [f64; 2] = [76.0, 548.0];
const PANEL: f64 = 410.0;
const TOP: f64 = 92.0;
/// Where knees stand, behind the names.
const KNEES: f64 = LEFTS[1] + PANEL + 242.0;
/// The letters of knees and capacities.
const SMALL: f64 = 11.0;

/// Where capacities stand, behind the knees, and how wide the sheet is: as texts need it.
fn columns(all: &[Series]) -> (f64, f64) {
    let widest = |of: fn(&Series) -> Option<Reached>| {
        let texts = all.iter().filter_map(of).map(ladder::reached_text);
        texts.map(|text| width(&text, SMALL)).fold(0.0, f64::max)
    };
    let capacities = KNEES + (widest(|line| line.knee) + 8.0).max(104.0);
    (capacities, (capacities + widest(|line| line.capacity)).ceil().max(WIDTH))
}

/// The chart; `None` where nothing climbed.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Option<Drawing> {
    let all = series(contest, palette);
    let points = || all.iter().flat_map(|line| line.panels.iter().flatten());
    let rates = || points().map(|point| point.rate_per_sec);
    let (slowest, fastest) = (rates().reduce(f64::min)?, rates().reduce(f64::max)?);
    let low = points().map(|point| point.ns.low).reduce(f64::min)?;
    let high = points().map(|point| point.ns.high).reduce(f64::max)?;
    let plot = lines::height(all.len(), 380.0);
    let bottom = TOP + plot;
    let y = Scale::log((low.max(1.0) * 0.9, high * 1.15), (bottom, TOP));
    let measured = contest.cells.iter().filter(|cell| cell.sweep.is_some());
    let subjects: Vec<_> = measured.map(|cell| timed(contest, cell)).collect();
    let is_short = all.iter().any(|line| line.panels[1].len() < line.panels[0].len());
    let short = if is_short { "no p99: fewer than ten requests a block lie above it" } else { "" };
    let frame = Frame::of(contest, "response time against offered load", &subjects);
    Some(picture(&frame, columns(&all).1, bottom + 122.0, |canvas| {
        // Before the lines: what leads to a name ends in a filled mark, and a saturated rung's must stay hollow.
        let x = Scale::log((slowest * 0.93, fastest * 1.07), (LEFTS[1], LEFTS[1] + PANEL));
        names(canvas, contest, &all, &x, &y);
        for (at, left) in LEFTS.into_iter().enumerate() {
            let x = Scale::log((slowest * 0.93, fastest * 1.07), (left, left + PANEL));
            axes(canvas, &x, &y, PANELS[at].0, left);
            objective(canvas, contest, PANELS[at].1, &x, &y);
            for line in all.iter().rev() {
                band(canvas, line, (at, all.len()), &x, &y);
            }
            for line in all.iter().rev() {
                climb(canvas, line, at, &x, &y);
            }
        }
        caption(
            canvas,
            bottom + 56.0,
            &[
                &format!("open load; {}", intervals("lines", "bands", contest.blocks())),
                "filled: the server kept up; hollow: saturated; arrow: at least; time from the intended sending to the answer, over all requests drawn; rungs that the \
                 generator limited are left out",
                &format!(
                    "ring: the knee, the last rung that was sustained with p99 at most {KNEE} times that of the first; \
                     in brackets the lowest rung above it at which it was not, and the lowest block's where that is less"
                ),
                short,
                hatch::LEGEND,
                &without(contest, "line", |cell| cell.sweep.is_some()),
            ],
        );
    }))
}

/// Ticks, names and the panel's percentile.
fn axes(canvas: &mut Canvas, x: &Scale, y: &Scale, name: &str, left: f64) {
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
fn objective(canvas: &mut Canvas, contest: &ContestSummary, quantile: f64, x: &Scale, y: &Scale) {
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
fn band(canvas: &mut Canvas, line: &Series, (panel, of): (usize, usize), x: &Scale, y: &Scale) {
    if line.panels[panel].is_empty() {
        return;
    }
    let edge = |end: fn(&Estimate) -> f64| -> Vec<_> {
        let points = line.panels[panel].iter();
        points.map(|point| (x.at(point.rate_per_sec), y.at(end(&point.ns)))).collect()
    };
    lines::band(canvas, &edge(|ns| ns.high), &edge(|ns| ns.low), &line.arm, of);
}

/// The line, and a mark at each rung that says how to read it.
fn climb(canvas: &mut Canvas, line: &Series, panel: usize, x: &Scale, y: &Scale) {
    let at = |point: &Point| (x.at(point.rate_per_sec), y.at(point.ns.median));
    let points = &line.panels[panel];
    if points.is_empty() {
        return;
    }
    let Look { color, marker, dash } = line.arm.look;
    let knee = line.knee.map(|knee| f64::from(knee.held_per_sec));
    canvas.hover(&told(line, panel), |canvas| {
        let places: Vec<_> = points.iter().map(at).collect();
        canvas.path(&places, Stroke { color, width: 1.6, dash });
        if !line.arm.may_be_ranked {
            hatch::along(canvas, &places, color);
        }
        for point in points {
            let place = at(point);
            if PANELS[panel].1 > 0.9 && knee == Some(point.rate_per_sec) {
                canvas.marker(place, Marker::Circle, 7.4, color);
                canvas.marker(place, Marker::Circle, 6.0, PAPER);
            }
            canvas.marker(place, marker, 3.6, color);
            if point.saturated {
                canvas.marker(place, marker, 2.2, PAPER);
            }
            if point.is_bound {
                let (x, y) = place;
                let tip = [(x, y - 13.0), (x - 4.0, y - 6.0), (x + 4.0, y - 6.0)];
                canvas.polygon(&tip, color, 1.0);
            }
        }
    });
}

/// What a pointer is told.
fn told(line: &Series, panel: usize) -> String {
    let points = line.panels[panel].iter().map(|point| {
        let bound = if point.is_bound { "at least " } else { "" };
        let rate = ladder::rate_text(point.rate_per_sec as u32);
        format!("{bound}{} at {rate}/s", quantity::time(point.ns.median))
    });
    format!("{}, {}: {}", line.arm.label, PANELS[panel].0, points.collect::<Vec<_>>().join(", "))
}

/// Names at the ends of the lines of the last panel, and how far each came.
fn names(canvas: &mut Canvas, contest: &ContestSummary, all: &[Series], x: &Scale, y: &Scale) {
    let right = LEFTS[1] + PANEL;
    let bottom = y.clipped(0.0).0;
    let end = |line: &Series| {
        let last = line.panels[1].last();
        last.map(|point| (x.at(point.rate_per_sec), y.at(point.ns.median)))
    };
    // Whose p99 is nowhere drawn has a name, at the bottom, and nothing that leads to it.
    let ends: Vec<_> = all.iter().map(|line| end(line).unwrap_or((right, bottom))).collect();
    let arms: Vec<&Arm> = all.iter().map(|line| &line.arm).collect();
    let placed = lines::places(&ends, (TOP, bottom));
    for ((line, end), at) in all.iter().zip(&ends).zip(&placed) {
        if !line.panels[1].is_empty() {
            lines::leaders(canvas, &[*end], &[&line.arm], right, &[*at]);
        }
    }
    lines::names(canvas, &arms, right, &placed);
    let objective = contest.open.as_ref().and_then(|open| open.objective);
    let (capacities, _) = columns(all);
    canvas.text((KNEES, TOP - 14.0), "knee, per second", SMALL, SOFT, Anchor::Start);
    if let Some(objective) = &objective {
        let text = ladder::objective_text(objective);
        canvas.text((capacities, TOP - 14.0), &text, SMALL, SOFT, Anchor::Start);
    }
    for (line, at) in all.iter().zip(placed) {
        for (reached, left) in [(line.knee, KNEES), (line.capacity, capacities)] {
            let text = reached.map_or_else(String::new, ladder::reached_text);
            canvas.text((left, at), &text, SMALL, INK, Anchor::Start);
        }
    }
}
