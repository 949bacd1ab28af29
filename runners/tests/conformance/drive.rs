//! Does a runner do a workload right? Every digest is compared with the workload's oracle.
//!
//! Actors come to their operations the way the runner's discipline demands: as tasks that loop, as jobs
//! that go back to the tail of the queue (from within a worker, the harder way), or in turn.

use crate::{OPERATIONS, actors, build, peer, service, workers};
use simul_runners::{AnyExecutor, Discipline, Executor, Runner, discipline::Driver, registry};
use simul_workloads::{
    Digest, Port, PortChoice, Shape, Surroundings, Workload,
    registry::{Visitor, visit},
};
use std::{
    io,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

/// Chooses the workload once the runner is known.
pub(crate) struct OnRunner<'a> {
    pub(crate) workload: &'a str,
}

impl registry::Visitor for OnRunner<'_> {
    type Output = Result<String, String>;

    fn visit<R: Runner>(self) -> Self::Output {
        let workers = workers(&R::PROFILE);
        let runner = R::start(workers).map_err(|error| error.to_string())?;
        visit(self.workload, OnWorkload { runner }).expect("it is listed")
    }
}

struct OnWorkload<R> {
    runner: R,
}

/// What an actor says about itself.
enum Said {
    /// Actor, digest, and how long the operation took.
    Done(u32, Digest, Duration),
    Closed,
    Failed(u32, io::Error),
}

/// What all actors share.
struct Stage<E, W> {
    runner: Arc<E>,
    workload: W,
    surroundings: Surroundings,
    launcher: std::thread::ThreadId,
}

/// Actors that are to be driven.
struct Drive<'a, E, W> {
    stage: &'a Arc<Stage<E, W>>,
    actors: u32,
    sender: mpsc::Sender<Said>,
}

impl<E: Executor, W: Workload> Driver for Drive<'_, E, W> {
    type Output = ();

    fn tasks(self) {
        match W::PROFILE.shape {
            Shape::Batch => as_jobs(self.stage, self.actors, self.sender),
            Shape::Session => as_tasks(self.stage, self.actors, self.sender),
        }
    }

    fn jobs(self) {
        as_jobs(self.stage, self.actors, self.sender);
    }

    fn in_turn(self) {
        in_turn(self.stage, self.actors, self.sender);
    }
}

impl<R: Runner> Visitor for OnWorkload<R> {
    type Output = Result<String, String>;

    fn visit<W: Workload>(self) -> Self::Output {
        W::Port::choose(Way::<R, W> { runner: self.runner, workload: build() })
    }
}

/// Takes the way to the runner that the workload's calls take when they are measured.
struct Way<R, W> {
    runner: R,
    workload: W,
}

impl<R: Runner, W: Workload> PortChoice for Way<R, W> {
    type Output = Result<String, String>;

    fn direct(self) -> Self::Output {
        drive(self.runner, self.workload)
    }

    fn erased(self) -> Self::Output {
        match AnyExecutor::of(self.runner) {
            AnyExecutor::Tasks(executor) => drive(executor, self.workload),
            AnyExecutor::Jobs(executor) => drive(executor, self.workload),
            AnyExecutor::InTurn(executor) => drive(executor, self.workload),
        }
    }
}

fn drive<E: Executor, W: Workload>(runner: E, workload: W) -> Result<String, String> {
    let actors = actors(&W::PROFILE);
    let needs = workload.needs(actors);
    let folder = folder().map_err(|error| error.to_string())?;
    let surroundings = Surroundings {
        folder: needs.files.then(|| folder.path().to_owned()),
        actors,
        service: needs.service.map(service::access).transpose()?,
        ..peer::start(needs.peer, folder.path()).map_err(|error| error.to_string())?
    };
    workload.prepare(&surroundings).map_err(|error| error.to_string())?;
    let launcher = std::thread::current().id();
    let stage = Arc::new(Stage { runner: Arc::new(runner), workload, surroundings, launcher });
    let (sender, said) = mpsc::channel();
    E::Discipline::choose(Drive { stage: &stage, actors, sender });
    check(&stage.workload, actors, said)
}

/// A temporary folder; in memory where there is one, since some hosts page out files at will, which
/// `file-read` notices and refuses.
pub(crate) fn folder() -> io::Result<tempfile::TempDir> {
    let in_memory = std::path::Path::new("/dev/shm");
    if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() }
}

/// Compares all that was said with the oracle.
fn check<W: Workload>(
    workload: &W,
    actors: u32,
    said: mpsc::Receiver<Said>,
) -> Result<String, String> {
    let mut done = vec![0; actors as usize];
    let mut closed = 0;
    // Ends when every actor has ended, well or by a panic, and so dropped its sender.
    for said in said {
        match said {
            Said::Done(actor, digest, took) => {
                let index = done[actor as usize];
                done[actor as usize] += 1;
                if digest != workload.expected(actor, index) {
                    return Err(format!("operation {index} of actor {actor} did wrong work"));
                }
                if took < workload.asked(actor, index) {
                    return Err(format!("operation {index} of actor {actor} ended early"));
                }
            }
            Said::Closed => closed += 1,
            Said::Failed(actor, error) => return Err(format!("actor {actor} failed: {error}")),
        }
    }
    if closed != actors || done.iter().any(|count| *count != OPERATIONS) {
        return Err(format!("{closed} of {actors} actors closed; operations: {done:?}"));
    }
    Ok(format!("checked {}", done.iter().sum::<u64>()))
}

