//! How is drawn what must not be ranked?
//!
//! Hatched: slanted lines over what would be filled. The library has no patterns, so the lines are drawn one by one,
//! each cut to its shape. It must not know why. Read next: `rows.rs`.

use super::canvas::{Canvas, Rgb, Stroke};
use super::palette::Dash;

/// Between two lines, across.
const STEP: f64 = 7.0;

/// One block has no band around its line, and is hatched all the same.
const LEAST: f64 = 8.0;

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

/// Over the band between two lines of as many points, one straight above the other.
pub(super) fn band(canvas: &mut Canvas, upper: &[(f64, f64)], lower: &[(f64, f64)], ink: Rgb) {
    for (start, end) in rungs(upper, lower) {
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

/// Lines between the edges of a band, at least [`STEP`] apart, each slanted by half of that.
fn rungs(upper: &[(f64, f64)], lower: &[(f64, f64)]) -> Vec<Line> {
    let (Some(first), Some(last)) = (upper.first(), upper.last()) else { return Vec::new() };
    let count = ((last.0 - first.0) / STEP).floor().max(0.0) as usize;
    let line = |at: usize| {
        let x = first.0 + STEP * at as f64;
        let (low, high) = (height(lower, x), height(upper, x + STEP / 2.0));
        let missing = ((LEAST - (low - high)) / 2.0).max(0.0);
        ((x, low + missing), (x + STEP / 2.0, high - missing))
    };
    (0..count).map(line).collect()
}

/// How high an ascending-in-x edge is at `x`.
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
    fn rungs_reach_from_edge_to_edge() {
        let upper = [(0.0, 10.0), (70.0, 45.0)];
        let lower = [(0.0, 50.0), (70.0, 50.0)];
        let lines = rungs(&upper, &lower);
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[2], ((14.0, 50.0), (17.5, 18.75)));
        let ((_, low), (_, high)) = rungs(&lower, &lower)[0];
        assert_eq!((low, high), (54.0, 46.0), "a band without width");
        assert!(rungs(&[], &[]).is_empty());
    }
}
