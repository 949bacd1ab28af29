//! What is pasted into an issue?
//!
//! The machine, then per contest the same grids that the terminal shows, as tables of GitHub's Markdown.
//! Recorded text is escaped, so that a name cannot end a table or bring in HTML. It must not compute
//! anything. Read next: `grid.rs`.

use crate::{
    Summary, audit_grid,
    builds::Builds,
    ending, figure_grid, finding_grid, glance,
    grid::{self, Grid},
    price_grid, quantity,
    summary::ContestSummary,
    wording::{self, plain},
};

/// The whole summary, ending with a line feed.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut text = facts(summary);
    for part in &summary.contests {
        contest(&mut text, part);
    }
    found(&mut text, summary);
    warnings(&mut text, summary);
    text
}

/// What stands above all contests.
pub(super) fn facts(summary: &Summary) -> String {
    let run = &summary.run;
    let host = &run.host;
    let mut text = String::from("# simul\n\n");
    let facts = [
        ("Machine", format!("{}, {}", host.processor, host.system)),
        (
            "Cores",
            format!(
                "{}{}",
                host.cores.len(),
                if host.virtual_machine { ", a virtual machine" } else { "" }
            ),
        ),
        ("Memory", quantity::bytes(host.memory_bytes)),
        ("Measured", format!("{} with simul {}", run.started, run.simul)),
        ("Command", run.command.join(" ")),
    ];
    for (name, value) in facts {
        text.push_str(&format!("- {name}: {}\n", escaped(&value)));
    }
    for run in &summary.further {
        let told = format!("{} with simul {}: {}", run.started, run.simul, run.command.join(" "));
        text.push_str(&format!("- Further run, measured: {}\n", escaped(&told)));
    }
    for line in wording::surroundings(summary) {
        text.push_str(&format!("- Around it: {}\n", escaped(&line)));
    }
    for line in glance::overall(summary) {
        text.push_str(&format!("- In short: {}\n", escaped(&line)));
    }
    for line in ending::outcome(summary) {
        text.push_str(&format!("- Stopping: {}\n", escaped(&line)));
    }
    for line in summary.builds.iter().flat_map(Builds::lines) {
        text.push_str(&format!("- Builds: {}\n", escaped(&line)));
    }
    text.push_str(&format!("- Found: {}\n", escaped(&wording::grades(summary))));
    text
}

/// What must be said of a run that is not whole.
pub(super) fn warnings(text: &mut String, summary: &Summary) {
    for warning in wording::warnings(summary) {
        text.push_str(&format!("\n**{warning}**\n"));
    }
}

/// One contest.
fn contest(text: &mut String, contest: &ContestSummary) {
    let name = escaped(&contest.contest.workload);
    text.push_str(&format!("\n## {name}\n\n{}\n", escaped(&contest.question)));
    text.push_str(&format!("\n{}\n\n", escaped(&wording::conditions(contest))));
    draw(text, &grid::numbers(contest));
    if let Some(figures) = figure_grid::figures(contest) {
        draw(text, &figures);
    }
    if let Some(comparison) = grid::comparison(contest) {
        draw(text, &comparison);
    }
    if let Some(prices) = price_grid::prices(contest) {
        draw(text, &prices);
    }
    if let Some(audits) = audit_grid::audits(contest) {
        draw(text, &audits);
    }
    text.push_str(&format!("{}\n", escaped(&grid::noise(contest))));
}

/// What was found in the numbers, cell by cell; nothing where nothing was.
fn found(text: &mut String, summary: &Summary) {
    if let Some(grid) = finding_grid::findings(summary) {
        text.push_str("\n## What was found\n\n");
        draw(text, &grid);
    }
}

/// A grid as a table, and its notes as a list.
pub(super) fn draw(text: &mut String, grid: &Grid) {
    let line = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| escaped(text)).collect();
        format!("| {} |\n", texts.join(" | "))
    };
    text.push_str(&line(&grid.header));
    text.push_str(&format!("|---|{}\n", "---:|".repeat(grid.header.len().saturating_sub(1))));
    for row in &grid.rows {
        text.push_str(&line(&row.texts));
    }
    text.push('\n');
    for note in &grid.notes {
        text.push_str(&format!("- {}\n", escaped(note)));
    }
    if !grid.notes.is_empty() {
        text.push('\n');
    }
}

/// Text that Markdown shows as it is.
pub(super) fn escaped(text: &str) -> String {
    let text = plain(text);
    let mut safe = String::new();
    if text.starts_with("- ") || text.starts_with("+ ") {
        // No list begins here.
        safe.push('\\');
    }
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '@' => {
                safe.push('\\');
                safe.push(letter);
            }
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(escaped("a|b\n<script>"), "a\\|b &lt;script&gt;");
        assert_eq!(escaped("[x](y) `z`"), "\\[x\\](y) \\`z\\`");
        assert_eq!(escaped("- x -3"), "\\- x -3");
    }
}
