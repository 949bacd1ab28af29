//! What do charts with one row a cell share?
//!
//! A name at the start of each row with the runner's marker, and the
//! state of a cell without numbers in place of its values. It must not know what is drawn in a row. Read next:
//! `effect.rs`.

use super::{
    Dash, Look,
    canvas::{Anchor, Canvas, FAINT, INK, PAPER, Rgb, SOFT, Stroke},
    labels::{broken, cut, letters, width},
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

/// The middle of a row.
pub(super) fn middle(row: usize) -> f64 {
    TOP + (row as f64 + 0.5) * ROW
}

/// Lines below so many rows. They are drawn first, and in one go: so they are one shape.
pub(super) fn rules(canvas: &mut Canvas, rows: usize, end: f64) {
    for row in 0..rows {
        let y = middle(row) + ROW / 2.0;
        canvas.line((16.0, y), (end, y), thin(FAINT));
    }
}

/// A row's name and marker, and its state if it has no numbers.
pub(super) fn name(canvas: &mut Canvas, cell: &CellSummary, look: Look, row: usize, end: f64) {
    let y = middle(row);
    canvas.marker((23.0, y), look.marker, 4.0, look.color);
    canvas.text((34.0, y), &cut(&grid::label(cell), 21), 12.0, INK, Anchor::Start);
    if cell.numbers.is_none() {
        instead(canvas, &wording::absence(cell), row, end);
    }
}

/// A text in the place of a row's values.
pub(super) fn instead(canvas: &mut Canvas, text: &str, row: usize, end: f64) {
    let y = middle(row);
    let text = cut(text, letters(end - LEFT + 16.0, 11.0));
    let right = LEFT + 14.0 + width(&text, 11.0);
    canvas.rect((LEFT + 2.0, y - 8.0), (right.min(end), y + 8.0), PAPER, 1.0);
    canvas.text((LEFT + 6.0, y), &text, 11.0, SOFT, Anchor::Start);
}

/// The cells that are not drawn and why, so that none disappears: `no line: rings (timed out)`.
pub(super) fn without(
    contest: &ContestSummary,
    what: &str,
    is_drawn: impl Fn(&CellSummary) -> bool,
) -> String {
    let missing = contest.cells.iter().filter(|cell| !is_drawn(cell));
    let named = missing.map(|cell| {
        let measured = cell.is_measured();
        let why = if measured { "too few operations" } else { wording::state(cell.state) };
        format!("{} ({why})", grid::label(cell))
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() { String::new() } else { format!("no {what}: {}", named.join(", ")) }
}

/// What a caption says of medians and of the intervals around them, which are drawn as `shape`. One block has none,
/// and that is said too.
pub(super) fn intervals(medians: &str, shape: &str, blocks: u32) -> String {
    match blocks {
        0 | 1 => format!(
            "{medians}: one block, so nothing is known of how far blocks differ, and no interval is drawn"
        ),
        _ => format!(
            "{medians}: median over blocks; {shape}: interval over blocks (95 % from six blocks on, else smallest \
             to largest)"
        ),
    }
}

/// Lines of explanation below the rows, each broken where the sheet ends; empty ones are left out.
pub(super) fn caption(canvas: &mut Canvas, y: f64, lines: &[&str]) {
    let letters = letters(canvas.width(), 11.0);
    let lines = lines.iter().flat_map(|line| broken(line, letters));
    for (at, line) in lines.enumerate() {
        canvas.text((16.0, y + 16.0 * at as f64), &line, 11.0, SOFT, Anchor::Start);
    }
}
