//! Of which nature is a runner?
//!
//! Recordings say how many workers a runner had, and what it waited with; they do not say whether a task is a
//! thread. So there is this table of names, the only one of this crate: beliefs are about natures, and a runner that
//! is not named here speaks to none of them. Another build of a runner (`tokio@1.47.1`) has the nature of the name
//! before the `@`. Hand-written programs (`native-…`) are left out: they show what the port costs, not what a model
//! costs.

use crate::{
    Role,
    summary::{CellSummary, ContestSummary},
};

/// The nature of a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One thread, one thing after the other.
    Inline,
    /// A thread for each task.
    Threads,
    /// A fixed number of threads that take jobs from a queue.
    Pool,
    /// Futures on an executor: a task is no thread.
    Tasks,
    /// Functions with `await` on the event loop of another language.
    EventLoop,
    /// Threads of Python, under its lock or without.
    PythonThreads,
    /// Processes of Python.
    PythonProcesses,
}

/// What each is known to be, from the runner's own documentation.
const KINDS: [(&str, Kind); 22] = [
    ("inline", Kind::Inline),
    ("threads", Kind::Threads),
    ("thread-pool", Kind::Pool),
    ("rayon", Kind::Pool),
    ("tokio", Kind::Tasks),
    ("tokio-current", Kind::Tasks),
    ("tokio-local", Kind::Tasks),
    ("smol", Kind::Tasks),
    ("smol-local", Kind::Tasks),
    ("async-std", Kind::Tasks),
    ("futures", Kind::Tasks),
    ("monoio", Kind::Tasks),
    ("monoio-legacy", Kind::Tasks),
    ("compio", Kind::Tasks),
    ("glommio", Kind::Tasks),
    ("tokio-uring", Kind::Tasks),
    ("asyncio", Kind::EventLoop),
    ("asyncio-uvloop", Kind::EventLoop),
    ("node", Kind::EventLoop),
    ("python-threads", Kind::PythonThreads),
    ("python-processes", Kind::PythonProcesses),
    // Its tasks are stackful coroutines, written like threads and scheduled like futures.
    ("may", Kind::Tasks),
];

/// Some with tasks, for commands: of each family the plainest.
pub(super) const SOME_WITH_TASKS: &str = "tokio,smol,compio";
/// Some with tasks and one worker.
pub(super) const SOME_ALONE: &str = "tokio-current,smol-local";

/// Runners that differ in what they wait with, `io_uring` first, and in little else: each is the other's program on
/// another driver; or, where there is none, the nearest relative.
pub(super) const TWINS: [[&str; 2]; 2] =
    [["monoio", "monoio-legacy"], ["tokio-uring", "tokio-local"]];

/// Runners that differ in whether an idle worker takes tasks from a busy one, the taking one first, and in little
/// else.
pub(super) const STEALING: [[&str; 2]; 1] = [["tokio", "tokio-local"]];

/// The names of pairs, for a command.
pub(super) fn listed(pairs: &[[&str; 2]]) -> String {
    pairs.iter().flatten().copied().collect::<Vec<_>>().join(",")
}

/// The nature of a runner; `None` where the table has none.
pub(super) fn of(runner: &str) -> Option<Kind> {
    let name = runner.split('@').next().unwrap_or_default();
    KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The cells of one nature that have numbers which may be ranked.
pub(super) fn cells(
    contest: &ContestSummary,
    kind: Kind,
) -> impl Iterator<Item = &CellSummary> + '_ {
    usable(contest).filter(move |cell| of(&cell.runner) == Some(kind))
}

/// The cell of one runner, if it has numbers which may be ranked.
pub(super) fn named<'a>(contest: &'a ContestSummary, runner: &str) -> Option<&'a CellSummary> {
    usable(contest).find(|cell| cell.runner == runner)
}

fn usable(contest: &ContestSummary) -> impl Iterator<Item = &CellSummary> + '_ {
    let runners = contest.cells.iter().filter(|cell| cell.role == Role::Runner);
    runners.filter(|cell| cell.numbers.is_some() && cell.audit.may_be_ranked())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_nature() {
        for (i, (name, _)) in KINDS.iter().enumerate() {
            assert!(KINDS[..i].iter().all(|(other, _)| other != name), "{name}");
        }
        assert_eq!(of("tokio@1.47.1"), Some(Kind::Tasks));
        assert_eq!(of("native-tokio"), None);
        assert_eq!(of("go"), None);
    }
}
