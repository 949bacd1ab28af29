//! How does the heat map look in a browser?
//!
//! A table, so that it can be read aloud and without scripts: the median against the best of each contest. The script
//! repaints its cells for another metric or baseline. What a colour says, a sign says too; reasons stand at the cells
//! and in a list below. It must not compute. Read next: `data.rs`, which the script reads.

use super::marks;
use crate::{
    Role, Summary,
    chart::Palette,
    heat::{By, Column, Field, Map, Standing, Value},
    quantity, wording,
};
use maud::{Markup, html};

/// From so many times the base on the ground is one shade stronger.
pub(super) const STEPS: [f64; 6] = [1.01, 1.05, 1.15, 1.4, 2.0, 4.0];
/// Said at cells whose baseline must not be ranked.
pub(super) const BARRED: &str = "the baseline is not ranked in this contest";
/// Said at cells whose baseline has no value.
pub(super) const NO_BASE: &str = "the baseline has no such value here";
/// What the table shows before anybody chooses.
const FIRST: &str = "median (less is better), as a ratio to the best of each contest";

/// The sign of a standing, for whoever sees no colours, and its words.
pub(super) fn sign(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Base => ("", "what is compared with"),
        Standing::Better => ("", "better"),
        Standing::Worse => ("", "worse"),
        Standing::Tie => ("=", "tie"),
        Standing::Undecided => ("?", "undecided"),
        Standing::Invalid => ("!", "not ranked"),
    }
}

/// A standing's class, which decides its look.
pub(super) fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Base => "base",
        Standing::Better => "better",
        Standing::Worse => "worse",
        Standing::Tie => "tie",
        Standing::Undecided => "undecided",
        Standing::Invalid => "invalid",
    }
}

/// The whole section.
pub(super) fn section(summary: &Summary, map: &Map, palette: &Palette) -> Markup {
    html! {
        section id="map" aria-labelledby="map-title" {
            h2 id="map-title" { "Who is how far behind" }
            (controls(map))
            div.scroll { table id="heat" {
                caption { "Heat map: " span id="heat-what" aria-live="polite" { (FIRST) } }
                thead { tr {
                    th scope="col" { "runner" }
                    @for column in &map.columns { (title(summary, column)) }
                } }
                tbody {
                    @for (row, runner) in map.runners.iter().enumerate() {
                        tr {
                            th scope="row" { (mark(summary, palette, runner)) (wording::plain(runner)) }
                            @for (place, column) in map.columns.iter().enumerate() {
                                (cell(summary, map, (place, column), row))
                            }
                        }
                    }
                }
            } }
            (legend())
            (reasons(summary, map))
        }
    }
}

fn controls(map: &Map) -> Markup {
    html! {
        div.controls {
            fieldset id="metric" {
                legend { "Metric" }
                @for by in By::ALL {
                    label {
                        input type="radio" name="metric" value=(by.key()) checked[by == By::Median];
                        (by.title())
                    }
                }
            }
            label { "Compared with " select id="baseline" {
                option value="" { "the best of each contest" }
                @for runner in &map.runners { option value=(runner) { (wording::plain(runner)) } }
            } }
            label { input type="checkbox" id="log" checked; "Logarithmic times in charts" }
        }
    }
}

/// A column's title: the contest and what it measures.
fn title(summary: &Summary, column: &Column) -> Markup {
    let contest = &summary.contests[column.place];
    html! {
        th scope="col" {
            a href={ "#contest-" (column.place) } { (wording::plain(&column.contest.workload)) }
            span.soft {
                (column.contest.load) " " (column.contest.placement.name()) br;
                (contest.measure.title()) br;
                (wording::blocks(contest.blocks()))
            }
        }
    }
}

/// The runner's marker in its colour, as in all charts.
pub(super) fn mark(summary: &Summary, palette: &Palette, runner: &str) -> Markup {
    let mut cells = summary.cells().map(|(_, cell)| cell);
    let mine = cells.find(|cell| cell.role == Role::Runner && cell.runner == runner);
    html! { @if let Some(cell) = mine { (marks::mark(palette.look(cell))) } }
}

