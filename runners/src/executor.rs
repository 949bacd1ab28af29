//! What does whoever drives actors need of a runner?
//!
//! A port, and a place for top-level tasks. Every runner is an [`Executor`]; so is an [`ErasedExecutor`], behind
//! which stands a runner that is known only at run time ([`AnyExecutor`]), for workloads that are compiled once for all. It must
//! not know what is driven. Next: `harness/src/trial/actors.rs`.

use crate::{
    Discipline, Runner,
    discipline::{Driver, InTurn, Jobs, Tasks},
};
use simul_workloads::{ErasedRuntime, Runtime, erased::Boxed};
use std::{future::Future, marker::PhantomData, sync::Arc};

/// The part of a [`Runner`] that tasks come from, without what it is and how it is started.
pub trait Executor: Send + Sync + 'static {
    /// Its port.
    type Runtime: Runtime;
    /// How actors come to their operations on it.
    type Discipline: Discipline;

    /// As [`Runner::runtime`].
    fn runtime(&self) -> Self::Runtime;

    /// As [`Runner::dealt`].
    fn dealt(&self) -> usize;

    /// As [`Runner::launch`].
    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static);
}

impl<R: Runner> Executor for R {
    type Runtime = R::Runtime;
    type Discipline = R::Discipline;

    fn runtime(&self) -> R::Runtime {
        Runner::runtime(self)
    }

    fn dealt(&self) -> usize {
        Runner::dealt(self)
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        Runner::launch(self, index, task);
    }
}

/// A runner of which only the discipline is known.
pub struct ErasedExecutor<D> {
    runner: Arc<dyn Table>,
    runtime: ErasedRuntime,
    discipline: PhantomData<D>,
}

/// A runner of which nothing is known until run time.
pub enum AnyExecutor {
    /// One whose actors are tasks.
    Tasks(ErasedExecutor<Tasks>),
    /// One whose operations are jobs.
    Jobs(ErasedExecutor<Jobs>),
    /// One whose actors take turns.
    InTurn(ErasedExecutor<InTurn>),
}

impl AnyExecutor {
    /// Hides a runner.
    #[must_use]
    pub fn of<R: Runner>(runner: R) -> Self {
        let runtime = ErasedRuntime::of(Runner::runtime(&runner));
        R::Discipline::choose(Hiding { runner: Arc::new(runner), runtime })
    }
}

/// A runner whose discipline is to be named.
struct Hiding {
    runner: Arc<dyn Table>,
    runtime: ErasedRuntime,
}

impl Hiding {
    fn executor<D>(self) -> ErasedExecutor<D> {
        let Self { runner, runtime } = self;
        ErasedExecutor { runner, runtime, discipline: PhantomData }
    }
}

impl Driver for Hiding {
    type Output = AnyExecutor;

    fn tasks(self) -> AnyExecutor {
        AnyExecutor::Tasks(self.executor())
    }

    fn jobs(self) -> AnyExecutor {
        AnyExecutor::Jobs(self.executor())
    }

    fn in_turn(self) -> AnyExecutor {
        AnyExecutor::InTurn(self.executor())
    }
}

impl<D: Discipline> Executor for ErasedExecutor<D> {
    type Runtime = ErasedRuntime;
    type Discipline = D;

    fn runtime(&self) -> ErasedRuntime {
        self.runtime
    }

    fn dealt(&self) -> usize {
        self.runner.dealt()
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.runner.launch(index, Box::pin(task));
    }
}

/// A runner as a table of functions.
trait Table: Send + Sync {
    fn dealt(&self) -> usize;
    fn launch(&self, index: usize, task: Boxed<'static, ()>);
}

impl<R: Runner> Table for R {
    fn dealt(&self) -> usize {
        Runner::dealt(self)
    }

    fn launch(&self, index: usize, task: Boxed<'static, ()>) {
        Runner::launch(self, index, task);
    }
}
