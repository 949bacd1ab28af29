//! How does a summary look as a picture?
//!
//! One file a kind of chart. Each has a function that computes what will be drawn, which is tested, and one
//! that draws it as SVG. Every chart says units, load, placement and the number of blocks, and draws the
//! spread where there is one. Colours are Okabe and Ito's, told apart with all kinds of colour vision; each
//! runner keeps its colour, dash and marker throughout. Charts must not compute estimates.
//!
//! Read next: `spectrum.rs`.

mod canvas;
pub mod climb;
pub mod cost;
pub mod effect;
mod hatch;
pub mod heatmap;
pub mod history;
mod labels;
pub mod omission;
mod palette;
mod rows;
mod scale;
pub mod spectrum;

pub use canvas::{DARK_INKS, Rgb};
pub use palette::{Dash, Look, Marker, Palette};
