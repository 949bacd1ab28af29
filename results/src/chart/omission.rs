//! What would have been missed by a generator that waits while the server stalls?
//!
//! One small panel a runner, all with the same axes: percentiles of the response time, from the intended time to
//! the answer, and of the service time, from the sending. What lies between the two is waiting that a politely
//! waiting generator leaves out ("coordinated omission"). It must not compute percentiles. Read next:
//! [`crate::report`].

use super::{
    Arm, Dash, Palette,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, PALE, Point, SOFT, Stroke, picture},
    frame::{Frame, timed},
    hatch,
    labels::cut,
    lines,
    rows::{caption, intervals, thin, without},
    scale::Scale,
};
use crate::{
    grid, quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Quantile},
};

/// One runner's two curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Whose they are.
    pub arm: Arm,
    /// From the intended time on; at least two points.
    pub response: Vec<Quantile>,
    /// From the sending on; at least two points.
    pub service: Vec<Quantile>,
}

/// The pairs of all cells that were measured under an open load; empty for any other, which has no response
/// time.
#[must_use]
pub fn pairs(contest: &ContestSummary, palette: &Palette) -> Vec<Pair> {
    let pair = |cell: &CellSummary| {
        let numbers = cell.numbers.as_ref()?;
        let service = numbers.open.as_ref()?.service.curve.clone();
        let response = numbers.curve.clone();
        let arm = Arm::of(cell, palette);
        (response.len() > 1 && service.len() > 1).then_some(Pair { arm, response, service })
    };
    contest.cells.iter().filter_map(pair).collect()
}

const COLUMNS: usize = 4;
const LEFT: f64 = 76.0;
const TOP: f64 = 96.0;
const PANEL: (f64, f64) = (232.0, 150.0);
const GAP: (f64, f64) = (20.0, 48.0);

/// The chart; `None` where nothing was measured under an open load.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Option<Drawing> {
    let pairs = pairs(contest, palette);
    let points = || pairs.iter().flat_map(|pair| pair.response.iter().chain(&pair.service));
    let low = points().map(|point| point.ns.low).reduce(f64::min)?;
    let high = points().map(|point| point.ns.high).reduce(f64::max)?;
    let nines = points().map(|point| point.nines).reduce(f64::max)?;
    let columns = pairs.len().min(COLUMNS);
    let rows = pairs.len().div_ceil(COLUMNS);
    let width = (LEFT + (PANEL.0 + GAP.0) * columns as f64).max(820.0);
    let bottom = TOP + (PANEL.1 + GAP.1) * rows as f64;
    let measured = contest.cells.iter().filter(|cell| cell.numbers.is_some());
    let subjects: Vec<_> = measured.map(|cell| timed(contest, cell)).collect();
    let frame = Frame::of(contest, "response time against service time", &subjects);
    Some(picture(&frame, width, bottom + 64.0, |canvas| {
        for (at, pair) in pairs.iter().enumerate() {
            let left = LEFT + (PANEL.0 + GAP.0) * (at % COLUMNS) as f64;
            let top = TOP + (PANEL.1 + GAP.1) * (at / COLUMNS) as f64;
            let x = Scale::linear((0.0, nines), (left, left + PANEL.0));
            let y = Scale::log((low.max(1.0) * 0.9, high * 1.1), (top + PANEL.1, top));
            axes(canvas, &x, &y, at % COLUMNS == 0);
            canvas.hover(&told(pair, contest.blocks()), |canvas| curves(canvas, pair, &x, &y));
            canvas.text((left, top - 9.0), &cut(&pair.arm.label, 32), 12.0, INK, Anchor::Start);
        }
        caption(
            canvas,
            bottom + 8.0,
            &[
                "open load; horizontal: percentile of all requests drawn; thick: response time, from the \
                 intended sending to the answer; dashed: service time, from the actual sending",
                "grey between them: waiting that a generator leaves out which stops sending while the server stalls \
                 (coordinated omission)",
                &intervals("lines", "bands in their colours", contest.blocks()),
                &format!(
                    "a line ends where fewer than ten requests lie above, or where requests failed; {}",
                    hatch::LEGEND
                ),
                &without(contest, "panel", |cell| {
                    pairs.iter().any(|pair| pair.arm.label == grid::label(cell))
                }),
            ],
        );
    }))
}

/// Ticks; times are written at the first panel of a row only.
fn axes(canvas: &mut Canvas, x: &Scale, y: &Scale, first: bool) {
    let (bottom, top) = (y.clipped(0.0).0, y.clipped(f64::INFINITY).0);
    let (left, right) = (x.clipped(-1.0).0, x.clipped(f64::INFINITY).0);
    let ticks = [(2.0_f64.log10(), "50"), (1.0, "90"), (2.0, "99"), (3.0, "99.9"), (4.0, "99.99")];
    for (nines, name) in ticks {
        let (at, outside) = x.clipped(nines);
        if !outside {
            canvas.line((at, top), (at, bottom), thin(FAINT));
            canvas.text((at, bottom + 12.0), name, 10.0, SOFT, Anchor::Middle);
        }
    }
    for tick in y.ticks(5) {
        canvas.line((left, y.at(tick)), (right, y.at(tick)), thin(FAINT));
        if first {
            canvas.text((left - 8.0, y.at(tick)), &quantity::time(tick), 11.0, INK, Anchor::End);
        }
    }
    canvas.line((left, bottom), (right, bottom), thin(SOFT));
}

/// What a pointer is told: p50 and p99 of both.
fn told(pair: &Pair, blocks: u32) -> String {
    let at = |curve: &[Quantile], nines: f64| {
        let point = curve.iter().find(|point| (point.nines - nines).abs() < 1e-6);
        let value = |point: &Quantile| {
            let [median, low, high] =
                [point.ns.median, point.ns.low, point.ns.high].map(quantity::time);
            if blocks > 1 { format!("{median} ({low} to {high})") } else { median }
        };
        point.map_or_else(|| "not known".into(), value)
    };
    let both = [("p50", 2.0_f64.log10()), ("p99", 2.0)].map(|(name, nines)| {
        let (response, service) = (at(&pair.response, nines), at(&pair.service, nines));
        format!("{name}: response {response}, service {service}")
    });
    format!("{}: {}", pair.arm.label, both.join("; "))
}

/// Both curves with their intervals, and what lies between them.
fn curves(canvas: &mut Canvas, pair: &Pair, x: &Scale, y: &Scale) {
    let edge = |curve: &[Quantile], end: fn(&Estimate) -> f64| -> Vec<Point> {
        curve.iter().map(|point| (x.at(point.nines), y.clipped(end(&point.ns)).0)).collect()
    };
    let both = [&pair.response, &pair.service];
    let [response, service] = both.map(|curve| edge(curve, |ns| ns.median));
    let color = pair.arm.look.color;
    lines::shade(canvas, &response, &service, SOFT, 0.13);
    if !pair.arm.may_be_ranked {
        let corner = |x_end: f64, y_end: f64| (x.clipped(x_end).0, y.clipped(y_end).0);
        hatch::rectangle(canvas, corner(-1.0, f64::INFINITY), corner(f64::INFINITY, 0.0), PALE);
    }
    for (curve, fill) in both.into_iter().zip([color, SOFT]) {
        let (upper, lower) = (edge(curve, |ns| ns.high), edge(curve, |ns| ns.low));
        lines::shade(canvas, &upper, &lower, fill, 0.25);
    }
    lines::curve(canvas, &service, Stroke { color: SOFT, width: 1.2, dash: Dash::Short });
    lines::curve(canvas, &response, Stroke { color, width: 2.0, dash: Dash::Solid });
}
