//! What must be said of the further runs in a report?
//!
//! When, how and by which program each was measured: the facts of the machine are those of the first, since all are of
//! one host. Nothing where there is one run. Read next: `html.rs`.

use crate::{Summary, ending, wording::plain};
use maud::{Markup, html};

/// The facts of every run behind the first.
#[must_use]
pub(super) fn section(summary: &Summary) -> Markup {
    html! {
        @if !summary.further.is_empty() {
            section id="further" {
                h2 { "Further runs in this report" }
                p.soft { "What is said of the run above is said of the first. Contests of different runs stand side by \
                    side and are compared with nothing: their slices were not interleaved." }
                div.scroll { table.facts { tbody {
                    @for run in &summary.further {
                        tr { th { (plain(&run.started)) } td {
                            (run.plan.contests.len()) " contests, " (ending::planned(run)) " of "
                            (ending::rounds(run)) ", seed " (run.plan.seed) "; simul " (plain(&run.simul)) ", SHA-256 "
                            (plain(&run.binary)) "; " code { (plain(&run.command.join(" "))) }
                        } }
                    }
                } } }
            }
        }
    }
}
