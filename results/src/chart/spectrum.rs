//! How are latencies spread, from the smallest to the tail?
//!
//! Percentile curves: one line a runner, the percentile on an axis of nines, time on a logarithmic axis. A
//! curve ends where fewer than ten operations of its smallest block lie above. It must not compute
//! percentiles. Read next: `effect.rs`.

use super::{
    Dash, Look, Palette,
    canvas::{Anchor, Canvas, FAINT, INK, SOFT, Stroke, picture},
    hatch,
    labels::{apart, cut},
    rows::{caption, thin, title},
    scale::Scale,
};
use crate::{
    Role, grid, quantity,
    summary::{ContestSummary, Quantile},
    wording,
};

/// One runner's curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What stands at its end.
    pub label: String,
    /// Why the cell is there.
    pub role: Role,
    /// How it is drawn.
    pub look: Look,
    /// Hatched where it may not.
    pub may_be_ranked: bool,
    /// From the smallest value on; at least two points.
    pub points: Vec<Quantile>,
}

/// The curves of all measured cells that recorded enough for one.
#[must_use]
pub fn series(contest: &ContestSummary, palette: &Palette) -> Vec<Series> {
    let cells = contest.cells.iter().filter_map(|cell| {
        let points = cell.numbers.as_ref()?.curve.clone();
        (points.len() > 1).then(|| Series {
            label: grid::label(cell),
            role: cell.role,
            look: palette.look(cell),
            may_be_ranked: cell.audit.may_be_ranked(),
            points,
        })
    });
    cells.collect()
}

const WIDTH: f64 = 980.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 770.0;
const TOP: f64 = 66.0;
const LABEL: f64 = 15.0;

/// The chart, as an SVG document.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> String {
    let all = series(contest, palette);
    let plot = (LABEL * (all.len() + 2) as f64).max(360.0);
    let (bottom, height) = (TOP + plot, TOP + plot + 100.0);
    let measure = contest.measure.title();
    let heading = format!("{measure} by percentile");
    picture(&format!("{}: {heading}", contest.contest.workload), WIDTH, height, |canvas| {
        title(canvas, contest, &heading);
        if all.is_empty() {
            let text = "no cell recorded enough operations for a curve";
            canvas.text((LEFT, TOP + 40.0), text, 13.0, INK, Anchor::Start);
            caption(canvas, bottom + 54.0, &[&without(contest, &all)]);
            return;
        }
        let nines = all.iter().filter_map(|line| line.points.last()).map(|end| end.nines);
        let x = Scale::linear((0.0, nines.fold(1.0, f64::max)), (LEFT, RIGHT));
        let ends = all.iter().flat_map(|line| &line.points);
        let low = ends.clone().map(|point| point.ns.low).fold(f64::INFINITY, f64::min);
        let high = ends.map(|point| point.ns.high).fold(1.0, f64::max);
        let y = Scale::log((low.max(1.0) * 0.95, high * 1.05), (bottom, TOP));
        axes(canvas, &x, &y, measure);
        for line in &all {
            band(canvas, line, &x, &y);
        }
        // Runners last, so that nothing covers them.
        for line in all.iter().rev() {
            let points: Vec<_> = line
                .points
                .iter()
                .map(|point| (x.at(point.nines), y.at(point.ns.median)))
                .collect();
            canvas.path(&points, stroke(line.look));
        }
        ends_of_lines(canvas, &all, &x, &y);
        let without = without(contest, &all);
        caption(
            canvas,
            bottom + 54.0,
            &[
                "lines: median over blocks; bands: interval over blocks (95 % from six blocks on, else \
             smallest to largest)",
                &format!(
                    "a line ends where fewer than ten operations a block lie above; {}",
                    hatch::LEGEND
                ),
                &without,
            ],
        );
    })
}

/// The cells that have no curve, so that none disappears.
fn without(contest: &ContestSummary, all: &[Series]) -> String {
    let drawn = |label: &String| all.iter().any(|line| line.label == *label);
    let without: Vec<String> = contest
        .cells
        .iter()
        .filter(|cell| !drawn(&grid::label(cell)))
        .map(|cell| match cell.numbers {
            Some(_) => format!("{} (too few operations)", grid::label(cell)),
            None => format!("{} ({})", grid::label(cell), wording::state(cell.state)),
        })
        .collect();
    if without.is_empty() { String::new() } else { format!("no line: {}", without.join(", ")) }
}

fn stroke(look: Look) -> Stroke {
    Stroke { color: look.color, width: 1.8, dash: look.dash }
}

/// Ticks at p0, p50 and every nine, and round times.
fn axes(canvas: &mut Canvas<'_>, x: &Scale, y: &Scale, measure: &str) {
    let (bottom, top) = (y.clipped(0.0).0, y.clipped(f64::INFINITY).0);
    let ticks = [
        (0.0, "0"),
        (2.0_f64.log10(), "50"),
        (1.0, "90"),
        (2.0, "99"),
        (3.0, "99.9"),
        (4.0, "99.99"),
    ];
    for (nines, name) in ticks {
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

/// The interval over blocks around a line.
fn band(canvas: &mut Canvas<'_>, line: &Series, x: &Scale, y: &Scale) {
    let upper = line.points.iter().map(|point| (x.at(point.nines), y.at(point.ns.high)));
    let lower = line.points.iter().rev().map(|point| (x.at(point.nines), y.at(point.ns.low)));
    let outline: Vec<_> = upper.clone().chain(lower.clone()).collect();
    canvas.polygon(&outline, line.look.color, 0.13);
    if !line.may_be_ranked {
        let (upper, lower): (Vec<_>, Vec<_>) = (upper.collect(), lower.rev().collect());
        hatch::band(canvas, &upper, &lower, line.look.color);
    }
}

/// Markers at the ends of lines, and names beside them, apart from each other.
fn ends_of_lines(canvas: &mut Canvas<'_>, all: &[Series], x: &Scale, y: &Scale) {
    let ends: Vec<(f64, f64)> = all
        .iter()
        .filter_map(|line| line.points.last())
        .map(|end| (x.at(end.nines), y.at(end.ns.median)))
        .collect();
    let (bottom, top) = (y.clipped(0.0).0, y.clipped(f64::INFINITY).0);
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    let placed = apart(&wanted, LABEL, top, bottom);
    for ((line, end), at) in all.iter().zip(&ends).zip(placed) {
        let color = line.look.color;
        let leader = Stroke { color, width: 0.6, dash: Dash::Solid };
        canvas.path(&[*end, (RIGHT + 6.0, end.1), (RIGHT + 22.0, at)], leader);
        canvas.path(&[(RIGHT + 22.0, at), (RIGHT + 48.0, at)], stroke(line.look));
        canvas.marker(*end, line.look.marker, 3.2, color);
        canvas.marker((RIGHT + 35.0, at), line.look.marker, 3.2, color);
        canvas.text((RIGHT + 54.0, at), &cut(&line.label, 24), 12.0, INK, Anchor::Start);
    }
}
