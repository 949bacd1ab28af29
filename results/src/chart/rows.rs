//! What do charts with one row a cell share?
//!
//! The frame: a title, the conditions, a name at the start of each row with the runner's marker, and the
//! state of a cell without numbers in place of its values. It must not know what is drawn in a row. Read next:
//! `effect.rs`.

use super::{
    Dash, Look,
    canvas::{Anchor, Canvas, FAINT, INK, PAPER, Rgb, SOFT, Stroke},
    labels::cut,
};
use crate::{
    grid,
    summary::{CellSummary, ContestSummary},
    wording,
};

/// Height of one row.
pub(super) const ROW: f64 = 22.0;
/// Where values begin: behind the names.
pub(super) const LEFT: f64 = 190.0;
/// Where rows begin: below title, conditions and the names of axes.
pub(super) const TOP: f64 = 96.0;

/// A thin line without interruption.
pub(super) fn thin(color: Rgb) -> Stroke {
    Stroke { color, width: 1.0, dash: Dash::Solid }
}

/// Title and conditions of a contest's chart.
pub(super) fn title(canvas: &mut Canvas<'_>, contest: &ContestSummary, what: &str) {
    canvas.heading((16.0, 22.0), &format!("{}: {what}", contest.contest.workload), 16.0);
    canvas.text((16.0, 44.0), &wording::conditions(contest), 12.0, SOFT, Anchor::Start);
}

/// The middle of a row.
pub(super) fn middle(row: usize) -> f64 {
    TOP + (row as f64 + 0.5) * ROW
}

/// A row's name and marker, its lower line, and its state if it has no numbers.
pub(super) fn name(canvas: &mut Canvas<'_>, cell: &CellSummary, look: Look, row: usize, end: f64) {
    let y = middle(row);
    canvas.line((16.0, y + ROW / 2.0), (end, y + ROW / 2.0), thin(FAINT));
    canvas.marker((23.0, y), look.marker, 4.0, look.color);
    canvas.text((34.0, y), &cut(&grid::label(cell), 24), 12.0, INK, Anchor::Start);
    if cell.numbers.is_none() {
        let letters = ((end - LEFT) / 6.2) as usize;
        let absence = cut(&wording::absence(cell), letters);
        let right = LEFT + 14.0 + 6.2 * absence.chars().count() as f64;
        canvas.rect((LEFT + 2.0, y - 8.0), (right.min(end), y + 8.0), PAPER, 1.0);
        canvas.text((LEFT + 6.0, y), &absence, 11.0, SOFT, Anchor::Start);
    }
}

/// Lines of explanation below the rows.
pub(super) fn caption(canvas: &mut Canvas<'_>, y: f64, lines: &[&str]) {
    for (i, line) in lines.iter().enumerate() {
        canvas.text((16.0, y + 16.0 * i as f64), line, 11.0, SOFT, Anchor::Start);
    }
}
