//! What is pasted into an issue, where space is short?
//!
//! The machine, the tables of numbers and comparisons, and what the folklore says; what each cell costs and what was
//! found are in `summary.md`. An issue of GitHub holds 65,536 letters, so comparisons are left out, and then that is
//! said, where all would not fit. Read next: `markdown.rs`.

use super::markdown::{draw, escaped, facts, warnings};
use crate::{Summary, folklore, grid, wording};

/// The letters that GitHub takes in an issue or a comment.
pub const MOST_LETTERS: usize = 65_536;

/// The text, ending with a line feed.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let whole = text(summary, true);
    if whole.chars().count() <= MOST_LETTERS { whole } else { text(summary, false) }
}

fn text(summary: &Summary, compared: bool) -> String {
    let mut text = facts(summary);
    for contest in &summary.contests {
        text.push_str(&format!(
            "\n### {}\n\n{}\n\n{}\n\n",
            escaped(&contest.contest.workload),
            escaped(&contest.question),
            escaped(&wording::conditions(contest))
        ));
        draw(&mut text, &grid::numbers(contest));
        if let Some(comparison) = grid::comparison(contest).filter(|_| compared) {
            draw(&mut text, &comparison);
        }
        text.push_str(&format!("{}\n", escaped(&grid::noise(contest))));
    }
    if !compared {
        text.push_str(
            "\nComparisons with the baseline are left out, to fit: they are in the report.\n",
        );
    }
    let judged = folklore::judge(summary);
    let measured: Vec<_> =
        judged.iter().filter(|one| one.verdict != folklore::Verdict::NotMeasured).collect();
    if !measured.is_empty() {
        text.push_str("\n### Folklore, in this run\n\n");
    }
    for belief in measured {
        text.push_str(&format!(
            "- {}: **{}**. {}\n",
            escaped(belief.says),
            belief.verdict.name(),
            escaped(&belief.sentence)
        ));
    }
    warnings(&mut text, summary);
    text
}
