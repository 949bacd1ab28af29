//! How does a report look in a browser?
//!
//! One file that needs no network: no scripts, no fonts, charts inline. `maud` escapes every text; the charts
//! are the only thing that is inserted as it is, and their texts are escaped where they are drawn. Light and
//! dark follow the reader's setting. It must not compute anything. Read next: `sections.rs`.

use super::{Pictures, folklore, further, sections};
use crate::{
    Summary,
    chart::{DARK_INKS, SCALES},
};
use maud::{DOCTYPE, PreEscaped, html};

/// The whole report, with these charts.
#[must_use]
pub fn render(summary: &Summary, pictures: &Pictures) -> String {
    let host = &summary.run.host.name;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'";
                title { "simul on " (host) ", " (summary.run.started) }
                style { (PreEscaped(style())) }
            }
            body {
                main {
                    h1 { "simul on " (host) }
                    (sections::glance(summary))
                    @if let Some(heatmap) = &pictures.heatmap {
                        h2 id="map" { "Who is how far behind the best" }
                        (sections::figure(heatmap))
                    }
                    @for (i, contest) in summary.contests.iter().enumerate() {
                        (sections::contest(contest, pictures.contests.get(i), i))
                    }
                    (folklore::section(summary))
                    (further::section(summary))
                    (sections::found(summary))
                    (sections::method(summary))
                    (sections::all_cells(summary))
                }
            }
        }
    };
    page.into_string()
}

/// The style sheet. Charts are recoloured on dark ground by their own colours, which no recording decides.
fn style() -> String {
    let inks: String = DARK_INKS
        .iter()
        .map(|(light, dark)| {
            format!(
                "figure svg [fill=\"{light}\"]{{fill:{dark}}}\
                 figure svg [stroke=\"{light}\"]{{stroke:{dark}}}\n"
            )
        })
        .collect();
    format!("{PLAIN}\n{SCALES}\n@media (prefers-color-scheme: dark) {{\n{DARK}\n{inks}}}\n")
}

const PLAIN: &str = "\
:root{--paper:#ffffff;--ink:#1a1a1a;--soft:#616161;--line:#e2e2e2;--wash:#f5f6f7;--link:#0072b2}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 20px 80px}
h1{font-size:26px;margin:8px 0 16px}
h2{font-size:20px;margin:48px 0 8px;padding-top:12px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:24px 0 6px}
a{color:var(--link)}
.soft{color:var(--soft)}
.question{font-size:16px;margin:0 0 4px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:10px 0;font-variant-numeric:tabular-nums;font-size:13.5px}
th,td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
th{font-weight:600;background:var(--wash)}
table.facts td,table.facts th,table.cells td,table.cells th{text-align:left;white-space:normal}
table.facts td,table.cells td{overflow-wrap:anywhere}
table.facts th{white-space:nowrap;vertical-align:top}
tr.null td{color:var(--soft);font-style:italic}
tr.floor td{color:var(--soft)}
tr.none td{color:var(--soft)}
ul.notes{margin:4px 0 12px;padding-left:20px;color:var(--soft);font-size:13px}
figure{margin:16px 0;overflow-x:auto}
figure svg{max-width:100%;height:auto;display:block}
details{margin:10px 0}
summary{cursor:pointer;color:var(--link)}
.grade{font-size:16px}
.reasons td{white-space:normal;text-align:left}
.reasons th{text-align:left}
.warning{border-left:4px solid #d55e00;padding:6px 12px;background:var(--wash)}
nav{display:flex;flex-wrap:wrap;gap:4px 16px}
code{font-size:13px;overflow-wrap:anywhere}
@media print{details{display:block}nav{display:none}}";

const DARK: &str = "\
:root{--paper:#15181c;--ink:#e8e8e8;--soft:#a9aeb5;--line:#2c3138;--wash:#1d2126;--link:#56b4e9}";
