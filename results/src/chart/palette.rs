//! Which colour, dash and marker does a runner have?
//!
//! Its own, the same in every chart of a report. Seven of the eight colours of M. Okabe and K. Ito, "Color
//! Universal Design" (2008), which people with any colour vision tell apart; yellow is left out, since it
//! vanishes on white. From the eighth runner on, the colours come again with another dash and marker.
//! It must not know positions. Read next: `canvas.rs`.

use super::canvas::{INK, Rgb};
use crate::{Role, Summary, summary::CellSummary};
use std::collections::BTreeMap;

const COLORS: [Rgb; 7] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (0, 0, 0),
];
const DASHES: [Dash; 4] = [Dash::Solid, Dash::Long, Dash::DashDot, Dash::Short];
const MARKERS: [Marker; 4] = [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond];
/// The null arm: present, and in nobody's way.
const GREY: Rgb = (140, 140, 140);

/// How a line is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    Solid,
    /// Long strokes.
    Long,
    /// Strokes and dots in turn.
    DashDot,
    /// Short strokes.
    Short,
    /// The null arm's strokes, as long as their gaps.
    Even,
    /// The floor's dots.
    Dotted,
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// On its side.
    Square,
    /// Pointing up.
    Triangle,
    /// On its corner.
    Diamond,
}

/// How a runner is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its colour.
    pub color: Rgb,
    /// Its lines.
    pub dash: Dash,
    /// Its points.
    pub marker: Marker,
}

/// The looks of all runners of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette(BTreeMap<String, Look>);

impl Dash {
    /// Strokes and gaps in turn, in units of the drawing; empty for an uninterrupted line.
    pub(super) fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Long => &[11.0, 4.0],
            Self::DashDot => &[9.0, 3.0, 2.0, 3.0],
            Self::Short => &[5.0, 2.5],
            Self::Even => &[6.0, 6.0],
            Self::Dotted => &[1.5, 3.5],
        }
    }
}

impl Look {
    /// The look of a report's runner of this number, from 0; the 29th looks like the first.
    fn numbered(number: usize) -> Self {
        let again = number / COLORS.len();
        Self {
            color: COLORS[number % COLORS.len()],
            dash: DASHES[again % DASHES.len()],
            marker: MARKERS[again % MARKERS.len()],
        }
    }
}

impl Palette {
    /// Gives looks to the runners of all contests, in the order in which they come.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        let mut looks = BTreeMap::new();
        for (_, cell) in summary.cells().filter(|(_, cell)| cell.role == Role::Runner) {
            let next = looks.len();
            looks.entry(cell.runner.clone()).or_insert_with(|| Look::numbered(next));
        }
        Self(looks)
    }

    /// The look of a cell: null arms are grey and dashed, floors dotted.
    #[must_use]
    pub fn look(&self, cell: &CellSummary) -> Look {
        match cell.role {
            Role::Null => Look { color: GREY, dash: Dash::Even, marker: Marker::Diamond },
            Role::Floor => Look { color: INK, dash: Dash::Dotted, marker: Marker::Square },
            Role::Runner => self.0.get(&cell.runner).copied().unwrap_or(Look {
                color: GREY,
                dash: Dash::Solid,
                marker: Marker::Circle,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_runners_than_there_are_look_different() {
        let looks: Vec<Look> = (0..24).map(Look::numbered).collect();
        for (at, look) in looks.iter().enumerate() {
            assert!(!looks[..at].contains(look), "the look of number {at} is taken");
        }
    }
}
