//! How was it measured, what was found in the numbers, and how is it done again?
//!
//! For readers who do not know us: the method in plain words, the auditor's findings with their reasons, the exact
//! command. It must not compute. Read next: `cells.rs`.

use super::sections::table;
use crate::{
    Summary, ending, finding_grid, quantity,
    record::{Lived, PlanRecord},
    wording::{self, plain},
};
use maud::{Markup, html};

/// What was found in the numbers, cell by cell, with reasons.
pub(super) fn found(summary: &Summary) -> Markup {
    html! {
        section id="found" aria-labelledby="found-title" {
            h2 id="found-title" { "What was found" }
            p { (wording::grades(summary)) "." }
            @match finding_grid::findings(summary) {
                Some(grid) => div.reasons { (table(&grid, "What was found, cell by cell")) },
                None => p { "Every check of every cell passed." },
            }
            p.soft { "An auditor looks for what cannot be true: throughput × time against the number in flight, \
                the order of percentiles, rates offered and answered, operations without an end, a direction \
                within trials, two states over blocks, CPU time far below the floor, a late generator, other \
                processes, times near the clock's own, another backend than named, standstills, memory and threads \
                that only grow. A: nothing was \
                found. B: to be read with the numbers. F: not ranked, since the numbers describe something else; \
                hatched in charts. That nothing was found is no proof: what no recording shows, no check sees." }
        }
    }
}

/// Of contests that had other slices than the rest.
fn own_slices(plan: &PlanRecord) -> impl Iterator<Item = String> {
    let own = plan.contests.iter().filter(|contest| contest.slice_ns.is_some());
    own.map(|contest| {
        let Lived { slice_ns, drop_ns, .. } = contest.lived(plan);
        let (slice, drop) = (quantity::time(slice_ns as f64), quantity::time(drop_ns as f64));
        let name = &contest.workload;
        format!(
            "Slices of {name} were of at least {slice}, of which the first {drop} do not count."
        )
    })
}

/// How it was measured, for readers who do not know us.
pub(super) fn method(summary: &Summary) -> Markup {
    let plan = &summary.run.plan;
    let (slice, drop) = (quantity::time(plan.slice_ns as f64), quantity::time(plan.drop_ns as f64));
    let warm_up = quantity::time(plan.warm_up_ns as f64);
    html! {
        section id="method" aria-labelledby="method-title" {
            h2 id="method-title" { "Method in plain words" }
            p { "Each runner does the same work in a fresh process of its own. All processes of a \
                contest live together; one works at a time, for a slice of at least " (slice) " whose \
                first " (drop) " do not count, after a warm-up of " (warm_up) ". A round gives every \
                runner one slice in a new random order; a block is the rounds that one set of \
                processes lives through. Then all are started anew. Planned: " (ending::planned(&summary.run)) "." }
            @for line in own_slices(plan) { p { (line) } }
            @for rule in ending::rules(summary) { p { (rule) } }
            @for outcome in ending::outcome(summary) { p { "This run " (outcome) "." } }
            @for run in summary.runs() {
                @for line in ending::tails(summary, run) { p.soft { (line) } }
            }
            p { "Within a block the distributions of all slices are merged and percentiles are read off \
                the merged one; percentiles are never averaged. A number in a table is the median over \
                blocks. Its spread is an interval between two of the sorted blocks, which covers the \
                true median in at least 95 % of cases from six blocks on and goes from smallest to \
                largest below." }
            p { "Under closed load there is no response time. Service time runs from the end of the \
                same actor's previous operation to completion, so that every queue counts." }
            @if summary.contests.iter().any(|contest| contest.contest.load.is_open()) {
                p { "Under open load the runner is a server. A generator in a process of its own sends \
                    requests at times that were drawn beforehand, the same for all servers of a round, and \
                    never waits for the server. Response time runs from the intended time to the answer, \
                    service time from the actual sending. Percentiles are over all requests drawn: those that \
                    failed or never ended rank above all others, and a percentile among them is printed as \
                    larger than what is known. A generator that was itself late makes a cell \
                    generator-limited, and it is not ranked." }
            }
            p { "Comparisons pair slices of the same round. Each block gives one value, the 20 % trimmed \
                mean of the log ratios of its pairs (for lateness: of differences in µs), and the \
                interval over blocks is Student's t at 99.5 %, from ten blocks on of the trimmed mean. \
                No bootstrap is used. A verdict is, in this order: invalid, where a mark says that the \
                numbers describe something else; different, where Holm's adjusted p-value over all runners \
                and three metrics of the contest is at most 0.005 and the estimate at least 1 %; equivalent, \
                where the interval lies within ±3 %; else undecided." }
            p { "The null arm is the baseline runner a second time, measured like any other: what it \
                seems to differ by is noise. The floor is the least that this machine needs for such \
                work; it is compared in CPU per operation only." }
            @if summary.run.plan.audit {
                p { "The audit is a trial of its own for each measured cell, when all rounds are over; none of its times is \
                    used. Allocations and polls are counted in one pair of slices, system calls in another that \
                    strace watches; what a slice costs by itself is in the short and in the long one, and cancels." }
            }
            p { "Rounds that other processes disturbed are run again and the disturbed ones left out, \
                within a budget. A cell that went wrong in any block keeps its row and has no numbers. \
                Marks say what makes a number doubtful; those with ! keep it out of every ranking." }
            (again(summary))
        }
    }
}

/// The command of this run, and what makes another run draw the same orders and inputs.
fn again(summary: &Summary) -> Markup {
    let run = &summary.run;
    let words = run.command.iter().map(|word| wording::shell_word(&plain(word)));
    let command = words.collect::<Vec<_>>().join(" ");
    let seed = run.plan.seed;
    let named = run.command.iter().any(|word| word == "--seed" || word.starts_with("--seed="));
    html! {
        h3 id="again" { "To measure it again" }
        pre tabindex="0" { code { (command) @if !named { " --seed " (seed) } } }
        p { "The seed " (seed) " decides every order and every random input. Measured by simul " (plain(&run.simul))
            ", whose program has the SHA-256 " code { (plain(&run.binary)) } ". Another machine, kernel or day gives other \
            numbers: what should repeat are the verdicts." }
    }
}
