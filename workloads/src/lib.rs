//! What is done. Each workload is one kind of operation, written once as ordinary `async` code over
//! the port in [`runtime`], so that every runner executes the same source.
//!
//! This crate must not know any runtime, clock, percentile or file format: a workload never loops and
//! never sees the time. Loop, gate, deadline and recorder belong to whoever drives it.
//!
//! Read [`runtime`] for the port, [`workload`] for what a workload owes its caller, then one file of
//! [`catalog`]; [`registry`] lists them all. [`server`] is the same work, done when a client asks for it.
#![forbid(unsafe_code)]

mod account;
pub mod buffer;
pub mod catalog;
pub mod chat_room;
pub mod digest;
pub mod draw;
pub mod erased;
pub mod erased_locks;
pub mod http;
pub mod ledger;
pub mod locks;
pub mod meeting;
pub mod needs;
pub mod parameters;
pub mod port;
pub mod postgres_client;
pub mod registry;
pub mod runtime;
pub mod server;
pub mod site;
pub mod tls;
pub mod wire;
pub mod workload;

pub use buffer::Buffer;
pub use digest::Digest;
pub use erased::ErasedRuntime;
pub use ledger::{Figure, Ledger};
pub use locks::{Mutex, Semaphore};
pub use needs::{Needs, Peer, Service, ServiceAccess};
pub use parameters::{ParameterError, Parameters};
pub use port::{DirectBatch, DirectSession, Erased, Port, PortChoice};
pub use runtime::{Datagram, File, Listener, Receiver, Runtime, Sender, Stream, Ticker};
pub use workload::{Class, Measure, Profile, Shape, Surroundings, Workload};
