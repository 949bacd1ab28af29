//! How is drawn what must not be ranked?
//!
//! Hatched: slanted lines over what would be filled. The library has no patterns, so the lines are drawn one by one,
//! each cut to its shape. It must not know why. Read next: `rows.rs`.

use super::canvas::{Canvas, Rgb, Stroke};
use super::palette::Dash;

/// Between two lines, across.
const STEP: f64 = 7.0;

/// How high a stroke across a line is.
const HIGH: f64 = 8.0;

/// Said in the captions of charts that hatch.
pub(super) const LEGEND: &str = "! and hatched: not ranked, see what was found";

fn thin(ink: Rgb) -> Stroke {
    Stroke { color: ink, width: 0.9, dash: Dash::Solid }
}

/// Over a rectangle from its upper left to its lower right corner.
pub(super) fn rectangle(canvas: &mut Canvas, from: (f64, f64), to: (f64, f64), ink: Rgb) {
    for (start, end) in slants(from, to) {
        canvas.line(start, end, thin(ink));
    }
}

/// Across a line that goes from left to right. The band around it may be as high as the chart where it is sure of
/// little, and a hatched one would hide all the others.
pub(super) fn along(canvas: &mut Canvas, points: &[(f64, f64)], ink: Rgb) {
    for (start, end) in strokes(points) {
        canvas.line(start, end, thin(ink));
    }
}

/// A straight line from one point to another.
type Line = ((f64, f64), (f64, f64));

/// Lines at 45 degrees, from the lower left to the upper right, none outside the rectangle.
fn slants(from: (f64, f64), to: (f64, f64)) -> Vec<Line> {
    let height = to.1 - from.1;
    let first = from.0 - height;
    let count = ((to.0 - first) / STEP).ceil().max(0.0);
    let line = |at: usize| {
        let x = first + STEP * at as f64;
        let (low, high) = (x.max(from.0), (x + height).min(to.0));
        ((low, to.1 - (low - x)), (high, to.1 - (high - x)))
    };
    (0..count as usize).map(line).filter(|((low, _), (high, _))| low < high).collect()
}

/// Slanted strokes, [`STEP`] apart and [`HIGH`] each, with their middles on the line.
fn strokes(points: &[(f64, f64)]) -> Vec<Line> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let count = ((last.0 - first.0) / STEP).floor().max(0.0) as usize;
    let stroke = |at: usize| {
        let x = first.0 + STEP * at as f64;
        let y = height(points, x + STEP / 4.0);
        ((x, y + HIGH / 2.0), (x + STEP / 2.0, y - HIGH / 2.0))
    };
    (0..count).map(stroke).collect()
}

/// How high a line is at `x`.
fn height(edge: &[(f64, f64)], x: f64) -> f64 {
    let piece = edge.windows(2).find(|pair| x <= pair[1].0);
    match piece {
        Some(pair) if pair[1].0 > pair[0].0 => {
            let part = (x - pair[0].0) / (pair[1].0 - pair[0].0);
            pair[0].1 + (pair[1].1 - pair[0].1) * part
        }
        Some(pair) => pair[1].1,
        None => edge.last().map_or(0.0, |(_, y)| *y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_in_their_rectangle() {
        let (from, to) = ((10.0, 20.0), (60.0, 40.0));
        let lines = slants(from, to);
        assert_eq!(lines.len(), 9, "the first of ten is the corner itself");
        let inside =
            |(x, y): (f64, f64)| (from.0..=to.0).contains(&x) && (from.1..=to.1).contains(&y);
        assert!(lines.iter().all(|(start, end)| inside(*start) && inside(*end)), "{lines:?}");
        assert!(
            lines
                .iter()
                .all(|(start, end)| { ((end.0 - start.0) - (start.1 - end.1)).abs() < 1e-9 })
        );
        assert!(slants((10.0, 10.0), (10.0, 30.0)).is_empty());
    }

    #[test]
    fn strokes_follow_the_line() {
        let line = [(0.0, 10.0), (70.0, 45.0)];
        let all = strokes(&line);
        assert_eq!(all.len(), 10);
        assert_eq!(all[2], ((14.0, 21.875), (17.5, 13.875)), "around 17.875, a quarter further");
        assert!(strokes(&[]).is_empty() && strokes(&line[..1]).is_empty());
    }
}
