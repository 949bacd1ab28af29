//! What are the parts of a report?
//!
//! At a glance, and the contests. Numbers come from the grids that the terminal shows too, so that they cannot
//! disagree, and words from `glance.rs`. It must not know files. Read next: `heat.rs`, `method.rs`, `cells.rs`.

use super::{Picture, glossary, marks};
use crate::{
    Role, Summary, audit_grid,
    chart::{Look, Palette},
    ending, figure_grid, finding_grid, glance,
    grid::{self, Grid},
    price_grid, quantity,
    summary::{CellSummary, ContestSummary},
    wording::{self, plain},
};
use maud::{Markup, PreEscaped, html};

/// A chart; its SVG was escaped when it was drawn.
pub(super) fn figure(picture: &Picture) -> Markup {
    html! { figure { (PreEscaped(&picture.svg)) } }
}

/// What this is, for whoever was handed the file.
pub(super) fn lead(summary: &Summary) -> String {
    let mut runners: Vec<&str> = Vec::new();
    let measured = |cell: &&CellSummary| cell.role == Role::Runner && cell.is_measured();
    for cell in summary.cells().map(|(_, cell)| cell).filter(measured) {
        if !runners.contains(&cell.runner.as_str()) {
            runners.push(&cell.runner);
        }
    }
    let count =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!(
        "{} did the same work, in {}, in turns on the same cores. This report says who is faster, who is cheaper, by how \
         much, and how sure that is.",
        count(runners.len(), "runner"),
        count(summary.contests.len(), "contest")
    )
}

/// Where and when, in a line below the title.
pub(super) fn origin(summary: &Summary) -> String {
    let (run, host) = (&summary.run, &summary.run.host);
    let kind = if host.virtual_machine { " of a virtual machine" } else { "" };
    let cores = match host.cores.len() {
        1 => "1 core".to_owned(),
        count => format!("{count} cores"),
    };
    plain(&format!(
        "{cores}{kind}, {}, {}; measured {}, {}",
        host.processor,
        host.system,
        run.started,
        ending::planned(run)
    ))
}

/// How good the run is: the worst grade, the noise, and what is missing.
pub(super) fn grade(summary: &Summary) -> Markup {
    html! {
        p.grade { (wording::grades(summary)) @if finding_grid::findings(summary).is_some() {
            ": " a href="#found" { "what was found" }
        } }
        p.grade { (glance::noise_floor(summary)) "." }
        @for line in ending::outcome(summary) { p.grade { "This run " (line) "." } }
        @for builds in &summary.builds {
            div.warning { @for line in builds.lines() { p { (line) "." } } }
        }
        @for warning in wording::warnings(summary) { p.warning { (warning) } }
    }
}

/// The contests in a line each; machine, build, date and command; the noise.
pub(super) fn glance(summary: &Summary) -> Markup {
    let run = &summary.run;
    let host = &run.host;
    let cores = host.cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let kind = if host.virtual_machine { "virtual machine" } else { "not known to be virtual" };
    let seed = run.plan.seed.to_string();
    let awake = if run.plan.keep_awake { "kept awake by idle spinners" } else { "free to halt" };
    let facts: [(&str, String); 9] = [
        ("machine", format!("{} ({kind}), {}", host.processor, host.system)),
        ("cores", format!("{cores}; {awake}")),
        ("memory", quantity::bytes(host.memory_bytes)),
        ("clock", format!("{}, timer slack {} ns", host.clock, host.timer_slack_ns)),
        ("load before", format!("{:.2} over one minute", host.load_average)),
        ("measured", run.started.clone()),
        ("build", format!("simul {}, SHA-256 {}", run.simul, run.binary)),
        ("command", run.command.join(" ")),
        ("plan", format!("{} of {}, seed {seed}", ending::planned(run), ending::rounds(run))),
    ];
    html! {
        section id="glance" aria-labelledby="glance-title" {
            h2 id="glance-title" { "At a glance" }
            @let overall = glance::overall(summary);
            @if !overall.is_empty() { ul.words { @for sentence in &overall { li { (sentence) } } } }
            dl.lines {
                @for (i, contest) in summary.contests.iter().enumerate() {
                    dt {
                        a href={ "#contest-" (i) } { (plain(&contest.contest.workload)) }
                        small { (contest.contest.load) " " (contest.contest.placement.name()) }
                    }
                    dd { small { (plain(&contest.question)) } (line(contest)) }
                }
            }
            (glossary::words())
            details open {
                summary { "Machine, build and plan" }
                div.scroll { table.facts { tbody {
                    @for (name, value) in &facts { tr { th scope="row" { (name) } td { (plain(value)) } } }
                    @for line in wording::surroundings(summary) {
                        tr { th scope="row" { "around it" } td { (line) } }
                    }
                } } }
            }
            details {
                summary { "Noise: what identical code differs by in each contest" }
                ul.notes {
                    @for contest in &summary.contests {
                        li { (plain(&contest.contest.to_string())) ": " (grid::noise(contest)) }
                    }
                }
            }
        }
    }
}

