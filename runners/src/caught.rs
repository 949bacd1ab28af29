//! How does a task's panic reach whoever awaits it, on runtimes that let it end the worker?
//!
//! The task is run in `catch_unwind`, poll by poll, and its panic travels as its result. Costs no
//! instruction while nothing panics.

use futures_lite::{FutureExt, future::CatchUnwind};
use std::{
    future::Future,
    panic::{AssertUnwindSafe, resume_unwind},
    thread,
};

/// A task whose panic is its result.
pub(crate) type Caught<F> = CatchUnwind<AssertUnwindSafe<F>>;

pub(crate) fn caught<F: Future>(task: F) -> Caught<F> {
    // Whoever sees what the task left half done sees its panic first.
    AssertUnwindSafe(task).catch_unwind()
}

/// The task's value; or its panic, passed on.
#[inline]
pub(crate) fn passed_on<T>(result: thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
