//! Who else used the processor meanwhile?
//!
//! Seen: the CPU clocks of all processes that are not ours, before and after each slice. They are as new as the last
//! tick of a process that runs on (4 ms at 250 Hz), so a window is off by at most a tick at each end, whatever its
//! length; the tick-sampled `/proc/stat` is off by a part of the window itself. Estimated: what the processors ran in
//! all ([`totals`]) and none of the processes that are still there; whoever came and went between two looks is in
//! it. Our own descendants are not foreign, nor what they started and took in, nor kernel threads, which work for
//! everybody and for us too. It cannot see other pid namespaces; [`sight`] says so. Read between slices, never during
//! one. Next: `tasks.rs`.

pub mod sight;
mod tasks;
pub mod totals;

use crate::clock;
use std::collections::{HashMap, HashSet};
use tasks::Task;
use totals::Total;

/// A slice with more foreign CPU than this is contaminated. In cores; a tenth of one moved medians of
/// identical code by up to 10 %.
pub const MOST_CORES: f64 = 0.10;

/// What the processors ran during half a look that nobody interrupted: about 0.5 ms where each of two cores is busy,
/// and no matter in a slice of 50 ms.
const SHARP_NS: u64 = 2_000_000;

/// Looks at foreign processes, and remembers what it saw last.
#[derive(Debug)]
pub struct Watch {
    source: Total,
    tasks: HashMap<i32, Task>,
    /// The total at the last look.
    total: Option<Reading>,
    /// The last number that a process or thread was given, at the last look.
    last_number: Option<u64>,
    looked_at_ns: u64,
}

/// Foreign CPU time between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// When the second look was taken.
    pub at_ns: u64,
    /// The time between the looks.
    pub span_ns: u64,
    /// Of processes that were there at the end.
    pub seen_ns: u64,
    /// Of whoever came and went, or is hidden; `None` where it cannot be estimated.
    pub estimated_ns: Option<u64>,
}

impl Foreign {
    /// All of it.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        self.seen_ns + self.estimated_ns.unwrap_or(0)
    }
}

/// What the processes that are still there have spent between two looks.
#[derive(Debug, Default)]
struct Spent {
    /// All whom the total counts.
    in_total_ns: u64,
    foreign_ns: u64,
    /// Those of ours that took in children that ended, and what those were seen to spend before.
    reapers: Vec<(i32, u64)>,
}

impl Default for Watch {
    fn default() -> Self {
        Self::with(Total::detect())
    }
}

impl Watch {
    /// A watch that estimates from this total.
    #[must_use]
    pub fn with(total: Total) -> Self {
        Self {
            source: total,
            tasks: HashMap::new(),
            total: None,
            last_number: None,
            looked_at_ns: clock::now_ns(),
        }
    }

    /// What all processes but `ours` and their descendants have used since the last look; of the first look,
    /// nothing.
    pub fn look(&mut self, ours: &HashSet<i32>) -> Foreign {
        let is_first = self.tasks.is_empty();
        let before = std::mem::take(&mut self.tasks);
        let (begun_ns, first_ns) = (clock::now_ns(), self.source.read_ns());
        let (mut now, grown, gone) = tasks::look(before, self.source);
        let total = Reading::between(first_ns, self.source.read_ns());
        let at_ns = begun_ns.midpoint(clock::now_ns());
        let spent = spent(&now, &grown, &gone, ours);
        let number = self.source.is_sampled().then(tasks::last_number).flatten();
        let nobody_came = number.is_some() && number == self.last_number && gone.is_empty();
        let span_ns = at_ns.saturating_sub(self.looked_at_ns);
        let passed_ns = total.zip(self.total).map(|(now, then)| now.since_ns(then));
        let estimated_ns = passed_ns.map(|passed_ns| {
            let mut rest_ns = passed_ns.saturating_sub(spent.in_total_ns);
            for (pid, known_ns) in &spent.reapers {
                let granted = now.get_mut(pid).map(|task| task.grant(*known_ns, rest_ns));
                rest_ns -= granted.unwrap_or(0);
            }
            let is_nobodys = nobody_came && sight::sees_all();
            if is_nobodys || rest_ns < self.source.error_ns(span_ns) { 0 } else { rest_ns }
        });
        self.tasks = now;
        self.total = total;
        self.last_number = number;
        self.looked_at_ns = at_ns;
        match is_first {
            true => Foreign { at_ns, ..Foreign::default() },
            false => Foreign { at_ns, span_ns, seen_ns: spent.foreign_ns, estimated_ns },
        }
    }
}

