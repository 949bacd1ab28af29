//! What do a runner's smallest parts cost: a task, a wake-up, a yield, a timer?
//!
//! For whoever works on a runner: quick, on one core, one process, without the method of the harness. It
//! compares a runner with itself before a change; between runners it decides nothing. The loop runs inside
//! a task on a worker, never in `block_on` on the main thread, which is another, cheaper path in most
//! runtimes; the task sends the elapsed time back.
//!
//! `cargo bench -p simul-runners --bench micro -- --quick` for a first look, with a runner's name to see
//! that one only. It loops over the registry, and skips by declared capability.

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use simul_runners::{Capabilities, Runner, registry};
use simul_workloads::{ErasedRuntime, Needs, Receiver as _, Runtime, Sender as _};
use std::{
    env,
    error::Error,
    future::{Future, poll_fn},
    num::NonZeroUsize,
    os::unix::process::CommandExt,
    pin::pin,
    process::Command,
    sync::mpsc,
    task::Poll,
    time::{Duration, Instant},
};

/// One core, so one worker.
const WORKERS: NonZeroUsize = NonZeroUsize::MIN;
/// Marks the process that has the environment which the runners need.
const STARTED: &str = "SIMUL_MICRO_STARTED";
/// Long enough that no timer expires while it is measured.
const FAR: Duration = Duration::from_secs(3600);
/// Short to wait for, and long enough that no stall before a poll is taken for the wait.
const NEAR: Duration = Duration::from_millis(500);

fn main() -> Result<(), Box<dyn Error>> {
    if env::var_os(STARTED).is_none() {
        return Err(start_with_environment()?.into());
    }
    stay_on_one_core()?;
    let mut criterion = Criterion::default().configure_from_args();
    for profile in registry::ALL {
        match registry::visit(profile.name, Micro(&mut criterion)) {
            Some(started) => started?,
            None => return Err(format!("no runner '{}'", profile.name).into()),
        }
    }
    criterion.final_summary();
    Ok(())
}

/// Starts this program again with the variables that runners read; returns only when that fails.
fn start_with_environment() -> std::io::Result<std::io::Error> {
    let mut again = Command::new(env::current_exe()?);
    again.args(env::args_os().skip(1)).env(STARTED, "1");
    for profile in registry::ALL {
        again.envs(registry::visit(profile.name, Environment).unwrap_or_default());
    }
    Ok(again.exec())
}

struct Environment;

impl registry::Visitor for Environment {
    type Output = Vec<(&'static str, String)>;

    fn visit<R: Runner>(self) -> Self::Output {
        R::environment(WORKERS)
    }
}

/// Binds this thread, and all that it starts, to the first core that it may use.
fn stay_on_one_core() -> std::io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let first = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).unwrap_or(0);
    let mut one = CpuSet::new();
    one.set(first);
    sched_setaffinity(None, &one)?;
    Ok(())
}

/// All operations of one runner.
struct Micro<'a>(&'a mut Criterion);

impl registry::Visitor for Micro<'_> {
    type Output = std::io::Result<()>;

    fn visit<R: Runner>(self) -> Self::Output {
        if let Some(missing) = R::missing() {
            eprintln!("{}: left out: {}; {}", R::PROFILE.name, missing.reason, missing.remedy);
            return Ok(());
        }
        let runner = R::start(WORKERS)?;
        let offer = R::capabilities(WORKERS);
        let mut group = self.0.benchmark_group(R::PROFILE.name);
        group.sample_size(10).warm_up_time(Duration::from_millis(200));
        group.measurement_time(Duration::from_secs(1));
        if offer.nested_join {
            measure(&mut group, &runner, "spawn+join", spawn_and_join);
        }
        if admits_two(&offer) {
            measure(&mut group, &runner, "wake there and back", wake);
        }
        measure(&mut group, &runner, "yield", yield_alone);
        // What the way through the erased port costs is the difference to the line above.
        let erased = ErasedRuntime::of(Runner::runtime(&runner));
        measure(&mut group, &runner, "yield, erased", move |_, iterations| {
            yield_alone(erased, iterations)
        });
        // A timer that is waited for inside a poll has no creation: its thread, or its coroutine, waits.
        if !on_worker(&runner, waits_inside_poll) {
            measure(&mut group, &runner, "timer set and dropped", set_timer);
        }
        group.finish();
        Ok(())
    }
}

fn admits_two(offer: &Capabilities) -> bool {
    offer.admit(&Needs { waiting_tasks: 2, ..Needs::default() }).is_ok()
}

/// Lets a task on a worker do the iterations, and waits for the time that they took.
fn measure<R, F>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runner: &R,
    name: &str,
    operation: impl Fn(R::Runtime, u64) -> F,
) where
    R: Runner,
    F: Future<Output = Duration> + Send + 'static,
{
    group.bench_function(name, |bencher| {
        bencher
            .iter_custom(|iterations| on_worker(runner, |runtime| operation(runtime, iterations)));
    });
}

/// Runs a task on a worker, and waits for what comes of it.
fn on_worker<R, F>(runner: &R, task: impl FnOnce(R::Runtime) -> F) -> F::Output
where
    R: Runner,
    F: Future<Output: Send> + Send + 'static,
{
    let (sender, outcome) = mpsc::channel();
    let task = task(runner.runtime());
    runner.launch(0, async move {
        // The receiver waits.
        let _ = sender.send(task.await);
    });
    outcome.recv().expect("the task panicked, as told above")
}

/// Whether a timer's first poll returns only when the time has passed.
async fn waits_inside_poll<R: Runtime>(runtime: R) -> bool {
    let mut sleep = pin!(runtime.sleep(NEAR));
    poll_fn(|context| Poll::Ready(sleep.as_mut().poll(context).is_ready())).await
}

async fn spawn_and_join<R: Runtime>(runtime: R, iterations: u64) -> Duration {
    let start = Instant::now();
    for number in 0..iterations {
        std::hint::black_box(runtime.spawn(async move { number }).await);
    }
    start.elapsed()
}

/// Two wake-ups an iteration, over channels of capacity 1.
async fn wake<R: Runtime>(runtime: R, iterations: u64) -> Duration {
    let (mut out, mut tokens) = runtime.channel(1);
    let (mut answers, mut back) = runtime.channel(1);
    runtime.detach(async move {
        while let Some(token) = tokens.receive().await {
            answers.send(token).await;
        }
    });
    let start = Instant::now();
    for number in 0..iterations {
        out.send(number).await;
        std::hint::black_box(back.receive().await);
    }
    start.elapsed()
}

/// Nobody else is there to run.
async fn yield_alone<R: Runtime>(runtime: R, iterations: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        runtime.yield_now().await;
    }
    start.elapsed()
}

/// A timer does not exist before its first poll.
async fn set_timer<R: Runtime>(runtime: R, iterations: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        let mut sleep = pin!(runtime.sleep(FAR));
        poll_fn(|context| {
            assert!(sleep.as_mut().poll(context).is_pending(), "an hour has not passed");
            Poll::Ready(())
        })
        .await;
    }
    start.elapsed()
}
