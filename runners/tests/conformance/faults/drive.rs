//! Does a fault show in what a workload says of its operations?
//!
//! Actors open and do one operation soundly; then the fault is switched on, and they do some more and close. What
//! is said first is the verdict. The sound part is tokio: nearly every workload can run there, and what hangs
//! there does not keep the process from ending.

use super::{
    runtime::Faulty,
    switch::{Fault, Switch},
};
use crate::{OPERATIONS, actors, build, peer, service};
use simul_runners::{Executor, Runner, catalog::tokio::Tokio};
use simul_workloads::{
    Digest, ErasedRuntime, Surroundings, Workload,
    registry::{Visitor, visit},
};
use std::{
    io,
    num::NonZeroUsize,
    sync::{Arc, mpsc},
    time::Instant,
};

/// `sound`, or how the fault was caught.
pub(crate) fn look_for(workload: &str, fault: Option<Fault>) -> io::Result<String> {
    visit(workload, Look { fault }).expect("it is listed")
}

struct Look {
    fault: Option<Fault>,
}

/// What all actors share.
struct Stage<W> {
    workload: W,
    runtime: Faulty,
    surroundings: Surroundings,
}

/// What was noticed, in words; `None`: nothing.
type Verdict = Option<String>;

/// An actor in the middle of its life.
struct Actor<S> {
    number: u32,
    state: S,
    done: u64,
    last: Digest,
}

impl Visitor for Look {
    type Output = io::Result<String>;

    fn visit<W: Workload>(self) -> Self::Output {
        // One worker, so that who runs when does not depend on how many cores are free.
        let runner = Arc::new(Tokio::start(NonZeroUsize::MIN)?);
        let switch = Switch::new(self.fault);
        let runtime = Faulty { sound: ErasedRuntime::of(Executor::runtime(&*runner)), switch };
        let (workload, actors) = (build::<W>(), actors(&W::PROFILE));
        let needs = workload.needs(actors);
        let folder = crate::drive::folder()?;
        let surroundings = Surroundings {
            folder: needs.files.then(|| folder.path().to_owned()),
            actors,
            service: needs.service.map(service::access).transpose().map_err(io::Error::other)?,
            ..peer::start(needs.peer, folder.path())?
        };
        workload.prepare(&surroundings)?;
        let stage = Arc::new(Stage { workload, runtime, surroundings });

        let (opened, ready) = mpsc::channel();
        for number in 0..actors {
            let (stage, opened) = (Arc::clone(&stage), opened.clone());
            Executor::launch(&*runner, number as usize, async move {
                let _ = opened.send(stage.begin(number).await);
            });
        }
        drop(opened);
        let mut alive = Vec::new();
        for actor in ready {
            match actor {
                Ok(actor) => alive.push(actor),
                Err(error) if switch.is_on() => return Ok(format!("caught: {error}")),
                Err(error) => return Err(error),
            }
        }
        assert_eq!(alive.len(), actors as usize, "an actor has panicked");

        switch.turn_on();
        let (said, verdicts) = mpsc::channel();
        for actor in alive {
            let (stage, said) = (Arc::clone(&stage), said.clone());
            Executor::launch(&*runner, actor.number as usize, async move {
                let _ = said.send(stage.go_on(actor).await);
            });
        }
        drop(said);
        // Whoever still waits for others ends with the process.
        std::mem::forget(runner);
        let mut ended = 0;
        for verdict in verdicts {
            match verdict {
                Some(noticed) => return Ok(format!("caught: {noticed}")),
                None => ended += 1,
            }
        }
        Ok(if ended == actors { "sound".into() } else { "caught: an actor has panicked".into() })
    }
}

impl<W: Workload> Stage<W> {
    /// Opens an actor, and does its first operation.
    async fn begin(&self, number: u32) -> io::Result<Actor<W::State<Faulty>>> {
        let state = self.workload.open(self.runtime, &self.surroundings, number).await?;
        let mut actor = Actor { number, state, done: 0, last: Digest::default() };
        self.workload.begin(self.runtime, &mut actor.state).await?;
        match self.operation(&mut actor).await {
            None => Ok(actor),
            Some(noticed) => Err(io::Error::other(format!("in the first operation: {noticed}"))),
        }
    }

    /// Does more operations, and closes.
    async fn go_on(&self, mut actor: Actor<W::State<Faulty>>) -> Verdict {
        for _ in 0..OPERATIONS {
            let noticed = self.operation(&mut actor).await;
            if noticed.is_some() {
                return noticed;
            }
        }
        let closed = self.workload.close(self.runtime, actor.state).await;
        closed.err().map(|error| format!("error at the end: {error}"))
    }

    /// One operation, or what a runner has instead.
    async fn operation(&self, actor: &mut Actor<W::State<Faulty>>) -> Verdict {
        let shows = |fault| self.runtime.switch.shows(fault);
        let start = Instant::now();
        let digest = if shows(Fault::SkipsOperation) {
            Ok(actor.last)
        } else if shows(Fault::InventsAnswers) {
            Ok(Digest::default())
        } else {
            if shows(Fault::DoublesOperation) {
                let _ = self.workload.operation(self.runtime, &mut actor.state).await;
            }
            self.workload.operation(self.runtime, &mut actor.state).await
        };
        let (took, index) = (start.elapsed(), actor.done);
        actor.done += 1;
        let digest = match digest {
            Ok(digest) => digest,
            Err(error) => return Some(format!("error: {error}")),
        };
        actor.last = digest;
        if digest != self.workload.expected(actor.number, index) {
            return Some("wrong work".into());
        }
        let due = self.workload.due(&actor.state).map(|due| due.on_the_clock_ns());
        let early = took < self.workload.asked(actor.number, index)
            || due.is_some_and(|due_ns| due_ns > peer::now_ns());
        early.then(|| "early".into())
    }
}