/// The total at a look. The clocks were read one after another, so it is known only to what was run meanwhile: that
/// is much when the look itself was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    total_ns: u64,
    blur_ns: u64,
}

impl Reading {
    fn between(first_ns: Option<u64>, last_ns: Option<u64>) -> Option<Self> {
        let (first_ns, last_ns) = first_ns.zip(last_ns)?;
        let half_ns = last_ns.saturating_sub(first_ns) / 2;
        let blur_ns = if half_ns > SHARP_NS { half_ns } else { 0 };
        Some(Self { total_ns: first_ns + half_ns, blur_ns })
    }

    /// What has surely been run since.
    fn since_ns(self, then: Self) -> u64 {
        self.total_ns.saturating_sub(then.total_ns + self.blur_ns + then.blur_ns)
    }
}

/// Adds up what was spent, by whom.
fn spent(
    now: &HashMap<i32, Task>,
    grown: &[tasks::Grown],
    gone: &HashMap<i32, Task>,
    ours: &HashSet<i32>,
) -> Spent {
    let mut spent = Spent::default();
    for growth in grown {
        let Some(task) = now.get(&growth.pid) else { continue };
        if task.is_in_total {
            spent.in_total_ns += growth.cpu_ns;
        }
        if task.is_kernel {
            continue;
        }
        if !is_ours(growth.pid, now, ours) {
            spent.foreign_ns += growth.cpu_ns;
        } else if growth.has_reaped && task.is_in_total {
            spent.reapers.push((growth.pid, known_before_ns(growth.pid, gone)));
        }
    }
    spent
}

/// What those below this process that are gone had spent when they were seen last: it was accounted for then.
fn known_before_ns(reaper: i32, gone: &HashMap<i32, Task>) -> u64 {
    let taken_in_by = |task: &Task| {
        // Who ended after its own children has told of them, too. Numbers may be given again, so no more than all.
        let above = std::iter::successors(Some(task.parent), |pid| Some(gone.get(pid)?.parent));
        above.take(gone.len() + 1).last()
    };
    let ended = gone.values().filter(|task| taken_in_by(task) == Some(reaper));
    ended.map(|task| task.clock_ns + task.children_ns).sum()
}

