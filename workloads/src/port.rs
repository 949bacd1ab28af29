//! Which way do a workload's calls take to the runner?
//!
//! *Directly*: the workload is compiled anew for every runner, so that nothing stands between them; right for
//! operations of few microseconds. *Erased*: it is compiled once, and each call of the port goes through a table
//! of functions and a boxed future ([`crate::erased`]), for all runners alike; right for operations that are long
//! beside that. With thirty-seven workloads on seventeen runners, compiling every pair would take most of the time
//! of a build.
//!
//! The way is a property of the workload's type, and so is its shape where it is compiled for every runner:
//! what is not meant is not compiled. This file must not know who drives actors. Next: [`crate::workload`].

use crate::Shape;
use std::future::Future;

/// A way from a workload to a runner.
pub trait Port: Send + Sync + 'static {
    /// The shape that it is made for; `None`: any.
    const SHAPE: Option<Shape>;

    /// Calls the one function that is meant; the other is not compiled.
    fn choose<C: PortChoice>(choice: C) -> C::Output;

    /// Does one operation the way of its shape: `here` in the actor's task, or `apart` in a job of its own.
    fn perform<C, A, B, O>(
        shape: Shape,
        context: C,
        here: impl FnOnce(C) -> A + Send,
        apart: impl FnOnce(C) -> B + Send,
    ) -> impl Future<Output = O> + Send
    where
        C: Send,
        A: Future<Output = O> + Send,
        B: Future<Output = O> + Send;
}

/// Something that is done differently for each [`Port`].
pub trait PortChoice {
    /// What comes of it.
    type Output;
    /// For [`DirectSession`] and [`DirectBatch`].
    fn direct(self) -> Self::Output;
    /// For [`Erased`].
    fn erased(self) -> Self::Output;
}

/// Compiled for every runner; actors do their operations themselves.
#[derive(Clone, Copy, Debug)]
pub struct DirectSession;

/// Compiled for every runner; each operation is a job.
#[derive(Clone, Copy, Debug)]
pub struct DirectBatch;

/// Compiled once, for either shape.
#[derive(Clone, Copy, Debug)]
pub struct Erased;

impl Port for DirectSession {
    const SHAPE: Option<Shape> = Some(Shape::Session);

    fn choose<C: PortChoice>(choice: C) -> C::Output {
        choice.direct()
    }

    fn perform<C, A, B, O>(
        _: Shape,
        context: C,
        here: impl FnOnce(C) -> A + Send,
        _: impl FnOnce(C) -> B + Send,
    ) -> impl Future<Output = O> + Send
    where
        C: Send,
        A: Future<Output = O> + Send,
        B: Future<Output = O> + Send,
    {
        here(context)
    }
}

impl Port for DirectBatch {
    const SHAPE: Option<Shape> = Some(Shape::Batch);

    fn choose<C: PortChoice>(choice: C) -> C::Output {
        choice.direct()
    }

    fn perform<C, A, B, O>(
        _: Shape,
        context: C,
        _: impl FnOnce(C) -> A + Send,
        apart: impl FnOnce(C) -> B + Send,
    ) -> impl Future<Output = O> + Send
    where
        C: Send,
        A: Future<Output = O> + Send,
        B: Future<Output = O> + Send,
    {
        apart(context)
    }
}

impl Port for Erased {
    const SHAPE: Option<Shape> = None;

    fn choose<C: PortChoice>(choice: C) -> C::Output {
        choice.erased()
    }

    async fn perform<C, A, B, O>(
        shape: Shape,
        context: C,
        here: impl FnOnce(C) -> A + Send,
        apart: impl FnOnce(C) -> B + Send,
    ) -> O
    where
        C: Send,
        A: Future<Output = O> + Send,
        B: Future<Output = O> + Send,
    {
        match shape {
            Shape::Session => here(context).await,
            Shape::Batch => apart(context).await,
        }
    }
}