fn cell(summary: &Summary, map: &Map, (place, column): (usize, &Column), row: usize) -> Markup {
    let runner = &map.runners[row];
    let contest = column.contest.to_string();
    let (values, barred) = match &column.fields[row] {
        Field::Absent => {
            return html! {
                td.na data-runner=(runner) data-contest=(contest) title=(ABSENT) { "–" }
            };
        }
        Field::Unmeasured { word, reason } => {
            return html! {
                td.na data-runner=(runner) data-contest=(contest) title=(reason) { (word) }
            };
        }
        Field::Measured { values, barred } => (values, barred),
    };
    let why = (!barred.is_empty()).then(|| barred.join("; "));
    let compared = column.best(By::Median).and_then(|base| {
        column.compare(map, &summary.contests[column.place], By::Median, (row, base))
    });
    let value = values[By::Median as usize].as_ref();
    let (Some((ratio, standing)), Some(value)) = (compared, value) else {
        let absence = if value.is_some() { NO_BASE } else { By::Median.absence() };
        let title = why.as_deref().unwrap_or(absence);
        return html! {
            td.na data-runner=(runner) data-contest=(contest) data-row=(row) data-column=(place)
                data-why=[why.as_deref()] title=(title) { "–" }
        };
    };
    let (sign, words) = sign(standing);
    let title = why.clone().unwrap_or_else(|| {
        let bound = if value.is_bound { "> " } else { "" };
        format!("{} {bound}{}; {words}", By::Median.title(), range(value))
    });
    html! {
        td class={ (class(standing)) " " (shade(ratio, By::Median)) }
            data-runner=(runner) data-contest=(contest) data-row=(row) data-column=(place)
            data-why=[why.as_deref()] title=(title) {
            @if value.is_bound { ">" } (quantity::digits(ratio))
            @if !sign.is_empty() { span.sign aria-hidden="true" { (sign) } }
            span.sr { " " (words) }
        }
    }
}

const ABSENT: &str = "this runner is not part of this contest";

/// A time with its range over blocks.
fn range(value: &Value) -> String {
    let time = quantity::time;
    let estimate = &value.estimate;
    match value.has_range {
        true => {
            format!("{} ({} to {})", time(estimate.median), time(estimate.low), time(estimate.high))
        }
        false => time(estimate.median),
    }
}

/// The ground: `w3` is the third shade of worse, `b1` the first of better.
fn shade(ratio: f64, by: By) -> String {
    let worse = if by.less_is_better() { ratio } else { 1.0 / ratio };
    let far = worse.max(1.0 / worse);
    let steps = STEPS.iter().filter(|step| far >= **step).count();
    format!("{}{steps}", if worse >= 1.0 { "w" } else { "b" })
}

fn legend() -> Markup {
    let swatch =
        |class: String, text: String| html! { li { span class={ "swatch " (class) } {} (text) } };
    html! {
        ul.legend aria-label="What the map's colours and signs say" {
            @for (i, step) in STEPS.iter().enumerate() {
                (swatch(format!("w{}", i + 1), format!("worse by {step} × and more")))
            }
            (swatch("b3".into(), "better, in the same steps".into()))
            li { span.swatch.w0 { "=" } "tie: the same within ±3 %" }
            li { span.swatch.undecided.w3 { "?" } "undecided: pale" }
            li { span.swatch.invalid { "!" } "hatched: not ranked" }
            li { span.swatch.na { "–" } "no number" }
        }
        ul.notes {
            li { "A ratio is one median over blocks divided by the other. Whether it is decided comes from the paired \
                comparison of both (99.5 %, Holm over all ranked runners and three metrics of the contest); see "
                a href="#method" { "method" } "." }
            li { "p99 and memory have no such test: where their ranges over blocks overlap they are undecided. With \
                fewer than six blocks everything is." }
            li { "The best of a contest is picked by the very numbers shown, which favours it a little; a chosen \
                baseline is not." }
            li { "Ratios of lateness compare two small times, and say less than their difference in µs, which stands \
                at each contest." }
        }
    }
}

/// Each reason once, with who it is said of, and where.
fn reasons(summary: &Summary, map: &Map) -> Markup {
    let mut found: Vec<(String, String, Vec<String>)> = Vec::new();
    let mut add = |runner: &str, reason: &str, column: &Column| {
        let place = column.contest.to_string();
        match found.iter_mut().find(|(who, why, _)| who == runner && why == reason) {
            Some((.., places)) => places.push(place),
            None => found.push((runner.into(), reason.into(), vec![place])),
        }
    };
    for (row, runner) in map.runners.iter().enumerate() {
        for column in &map.columns {
            match &column.fields[row] {
                Field::Unmeasured { reason, .. } => add(runner, reason, column),
                Field::Absent => add(runner, ABSENT, column),
                Field::Measured { barred, .. } if !barred.is_empty() => {
                    add(runner, &barred.join("; "), column);
                }
                Field::Measured { .. } => {}
            }
        }
    }
    let sweeps: Vec<String> = summary
        .contests
        .iter()
        .filter(|contest| contest.contest.load.is_sweep())
        .map(|contest| contest.contest.to_string())
        .collect();
    html! {
        details id="heat-reasons" open {
            summary { "Hatched cells and cells without a number, and why" }
            ul.notes {
                @for (runner, reason, places) in &found {
                    li { b { (wording::plain(runner)) } ": " (reason) " (" (wording::plain(&places.join(", "))) ")" }
                }
                @for by in By::ALL { li { "– by " (by.title()) ": " (by.absence()) } }
                li { "– with a chosen baseline: " (NO_BASE) "; hatched: " (BARRED) }
                @if !sweeps.is_empty() {
                    li { "not in the map, since a sweep has no single median: " (wording::plain(&sweeps.join(", "))) }
                }
            }
        }
    }
}
