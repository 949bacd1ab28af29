//! How work is executed. Each runner is one concurrency model, implements the port of
//! `simul-workloads`, and is one file in [`catalog`]; this is the only crate where a runtime's name
//! appears.
//!
//! It must not know what is measured: no clock, no histogram, no statistics, no report. It hands actors
//! their [`turn::Turn`] and lets them work.
//!
//! Read [`runner`] for what a runner owes, then one file of [`catalog`]; [`registry`] lists them all.
//! [`server`] puts a runner behind a port. [`bare`] holds the loops that bypass the port: the floor, and the hand-written counterparts that show
//! what the port costs.

pub mod bare;
pub mod blocking_io;
pub mod canary;
pub mod capabilities;
pub mod catalog;
mod job;
pub mod part;
#[cfg(any(feature = "async-std", feature = "smol"))]
pub mod readiness_io;
pub mod registry;
pub mod runner;
pub mod server;
#[cfg(feature = "tokio")]
mod tokio_io;
pub mod turn;

pub use capabilities::{Capabilities, Discipline, How, Intake};
pub use part::Part;
pub use runner::{FairnessCard, Profile, Receipt, Runner};
pub use turn::Turn;