/// Whether this process, or one above it, is one of ours.
fn is_ours(pid: i32, all: &HashMap<i32, Task>, ours: &HashSet<i32>) -> bool {
    let mut pid = pid;
    loop {
        if ours.contains(&pid) {
            return true;
        }
        match all.get(&pid) {
            Some(task) if task.parent > 1 => pid = task.parent,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader, Write},
        process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    };

    /// A shell that does what it is told, line by line, and says when it has.
    struct Shell {
        process: Child,
        orders: ChildStdin,
        answers: BufReader<ChildStdout>,
    }

    /// Some hundredths of a second of CPU.
    const BURN: &str = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";

    impl Shell {
        fn start() -> Self {
            let mut process = Command::new("sh")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("there is a shell");
            let orders = process.stdin.take().unwrap();
            let answers = BufReader::new(process.stdout.take().unwrap());
            Self { process, orders, answers }
        }

        fn pid(&self) -> i32 {
            self.process.id() as i32
        }

        fn tell(&mut self, order: &str) {
            writeln!(self.orders, "{order}; echo").unwrap();
            let mut line = String::new();
            self.answers.read_line(&mut line).unwrap();
        }

        fn end(self) {
            let Self { mut process, orders, .. } = self;
            drop(orders);
            process.wait().unwrap();
        }
    }

    #[test]
    fn a_busy_stranger_is_seen_and_our_own_is_not() {
        let (mut stranger, own) = (Shell::start(), Shell::start());
        let ours = HashSet::from([own.pid()]);
        let mut watch = Watch::default();
        assert_eq!(watch.look(&ours).seen_ns, 0, "there was nothing before");
        let before_ns = clock::cpu_of_ns(stranger.pid()).unwrap();
        stranger.tell(BURN);
        // Its clock may be a tick behind at either end.
        let burnt_ns = clock::cpu_of_ns(stranger.pid()).unwrap() - before_ns;
        assert!(watch.look(&ours).seen_ns + 20_000_000 >= burnt_ns);
        let descends = |pid: i32| is_ours(pid, &watch.tasks, &ours);
        assert!(descends(own.pid()) && !descends(stranger.pid()));
        let me = HashSet::from([std::process::id() as i32]);
        assert!(is_ours(stranger.pid(), &watch.tasks, &me), "children of ours are ours");
        stranger.end();
        own.end();
    }

    #[test]
    fn who_came_and_went_is_in_the_total() {
        let mut watch = Watch::default();
        if watch.source.is_sampled() {
            // Ticks need more than a short test can burn.
            return;
        }
        let mut stranger = Shell::start();
        let nobody = HashSet::new();
        // A look that is interrupted knows less, and another one need not be.
        let mut is_estimated = || {
            watch.look(&nobody);
            let before_ns = watch.tasks[&stranger.pid()].children_ns;
            // In a process of its own that is gone at the next look.
            stranger.tell(&format!("( {BURN} )"));
            let estimated_ns = watch.look(&nobody).estimated_ns.unwrap();
            let spent_ns = watch.tasks[&stranger.pid()].children_ns - before_ns;
            // Told in ticks.
            spent_ns > 0 && estimated_ns + 20_000_000 >= spent_ns
        };
        assert!((0..20).any(|_| is_estimated()));
        stranger.end();
    }

    #[test]
    fn a_look_that_was_interrupted_claims_less() {
        let at_ms = |first: u64, last: u64| {
            Reading::between(Some(first * 1_000_000), Some(last * 1_000_000)).unwrap()
        };
        let (then, now) = (at_ms(10, 12), at_ms(50, 90));
        assert_eq!((then.total_ns, then.blur_ns), (11_000_000, 0));
        assert_eq!((now.total_ns, now.blur_ns), (70_000_000, 20_000_000));
        assert_eq!(now.since_ns(then), 39_000_000);
        assert_eq!(then.since_ns(now), 0);
        assert_eq!(Reading::between(None, Some(1)), None);
    }

    fn task(parent: i32, clock_ns: u64) -> Task {
        Task { parent, clock_ns, is_in_total: true, ..Task::default() }
    }

    #[test]
    fn children_that_ours_took_in_are_ours() {
        let now = HashMap::from([(7, task(1, 50)), (8, task(7, 10)), (9, task(1, 5))]);
        let gone = HashMap::from([(10, task(8, 1_000)), (12, task(10, 200)), (11, task(9, 1))]);
        let grown = [
            tasks::Grown { pid: 8, cpu_ns: 10, has_reaped: true },
            tasks::Grown { pid: 9, cpu_ns: 5, has_reaped: true },
        ];
        let spent = spent(&now, &grown, &gone, &HashSet::from([7]));
        assert_eq!((spent.in_total_ns, spent.foreign_ns), (15, 5));
        assert_eq!(
            spent.reapers,
            [(8, 1_200)],
            "and what those below had spent when they were seen"
        );
    }
}
