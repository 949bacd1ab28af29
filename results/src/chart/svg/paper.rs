//! What does plotters want written, and how is it in SVG?
//!
//! Its drawing interface and ours, for the document of `svg.rs`: lines, rectangles and areas become paths there, texts
//! and discs are written as they come. It must not know what the shapes mean. Read next: `png.rs`.

use super::{
    super::{canvas::Group, paint::Paper},
    Drawn, STRING, Svg, USUAL_INK, USUAL_SIZE, USUAL_WIDTH, escaped, filled, hex,
};
use plotters::{prelude::DrawingBackend, style::text_anchor::HPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, FontStyle};
use std::{convert::Infallible, fmt::Write as _};

impl Paper for Svg {
    /// A quarter of a unit is not seen, and its numbers are shorter than those of a tenth.
    const FINE: f64 = 4.0;
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
        let points: Vec<BackendCoord> = path.into_iter().collect();
        let color = hex(style.color().rgb);
        let mut look = format!("stroke=\"{color}\"{}", self.dash);
        // What has no area needs no word on how it is filled.
        if points.len() > 2 {
            look.push_str(" fill=\"none\"");
        }
        if style.stroke_width() != USUAL_WIDTH {
            write!(look, " stroke-width=\"{}\"", style.stroke_width()).expect(STRING);
        }
        self.path(look);
        self.steps(&points);
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
        // It ends where it began.
        self.steps(&[(left, top), (right, top), (right, bottom), (left, bottom)]);
        self.out.push('z');
        self.pen = Some((left, top));
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
        self.steps(&corners.into_iter().collect::<Vec<_>>());
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
