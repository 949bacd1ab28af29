//! How does a summary look in a terminal?
//!
//! One table a contest, with everything that must be said below it. It must not compute anything: `grid.rs`
//! has made the texts. Read next: [`crate::report`].

use crate::{
    Role, Summary, audit_grid,
    builds::Builds,
    ending, figure_grid,
    grid::{self, Grid},
    parallel, price_grid,
    summary::ContestSummary,
    wording,
};
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};

/// Lines above, below and under the titles; none between rows.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// All contests as text that ends with a line feed. With a width in columns, tables are wrapped to it;
/// without one they are as wide as they need to be (about 110 columns).
#[must_use]
pub fn render(summary: &Summary, width: Option<u16>) -> String {
    let contests = parallel::map(&summary.contests, |contest| render_contest(contest, width));
    let mut text = contests.join("\n");
    let surroundings = wording::surroundings(summary);
    if !surroundings.is_empty() {
        text.push_str(&format!("\naround it: {}\n", surroundings.join("\n  ")));
    }
    if !summary.contests.is_empty() {
        text.push_str(&format!("\n{}\n", wording::grades(summary)));
    }
    let builds = summary.builds.iter().map(Builds::lines);
    for lines in [ending::stopping(summary)].into_iter().chain(builds) {
        if !lines.is_empty() {
            text.push_str(&format!("\n{}\n", lines.join("\n  ")));
        }
    }
    for warning in wording::warnings(summary) {
        text.push_str(&format!("\n{warning}\n"));
    }
    text
}

/// As [`render`], and behind it what each cell costs: one more table a contest, as wide as it needs to be.
#[must_use]
pub fn render_wide(summary: &Summary, width: Option<u16>) -> String {
    let mut text = render(summary, width);
    for contest in &summary.contests {
        if let Some(prices) = price_grid::prices(contest) {
            let name = wording::plain(&contest.contest.workload);
            text.push_str(&format!("\n{name} · {}\n", wording::conditions(contest)));
            text.push_str(&draw(&prices, width));
        }
    }
    text
}

/// One contest: for output while a run goes on.
#[must_use]
pub fn render_contest(contest: &ContestSummary, width: Option<u16>) -> String {
    let name = wording::plain(&contest.contest.workload);
    let mut text = format!("{name} · {}\n", wording::conditions(contest));
    text.push_str(&format!("{}\n", wording::plain(&contest.question)));
    text.push_str(&draw(&grid::numbers(contest), width));
    let further =
        [figure_grid::figures(contest), grid::comparison(contest), audit_grid::audits(contest)];
    for grid in further.into_iter().flatten() {
        text.push_str(&draw(&grid, width));
    }
    text.push_str(&format!("  {}\n", grid::noise(contest)));
    if price_grid::is_known(contest) {
        text.push_str("  memory, switches, waiting for a core, distance to the floor: --wide, or the report\n");
    }
    text
}

/// A grid as a table, and its notes.
fn draw(grid: &Grid, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(&grid.header);
    for row in &grid.rows {
        let mark = match row.role {
            Role::Runner => "",
            Role::Null | Role::Floor => "· ",
        };
        let mut texts = row.texts.clone();
        texts[0].insert_str(0, mark);
        table.add_row(texts);
    }
    table.set_content_arrangement(ContentArrangement::Dynamic);
    // Without a width we must not ask the terminal: the text may go to a file.
    table.set_width(width.unwrap_or(u16::MAX));
    // Where there is too little room, names are wrapped and numbers are not.
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    for note in &grid.notes {
        text.push_str(&format!("  {note}\n"));
    }
    text
}
