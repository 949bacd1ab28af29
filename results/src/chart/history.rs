//! How did cells move from run to run?
//!
//! A panel a series: each run's value against the series' first level, the levels as lines, and a rule where
//! the level changed. Only series with at least two runs are drawn. It must not look for changes. Read next:
//! [`crate::history`].

use super::{
    Dash, Marker,
    canvas::{Anchor, Canvas, FAINT, INK, Rgb, SOFT, Stroke, picture},
    frame::Frame,
    labels::cut,
    rows::thin,
};
use crate::{
    history::{History, Point, Series},
    quantity,
};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 330.0;
const RIGHT: f64 = 740.0;
const TOP: f64 = 70.0;
const PANEL: f64 = 46.0;
/// Okabe and Ito's vermillion and bluish green: told apart with all kinds of colour vision.
const WORSE: Rgb = (213, 94, 0);
const BETTER: Rgb = (0, 158, 115);
const LINE: Rgb = (0, 114, 178);

/// The chart, as an SVG document.
#[must_use]
pub fn draw(history: &History) -> String {
    let drawn: Vec<&Series> =
        history.series.iter().filter(|series| series.points.len() > 1).collect();
    let bottom = TOP + PANEL * drawn.len().max(1) as f64;
    let heading = format!("{} runs on {}", history.runs.len(), history.host);
    let ends = [history.runs.first(), history.runs.last()]
        .map(|run| run.map_or_else(String::new, |run| run.started.clone()));
    let text = format!("from {} to {}; runs in order, not to scale", ends[0], ends[1]);
    // Each panel is one cell with an axis of its own, so nothing is compared but a cell with itself.
    let frame = Frame::over(&cut(&heading, 100), &text, &[]);
    let drawing = picture(&frame, WIDTH, bottom + 58.0, |canvas| {
        if drawn.is_empty() {
            canvas.text((16.0, TOP + 12.0), "no cell is in two runs", 12.0, INK, Anchor::Start);
        }
        for (row, series) in drawn.iter().enumerate() {
            panel(canvas, series, history.runs.len(), TOP + PANEL * row as f64);
        }
        let text = "points: runs; lines: levels between changes; dashed: a change of at least 1 %, \
                    orange for the worse, green for the better";
        canvas.text((16.0, bottom + 20.0), text, 11.0, SOFT, Anchor::Start);
        let text = "runs were not interleaved: a change can be the machine's doing";
        canvas.text((16.0, bottom + 36.0), text, 11.0, SOFT, Anchor::Start);
    });
    drawing.svg()
}

fn panel(canvas: &mut Canvas, series: &Series, runs: usize, top: f64) {
    let (low, high) = range(&series.points);
    let x = |run: usize| LEFT + (RIGHT - LEFT) * run as f64 / runs.saturating_sub(1).max(1) as f64;
    let y = |value: f64| top + PANEL - 8.0 - (PANEL - 16.0) * (value - low) / (high - low);
    canvas.line((16.0, top + PANEL), (WIDTH - 16.0, top + PANEL), thin(FAINT));
    canvas.text((16.0, top + 15.0), &cut(&series.cell, 44), 12.0, INK, Anchor::Start);
    let text = format!("{}, {}", series.metric, series.unit);
    canvas.text((16.0, top + 31.0), &text, 11.0, SOFT, Anchor::Start);
    for step in &series.changes {
        let at = (x(step.run) + x(step.run.saturating_sub(1))) / 2.0;
        let color = if step.better { BETTER } else { WORSE };
        let stroke = Stroke { color, width: 1.5, dash: Dash::Short };
        canvas.line((at, top + 3.0), (at, top + PANEL - 3.0), stroke);
    }
    for pair in series.points.windows(2) {
        if pair[0].level == pair[1].level {
            let stroke = Stroke { color: LINE, width: 1.5, dash: Dash::Solid };
            let ends = pair.iter().map(|point| (x(point.run), y(point.level)));
            canvas.path(&ends.collect::<Vec<_>>(), stroke);
        }
    }
    for point in &series.points {
        canvas.marker((x(point.run), y(point.value)), Marker::Circle, 2.4, INK);
    }
    if let Some(last) = series.points.last() {
        let text = quantity::digits(last.value);
        canvas.text((RIGHT + 14.0, y(last.level)), &text, 11.0, INK, Anchor::Start);
    }
}

/// From the least to the most value, at least 2 % of them apart: less would show nothing but noise.
fn range(points: &[Point]) -> (f64, f64) {
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let values = points.iter().map(|point| point.value);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    let middle = f64::midpoint(low, high);
    let half = ((high - low) / 2.0).max(0.01 * middle.abs()).max(1e-9);
    (middle - half, middle + half)
}
