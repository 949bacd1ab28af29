//! Which trials run, in what order, and what came of them?
//!
//! The outside of measurement: [`plan`] says which cells, [`schedule`] which block is next, [`block`] lives
//! one block with all its trials, [`arm`] is one trial seen from here, [`closed`] and [`open`] who brings its
//! work, [`child`] its process and [`guardian`] who ends it. [`session`] puts them together; [`events`] tells whoever listens.
//!
//! It must not know how a trial works inside: that is behind [`crate::protocol`].

pub mod ab;
pub mod account;
pub mod arm;
pub mod audit;
pub mod availability;
pub mod block;
pub mod budget;
mod calibration;
pub mod child;
pub mod closed;
pub mod conform;
pub mod conform_server;
pub mod contamination;
mod contest;
pub mod course;
pub mod dialogue;
pub mod driver;
mod entrants;
mod entries;
pub mod estimate;
pub mod events;
pub mod external;
pub mod guardian;
pub mod inbox;
mod lengths;
pub mod limits;
pub mod marks;
pub mod open;
pub mod open_plan;
mod open_recording;
pub mod outside;
pub mod parking;
pub mod placement;
pub mod plan;
pub mod price;
pub mod programs;
pub mod progress;
mod recording;
pub mod repeats;
pub mod rotation;
pub mod schedule;
pub mod selection;
pub mod selftest;
pub mod service;
pub mod session;
pub mod stopping;
mod stranger;
pub mod subject;
pub mod suites;
pub mod tracer;
pub mod trial_process;
pub mod verification;
pub mod vetting;
pub mod workshop;
