//! How does a report look in a browser?
//!
//! One file that needs no network: charts and style inline, one script, which the page allows by its hash and
//! without which everything can be read. `maud` escapes every text; the charts are the only thing that is inserted
//! as it is, and their texts are escaped where they are drawn. Light and dark follow the reader's setting. It must not
//! compute anything. Read next: `sections.rs`.

use super::{Pictures, cells, data, folklore, further, heat, marks, method, sections};
use crate::{
    Summary,
    chart::{DARK_INKS, Palette, SCALES},
    export::csv,
    heat::Map,
    parallel,
    wording::plain,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const SCRIPT: &str = include_str!("report.js");
const STYLE: &str = include_str!("style.css");
const DARK: &str = include_str!("style_dark.css");
const PRINT: &str = include_str!("style_print.css");

/// The whole report, with these charts.
#[must_use]
pub fn render(summary: &Summary, pictures: &Pictures) -> String {
    with_table(summary, pictures, &csv::render(summary))
}

/// As [`render`], with the table for spreadsheets, which has been made already.
pub(super) fn with_table(summary: &Summary, pictures: &Pictures, table: &str) -> String {
    let host = plain(&summary.run.host.name);
    let map = Map::of(summary);
    let palette = Palette::of(summary);
    let places: Vec<usize> = (0..summary.contests.len()).collect();
    let contests = parallel::map(&places, |place| {
        let its = pictures.contests.get(*place);
        sections::contest(&summary.contests[*place], its, &palette, *place)
    });
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy());
                title { "simul on " (host) ", " (plain(&summary.run.started)) }
                style { (PreEscaped(style())) }
            }
            body {
                (marks::all(summary, &palette))
                a.skip href="#main" { "Skip to the report" }
                header {
                    h1 { "Ways of running work at once, on " (host) }
                    p { (sections::lead(summary)) }
                    p.soft { (sections::origin(summary)) }
                    (sections::grade(summary))
                    (contents(summary))
                }
                main id="main" tabindex="-1" {
                    (sections::glance(summary))
                    (heat::section(summary, &map, &palette))
                    @for contest in &contests { (contest) }
                    (folklore::section(summary))
                    (further::section(summary))
                    (method::found(summary))
                    (method::method(summary))
                    (cells::section(summary))
                }
                footer { p {
                    "Measured by simul " (plain(&summary.run.simul)) ". This file is whole: it asks nothing of any \
                    network."
                } }
                script type="application/json" id="data" { (PreEscaped(data::text(summary, &map, table))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn contents(summary: &Summary) -> Markup {
    html! {
        nav aria-label="Parts of the report" { ul {
            li { a href="#glance" { "at a glance" } }
            li { a href="#map" { "heat map" } }
            @for (i, contest) in summary.contests.iter().enumerate() {
                li { a href={ "#contest-" (i) } { (plain(&contest.contest.to_string())) } }
            }
            li { a href="#folklore" { "folklore" } }
            li { a href="#found" { "what was found" } }
            li { a href="#method" { "method" } }
            li { a href="#all-cells" { "all cells" } }
        } }
    }
}

/// Nothing is loaded, and only the one script runs.
fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; \
         form-action 'none'"
    )
}

/// The style sheet. Charts are recoloured on dark ground by their own colours, which no recording decides; paper is
/// light, whatever the screen is.
fn style() -> String {
    format!(
        "{STYLE}\n{SCALES}\n@media screen and (prefers-color-scheme: dark) {{\n{DARK}\n{DARK_INKS}}}\n\
         @media print {{\n{PRINT}\n}}\n"
    )
}
