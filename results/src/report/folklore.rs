//! What do tutorials say, and what does this run say of that?
//!
//! One entry a belief: the verdict in words before anything else, the sentence with its numbers, and the cells that it
//! rests on. It must not judge: [`crate::folklore`] has. Read next: `html.rs`.

use crate::{
    Summary,
    folklore::{self, Belief, Verdict},
    wording::plain,
};
use maud::{Markup, html};

/// The section.
#[must_use]
pub fn section(summary: &Summary) -> Markup {
    html! {
        section id="folklore" {
            h2 { "Folklore" }
            p { "What tutorials say about asynchronous input and output, each judged by this run: on this machine, with \
                these versions, under these loads. Only cells that may be ranked count. Comparisons of medians, CPU time \
                and throughput have 99.5 % intervals over blocks; those of other numbers go from far end to far end of \
                two 95 % intervals. A belief holds, or does not hold, where all that is decided agrees and is at least \
                half of what was compared." }
            dl.folklore {
                @for belief in folklore::judge(summary) { (entry(&belief)) }
            }
        }
    }
}

fn entry(belief: &Belief) -> Markup {
    html! {
        dt { (belief.says) ": " strong class=(class(belief.verdict)) { (belief.verdict.name()) } }
        dd {
            p { (belief.sentence) }
            @if let Some(command) = &belief.command {
                p.soft { (wanting(belief.verdict)) ": " code { (command) } }
            }
            p.soft { (belief.caveat) }
            @if !belief.cells.is_empty() {
                details {
                    summary { "Cells that it rests on: " (belief.cells.len()) }
                    ul.notes { @for cell in &belief.cells { li { code { (plain(cell)) } } } }
                }
            }
        }
    }
}

/// What a command is for.
fn wanting(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Undecided => "To decide it, with more blocks and so narrower intervals",
        Verdict::PartlyMeasured => "To measure the rest",
        _ => "To measure it",
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::DoesNotHold => "broken",
        Verdict::Mixed => "mixed",
        Verdict::Undecided => "undecided",
        Verdict::PartlyMeasured | Verdict::NotMeasured => "unmeasured",
    }
}
