//! How do shapes become SVG?
//!
//! Through plotters' SVG backend, which escapes every text. It takes whole pixels only, so everything is
//! drawn ten times as large and shown at a tenth. It must not know what the shapes mean. Read next:
//! `scale.rs`.

use super::palette::{Dash, Marker};
use crate::wording::plain;
use plotters::{
    backend::SVGBackend,
    prelude::{DrawingBackend, FontStyle, RGBAColor},
    style::{
        Color, IntoFont, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// A colour: red, green, blue.
pub type Rgb = (u8, u8, u8);

/// The background.
pub(super) const PAPER: Rgb = (255, 255, 255);
/// Text that must be read.
pub(super) const INK: Rgb = (26, 26, 26);
/// Text and lines that explain.
pub(super) const SOFT: Rgb = (97, 97, 97);
/// Lines of a grid.
pub(super) const FAINT: Rgb = (226, 226, 226);
/// Where a quantity is the floor's.
pub(super) const PALE: Rgb = (205, 205, 205);

/// How a report shows these colours on dark ground: as in the SVG, then instead of it.
pub const DARK_INKS: [(&str, &str); 6] = [
    ("#FFFFFF", "#15181C"),
    ("#1A1A1A", "#E8E8E8"),
    ("#616161", "#A9AEB5"),
    ("#E2E2E2", "#2C3138"),
    ("#CDCDCD", "#4A5058"),
    ("#000000", "#F4F4F4"),
];

/// Backend pixels per unit of the drawing.
const FINE: f64 = 10.0;

/// Where a text's point is: at its start, middle or end; always halfway up.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line looks.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub(super) color: Rgb,
    /// In units of the drawing.
    pub(super) width: f64,
    pub(super) dash: Dash,
}

/// A sheet to draw on; its origin is the upper left corner.
pub(super) struct Canvas<'a>(SVGBackend<'a>);

/// A whole picture of this size with a background, as a standalone SVG document.
pub(super) fn picture(
    title: &str,
    width: f64,
    height: f64,
    draw: impl FnOnce(&mut Canvas<'_>),
) -> String {
    let mut svg = String::new();
    let size = ((width * FINE) as u32, (height * FINE) as u32);
    {
        let mut canvas = Canvas(SVGBackend::with_string(&mut svg, size));
        canvas.rect((0.0, 0.0), (width, height), PAPER, 1.0);
        draw(&mut canvas);
        canvas.0.present().expect("a string takes every shape");
    }
    let (_, body) = svg.split_once('>').unwrap_or(("", &svg));
    format!(
        "<svg width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>{body}",
        size.0,
        size.1,
        escaped(&plain(title))
    )
}

/// Text that XML shows as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn color((red, green, blue): Rgb, opacity: f64) -> RGBAColor {
    plotters::style::RGBColor(red, green, blue).mix(opacity)
}

/// To the backend's pixels. Beyond a million units nothing is visible, and nothing overflows.
fn fine((x, y): (f64, f64)) -> (i32, i32) {
    let pixel = |value: f64| (value.clamp(-1e6, 1e6) * FINE).round() as i32;
    (pixel(x), pixel(y))
}

const INFALLIBLE: &str = "a string takes every shape";

impl Canvas<'_> {
    /// A text without characters that would not be shown.
    pub(super) fn text(&mut self, at: (f64, f64), text: &str, size: f64, ink: Rgb, anchor: Anchor) {
        self.write(at, text, size, ink, anchor, FontStyle::Normal);
    }

    /// A heading, from its start.
    pub(super) fn heading(&mut self, at: (f64, f64), text: &str, size: f64) {
        self.write(at, text, size, INK, Anchor::Start, FontStyle::Bold);
    }

    fn write(
        &mut self,
        at: (f64, f64),
        text: &str,
        size: f64,
        ink: Rgb,
        anchor: Anchor,
        weight: FontStyle,
    ) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // The backend divides font sizes by 1.24.
        let font = ("sans-serif", size * FINE * 1.24).into_font().style(weight);
        let ink = color(ink, 1.0);
        let style = TextStyle::from(font).color(&ink).pos(Pos::new(horizontal, VPos::Center));
        self.0.draw_text(&plain(text), &style, fine(at)).expect(INFALLIBLE);
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path(&[from, to], stroke);
    }

    /// A line through all points, dashed as its stroke says.
    pub(super) fn path(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        let style = color(stroke.color, 1.0).stroke_width((stroke.width * FINE) as u32);
        for piece in dashes(points, stroke.dash.pattern()) {
            self.0.draw_path(piece.into_iter().map(fine), &style).expect(INFALLIBLE);
        }
    }

    /// A filled shape.
    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: Rgb, opacity: f64) {
        let style = color(fill, opacity);
        let points = points.iter().copied().map(fine);
        self.0.fill_polygon(points, &style).expect(INFALLIBLE);
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, from: (f64, f64), to: (f64, f64), fill: Rgb, opacity: f64) {
        let style = color(fill, opacity);
        self.0.draw_rect(fine(from), fine(to), &style, true).expect(INFALLIBLE);
    }

    /// A filled mark of a runner's shape.
    pub(super) fn marker(&mut self, (x, y): (f64, f64), marker: Marker, radius: f64, fill: Rgb) {
        let r = radius;
        match marker {
            Marker::Circle => {
                let style = color(fill, 1.0);
                let radius = (radius * FINE) as u32;
                self.0.draw_circle(fine((x, y)), radius, &style, true).expect(INFALLIBLE);
            }
            Marker::Square => self.rect((x - r, y - r), (x + r, y + r), fill, 1.0),
            Marker::Triangle => {
                let points = [(x, y - 1.3 * r), (x + 1.2 * r, y + r), (x - 1.2 * r, y + r)];
                self.polygon(&points, fill, 1.0);
            }
            Marker::Diamond => {
                let d = 1.4 * r;
                let points = [(x, y - d), (x + d, y), (x, y + d), (x - d, y)];
                self.polygon(&points, fill, 1.0);
            }
        }
    }
}

/// Cuts a line into the pieces that a pattern of strokes and gaps leaves; an empty pattern leaves it whole.
fn dashes(points: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    if pattern.is_empty() {
        return vec![points.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
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
    use super::*;

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
    fn texts_are_escaped() {
        let svg = picture("<b>", 10.0, 10.0, |canvas| {
            canvas.text((1.0, 1.0), "<script>&\u{1b}", 12.0, INK, Anchor::Start);
        });
        assert!(svg.contains("&lt;script&gt;&amp;\u{fffd}") && svg.contains("<title>&lt;b&gt;"));
        assert!(!svg.contains("<script>"));
    }

    #[test]
    fn nothing_overflows() {
        assert_eq!(fine((f64::INFINITY, f64::NAN)), (10_000_000, 0));
    }
}
