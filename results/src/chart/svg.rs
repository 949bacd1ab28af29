//! How do shapes become SVG?
//!
//! As a paper for plotters. The one that comes with plotters knows neither groups (what a pointer shows, which
//! scale is hidden) nor dashes, and writes every attribute of every shape: a report with 34 workloads would
//! be several times as large. Here lines of the same look are one path, with steps instead of places, and what
//! most texts have in common stands once. Everything is drawn ten times as large and shown at a tenth, for
//! pixels are whole. It must not know what the shapes mean. Read next: `png.rs`.

use super::{canvas::Group, paint::Paper};
use plotters::{prelude::DrawingBackend, style::text_anchor::HPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontStyle,
};
use std::{convert::Infallible, fmt::Write as _};

/// An SVG document that is being written.
pub(super) struct Svg {
    size: (u32, u32),
    out: String,
    /// Lines or rectangles that look like this have been written, and the path is still open.
    open: Option<String>,
    /// As an attribute.
    dash: String,
}

/// What a text has that says nothing else.
const USUAL_INK: (u8, u8, u8) = (26, 26, 26);
const USUAL_SIZE: f64 = 120.0;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Svg {
    /// An empty document of this size, with a title.
    pub(super) fn new(title: &str, width: f64, height: f64) -> Self {
        let size = ((width * Self::FINE) as u32, (height * Self::FINE) as u32);
        let out = format!(
            "<svg width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {} {}\" role=\"img\" \
             xmlns=\"http://www.w3.org/2000/svg\"><title>{}</title>\
             <g fill=\"{}\" font-family=\"sans-serif\" font-size=\"{USUAL_SIZE}\">",
            size.0,
            size.1,
            escaped(title),
            hex(USUAL_INK)
        );
        Self { size, out, open: None, dash: String::new() }
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
            self.open = Some(look);
        }
    }

    /// From the first point on in steps, which are short.
    fn steps(&mut self, points: impl IntoIterator<Item = BackendCoord>) {
        let mut last: Option<BackendCoord> = None;
        for (x, y) in points {
            match last {
                None => write!(self.out, "M{x} {y}l").expect(STRING),
                Some((from_x, from_y)) => {
                    let (right, down) = (x - from_x, y - from_y);
                    if !self.out.ends_with('l') && right >= 0 {
                        self.out.push(' ');
                    }
                    let between = if down >= 0 { " " } else { "" };
                    write!(self.out, "{right}{between}{down}").expect(STRING);
                }
            }
            last = Some((x, y));
        }
    }
}

const STRING: &str = "a string takes every text";

impl Paper for Svg {
    const FINE: f64 = 10.0;
    const EM: f64 = 1.0;
    const BASELINE: f64 = 0.0;

    fn dash(&mut self, pattern: &[f64]) -> bool {
        let lengths = pattern.iter().map(|length| format!("{:.0}", length * Self::FINE));
        let lengths = lengths.collect::<Vec<_>>().join(" ");
        self.dash =
            if lengths.is_empty() { lengths } else { format!(" stroke-dasharray=\"{lengths}\"") };
        true
    }

    fn begin(&mut self, group: &Group) -> bool {
        self.close();
        match group {
            Group::Hover(text) => {
                write!(self.out, "<g><title>{}</title>", escaped(text)).expect(STRING);
            }
            Group::Log => self.out.push_str("<g class=\"log\">"),
            // Hidden by itself, as in the file; a style sheet overrides an attribute.
            Group::Linear => self.out.push_str("<g class=\"lin\" display=\"none\">"),
        }
        true
    }

    fn end(&mut self) {
        self.close();
        self.out.push_str("</g>");
    }
}

impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.close();
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect(point, (point.0 + 1, point.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let (color, width) = (hex(style.color().rgb), style.stroke_width());
        let dash = &self.dash;
        self.path(format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dash}"));
        self.steps(path);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.path(filled(style.color()));
        let (width, height) = (right - left, bottom - top);
        write!(self.out, "M{left} {top}h{width}v{height}h{}z", -width).expect(STRING);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.close();
        let look = filled(style.color());
        write!(self.out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {look}/>").expect(STRING);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        // A path of its own: where two of them lie over each other, a common one might have holes.
        self.close();
        self.path(filled(style.color()));
        self.steps(corners);
        self.out.push('z');
        self.close();
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        self.close();
        write!(self.out, "<text x=\"{x}\" y=\"{y}\"").expect(STRING);
        self.out.push_str(match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        });
        if style.size() != USUAL_SIZE {
            write!(self.out, " font-size=\"{:.0}\"", style.size()).expect(STRING);
        }
        if matches!(style.style(), FontStyle::Bold) {
            self.out.push_str(" font-weight=\"bold\"");
        }
        let ink = style.color().rgb;
        if ink != USUAL_INK {
            write!(self.out, " fill=\"{}\"", hex(ink)).expect(STRING);
        }
        write!(self.out, ">{}</text>", escaped(text)).expect(STRING);
        Ok(())
    }
}

fn hex((red, green, blue): (u8, u8, u8)) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

fn filled(color: BackendColor) -> String {
    let opacity =
        if color.alpha < 1.0 { format!(" opacity=\"{:.2}\"", color.alpha) } else { String::new() };
    format!("fill=\"{}\"{opacity}", hex(color.rgb))
}

/// Text that XML shows as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
