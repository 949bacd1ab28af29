//! What is believed of many connections?
//!
//! That asynchronous tasks beat threads where many wait, that one thread can serve thousands, and that `io_uring` is
//! faster than `epoll`. Judged by workloads that wait for a peer or a file, and by nothing else. Read next:
//! `computing.rs`.

use super::{
    Belief, Claim, Evidence, Outcome,
    contrast::{self, Wish, span},
    kind::{self, Kind},
};
use crate::{
    Load, Role, Summary, quantity,
    record::State,
    summary::{ContestSummary, Measure, Metric},
};

/// Workloads whose operations wait for a peer, and do little else.
const CONNECTED: [&str; 7] =
    ["echo", "unix-echo", "udp-echo", "tls-echo", "http-get", "postgres", "connect"];

/// Workloads that wait for the kernel, through sockets or files.
const KERNEL: [&str; 12] = [
    "echo",
    "unix-echo",
    "udp-echo",
    "tls-echo",
    "connect",
    "tls-connect",
    "http-get",
    "download",
    "crawl",
    "chat",
    "file-read",
    "file-write",
];

/// From so many on, tasks that wait are many: eight times what workloads have by default.
const MANY: u32 = 256;

/// What tutorials call thousands.
const THOUSANDS: u32 = 1000;

/// How many connections there are at once.
fn connections(contest: &ContestSummary) -> Option<u32> {
    match contest.contest.load {
        Load::Closed(actors) => Some(actors),
        load if load.is_sweep() => None,
        _ => contest.open.as_ref().map(|open| open.connections),
    }
}

fn is_one_of(contest: &ContestSummary, names: &[&str]) -> bool {
    names.contains(&contest.contest.workload_name())
}

pub(super) fn async_beats_threads(summary: &Summary) -> Belief {
    let mut found = Vec::new();
    let many = summary.contests.iter().filter(|contest| {
        is_one_of(contest, &CONNECTED)
            && contest.measure == Measure::Service
            && connections(contest).is_some_and(|count| count >= MANY)
    });
    for contest in many {
        let Some(threads) = kind::named(contest, "threads") else { continue };
        for cell in kind::cells(contest, Kind::Tasks) {
            let cells = [cell, threads];
            let metrics = [(Metric::Throughput, Wish::More), (Metric::CpuPerOp, Wish::Less)];
            found.extend(
                metrics
                    .into_iter()
                    .filter_map(|(metric, wish)| contrast::compare(contest, cells, metric, wish)),
            );
        }
    }
    Claim {
        says: "Async beats threads for many waiting tasks",
        compared: "throughput and CPU time of runners with tasks against those of a thread for each connection, \
                   under closed loads of 256 connections and more",
        parts: &[],
        command: format!(
            "simul run -w echo --load closed-1000 -r threads,{}",
            kind::SOME_WITH_TASKS
        ),
        caveat: "Many is 256 and more here; of fewer it says nothing.",
    }
    .judge(&[found])
}

pub(super) fn one_thread_serves_thousands(summary: &Summary) -> Belief {
    let mut found = Vec::new();
    for contest in summary.contests.iter().filter(|contest| is_one_of(contest, &CONNECTED)) {
        let Some(count) = connections(contest).filter(|count| *count >= THOUSANDS) else {
            continue;
        };
        let role =
            if contest.contest.load.is_open() { "as their server" } else { "as their client" };
        for cell in kind::cells(contest, Kind::Tasks).filter(|cell| cell.workers == 1) {
            let Some(numbers) = &cell.numbers else { continue };
            let rate = span(&numbers.throughput, quantity::digits);
            let p99 = match numbers.carries(0.99) {
                true => format!("p99 {}", span(&numbers.p99_ns, quantity::time)),
                false => "too few of them for a p99".into(),
            };
            found.push(Evidence {
                outcome: Outcome::For,
                text: format!(
                    "{} with one worker, {count} connections at once, {role}, in {}: {rate} operations a second, \
                     {p99}",
                    cell.runner, contest.contest
                ),
                cells: vec![cell.cell.clone()],
                blocks: cell.blocks,
            });
        }
        let broke = contest.cells.iter().filter(|cell| {
            let tasks = kind::of(&cell.runner) == Some(Kind::Tasks) && cell.workers == 1;
            let failed = matches!(cell.state, State::Failed | State::TimedOut);
            cell.role == Role::Runner && tasks && failed
        });
        found.extend(broke.map(|cell| Evidence {
            outcome: Outcome::Against,
            text: format!(
                "{} with {count} connections: {}",
                cell.cell,
                crate::wording::absence(cell)
            ),
            cells: vec![cell.cell.clone()],
            blocks: cell.blocks,
        }));
    }
    Claim {
        says: "One thread can serve thousands of connections",
        compared: "runners with tasks on one worker, with at least 1,000 connections at once",
        parts: &[],
        command: format!(
            "simul run -w echo --load open-2000-poisson --connections 2000 -r {}",
            kind::SOME_ALONE
        ),
        caveat: "Under a closed load the runner is the client of its connections; under an open one, their server.",
    }
    .judge(&[found])
}

pub(super) fn rings_are_faster(summary: &Summary) -> Belief {
    let mut found = Vec::new();
    for contest in summary.contests.iter().filter(|contest| is_one_of(contest, &KERNEL)) {
        for [ring, ready] in kind::TWINS {
            let (ring, ready) = (kind::named(contest, ring), kind::named(contest, ready));
            let (Some(ring), Some(ready)) = (ring, ready) else { continue };
            // What was really waited with counts, and not the name.
            let waits = [ring, ready].map(|cell| cell.backend.as_deref().unwrap_or_default());
            if waits[0].starts_with("io_uring") && waits[1].starts_with("epoll") {
                let cells = [ring, ready];
                found.extend(contrast::compare(contest, cells, Metric::P50, Wish::Less));
            }
        }
    }
    Claim {
        says: "io_uring is faster than epoll",
        compared: "the median of the same runtime on its io_uring and on its epoll driver, in work with sockets and \
                   files",
        parts: &[],
        command: format!("simul run -w echo,file-read -r {}", kind::listed(&kind::TWINS)),
        caveat: "Only runtimes that are here with both drivers are compared, or with the nearest relative of theirs; \
                 which driver was at work was looked up in the process.",
    }
    .judge(&[found])
}
