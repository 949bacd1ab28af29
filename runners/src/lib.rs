//! How work is executed. Each runner is one concurrency model, implements the port of
//! `simul-workloads`, and is one file in [`catalog`]; this is the only crate where a runtime's name
//! appears.
//!
//! It must not know what is measured: no clock, no histogram, no statistics, no report. It hands actors
//! their [`turn::Turn`] and lets them work.
//!
//! Read [`runner`] for what a runner owes, then one file of [`catalog`]; [`registry`] lists them all.
//! [`server`] puts a runner behind a port.
//! [`program`] is what is known of a runner in another language, [`bundle`] those that simul brings along.
//! [`bare`] holds the loops that bypass the port: the floor, and the hand-written counterparts that show
//! what the port costs.

#[cfg(any(feature = "smol", feature = "async-channel"))]
pub mod async_channels;
#[cfg(feature = "async-lock")]
pub mod async_locks;
pub mod backend;
pub mod bare;
pub mod blocking_io;
pub mod bundle;
pub mod canary;
pub mod capabilities;
pub mod catalog;
#[cfg(any(feature = "futures", feature = "glommio", feature = "monoio"))]
mod caught;
mod child_input;
#[cfg(all(
    target_os = "linux",
    any(feature = "compio", feature = "monoio", feature = "tokio-uring")
))]
pub mod completion_buffer;
pub mod discipline;
pub mod executor;
mod job;
pub mod loopback;
#[cfg(feature = "may")]
pub mod may_locks;
#[cfg(all(feature = "monoio", target_os = "linux"))]
pub mod monoio_io;
pub mod part;
pub mod probe;
pub mod program;
#[cfg(any(feature = "async-std", feature = "futures", feature = "smol"))]
pub mod readiness_io;
pub mod registry;
pub mod runner;
pub mod schedule;
pub mod server;
#[cfg(feature = "smol")]
pub mod smol_io;
pub mod std_locks;
pub mod thread_bound;
#[cfg(feature = "async-channel")]
mod thread_per_core;
#[cfg(feature = "tokio")]
pub mod tokio_io;
#[cfg(feature = "tokio")]
pub mod tokio_locks;
pub mod turn;

pub use backend::Backend;
pub use capabilities::{Capabilities, How, Intake};
pub use discipline::Discipline;
pub use executor::{AnyExecutor, ErasedExecutor, Executor};
pub use part::Part;
pub use runner::{FairnessCard, Profile, Receipt, Runner};
pub use turn::Turn;
