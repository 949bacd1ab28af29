//! How does a CI system that shows test results show a run?
//!
//! A suite a contest, a test case a cell, after the schema that Jenkins publishes (xunit-plugin,
//! `junit-10.xsd`). A cell that failed, timed out or was discarded is an error; one that is unavailable or
//! not applicable is skipped. Slower than another runner is no failure: a run compares, it does not judge
//! code. The estimate, the verdict and the grade with its findings stand in the case's output.
//!
//! It must not compute anything. Read next: `openmetrics.rs`.

use crate::{
    Summary,
    auditor::Finding,
    grid,
    record::State,
    summary::{CellSummary, ContestSummary, Metric},
    wording::plain,
};
use maud::{Markup, PreEscaped, html};

/// The document, with a line feed.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let declaration = PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let faults = |cell: &&CellSummary| cell.state.is_fault();
    let errors = summary.cells().map(|(_, cell)| cell).filter(faults).count();
    let document = html! {
        (declaration)
        testsuites name="simul" tests=(summary.cells().count()) failures="0" errors=(errors) {
            @for contest in &summary.contests { (suite(summary, contest)) }
        }
    };
    format!("{}\n", document.into_string())
}

fn suite(summary: &Summary, contest: &ContestSummary) -> Markup {
    let cells = &contest.cells;
    let errors = cells.iter().filter(|cell| cell.state.is_fault()).count();
    let skipped = cells.iter().filter(|cell| is_skipped(cell.state)).count();
    html! {
        testsuite name=(plain(&contest.contest.to_string())) tests=(cells.len()) failures="0"
            errors=(errors) skipped=(skipped) timestamp=(plain(&summary.run.started))
            hostname=(plain(&summary.run.host.name)) {
            @for cell in cells { (case(contest, cell)) }
        }
    }
}

fn is_skipped(state: State) -> bool {
    matches!(state, State::Unavailable | State::NotApplicable)
}

fn case(contest: &ContestSummary, cell: &CellSummary) -> Markup {
    let class = plain(&contest.contest.to_string());
    let why = plain(cell.reason.as_deref().unwrap_or_default());
    html! {
        testcase name=(plain(&cell.cell)) classname=(class) {
            @if is_skipped(cell.state) {
                skipped type=(cell.state.name()) message=(why) {}
            } @else if cell.state.is_fault() {
                error type=(cell.state.name()) message=(why) {}
            } @else {
                system-out { (plain(&format!("{}{}", words(cell), found(cell)))) }
            }
        }
    }
}

/// The grade of a cell, and each finding with its reason.
fn found(cell: &CellSummary) -> String {
    let finding = |finding: &Finding| format!("; {}: {}", finding.check, finding.reason);
    let findings: String = cell.audit.findings.iter().map(finding).collect();
    format!("; grade {}{findings}", cell.audit.grade.name())
}

/// The verdicts of a measured cell, one sentence each.
fn words(cell: &CellSummary) -> String {
    let mut words = Vec::new();
    for metric in Metric::ALL {
        if let (Some(effect), Some(judgement)) = (cell.effects.on(metric), &cell.verdict) {
            let verdict = judgement.on(metric).verdict.text(metric);
            words.push(format!("{} {}: {verdict}", metric.name(), grid::effect_text(effect)));
        }
    }
    if words.is_empty() {
        return "measured".into();
    }
    let against = cell.against.as_deref().unwrap_or_default();
    format!("against {against}: {}", words.join("; "))
}
