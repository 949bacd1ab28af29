//! How do shapes become a PNG?
//!
//! As pixels, by plotters' own bitmap and font renderer (`ab_glyph`), with a font that is a part of the
//! program: a picture must not depend on what a machine has installed. The alternative, an SVG renderer, would be
//! three dozen crates for the same picture. Everything is painted twice as large as it is wanted and made
//! smaller, for smooth edges. The font is a part of DejaVu Sans (Latin letters and a few signs), beside its licence.
//! It must not know what the shapes mean. Read next: `spectrum.rs`.

use super::{
    canvas::{Group, Shape},
    paint::{self, Paper},
};
use plotters::{
    prelude::BitMapBackend,
    style::{FontStyle, register_font},
};
use std::sync::Once;

/// Pixels of the image per unit of the drawing: readable on a dense screen.
const PIXELS: usize = 2;
/// Painted pixels per pixel of the image, in each direction.
const SMOOTH: usize = 2;
/// No chart is so large; a damaged recording's might be.
const MOST_PIXELS: usize = 200_000_000;

static FONTS: Once = Once::new();

/// The image of a sheet of this size.
pub(super) fn render(shapes: &[Shape], width: f64, height: f64) -> Result<Vec<u8>, String> {
    let whole = |length: f64| (length.ceil().max(1.0) as usize).saturating_mul(PIXELS);
    let (columns, rows) = (whole(width), whole(height));
    let painted = columns.saturating_mul(rows).saturating_mul(SMOOTH * SMOOTH);
    if painted > MOST_PIXELS {
        return Err(format!("a picture of {width:.0} × {height:.0} is too large for a PNG"));
    }
    FONTS.call_once(|| {
        // What is no font would be found by the test below; a picture without texts is no reason to end.
        let _ =
            register_font("sans-serif", FontStyle::Normal, include_bytes!("font/DejaVuSans.ttf"));
        let _ = register_font(
            "sans-serif",
            FontStyle::Bold,
            include_bytes!("font/DejaVuSans-Bold.ttf"),
        );
    });
    let mut pixels = vec![0_u8; painted * 3];
    {
        let size = ((columns * SMOOTH) as u32, (rows * SMOOTH) as u32);
        let mut paper = BitMapBackend::with_buffer(&mut pixels, size);
        paint::paint(shapes, (width.ceil(), height.ceil()), &mut paper);
    }
    encode(&smaller(&pixels, columns, rows), columns, rows)
}

/// Each pixel the mean of those that were painted for it.
fn smaller(painted: &[u8], columns: usize, rows: usize) -> Vec<u8> {
    let mut image = Vec::with_capacity(columns * rows * 3);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..3 {
                let mut sum = 0_usize;
                for y in 0..SMOOTH {
                    let start = ((row * SMOOTH + y) * columns + column) * SMOOTH;
                    let part = (0..SMOOTH).map(|x| painted[(start + x) * 3 + channel]);
                    sum += part.map(usize::from).sum::<usize>();
                }
                image.push((sum / (SMOOTH * SMOOTH)) as u8);
            }
        }
    }
    image
}

fn encode(image: &[u8], columns: usize, rows: usize) -> Result<Vec<u8>, String> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(image));
    written.map_err(|problem| format!("the PNG could not be written: {problem}"))?;
    Ok(file)
}

impl Paper for BitMapBackend<'_> {
    const FINE: f64 = (PIXELS * SMOOTH) as f64;
    /// The font renderer's size is a line of this font, from its lowest to its highest point.
    const EM: f64 = 1.164;
    /// It puts the baseline half a size below the point.
    const BASELINE: f64 = 0.5;

    fn dash(&mut self, pattern: &[f64]) -> bool {
        pattern.is_empty()
    }

    fn begin(&mut self, group: &Group) -> bool {
        *group != Group::Linear
    }

    fn end(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Dash,
            canvas::{Anchor, Stroke},
        },
        *,
    };

    /// The image of these shapes on 20 × 10 units.
    fn image(shapes: &[Shape]) -> Vec<[u8; 3]> {
        let file = render(shapes, 20.0, 10.0).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!((info.width, info.height), (40, 20));
        bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }

    #[test]
    fn shapes_are_where_they_were_put() {
        let stroke = Stroke { color: (255, 0, 0), width: 2.0, dash: Dash::Solid };
        let red = Shape::Path { points: vec![(0.0, 5.0), (20.0, 5.0)], stroke };
        let image = image(&[red]);
        assert_eq!((image[10 * 40 + 20], image[20]), ([255, 0, 0], [255, 255, 255]));
    }

    #[test]
    fn letters_are_dark_and_halfway_up() {
        let text = Shape::Text {
            at: (10.0, 5.0),
            text: "H".into(),
            size: 8.0,
            ink: (0, 0, 0),
            anchor: Anchor::Middle,
            bold: true,
        };
        let image = image(&[text]);
        let is_dark = |row: usize| image[row * 40..][..40].iter().any(|pixel| pixel[0] < 90);
        let rows: Vec<usize> = (0..20).filter(|row| is_dark(*row)).collect();
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        assert!((10..=13).contains(&(last - first + 1)), "a capital is 11.7 pixels high: {rows:?}");
        assert!((first + last).abs_diff(20) <= 3, "{rows:?}");
    }

    #[test]
    fn headings_are_bold() {
        let ink = |bold| {
            let (at, text) = ((10.0, 5.0), "HHH".to_owned());
            let (size, ink, anchor) = (8.0, (0, 0, 0), Anchor::Middle);
            let text = Shape::Text { at, text, size, ink, anchor, bold };
            image(&[text]).iter().map(|pixel| u32::from(255 - pixel[0])).sum::<u32>()
        };
        assert!(ink(true) > ink(false) * 5 / 4, "{} {}", ink(true), ink(false));
    }

    #[test]
    fn what_is_hidden_is_not_painted() {
        let all =
            Shape::Rectangle { from: (0.0, 0.0), to: (20.0, 10.0), fill: (0, 0, 0), opacity: 1.0 };
        let image = image(&[Shape::Group(Group::Linear), all, Shape::End]);
        assert!(image.iter().all(|pixel| *pixel == [255, 255, 255]));
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert!(render(&[], 1e9, 1e9).unwrap_err().contains("too large"));
    }
}
