//! How are latencies spread, from the smallest to the tail?
//!
//! Percentile curves: one line a runner, the percentile on an axis of nines, time on a logarithmic axis, and
//! once more on a linear one that a report can show instead. A curve ends where fewer than ten operations of
//! its smallest block lie above. It must not compute percentiles. Read next: `course.rs`.

use super::{
    Arm, Palette,
    canvas::{Anchor, Canvas, Drawing, FAINT, Group, INK, Point, SOFT, picture},
    frame::{Frame, timed},
    hatch, lines,
    rows::{caption, intervals, thin, without},
    scale::Scale,
};
use crate::{
    Role, grid, quantity,
    summary::{ContestSummary, Quantile},
};

/// One runner's curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub arm: Arm,
    /// Why the cell is there.
    pub role: Role,
    /// From the smallest value on; at least two points.
    pub points: Vec<Quantile>,
}

/// The curves of all measured cells that recorded enough for one.
#[must_use]
pub fn series(contest: &ContestSummary, palette: &Palette) -> Vec<Series> {
    let cells = contest.cells.iter().filter_map(|cell| {
        let points = cell.numbers.as_ref()?.curve.clone();
        (points.len() > 1).then(|| Series { arm: Arm::of(cell, palette), role: cell.role, points })
    });
    cells.collect()
}

const WIDTH: f64 = 1010.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 770.0;
const TOP: f64 = 66.0;

/// The chart.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Drawing {
    let all = series(contest, palette);
    let bottom = TOP + lines::height(all.len(), 440.0);
    let measure = contest.measure.title();
    let measured = contest.cells.iter().filter(|cell| cell.numbers.is_some());
    let subjects: Vec<_> = measured.map(|cell| timed(contest, cell)).collect();
    let frame = Frame::of(contest, &format!("{measure} by percentile"), &subjects);
    picture(&frame, WIDTH, bottom + 100.0, |canvas| {
        let without = without(contest, "line", |cell| {
            all.iter().any(|line| line.arm.label == grid::label(cell))
        });
        if all.is_empty() {
            let text = "no cell recorded enough operations for a curve";
            canvas.text((LEFT, TOP + 40.0), text, 13.0, INK, Anchor::Start);
            caption(canvas, bottom + 54.0, &[&without]);
            return;
        }
        let nines = all.iter().filter_map(|line| line.points.last()).map(|end| end.nines);
        let x = Scale::linear((0.0, nines.fold(1.0, f64::max)), (LEFT, RIGHT));
        let points = all.iter().flat_map(|line| &line.points);
        let high = points.clone().map(|point| point.ns.high).fold(1.0, f64::max);
        // The single smallest operation says little, and would take half of the axis.
        let low = points.filter(|point| point.nines > 0.0).map(|point| point.ns.low);
        let low = low.fold(f64::INFINITY, f64::min).min(high);
        let log = Scale::log((low.max(1.0) * 0.95, high * 1.05), (bottom, TOP));
        let linear = Scale::linear((0.0, high * 1.05), (bottom, TOP));
        // On both scales lines end in the same order, so their names need not move.
        let places = lines::places(&ends(&all, &x, &log), (TOP, bottom));
        for (group, y) in [(Group::Log, log), (Group::Linear, linear)] {
            canvas.group(group, |canvas| plot(canvas, &all, &x, &y, measure, &places));
        }
        let arms: Vec<&Arm> = all.iter().map(|series| &series.arm).collect();
        lines::names(canvas, &arms, RIGHT, &places);
        let until = format!(
            "a line begins at the foot where its smallest operation lies below, and ends where fewer than ten \
             operations a block lie above; {}",
            hatch::LEGEND
        );
        let bands = intervals("lines", "bands", contest.blocks());
        caption(canvas, bottom + 54.0, &[&bands, &until, &without]);
    })
}

/// Axes, bands, lines, and what leads to their names at these places.
fn plot(canvas: &mut Canvas, all: &[Series], x: &Scale, y: &Scale, measure: &str, places: &[f64]) {
    axes(canvas, x, y, measure);
    for series in all {
        let edge = |end: fn(&Quantile) -> f64| -> Vec<Point> {
            series.points.iter().map(|point| (x.at(point.nines), y.clipped(end(point)).0)).collect()
        };
        let (upper, lower) = (edge(|point| point.ns.high), edge(|point| point.ns.low));
        lines::band(canvas, &upper, &lower, &series.arm, all.len());
    }
    // Runners last, so that nothing covers them.
    for series in all.iter().rev() {
        let place = |point: &Quantile| (x.at(point.nines), y.clipped(point.ns.median).0);
        let points: Vec<Point> = series.points.iter().map(place).collect();
        canvas.hover(&values(series), |canvas| lines::line(canvas, &points, &series.arm));
    }
    let arms: Vec<&Arm> = all.iter().map(|series| &series.arm).collect();
    lines::leaders(canvas, &ends(all, x, y), &arms, RIGHT, places);
}

/// Where each line ends.
fn ends(all: &[Series], x: &Scale, y: &Scale) -> Vec<Point> {
    let ends = all.iter().filter_map(|series| series.points.last());
    ends.map(|end| (x.at(end.nines), y.clipped(end.ns.median).0)).collect()
}

/// What a pointer on a line is told: the values at the ticks.
fn values(series: &Series) -> String {
    let at = |(nines, name): (f64, &str)| {
        let point = series.points.iter().find(|point| (point.nines - nines).abs() < 1e-6)?;
        let spread = quantity::spread(&point.ns);
        Some(format!("p{name} {} {spread}", quantity::time(point.ns.median)))
    };
    let values: Vec<String> = ticks().into_iter().skip(1).filter_map(at).collect();
    format!("{}: {}", series.arm.label, values.join(", "))
}

/// Percentiles with a name, by their nines.
fn ticks() -> [(f64, &'static str); 8] {
    [
        (0.0, "0"),
        (2.0_f64.log10(), "50"),
        (1.0, "90"),
        (2.0, "99"),
        (3.0, "99.9"),
        (4.0, "99.99"),
        (5.0, "99.999"),
        (6.0, "99.9999"),
    ]
}

/// Ticks at p0, p50 and every nine, and round times.
fn axes(canvas: &mut Canvas, x: &Scale, y: &Scale, measure: &str) {
    let (bottom, top) = (y.clipped(0.0).0, y.clipped(f64::INFINITY).0);
    for (nines, name) in ticks() {
        let (at, outside) = x.clipped(nines);
        if !outside {
            canvas.line((at, top), (at, bottom), thin(FAINT));
            canvas.text((at, bottom + 14.0), name, 12.0, INK, Anchor::Middle);
        }
    }
    for tick in y.ticks(9) {
        canvas.line((LEFT, y.at(tick)), (RIGHT, y.at(tick)), thin(FAINT));
        canvas.text((LEFT - 8.0, y.at(tick)), &quantity::time(tick), 12.0, INK, Anchor::End);
    }
    canvas.line((LEFT, bottom), (RIGHT, bottom), thin(SOFT));
    let name = format!("percentile of operations, {measure}");
    canvas.text(((LEFT + RIGHT) / 2.0, bottom + 33.0), &name, 12.0, SOFT, Anchor::Middle);
}
