//! How is a bar with its uncertainty drawn?
//!
//! From zero, in pieces; the ground shows through where it must not be ranked, so that no solid bar is compared; over
//! it a line from one end of the interval to the other. It must not know what a bar is of, nor scales. Read next:
//! `cost.rs`.

use super::{
    canvas::{Canvas, INK, PAPER, Rgb},
    hatch,
    rows::thin,
};

/// A part of a bar: from where to where, in which colour, and how opaque.
pub(super) type Piece = (f64, f64, Rgb, f64);

/// A bar around the height `y`, half as thick as `half` twice; later pieces lie over earlier ones.
pub(super) fn bar(canvas: &mut Canvas, (y, half): (f64, f64), pieces: &[Piece], ranked: bool) {
    for (from, to, fill, opacity) in pieces.iter().filter(|(from, to, ..)| from < to) {
        canvas.rect((*from, y - half), (*to, y + half), *fill, *opacity);
    }
    let start = pieces.iter().map(|piece| piece.0).fold(f64::INFINITY, f64::min);
    let end = pieces.iter().map(|piece| piece.1).fold(start, f64::max);
    if !ranked && start < end {
        canvas.rect((start, y - half), (end, y + half), PAPER, 0.6);
        hatch::rectangle(canvas, (start, y - half), (end, y + half), INK);
    }
}

/// The interval over it, with a stroke at each end that reaches `half` up and down.
pub(super) fn interval(canvas: &mut Canvas, (y, half): (f64, f64), (low, high): (f64, f64)) {
    canvas.line((low, y), (high, y), thin(INK));
    for end in [low, high] {
        canvas.line((end, y - half), (end, y + half), thin(INK));
    }
}