impl<E: Executor, W: Workload> Stage<E, W> {
    async fn open(&self, actor: u32) -> io::Result<W::State<E::Runtime>> {
        assert_ne!(std::thread::current().id(), self.launcher, "a task on the launching thread");
        self.workload.open(self.runner.runtime(), &self.surroundings, actor).await
    }

    /// Does an operation; what comes first in a slice is readied before, and there are two slices.
    async fn operation(
        &self,
        actor: u32,
        index: u64,
        state: &mut W::State<E::Runtime>,
        said: &mpsc::Sender<Said>,
    ) -> io::Result<()> {
        if index.is_multiple_of(OPERATIONS.div_ceil(2)) {
            self.workload.begin(self.runner.runtime(), state).await?;
        }
        let start = Instant::now();
        let digest = self.workload.operation(self.runner.runtime(), state).await?;
        let took = start.elapsed();
        if self.workload.due(state).is_some_and(|due| due.on_the_clock_ns() > peer::now_ns()) {
            return Err(io::Error::other("an operation before it was due"));
        }
        let _ = said.send(Said::Done(actor, digest, took));
        Ok(())
    }

    async fn close(
        &self,
        state: W::State<E::Runtime>,
        said: &mpsc::Sender<Said>,
    ) -> io::Result<()> {
        self.workload.close(self.runner.runtime(), state).await?;
        let _ = said.send(Said::Closed);
        Ok(())
    }
}

fn tell(said: &mpsc::Sender<Said>, actor: u32, ended: io::Result<()>) {
    if let Err(error) = ended {
        let _ = said.send(Said::Failed(actor, error));
    }
}

/// One task per actor, which lives from opening to closing.
fn as_tasks<E: Executor, W: Workload>(
    stage: &Arc<Stage<E, W>>,
    actors: u32,
    said: mpsc::Sender<Said>,
) {
    for actor in 0..actors {
        let (stage, said) = (Arc::clone(stage), said.clone());
        let runner = Arc::clone(&stage.runner);
        runner.launch(actor as usize, async move {
            let life = async {
                let mut state = stage.open(actor).await?;
                for index in 0..OPERATIONS {
                    stage.operation(actor, index, &mut state, &said).await?;
                }
                stage.close(state, &said).await
            };
            let ended = life.await;
            tell(&said, actor, ended);
        });
    }
}

/// One job for opening, one per operation, one for closing.
fn as_jobs<E: Executor, W: Workload>(
    stage: &Arc<Stage<E, W>>,
    actors: u32,
    said: mpsc::Sender<Said>,
) {
    for actor in 0..actors {
        let (stage, said) = (Arc::clone(stage), said.clone());
        let runner = Arc::clone(&stage.runner);
        runner.launch(actor as usize, async move {
            match stage.open(actor).await {
                Ok(state) => next_job(stage, actor, 0, state, said),
                Err(error) => tell(&said, actor, Err(error)),
            }
        });
    }
}

fn next_job<E: Executor, W: Workload>(
    stage: Arc<Stage<E, W>>,
    actor: u32,
    index: u64,
    mut state: W::State<E::Runtime>,
    said: mpsc::Sender<Said>,
) {
    let runner = Arc::clone(&stage.runner);
    runner.launch(actor as usize, async move {
        if index == OPERATIONS {
            let ended = stage.close(state, &said).await;
            return tell(&said, actor, ended);
        }
        match stage.operation(actor, index, &mut state, &said).await {
            Ok(()) => next_job(stage, actor, index + 1, state, said),
            Err(error) => tell(&said, actor, Err(error)),
        }
    });
}

/// One task that does the operations of all actors one after the other.
fn in_turn<E: Executor, W: Workload>(
    stage: &Arc<Stage<E, W>>,
    actors: u32,
    said: mpsc::Sender<Said>,
) {
    let stage = Arc::clone(stage);
    let runner = Arc::clone(&stage.runner);
    runner.launch(0, async move {
        let life = async {
            let mut states = Vec::new();
            for actor in 0..actors {
                states.push(stage.open(actor).await?);
            }
            for index in 0..OPERATIONS {
                for (actor, state) in (0..).zip(&mut states) {
                    stage.operation(actor, index, state, &said).await?;
                }
            }
            for state in states {
                stage.close(state, &said).await?;
            }
            Ok(())
        };
        let ended = life.await;
        tell(&said, 0, ended);
    });
}
