//! What is a picture made of?
//!
//! Of shapes on a sheet, kept as plain data until somebody paints them: so a test can ask whether two texts
//! cover each other, and SVG and PNG show the same. It must not know what the shapes mean. Read next:
//! `paint.rs`.

use super::{
    frame::Frame,
    labels::{broken, letters},
    paint,
    palette::{Dash, Marker},
    png,
    svg::Svg,
};
use crate::wording::plain;

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

/// Which scale a report shows, as a style sheet: the logarithmic one, or below the class `linear` the other.
pub const SCALES: &str = ".linear .log{display:none}.linear .lin{display:inline}";

/// Where a text's point is: at its start, middle or end; always halfway up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub(super) color: Rgb,
    /// In units of the drawing.
    pub(super) width: f64,
    pub(super) dash: Dash,
}

/// A place on the sheet: to the right and down from the upper left corner.
pub(super) type Point = (f64, f64);

/// What is painted, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Text {
        at: Point,
        text: String,
        size: f64,
        ink: Rgb,
        anchor: Anchor,
        bold: bool,
    },
    Path {
        points: Vec<Point>,
        stroke: Stroke,
    },
    Area {
        points: Vec<Point>,
        fill: Rgb,
        opacity: f64,
    },
    Rectangle {
        from: Point,
        to: Point,
        fill: Rgb,
        opacity: f64,
    },
    Disc {
        at: Point,
        radius: f64,
        fill: Rgb,
    },
    /// Until its end: what is said on hover, or one of two scales of the same thing.
    Group(Group),
    End,
}

/// What shapes have in common.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Group {
    /// Said where a pointer rests on them.
    Hover(String),
    /// With a logarithmic axis; shown unless the reader wants the other.
    Log,
    /// With a linear axis; shown in a report where the reader wants it, and nowhere else.
    Linear,
}

/// A sheet to draw on; its origin is the upper left corner.
#[derive(Debug)]
pub(super) struct Canvas {
    shapes: Vec<Shape>,
    width: f64,
}

/// A whole picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// What it shows, in a line.
    title: String,
    width: f64,
    height: f64,
    shapes: Vec<Shape>,
}

/// A whole picture of this width, at least so high, with its frame: what it shows, of what, and under which
/// conditions. Where the frame was refused, that is all there is.
pub(super) fn picture(
    frame: &Frame,
    width: f64,
    height: f64,
    draw: impl FnOnce(&mut Canvas),
) -> Drawing {
    let mut canvas = Canvas { shapes: Vec::new(), width };
    canvas.heading((16.0, 22.0), &frame.title, 16.0);
    for (at, line) in broken(&frame.conditions, letters(width, 12.0)).iter().enumerate() {
        canvas.text((16.0, 41.0 + 15.0 * at as f64), line, 12.0, SOFT, Anchor::Start);
    }
    let least = match &frame.fault {
        None => {
            draw(&mut canvas);
            height
        }
        Some(fault) => {
            let text = format!("not drawn: {fault}");
            canvas.text((16.0, 68.0), &text, 13.0, INK, Anchor::Start);
            90.0
        }
    };
    let foot = |shape: &Shape| match shape {
        Shape::Text { at: (_, y), .. } => y + 16.0,
        _ => 0.0,
    };
    let height = canvas.shapes.iter().map(foot).fold(least, f64::max);
    Drawing { title: frame.title.clone(), width, height, shapes: canvas.shapes }
}

impl Drawing {
    /// As an SVG document, for a page that says how it looks on dark ground; [`super::alone`] is for files.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut svg = Svg::new(&plain(&self.title), self.width, self.height);
        paint::paint(&self.shapes, (self.width, self.height), &mut svg);
        svg.finish()
    }

    /// As a PNG file, two pixels for each unit of the drawing.
    ///
    /// # Errors
    /// It is too large for an image.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        png::render(&self.shapes, self.width, self.height)
    }

    /// The boxes that its texts take, and what they say, without those of the scale that is hidden: upper
    /// left, lower right.
    #[cfg(test)]
    pub(super) fn texts(&self) -> Vec<(Point, Point, &str)> {
        let mut hidden = 0;
        let mut boxes = Vec::new();
        for shape in &self.shapes {
            match shape {
                Shape::Group(Group::Linear) => hidden = 1,
                Shape::Group(_) if hidden > 0 => hidden += 1,
                Shape::End if hidden > 0 => hidden -= 1,
                Shape::Text { at: (x, y), text, size, anchor, .. } if hidden == 0 => {
                    let width = super::labels::width(text, *size);
                    let left = match anchor {
                        Anchor::Start => *x,
                        Anchor::Middle => x - width / 2.0,
                        Anchor::End => x - width,
                    };
                    let half = 0.45 * size;
                    boxes.push(((left, y - half), (left + width, y + half), text.as_str()));
                }
                _ => {}
            }
        }
        boxes
    }

    /// Its size.
    #[cfg(test)]
    pub(super) fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }
}

impl Canvas {
    /// How wide the sheet is.
    pub(super) fn width(&self) -> f64 {
        self.width
    }

    /// A text without characters that would not be shown.
    pub(super) fn text(&mut self, at: Point, text: &str, size: f64, ink: Rgb, anchor: Anchor) {
        let text = plain(text);
        self.shapes.push(Shape::Text { at, text, size, ink, anchor, bold: false });
    }

    /// A heading, from its start.
    pub(super) fn heading(&mut self, at: Point, text: &str, size: f64) {
        let (text, ink, anchor) = (plain(text), INK, Anchor::Start);
        self.shapes.push(Shape::Text { at, text, size, ink, anchor, bold: true });
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.path(&[from, to], stroke);
    }

    /// A line through all points, dashed as its stroke says.
    pub(super) fn path(&mut self, points: &[Point], stroke: Stroke) {
        self.shapes.push(Shape::Path { points: points.to_vec(), stroke });
    }

    /// A filled shape.
    pub(super) fn polygon(&mut self, points: &[Point], fill: Rgb, opacity: f64) {
        self.shapes.push(Shape::Area { points: points.to_vec(), fill, opacity });
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, from: Point, to: Point, fill: Rgb, opacity: f64) {
        self.shapes.push(Shape::Rectangle { from, to, fill, opacity });
    }

    /// What `draw` draws, with this text where a pointer rests on it.
    pub(super) fn hover(&mut self, text: &str, draw: impl FnOnce(&mut Self)) {
        self.group(Group::Hover(plain(text)), draw);
    }

    /// What `draw` draws, as a group.
    pub(super) fn group(&mut self, group: Group, draw: impl FnOnce(&mut Self)) {
        self.shapes.push(Shape::Group(group));
        draw(self);
        self.shapes.push(Shape::End);
    }

    /// A filled mark of a runner's shape.
    pub(super) fn marker(&mut self, (x, y): Point, marker: Marker, radius: f64, fill: Rgb) {
        let r = radius;
        match marker {
            Marker::Circle => self.shapes.push(Shape::Disc { at: (x, y), radius, fill }),
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
