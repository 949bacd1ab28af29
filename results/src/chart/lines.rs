//! What do charts with one line a runner share?
//!
//! Bands of uncertainty, lines, and names at their ends that do not cover each other. Points that do not show
//! are left out: a curve of eighty points is often a straight line. It must not know axes or units. Read
//! next: `spectrum.rs`.

use super::{
    Arm, Dash, Look,
    canvas::{Anchor, Canvas, INK, Point, Rgb, Stroke},
    hatch,
    labels::{apart, cut},
};

/// Height of a name.
pub(super) const LABEL: f64 = 15.0;
/// How far a line may lie from where it should, in units of the drawing: less than what is seen.
const UNSEEN: f64 = 0.45;
/// Likewise for the pale edge of a band.
const PALE: f64 = 1.5;

/// A runner's line.
pub(super) fn stroke(look: Look) -> Stroke {
    Stroke { color: look.color, width: 1.8, dash: look.dash }
}

/// How opaque a band is among so many: two dozen of them lie over each other in the tail, and lines must still be
/// seen.
fn opacity(bands: usize) -> f64 {
    (0.72 / bands.max(1) as f64).clamp(0.05, 0.12)
}

/// The interval over blocks around a line, one of so many; both edges from left to right.
pub(super) fn band(canvas: &mut Canvas, upper: &[Point], lower: &[Point], arm: &Arm, of: usize) {
    shade(canvas, upper, lower, arm.look.color, opacity(of));
}

/// What lies between two edges, both from left to right.
pub(super) fn shade(
    canvas: &mut Canvas,
    upper: &[Point],
    lower: &[Point],
    fill: Rgb,
    opacity: f64,
) {
    let mut outline = thinned(upper, PALE);
    outline.extend(thinned(lower, PALE).into_iter().rev());
    canvas.polygon(&outline, fill, opacity);
}

/// The line itself, hatched where it may not be ranked.
pub(super) fn line(canvas: &mut Canvas, points: &[Point], arm: &Arm) {
    curve(canvas, points, stroke(arm.look));
    if !arm.may_be_ranked {
        hatch::along(canvas, points, arm.look.color);
    }
}

/// A line with a stroke of its own.
pub(super) fn curve(canvas: &mut Canvas, points: &[Point], stroke: Stroke) {
    canvas.path(&thinned(points, UNSEEN), stroke);
}

/// How high names stand behind the right edge, as near as possible to where their lines end.
pub(super) fn places(ends: &[Point], (top, bottom): (f64, f64)) -> Vec<f64> {
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    apart(&wanted, LABEL, top, bottom)
}

/// From where each line ends to its name.
pub(super) fn leaders(
    canvas: &mut Canvas,
    ends: &[Point],
    arms: &[&Arm],
    right: f64,
    places: &[f64],
) {
    for ((end, Arm { look, .. }), at) in ends.iter().zip(arms).zip(places) {
        let leader = Stroke { color: look.color, width: 0.6, dash: Dash::Solid };
        canvas.path(&[*end, (right + 6.0, end.1), (right + 22.0, *at)], leader);
        canvas.marker(*end, look.marker, 3.2, look.color);
    }
}

/// Names behind the right edge, each with a piece of its line and its marker.
pub(super) fn names(canvas: &mut Canvas, arms: &[&Arm], right: f64, places: &[f64]) {
    for (Arm { label, look, .. }, at) in arms.iter().zip(places) {
        canvas.line((right + 22.0, *at), (right + 48.0, *at), stroke(*look));
        canvas.marker((right + 35.0, *at), look.marker, 3.2, look.color);
        canvas.text((right + 54.0, *at), &cut(label, 24), 12.0, INK, Anchor::Start);
    }
}

/// How high a plot must be for so many names.
pub(super) fn height(names: usize, least: f64) -> f64 {
    (LABEL * (names + 1) as f64).max(least)
}

/// The points without those that lie within `tolerance` of the line through the others (Douglas and Peucker,
/// 1973). Both ends stay.
pub(super) fn thinned(points: &[Point], tolerance: f64) -> Vec<Point> {
    let mut kept = vec![false; points.len()];
    let mut open = vec![(0, points.len().saturating_sub(1))];
    while let Some((first, last)) = open.pop() {
        for end in [first, last] {
            if let Some(kept) = kept.get_mut(end) {
                *kept = true;
            }
        }
        let inner = (first + 1)..last;
        let distances = inner.map(|at| (at, distance(points[at], points[first], points[last])));
        let furthest = distances.max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((at, far)) = furthest.filter(|(_, far)| *far > tolerance) {
            debug_assert!(far.is_finite());
            open.extend([(first, at), (at, last)]);
        }
    }
    points.iter().zip(kept).filter_map(|(point, kept)| kept.then_some(*point)).collect()
}

/// From a point to a line's piece.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (point.0 - from.0, point.1 - from.1);
    let square = dx * dx + dy * dy;
    let part = if square > 0.0 { ((px * dx + py * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    (px - part * dx).hypot(py - part * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_left_out() {
        let straight: Vec<Point> = (0..=80).map(|x| (f64::from(x), 0.5 * f64::from(x))).collect();
        assert_eq!(thinned(&straight, 0.2), [(0.0, 0.0), (80.0, 40.0)]);
        let peak = [(0.0, 0.0), (1.0, 0.1), (2.0, 9.0), (3.0, 0.1), (4.0, 0.0)];
        let kept = thinned(&peak, 0.2);
        assert!(kept.contains(&(2.0, 9.0)), "a peak stays: {kept:?}");
        assert_eq!((kept[0], kept[kept.len() - 1]), ((0.0, 0.0), (4.0, 0.0)));
        assert_eq!((thinned(&[], 1.0), thinned(&[(1.0, 2.0)], 1.0)), (vec![], vec![(1.0, 2.0)]));
    }

    #[test]
    fn no_point_moves_further_than_allowed() {
        let wave: Vec<Point> =
            (0..200).map(|x| (f64::from(x), 30.0 * (f64::from(x) / 9.0).sin())).collect();
        let kept = thinned(&wave, 0.2);
        assert!(kept.len() < wave.len(), "{}", kept.len());
        for point in &wave {
            let near = kept.windows(2).map(|pair| distance(*point, pair[0], pair[1]));
            assert!(near.fold(f64::INFINITY, f64::min) <= 0.2, "{point:?}");
        }
    }
}
