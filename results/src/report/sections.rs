//! What are the parts of a report?
//!
//! At a glance, the contests, the method in plain words, all cells. Numbers come from the grids that the
//! terminal shows too, so that they cannot disagree. It must not know files. Read next: `grid.rs`.

use super::Picture;
use crate::{
    Role, Summary, audit_grid,
    auditor::Grade,
    figure_grid, finding_grid,
    grid::{self, Grid},
    price_grid, quantity,
    summary::{CellSummary, ContestSummary},
    wording,
};
use maud::{Markup, PreEscaped, html};

/// A chart; its SVG was escaped when it was drawn.
pub(super) fn figure(picture: &Picture) -> Markup {
    html! { figure { (PreEscaped(&picture.svg)) } }
}

/// Machine, build, date, command, and how large the noise was.
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
        (
            "plan",
            format!(
                "{} of {} rounds, seed {seed}",
                wording::blocks(run.plan.blocks),
                run.plan.rounds
            ),
        ),
    ];
    html! {
        p.grade { (wording::grades(summary)) @if finding_grid::findings(summary).is_some() {
            ": " a href="#found" { "what was found" }
        } }
        @for warning in [wording::unfinished(summary), wording::torn(summary)].iter().flatten() {
            p.warning { (warning) }
        }
        div.scroll { table.facts { tbody {
            @for (name, value) in &facts { tr { th { (name) } td { (value) } } }
            @for line in wording::surroundings(summary) { tr { th { "around it" } td { (line) } } }
        } } }
        h3 { "Noise: what identical code differs by here" }
        ul.notes {
            @for contest in &summary.contests {
                li { (contest.contest) ": " (grid::noise(contest)) }
            }
        }
        nav {
            @for (i, contest) in summary.contests.iter().enumerate() {
                a href={ "#contest-" (i) } { (contest.contest) }
            }
            a href="#found" { "what was found" }
            a href="#method" { "method" }
            a href="#cells" { "all cells" }
        }
    }
}

/// Question, table, charts and fairness cards of one contest.
pub(super) fn contest(
    contest: &ContestSummary,
    pictures: Option<&Vec<Picture>>,
    number: usize,
) -> Markup {
    html! {
        section id={ "contest-" (number) } {
            h2 { (contest.contest) }
            p.question { (contest.question) }
            p.soft { (wording::conditions(contest)) }
            (table(&grid::numbers(contest)))
            @if let Some(figures) = figure_grid::figures(contest) { (table(&figures)) }
            p.soft { (grid::noise(contest)) }
            @if let Some(comparison) = grid::comparison(contest) { (table(&comparison)) }
            @if let Some(prices) = price_grid::prices(contest) {
                h3 { "What it costs" }
                (table(&prices))
            }
            @if let Some(audits) = audit_grid::audits(contest) { (table(&audits)) }
            @for picture in pictures.into_iter().flatten() { (figure(picture)) }
            (cards(contest))
        }
    }
}

/// A grid as a table, and its notes as a list.
fn table(grid: &Grid) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { @for title in &grid.header { th { (title) } } } }
            tbody {
                @for row in &grid.rows {
                    tr class=(class(row.role, row.measured)) {
                        @for text in &row.texts { td { (text) } }
                    }
                }
            }
        } }
        @if !grid.notes.is_empty() {
            ul.notes { @for note in &grid.notes { li { (note) } } }
        }
    }
}

fn class(role: Role, measured: bool) -> &'static str {
    match role {
        _ if !measured => "none",
        Role::Runner => "runner",
        Role::Null => "null",
        Role::Floor => "floor",
    }
}

/// What still differs although the work is the same, runner by runner.
fn cards(contest: &ContestSummary) -> Markup {
    let shown = contest.cells.iter().filter(|cell| cell.role != Role::Null);
    html! {
        details {
            summary { "Fairness cards: what still differs although the work is the same" }
            @for cell in shown {
                h3 { (grid::label(cell)) }
                div.scroll { table.facts { tbody {
                    @for (name, value) in card(cell) { tr { th { (name) } td { (value) } } }
                } } }
            }
        }
    }
}

/// Version, backend, workers and memory, then the runner's own card.
fn card(cell: &CellSummary) -> Vec<(&str, String)> {
    let unknown = || "unknown".to_owned();
    let workers = if cell.workers == 0 { unknown() } else { cell.workers.to_string() };
    let mut lines = vec![
        ("version", cell.version.clone().unwrap_or_else(unknown)),
        ("waits with", cell.backend.clone().unwrap_or_else(unknown)),
        ("workers", workers),
        ("peak memory", cell.peak_rss_bytes.map_or_else(unknown, quantity::bytes)),
    ];
    lines.extend(cell.card.iter().map(|(name, value)| (name.as_str(), value.clone())));
    lines
}

/// What was found in the numbers, cell by cell, with reasons.
pub(super) fn found(summary: &Summary) -> Markup {
    html! {
        section id="found" {
            h2 { "What was found" }
            p { (wording::grades(summary)) "." }
            @match finding_grid::findings(summary) {
                Some(grid) => div.reasons { (table(&grid)) },
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

/// How it was measured, for readers who do not know us.
pub(super) fn method(summary: &Summary) -> Markup {
    let plan = &summary.run.plan;
    let (slice, drop) = (quantity::time(plan.slice_ns as f64), quantity::time(plan.drop_ns as f64));
    let warm_up = quantity::time(plan.warm_up_ns as f64);
    html! {
        section id="method" {
            h2 { "Method in plain words" }
            p { "Each runner does the same work in a fresh process of its own. All processes of a \
                contest live together; one works at a time, for a slice of at least " (slice) " whose \
                first " (drop) " do not count, after a warm-up of " (warm_up) ". A round gives every \
                runner one slice in a new random order; a block is the rounds that one set of \
                processes lives through. Then all are started anew: " (wording::blocks(plan.blocks)) " \
                were planned." }
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
        }
    }
}

/// Every cell with its state.
pub(super) fn all_cells(summary: &Summary) -> Markup {
    html! {
        section id="cells" {
            h2 { "All cells" }
            div.scroll { table.cells {
                thead { tr {
                    th { "cell" } th { "state" } th { "blocks" } th { "operations" } th { "grade" } th { "marks" }
                } }
                tbody {
                    @for (_, cell) in summary.cells() {
                        tr class=(class(cell.role, cell.is_measured())) {
                            td { code { (cell.cell) } }
                            td { (wording::absence(cell)) }
                            td { (cell.blocks) }
                            td { @if let Some(numbers) = &cell.numbers {
                                (quantity::digits(numbers.ops as f64))
                            } }
                            td { (cell.grade().map_or("", Grade::name)) }
                            td { (cell.marks.join(", ")) }
                        }
                    }
                }
            } }
        }
    }
}
