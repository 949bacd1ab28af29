//! Which cells, in what order, in which process: everything between the command line and the recording.
//!
//! Two sides of one wall. [`control`] plans, starts processes, commands slices and writes down what
//! comes back. [`trial`] is the inside of a measured process: it drives actors on one runner and records.
//! [`protocol`] is the wall; neither side imports the other.
//!
//! Follow one cell: [`cli::run`] → [`control::plan`] → [`control::schedule`] → [`control::block`] →
//! [`control::child`] → [`trial`] → [`trial::actors`] → (runner, workload) → [`trial::turn`] →
//! [`trial::recorder`] → back to [`control::arm`] → `results`.
#![forbid(unsafe_code)]

pub mod canary;
pub mod cli;
pub mod clock;
pub mod control;
pub mod descriptors;
pub mod doctor;
pub mod exit;
pub mod generator;
pub mod hiccups;
pub mod host;
pub mod peer;
pub mod protocol;
pub mod trial;
