//! How do shapes get onto paper?
//!
//! Through plotters' drawing interface, so that one function serves every paper: `svg.rs`, and for PNG the
//! bitmap that comes with plotters. It must not know what the shapes mean. Read next: `svg.rs`.

use super::canvas::{Anchor, Group, PAPER, Point, Rgb, Shape, Stroke};
use plotters::{
    prelude::DrawingBackend,
    style::{
        Color, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use std::fmt::Debug;

/// Something to paint on.
pub(super) trait Paper: DrawingBackend {
    /// Pixels per unit of the drawing.
    const FINE: f64;
    /// What its font sizes are, as parts of an em.
    const EM: f64;
    /// How far below the point of a text its baseline is drawn, in font sizes.
    const BASELINE: f64;

    /// Whether it can interrupt lines itself; then all lines until the next call are.
    fn dash(&mut self, pattern: &[f64]) -> bool;

    /// Begins a group; whether what is in it shall be painted at all.
    fn begin(&mut self, group: &Group) -> bool;

    /// Ends a group.
    fn end(&mut self);
}

/// Letters stand this far above their baseline halfway up, in ems: half the height of a capital.
const HALF_CAPITAL: f64 = 0.36;

/// Paints all shapes on a background of this size.
pub(super) fn paint<P: Paper>(shapes: &[Shape], size: Point, paper: &mut P)
where
    P::ErrorType: Debug,
{
    rectangle(paper, (0.0, 0.0), size, color(PAPER, 1.0));
    let mut hidden = 0;
    for shape in shapes {
        match shape {
            Shape::Group(_) if hidden > 0 => hidden += 1,
            Shape::Group(group) => hidden = u32::from(!paper.begin(group)),
            Shape::End if hidden > 0 => hidden -= 1,
            Shape::End => paper.end(),
            _ if hidden > 0 => {}
            shape => one(shape, paper),
        }
    }
    paper.present().expect(INFALLIBLE);
}

/// Papers are memory: a string, or pixels.
const INFALLIBLE: &str = "memory takes every shape";

fn one<P: Paper>(shape: &Shape, paper: &mut P)
where
    P::ErrorType: Debug,
{
    match shape {
        Shape::Text { at, text, size, ink, anchor, bold } => {
            write(paper, *at, text, *size, *ink, *anchor, *bold);
        }
        Shape::Path { points, stroke } => line(paper, points, *stroke),
        Shape::Area { points, fill, opacity } => {
            let points = points.iter().map(|point| fine::<P>(*point));
            paper.fill_polygon(points, &color(*fill, *opacity)).expect(INFALLIBLE);
        }
        Shape::Rectangle { from, to, fill, opacity } => {
            rectangle(paper, *from, *to, color(*fill, *opacity));
        }
        Shape::Disc { at, radius, fill } => {
            let radius = (radius * P::FINE).round() as u32;
            let style = color(*fill, 1.0).filled();
            paper.draw_circle(fine::<P>(*at), radius, &style, true).expect(INFALLIBLE);
        }
        Shape::Group(_) | Shape::End => {}
    }
}

fn rectangle<P: Paper>(paper: &mut P, from: Point, to: Point, fill: RGBAColor)
where
    P::ErrorType: Debug,
{
    let (from, to) = (fine::<P>(from), fine::<P>(to));
    paper.draw_rect(from, to, &fill.filled(), true).expect(INFALLIBLE);
}

fn line<P: Paper>(paper: &mut P, points: &[Point], stroke: Stroke)
where
    P::ErrorType: Debug,
{
    let width = (stroke.width * P::FINE).round().max(1.0) as u32;
    let style = color(stroke.color, 1.0).stroke_width(width);
    let pattern = stroke.dash.pattern();
    let pieces = if paper.dash(pattern) { vec![points.to_vec()] } else { dashes(points, pattern) };
    for piece in pieces {
        paper.draw_path(piece.into_iter().map(fine::<P>), &style).expect(INFALLIBLE);
    }
}

fn write<P: Paper>(
    paper: &mut P,
    (x, y): Point,
    text: &str,
    size: f64,
    ink: Rgb,
    anchor: Anchor,
    bold: bool,
) where
    P::ErrorType: Debug,
{
    let horizontal = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let weight = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let pixels = size * P::FINE * P::EM;
    let ink = color(ink, 1.0);
    // A font that is asked for another weight later keeps the letters that it had.
    let style = TextStyle::from(FontDesc::new(FontFamily::SansSerif, pixels, weight));
    let style = style.color(&ink).pos(Pos::new(horizontal, VPos::Top));
    let (x, y) = fine::<P>((x, y + HALF_CAPITAL * size));
    let at = (x, y - (P::BASELINE * pixels).round() as i32);
    paper.draw_text(text, &style, at).expect(INFALLIBLE);
}

fn color((red, green, blue): Rgb, opacity: f64) -> RGBAColor {
    RGBColor(red, green, blue).mix(opacity)
}

/// To the paper's pixels. Beyond a million units nothing is visible, and nothing overflows.
fn fine<P: Paper>((x, y): Point) -> (i32, i32) {
    let pixel = |value: f64| (value.clamp(-1e6, 1e6) * P::FINE).round() as i32;
    (pixel(x), pixel(y))
}

/// Cuts a line into the pieces that a pattern of strokes and gaps leaves; an empty pattern leaves it whole.
fn dashes(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    if pattern.is_empty() {
        return vec![points.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut turn, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let drawing = turn % 2 == 0;
            if length <= left {
                left -= length;
                if drawing {
                    piece.push(to);
                }
                break;
            }
            let part = left / length;
            from = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            if drawing {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            turn += 1;
            left = pattern[turn % pattern.len()];
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{super::svg::Svg, *};

    #[test]
    fn dashes_follow_the_line_around_corners() {
        let corner = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
        assert_eq!(dashes(&corner, &[]), [corner.to_vec()]);
        assert_eq!(
            dashes(&corner, &[8.0, 4.0]),
            [vec![(0.0, 0.0), (8.0, 0.0)], vec![(10.0, 2.0), (10.0, 10.0)],]
        );
    }

    #[test]
    fn nothing_overflows() {
        assert_eq!(fine::<Svg>((f64::INFINITY, f64::NAN)), (4_000_000, 0));
    }
}