/// A contest in one line of words: first, and for the eye, what weighs most.
fn line(contest: &ContestSummary) -> Markup {
    let clauses = glance::clauses(contest);
    let (first, rest) = clauses.split_first().map_or(("", &[][..]), |(a, b)| (a.as_str(), b));
    html! { strong { (first) } @for clause in rest { "; " (clause) } "." }
}

/// Question, words, tables, charts and fairness cards of one contest.
pub(super) fn contest(
    contest: &ContestSummary,
    pictures: Option<&Vec<Picture>>,
    palette: &Palette,
    number: usize,
) -> Markup {
    let title = format!("contest-{number}-title");
    html! {
        section id={ "contest-" (number) } aria-labelledby=(title) {
            h2 id=(title) { (plain(&contest.contest.to_string())) }
            p.question { (plain(&contest.question)) }
            p.words { (line(contest)) }
            p.soft { (wording::conditions(contest)) }
            (marked(&grid::numbers(contest), "Speed and CPU time, by runner", contest, palette))
            @if let Some(figures) = figure_grid::figures(contest) {
                (table(&figures, "What the workload reports besides times"))
            }
            p.soft { (grid::noise(contest)) }
            @if let Some(comparison) = grid::comparison(contest) {
                (table(&comparison, "Compared with the baseline"))
            }
            @for picture in pictures.into_iter().flatten() { (figure(picture)) }
            @if let Some(prices) = price_grid::prices(contest) {
                h3 { "What it costs" }
                (table(&prices, "Costs besides time, by runner"))
            }
            @if let Some(audits) = audit_grid::audits(contest) {
                (table(&audits, "Counted in audits, per operation"))
            }
            (cards(contest, palette))
        }
    }
}

/// A grid as a table, and its notes as a list.
pub(super) fn table(grid: &Grid, caption: &str) -> Markup {
    drawn(grid, caption, &[])
}

/// The same for a grid with a row for each cell: each has its marker, by which it is found in the charts.
fn marked(grid: &Grid, caption: &str, contest: &ContestSummary, palette: &Palette) -> Markup {
    let looks: Vec<Look> = contest.cells.iter().map(|cell| palette.look(cell)).collect();
    drawn(grid, caption, if looks.len() == grid.rows.len() { &looks } else { &[] })
}

fn drawn(grid: &Grid, caption: &str, looks: &[Look]) -> Markup {
    html! {
        div.scroll { table {
            caption.sr { (caption) }
            thead { tr { @for title in &grid.header { th scope="col" { (title) } } } }
            tbody {
                @for (at, row) in grid.rows.iter().enumerate() {
                    tr class=(class(row.role, row.measured)) {
                        @for (i, text) in row.texts.iter().enumerate() {
                            @if i > 0 { td { (text) } } @else {
                                th scope="row" {
                                    @if let Some(look) = looks.get(at) { (marks::mark(*look)) }
                                    (text)
                                }
                            }
                        }
                    }
                }
            }
        } }
        @if !grid.notes.is_empty() {
            ul.notes { @for note in &grid.notes { li { (note) } } }
        }
    }
}

/// A row's look.
pub(super) fn class(role: Role, measured: bool) -> &'static str {
    match role {
        _ if !measured => "none",
        Role::Runner => "runner",
        Role::Null => "null",
        Role::Floor => "floor",
    }
}

/// What still differs although the work is the same, runner by runner.
fn cards(contest: &ContestSummary, palette: &Palette) -> Markup {
    let shown: Vec<&CellSummary> = contest
        .cells
        .iter()
        .filter(|cell| cell.role != Role::Null && !cell.card.is_empty())
        .collect();
    let mut names: Vec<&str> = Vec::new();
    for name in shown.iter().flat_map(|cell| cell.card.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    html! {
        @if !shown.is_empty() {
            details {
                summary { "Fairness cards: what still differs although the work is the same" }
                div.scroll { table.cards {
                    caption { "What each runner does its work with, as it says itself; “waits with” is what was seen" }
                    thead { tr {
                        th scope="col" { "runner" } th scope="col" { "version" } th scope="col" { "waits with" }
                        @for name in &names { th scope="col" { (plain(name)) } }
                    } }
                    tbody {
                        @for cell in &shown {
                            tr {
                                th scope="row" { (marks::mark(palette.look(cell))) (grid::label(cell)) }
                                td { (plain(cell.version.as_deref().unwrap_or("unknown"))) }
                                td { (plain(cell.backend.as_deref().unwrap_or("unknown"))) }
                                @for name in &names {
                                    td { (plain(cell.card.get(*name).map_or("", String::as_str))) }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}
