//! How do actors come to their operations on a runner?
//!
//! A property of the runner's type, so that whoever drives actors compiles one way for each pair of runner
//! and workload and not all three: of seventeen runners and many workloads, that is two thirds of the code.
//! It must not know how actors are driven; `harness/src/trial/actors.rs` does.

/// A way for actors to come to their operations: [`Tasks`], [`Jobs`] or [`InTurn`].
pub trait Discipline: Send + Sync + 'static {
    /// Its name in lists.
    const NAME: &'static str;

    /// Calls the one function of the driver that is meant; the others are not compiled for it.
    fn choose<D: Driver>(driver: D) -> D::Output;
}

/// Something that is done differently for each discipline.
pub trait Driver {
    /// What comes of it.
    type Output;
    /// For [`Tasks`].
    fn tasks(self) -> Self::Output;
    /// For [`Jobs`].
    fn jobs(self) -> Self::Output;
    /// For [`InTurn`].
    fn in_turn(self) -> Self::Output;
}

/// Each actor is a task or thread of its own, as many as there are actors.
#[derive(Clone, Copy, Debug)]
pub struct Tasks;

/// A fixed pool: one operation is one job, and the actor's next one goes to the tail of one global queue.
/// Actors that looped would keep the pool's threads, and all others would starve.
#[derive(Clone, Copy, Debug)]
pub struct Jobs;

/// One thread does the operations of all actors one after the other.
#[derive(Clone, Copy, Debug)]
pub struct InTurn;

impl Discipline for Tasks {
    const NAME: &'static str = "tasks";

    fn choose<D: Driver>(driver: D) -> D::Output {
        driver.tasks()
    }
}

impl Discipline for Jobs {
    const NAME: &'static str = "jobs";

    fn choose<D: Driver>(driver: D) -> D::Output {
        driver.jobs()
    }
}

impl Discipline for InTurn {
    const NAME: &'static str = "in turn";

    fn choose<D: Driver>(driver: D) -> D::Output {
        driver.in_turn()
    }
}
