//! Who is drawn?
//!
//! A cell's name, its look, and whether it may be ranked: what every line, row and panel that stands for one needs.
//! It must not know what is drawn of it. Read next: `lines.rs`.

use super::{Look, Palette};
use crate::{grid, summary::CellSummary};

/// A cell in a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// What stands at its line, row or panel.
    pub label: String,
    /// How it is drawn.
    pub look: Look,
    /// Hatched where it may not.
    pub may_be_ranked: bool,
}

impl Arm {
    /// The cell, in the colours of its report.
    pub(super) fn of(cell: &CellSummary, palette: &Palette) -> Self {
        Self {
            label: grid::label(cell),
            look: palette.look(cell),
            may_be_ranked: cell.audit.may_be_ranked(),
        }
    }
}
