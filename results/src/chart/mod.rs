//! How does a summary look as a picture?
//!
//! One file a kind of chart. Each has a function that computes what will be drawn, which is tested, and one
//! that draws it, as SVG or PNG. Every chart says units, load, placement and the number of blocks, and draws the
//! spread where there is one; `frame.rs` refuses those that may not be drawn, and `overlap.rs` those that cannot be
//! read. Colours are Okabe and Ito's, told apart with all kinds of colour vision; each
//! runner keeps its colour, dash and marker throughout. Charts must not compute estimates.
//!
//! Read next: `spectrum.rs`.

mod arm;
mod bars;
mod canvas;
pub mod climb;
pub mod cost;
pub mod course;
mod dark;
pub mod effect;
mod frame;
mod hatch;
pub mod heatmap;
pub mod history;
mod labels;
mod lines;
pub mod omission;
#[cfg(test)]
mod overlap;
mod paint;
mod palette;
mod png;
pub mod price;
mod rows;
mod scale;
pub mod scaling;
pub mod spectrum;
mod svg;

pub use arm::Arm;
pub use canvas::{Drawing, Rgb, SCALES};
pub use dark::{DARK_INKS, alone};
pub use frame::{Fault, Subject, lint};
pub use palette::{Dash, Look, Marker, Palette};
