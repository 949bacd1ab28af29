//! How is a runner's marker drawn beside its name?
//!
//! In its colour and shape, as in all charts, so that tables and charts can be read together. Read next:
//! `chart/palette.rs`.

use crate::{
    Summary,
    chart::{Look, Marker, Palette},
};
use maud::{Markup, html};

/// The pictures of all runners of the report, each once: there are thousands of places to show them at.
pub(super) fn all(summary: &Summary, palette: &Palette) -> Markup {
    let mut looks: Vec<Look> = Vec::new();
    for look in summary.cells().map(|(_, cell)| palette.look(cell)) {
        if !looks.iter().any(|known| name(*known) == name(look)) {
            looks.push(look);
        }
    }
    html! {
        svg.marks width="0" height="0" aria-hidden="true" { defs {
            @for look in looks { path id=(name(look)) fill=(fill(look)) d=(shape(look)) {} }
        } }
    }
}

/// One of [`all`]: a small picture that says nothing aloud, since the name stands beside it.
pub(super) fn mark(look: Look) -> Markup {
    html! { svg.mark aria-hidden="true" { use href={ "#" (name(look)) } {} } }
}

/// By what is seen of it.
fn name(look: Look) -> String {
    format!("mark{}{:?}", fill(look).replace('#', "-"), look.marker).to_lowercase()
}

fn fill(look: Look) -> String {
    let (red, green, blue) = look.color;
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// On twelve by twelve pixels.
fn shape(look: Look) -> &'static str {
    match look.marker {
        Marker::Circle => "M1 6a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
        Marker::Square => "M1.5 1.5h9v9h-9z",
        Marker::Triangle => "M6 .5l5.5 10.5h-11z",
        Marker::Diamond => "M6 0l6 6l-6 6l-6-6z",
    }
}
