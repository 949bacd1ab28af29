//! What does a waiting task cost?
//!
//! A session, and usually one operation: `tasks` tasks are started, each with a channel of its own on which it
//! waits; when all are alive, the process's memory is read; then each is sent a word, and all are joined. A task
//! that reports last wakes the starter, so that no runner can finish that runs them one after the other.
//!
//! Bytes per task are resident memory when all are alive, less resident memory when the actor was opened (the
//! runner's workers were up already, and nothing had been spawned), divided by their number. That counts what
//! one needs to have a waiting task: the task, both ends of its channel, and the handle by which it is joined. The
//! base is that of the opening and not of the operation's beginning: allocators keep what was freed, so that
//! later operations would seem to cost nothing.
//!
//! It cannot tell task from channel, and it does not see what the kernel keeps for the process: where a task is
//! a thread, that is a kernel stack and a thread's description for each; only the touched pages of its own stack are
//! resident.

use crate::{
    Class, Digest, DirectSession, Figure, Ledger, Measure, Needs, ParameterError, Parameters,
    Profile, Receiver, Runtime, Sender, Shape, Surroundings, Workload,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::AcqRel},
    },
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Footprint {
    tasks: u32,
}

/// One actor's place in the sequence, and the memory from which it counts.
#[derive(Debug)]
pub struct State {
    ledger: Ledger,
    actor: u32,
    next: u64,
    base_bytes: u64,
}

const BYTES: Figure = Figure {
    name: "task_memory",
    unit: "bytes",
    describes: "Resident memory for each waiting task, with its channel and its handle",
};
const START: Figure = Figure {
    name: "start",
    unit: "ns",
    describes: "From the first spawn until all tasks were alive at the same time",
};
const FINISH: Figure = Figure {
    name: "finish",
    unit: "ns",
    describes: "From the first word that was sent until all tasks were joined",
};

/// More than any runner was seen to take for a task, its channel and its handle, beyond a thread's stack.
const TASK_BYTES: u64 = 4096;

impl Workload for Footprint {
    type State<R: Runtime> = State;
    // Boxes of the erased port would be counted as the runner's.
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "footprint",
        question: "What does a waiting task cost, in memory and in time?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Makespan,
        parameters: &[("tasks", "10000")],
        actors: 1,
        figures: &[BYTES, START, FINISH],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        Ok(Self { tasks: parameters.number("tasks", 1, 10_000_000)? as u32 })
    }

    fn needs(&self, actors: u32) -> Needs {
        let tasks = u64::from(self.tasks) * u64::from(actors);
        Needs {
            waiting_tasks: (self.tasks + 1).saturating_mul(actors),
            nested_join: true,
            alone: true,
            live_tasks: tasks,
            memory_bytes: tasks * TASK_BYTES,
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        let ledger = surroundings.ledger.clone();
        Ok(State { ledger, actor, next: 0, base_bytes: resident_bytes()? })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let word = word(state.actor, state.next);
        state.next += 1;
        let (report, mut all_alive) = runtime.channel(1);
        let alive = Arc::new(AtomicU32::new(0));
        let mut tasks = Vec::with_capacity(self.tasks as usize);
        let starting = state.ledger.lap();
        for number in 0..self.tasks {
            let (go, wait) = runtime.channel(1);
            let roll = Roll { alive: Arc::clone(&alive), all: self.tasks, report: report.clone() };
            tasks.push((go, runtime.spawn(live(number, roll, wait))));
        }
        drop(report);
        all_alive.receive().await.ok_or_else(gone)?;
        state.ledger.enter_lap(&START, starting);
        let bytes = resident_bytes()?.saturating_sub(state.base_bytes);
        state.ledger.enter(&BYTES, bytes as f64 / f64::from(self.tasks));
        let finishing = state.ledger.lap();
        for (go, _) in &mut tasks {
            if !go.send(word).await {
                return Err(gone());
            }
        }
        let mut sum = 0_u64;
        for (_, join) in tasks {
            sum = sum.wrapping_add(join.await?);
        }
        state.ledger.enter_lap(&FINISH, finishing);
        Ok(Digest::of_number(sum))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    /// Where a task is a thread of an interpreter. Beyond a minute, nobody waits.
    fn at_worst(&self) -> Duration {
        Duration::from_micros(u64::from(self.tasks) * 500).min(Duration::from_secs(60))
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let tasks = u64::from(self.tasks);
        let words = word(actor, index).wrapping_mul(tasks);
        Digest::of_number(words.wrapping_add(tasks * (tasks - 1) / 2))
    }
}

/// Where a task says that it is alive.
struct Roll<S> {
    alive: Arc<AtomicU32>,
    all: u32,
    report: S,
}

impl<S: Sender<()>> Roll<S> {
    /// Counts one more; the last one tells the starter. `false` when the starter is gone.
    async fn call(mut self) -> bool {
        self.alive.fetch_add(1, AcqRel) + 1 < self.all || self.report.send(()).await
    }
}

/// One task: alive, waiting, and gone with what it was told plus its own number.
async fn live<S: Sender<()>, R: Receiver<u64>>(
    number: u32,
    roll: Roll<S>,
    mut wait: R,
) -> io::Result<u64> {
    if !roll.call().await {
        return Err(gone());
    }
    let word = wait.receive().await.ok_or_else(gone)?;
    Ok(word.wrapping_add(u64::from(number)))
}

/// What the tasks of one operation are told, different for each.
fn word(actor: u32, index: u64) -> u64 {
    Digest::of_number((u64::from(actor) << 32) ^ index).0
}

/// The process's memory that is really there: the second number of `/proc/self/statm`, in pages.
fn resident_bytes() -> io::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    let pages =
        pages.ok_or_else(|| io::Error::other(format!("/proc/self/statm says '{statm}'")))?;
    Ok(pages * rustix::param::page_size() as u64)
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "a task or its starter ended before its time")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(parts: &str) -> Result<Footprint, ParameterError> {
        Footprint::new(&Parameters::parse(&Footprint::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn resident_memory_grows_with_what_is_touched() {
        const MIB_64: usize = 64 << 20;
        let before = resident_bytes().unwrap();
        let block = vec![1_u8; MIB_64];
        let after = resident_bytes().unwrap();
        assert!(std::hint::black_box(&block).iter().all(|byte| *byte == 1));
        // Other tests of the process may free something meanwhile, but nothing like half of it.
        assert!(after - before > MIB_64 as u64 / 2, "{before} to {after}");
    }

    #[test]
    fn a_million_tasks_are_declared_as_such() {
        let needs = footprint("1000000").unwrap().needs(1);
        assert_eq!((needs.live_tasks, needs.waiting_tasks), (1_000_000, 1_000_001));
        assert!(needs.alone);
    }

    #[test]
    fn the_oracle_is_the_sum_over_all_tasks() {
        let footprint = footprint("1000").unwrap();
        let sum =
            (0..1000).fold(0, |sum: u64, task| sum.wrapping_add(word(3, 9)).wrapping_add(task));
        assert_eq!(footprint.expected(3, 9), Digest::of_number(sum));
    }

    #[test]
    fn no_task_at_all_is_refused() {
        assert!(footprint("0").unwrap_err().to_string().contains("from 1 to 10000000"));
    }
}
