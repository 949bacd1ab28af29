//! Does a runner implement the port as its documentation promises? Tasks, time, panics; channels, sockets
//! and files have files of their own.
//!
//! Every check runs as a top-level task of the runner, with real parts.

use crate::{
    port_channels, port_files, port_locks, port_neighbours, port_sockets, port_ticks, workers,
};
use simul_runners::{Capabilities, Discipline, How, Runner, discipline::Tasks, registry};
use simul_workloads::{Needs, Receiver as _, Runtime, Sender as _};
use std::{
    collections::HashSet,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

/// A check: it panics when something is wrong.
pub(crate) type Check<R> = fn(R, Site) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// What surrounds a check.
#[derive(Clone)]
pub(crate) struct Site {
    /// The thread that called `launch`.
    pub(crate) launcher: ThreadId,
    /// An empty folder.
    pub(crate) folder: PathBuf,
}

/// Needs of a check that is whole within one task.
pub(crate) const ONE_TASK: &[Needs] = &[Needs::NOTHING];
/// Needs of a check whose task waits for another one, of which either suffices: another thread that is
/// free, or a way to run the other task meanwhile.
pub(crate) const TWO_TASKS: &[Needs] =
    &[Needs { waiting_tasks: 2, ..Needs::NOTHING }, Needs { nested_join: true, ..Needs::NOTHING }];
/// Needs of a check whose tasks are both at work at the same time.
pub(crate) const TWO_AT_ONCE: &[Needs] = &[Needs { waiting_tasks: 2, ..Needs::NOTHING }];

/// Runs all checks on a runner.
pub(crate) struct Checks;

impl registry::Visitor for Checks {
    type Output = ();

    fn visit<R: Runner>(self) {
        let workers = workers(&R::PROFILE);
        let runner = R::start(workers).unwrap();
        assert!(runner.card().workers <= workers.get(), "more workers than asked for");
        let folder = tempfile::tempdir().unwrap();
        let site = Site { launcher: thread::current().id(), folder: folder.path().to_owned() };
        let offer = R::capabilities(workers);
        for (name, needs, check) in all::<R::Runtime>() {
            if !needs.iter().any(|needs| offer.admit(needs).is_ok()) {
                println!("{name}: not applicable");
                continue;
            }
            run(&runner, name, check, site.clone());
            println!("{name}: holds");
        }
        as_many_workers_as_the_card_says(&runner, &offer);
        panics_reach_whoever_awaits(&runner, &offer);
        jobs_take_turns(runner, workers.get());
    }
}

fn all<R: Runtime>() -> Vec<(&'static str, &'static [Needs], Check<R>)> {
    let mut all: Vec<(_, _, Check<R>)> = vec![
        ("spawned tasks return their values", TWO_TASKS, |rt, site| {
            Box::pin(spawn_returns_the_value(rt, site))
        }),
        ("detached tasks run to their end", TWO_TASKS, |rt, _| Box::pin(detached_tasks_end(rt))),
        ("sleep is not early", ONE_TASK, |rt, _| Box::pin(sleep_is_not_early(rt))),
        ("yield_now returns", ONE_TASK, |rt, _| Box::pin(yield_returns(rt))),
        ("offload returns the value", ONE_TASK, |rt, _| Box::pin(offload_returns(rt))),
    ];
    all.extend(port_channels::all::<R>());
    all.extend(port_locks::all::<R>());
    all.extend(port_sockets::all::<R>());
    all.extend(port_files::all::<R>());
    all.extend(port_neighbours::all::<R>());
    all.extend(port_ticks::all::<R>());
    all
}

/// Runs a check as a top-level task and waits for its end.
fn run<R: Runner>(runner: &R, name: &str, check: Check<R::Runtime>, site: Site) {
    let (sender, ended) = mpsc::channel();
    let runtime = runner.runtime();
    runner.launch(0, async move {
        assert_ne!(thread::current().id(), site.launcher, "a task on the launching thread");
        check(runtime, site).await;
        sender.send(()).unwrap();
    });
    // A check that panics drops its sender.
    ended.recv().unwrap_or_else(|_| panic!("{name}: broken, as told above"));
}

async fn spawn_returns_the_value<R: Runtime>(runtime: R, site: Site) {
    for number in 0..10_u64 {
        let child = runtime.spawn(async move { (number * 2, thread::current().id()) });
        let (value, thread) = child.await;
        assert_eq!(value, number * 2);
        assert_ne!(thread, site.launcher, "a task on the launching thread");
    }
}

async fn detached_tasks_end<R: Runtime>(runtime: R) {
    let (mut sender, mut receiver) = runtime.channel(1);
    runtime.detach(async move {
        for _ in 0..10 {
            runtime.yield_now().await;
        }
        assert!(sender.send("the end").await);
    });
    assert_eq!(receiver.receive().await, Some("the end"));
}

async fn sleep_is_not_early<R: Runtime>(runtime: R) {
    for micros in [0, 1, 300, 999, 1000, 1001, 2500] {
        let asked = Duration::from_micros(micros);
        let start = Instant::now();
        runtime.sleep(asked).await;
        let slept = start.elapsed();
        assert!(slept >= asked, "asked {asked:?}, slept {slept:?}");
    }
}

async fn yield_returns<R: Runtime>(runtime: R) {
    for _ in 0..100 {
        runtime.yield_now().await;
    }
}

async fn offload_returns<R: Runtime>(runtime: R) {
    let text = String::from("moved in");
    assert_eq!(runtime.offload(move || text + " and out").await, "moved in and out");
}

/// Tasks that block their threads until all of them have come: only so many threads can bring them
/// together, and no task may be seen on one more.
fn as_many_workers_as_the_card_says<R: Runner>(runner: &R, offer: &Capabilities) {
    let workers = runner.card().workers;
    let barrier = Arc::new(Barrier::new(workers));
    let (sender, threads) = mpsc::channel();
    // Several rounds, so that other threads had their chance.
    for index in 0..workers * 20 {
        let (barrier, sender) = (Arc::clone(&barrier), sender.clone());
        runner.launch(index, async move {
            barrier.wait();
            sender.send(thread::current().id()).unwrap();
        });
    }
    drop(sender);
    let seen: Vec<ThreadId> = threads.iter().collect();
    assert_eq!(seen.len(), workers * 20);
    let distinct = seen.iter().collect::<HashSet<_>>().len();
    let a_thread_each = takes_tasks::<R>() && offer.timers == How::Blocking;
    assert!(a_thread_each || distinct == workers, "{distinct} threads, {workers} on the card");
}

fn takes_tasks<R: Runner>() -> bool {
    R::Discipline::NAME == Tasks::NAME
}

/// How many chains of jobs take turns, and how many jobs each has.
const CHAINS: usize = 32;
const LINKS: u32 = 500;

/// Chains of jobs, each launched by the one before it from its worker, as actors do on a fixed pool. None
/// may come to its end before all others have begun, but those that are held up in a worker that the system
/// has stopped. Only for runners that promise one global queue; others may steal or not as they like.
fn jobs_take_turns<R: Runner>(runner: R, workers: usize) {
    if takes_tasks::<R>() {
        return;
    }
    let runner = Arc::new(runner);
    let (sender, links) = mpsc::channel();
    let all_launched = Arc::new(AtomicBool::new(false));
    for number in 0..CHAINS {
        let all_launched = Arc::clone(&all_launched);
        let chain = Chain { number, left: LINKS, all_launched, sender: sender.clone() };
        chain.link(Arc::clone(&runner));
    }
    all_launched.store(true, Ordering::SeqCst);
    drop(sender);
    let mut begun = HashSet::new();
    for (number, left) in links {
        begun.insert(number);
        if left == 0 {
            break;
        }
    }
    let waiting = CHAINS - begun.len();
    assert!(waiting < workers, "{waiting} of {CHAINS} actors starve");
}

struct Chain {
    number: usize,
    left: u32,
    /// Until then chains go round without counting, or the first would be ahead of the last.
    all_launched: Arc<AtomicBool>,
    sender: mpsc::Sender<(usize, u32)>,
}

impl Chain {
    /// Launches the next job.
    fn link<R: Runner>(mut self, runner: Arc<R>) {
        let launcher = Arc::clone(&runner);
        launcher.launch(self.number, async move {
            if !self.all_launched.load(Ordering::SeqCst) {
                return self.link(runner);
            }
            // Nobody listens any more once the check is decided.
            if self.sender.send((self.number, self.left)).is_ok() && self.left > 0 {
                self.left -= 1;
                self.link(runner);
            }
        });
    }
}

/// Tells, when dropped, whether that is by a panic.
struct Witness(mpsc::Sender<bool>);

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.0.send(thread::panicking());
    }
}

/// The task that awaits a task that panics must panic too, and the runner must live on.
fn panics_reach_whoever_awaits<R: Runner>(runner: &R, offer: &Capabilities) {
    if !TWO_TASKS.iter().any(|needs| offer.admit(needs).is_ok()) {
        return;
    }
    let runtime = runner.runtime();
    // More often than there are workers: none may be lost.
    for _ in 0..3 {
        let (sender, panicked) = mpsc::channel();
        runner.launch(0, async move {
            let _witness = Witness(sender);
            let child = runtime.spawn(async { panic!("on purpose") });
            child.await;
        });
        assert_eq!(panicked.recv(), Ok(true), "the panic did not reach the awaiting task");
    }
    let (sender, alive) = mpsc::channel();
    runner.launch(0, async move { sender.send(()).unwrap() });
    alive.recv().expect("the runner lives on after a panic");
}
