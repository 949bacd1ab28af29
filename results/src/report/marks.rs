//! How is a runner's marker drawn beside its name?
//!
//! In its colour and shape, as in all charts, so that tables and charts can be read together. Read next:
//! `chart/palette.rs`.

use crate::chart::{Look, Marker};
use maud::{Markup, html};

/// A small picture that says nothing aloud: the name stands beside it.
pub(super) fn mark(look: Look) -> Markup {
    let (red, green, blue) = look.color;
    let fill = format!("#{red:02X}{green:02X}{blue:02X}");
    let shape = match look.marker {
        Marker::Circle => "M1 6a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
        Marker::Square => "M1.5 1.5h9v9h-9z",
        Marker::Triangle => "M6 .5l5.5 10.5h-11z",
        Marker::Diamond => "M6 0l6 6l-6 6l-6-6z",
    };
    html! {
        svg.mark width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" {
            path fill=(fill) d=(shape) {}
        }
    }
}
