//! How does the table of all cells look in a browser?
//!
//! One row a cell, in the order of the plan, one unit a column; the script sorts and filters it by the values that
//! stand beside the texts, to seven digits. The same table with every number is what the page offers as a file. It must
//! not compute. Read next: `report.js`.

use super::data::short;
use crate::{
    Summary,
    auditor::Grade,
    quantity,
    summary::{CellSummary, Numbers},
    wording::{self, plain},
};
use maud::{Markup, html};

/// A column of numbers: its name in addresses, its title, and its value.
type Column = (&'static str, &'static str, fn(&CellSummary, &Numbers) -> Option<f64>);

const COLUMNS: [Column; 6] = [
    ("ops", "operations", |_, numbers| Some(numbers.ops as f64)),
    ("p50", "p50 µs", |_, numbers| numbers.reaches(0.5).then_some(numbers.p50_ns.median * 1e-3)),
    ("p99", "p99 µs", |_, numbers| {
        (numbers.carries(0.99) && numbers.reaches(0.99)).then_some(numbers.p99_ns.median * 1e-3)
    }),
    ("cpu", "CPU µs/op", |_, numbers| Some(numbers.cpu_us_per_op?.median)),
    ("throughput", "ops/s", |_, numbers| Some(numbers.throughput.median)),
    ("memory", "peak MiB", |cell, _| Some(cell.price.rss_peak_bytes?.median / 1_048_576.0)),
];

/// The whole section.
pub(super) fn section(summary: &Summary) -> Markup {
    html! {
        section id="all-cells" aria-labelledby="all-cells-title" {
            h2 id="all-cells-title" { "All cells" }
            p id="downloads" {
                span.controls {
                    a id="download-csv" href="#cells" download="simul.csv" { "Every number as CSV" }
                    a id="download-json" href="#cells" download="simul.json" { "The same as JSON" }
                    label { "Only rows with " input type="search" id="filter" placeholder="echo"; }
                }
            }
            p.soft {
                "Medians over blocks; of a sweep, whose numbers are by rate, none. The files hold every estimate with \
                its interval; the first is the " code { "summary.csv" } " that was written beside this report."
            }
            div.scroll { table id="cells" {
                caption { "All cells of the run, in the order of the plan" }
                thead { tr {
                    (head("cell", "cell", false)) (head("grade", "grade", false))
                    (head("state", "state", false)) (head("blocks", "blocks", true))
                    @for (key, title, _) in COLUMNS { (head(key, title, true)) }
                    (head("marks", "marks", false))
                } }
                tbody { @for (place, (_, cell)) in summary.cells().enumerate() { (row(place, cell)) } }
            } }
        }
    }
}

/// A column's title: a button for the script, a text without.
fn head(key: &str, title: &str, is_number: bool) -> Markup {
    html! {
        th scope="col" class=[is_number.then_some("number")] aria-sort="none" {
            button type="button" data-sort=(key) { (title) } span { (title) }
        }
    }
}

/// The style sheet knows the columns by their places: a class at each field would be a tenth of the table.
fn row(place: usize, cell: &CellSummary) -> Markup {
    html! {
        tr class=(super::sections::class(cell.role, cell.is_measured())) data-place=(place) {
            th scope="row" { code { (plain(&cell.cell)) } }
            td { (cell.grade().map_or("", Grade::name)) }
            td { (wording::absence(cell)) }
            td { (cell.blocks) }
            @for (_, _, value) in COLUMNS {
                @match cell.numbers.as_ref().and_then(|numbers| value(cell, numbers)) {
                    Some(value) => td data-value=(short(value)) { (quantity::digits(value)) },
                    None => td {},
                }
            }
            td { (plain(&cell.marks.join(", "))) }
        }
    }
}
