//! How do shapes become SVG?
//!
//! As a paper for plotters. The one that comes with plotters knows neither groups (what a pointer shows, which
//! scale is hidden) nor dashes, and writes every attribute of every shape: a report with 34 workloads would
//! be several times as large. Here lines of the same look are one path, with steps instead of places, and what
//! most texts have in common stands once. Everything is drawn four times as large and shown at a quarter, for
//! pixels are whole. What plotters asks for stands in `svg/paper.rs`. It must not know what the shapes mean. Read next:
//! `png.rs`.

mod paper;

use super::paint::Paper;
use plotters_backend::{BackendColor, BackendCoord, DrawingErrorKind};
use std::{convert::Infallible, fmt::Write as _};

/// An SVG document that is being written.
pub(super) struct Svg {
    size: (u32, u32),
    out: String,
    /// Lines or rectangles that look like this have been written, and the path is still open.
    open: Option<String>,
    /// Where the path has come to.
    pen: Option<BackendCoord>,
    /// As an attribute.
    dash: String,
}

/// What a text or a line has that says nothing else.
const USUAL_INK: (u8, u8, u8) = (26, 26, 26);
const USUAL_SIZE: f64 = 48.0;
const USUAL_WIDTH: u32 = 4;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Svg {
    /// An empty document of this size, with a title.
    pub(super) fn new(title: &str, width: f64, height: f64) -> Self {
        let size = ((width * Self::FINE) as u32, (height * Self::FINE) as u32);
        let out = format!(
            "<svg width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {} {}\" role=\"img\" \
             xmlns=\"http://www.w3.org/2000/svg\"><title>{}</title>\
             <g fill=\"{}\" font-family=\"sans-serif\" font-size=\"{USUAL_SIZE}\" \
             stroke-width=\"{USUAL_WIDTH}\">",
            size.0,
            size.1,
            escaped(title),
            hex(USUAL_INK)
        );
        Self { size, out, open: None, pen: None, dash: String::new() }
    }

    /// The whole document.
    pub(super) fn finish(mut self) -> String {
        self.close();
        self.out.push_str("</g></svg>\n");
        self.out
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.out.push_str("\"/>");
        }
    }

    /// Goes on with a path of this look, or begins it.
    fn path(&mut self, look: String) {
        if self.open.as_ref() != Some(&look) {
            self.close();
            write!(self.out, "<path {look} d=\"").expect(STRING);
            (self.open, self.pen) = (Some(look), None);
        }
    }

    /// A line through points, in steps, which are short; so is the way from the end of the last one.
    fn steps(&mut self, points: &[BackendCoord]) {
        let Some((first, others)) = points.split_first() else { return };
        match self.pen {
            Some(pen) => self.step('m', pen, *first),
            None => write!(self.out, "M{} {}", first.0, first.1).expect(STRING),
        }
        let mut pen = *first;
        for point in others {
            match (point.0 - pen.0, point.1 - pen.1) {
                (0, down) => write!(self.out, "v{down}").expect(STRING),
                (right, 0) => write!(self.out, "h{right}").expect(STRING),
                _ => self.step('l', pen, *point),
            }
            pen = *point;
        }
        self.pen = Some(pen);
    }

    /// A step of this kind; numbers need nothing between them where a sign or a letter stands.
    fn step(&mut self, kind: char, from: BackendCoord, to: BackendCoord) {
        let (right, down) = (to.0 - from.0, to.1 - from.1);
        let between = if down >= 0 { " " } else { "" };
        write!(self.out, "{kind}{right}{between}{down}").expect(STRING);
    }
}

const STRING: &str = "a string takes every text";

fn hex((red, green, blue): (u8, u8, u8)) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

fn filled(color: BackendColor) -> String {
    let opacity = if color.alpha < 1.0 {
        let part = format!("{:.2}", color.alpha);
        format!(" opacity=\"{}\"", part.trim_start_matches('0').trim_end_matches('0'))
    } else {
        String::new()
    };
    format!("fill=\"{}\"{opacity}", hex(color.rgb))
}

/// Text that XML shows as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Dash,
            canvas::{Anchor, Group, Shape, Stroke},
        },
        *,
    };

    fn svg(shapes: &[Shape]) -> String {
        let mut svg = Svg::new("<b>", 10.0, 10.0);
        super::super::paint::paint(shapes, (10.0, 10.0), &mut svg);
        svg.finish()
    }

    fn line(points: &[(f64, f64)], color: (u8, u8, u8), dash: Dash) -> Shape {
        Shape::Path { points: points.to_vec(), stroke: Stroke { color, width: 1.0, dash } }
    }

    #[test]
    fn lines_of_one_look_are_one_path_of_steps() {
        let red = (255, 0, 0);
        let svg = svg(&[
            line(&[(1.0, 2.0), (3.0, 1.0), (4.0, 4.0)], red, Dash::Solid),
            line(&[(0.0, 0.0), (0.0, 5.0)], red, Dash::Solid),
            line(&[(5.0, 0.0), (9.0, 0.0)], red, Dash::Solid),
            line(&[(0.0, 0.0), (9.0, 0.0)], red, Dash::Long),
        ]);
        let paths: Vec<&str> = svg.matches("<path").collect();
        assert_eq!(paths.len(), 4, "paper, a curve, two straight lines, a dashed one: {svg}");
        assert!(svg.contains("fill=\"none\" d=\"M4 8l8-4l4 12\"/>"), "{svg}");
        assert!(svg.contains("<path stroke=\"#FF0000\" d=\"M0 0v20m20-20h16\"/>"), "{svg}");
        assert!(svg.contains("stroke-dasharray=\"44 16\" d=\"M0 0h36\"/>"), "{svg}");
    }

    #[test]
    fn texts_are_escaped() {
        let text = Shape::Text {
            at: (1.0, 1.0),
            text: "<script>&\"".into(),
            size: 12.0,
            ink: (26, 26, 26),
            anchor: Anchor::Start,
            bold: false,
        };
        let hover = Shape::Group(Group::Hover("<i>".into()));
        let svg = svg(&[hover, text, Shape::End]);
        assert!(svg.contains(">&lt;script&gt;&amp;&quot;</text></g>"), "{svg}");
        assert!(
            svg.contains("<title>&lt;b&gt;</title>") && svg.contains("<title>&lt;i&gt;</title>")
        );
    }
}
