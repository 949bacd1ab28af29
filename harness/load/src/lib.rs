//! What does a server answer, and when, if requests come at times of their own?
//!
//! A load generator for HTTP/1.1 on one thread with its own readiness loop. In an *open* load every request
//! has an intended time, drawn beforehand and never moved: a server that stalls does not stop the requests,
//! and what they wait for is in their response time. In a *closed* load each connection sends its next
//! request when it has the answer to the last; it has no response time.
//!
//! Four times a request: *intended*; *ready*, when its intended time has passed and a connection is free;
//! *sent*; *done*. Hence response = done − intended, service = done − sent, wait = ready − intended (the
//! server's doing), lag = sent − ready (our own doing).
//!
//! This crate knows HTTP, arrivals and pacing. It must not know workloads, runners or records, and no
//! asynchronous runtime is in its dependency tree: it measures those. Read in order: [`target`],
//! [`arrivals`], [`generator`], [`outcome`], [`sweep`].
#![forbid(unsafe_code)]

pub mod arrivals;
pub mod clock;
mod connection;
pub mod document;
pub mod error;
pub mod fault;
pub mod generator;
mod http;
pub mod outcome;
mod pacer;
mod poller;
mod pool;
mod slice;
pub mod sweep;
mod tally;
pub mod target;
pub mod verdict;

pub use arrivals::Arrivals;
pub use error::Error;
pub use fault::Fault;
pub use generator::{Generator, Mode, Pacing, Settings};
pub use outcome::{Distribution, Outcome, Quantile, Saturated};
pub use target::Target;
