//! What was seen, what it means, and how it is shown.
//!
//! Seen: [`load`], [`cell`], [`record`], [`histogram`], [`store`]. Means: [`statistics`], [`summary`], [`auditor`],
//! [`judged`], [`verdict`], [`rank`], [`relation`], [`gate`], [`builds`]. Shown:
//! [`quantity`], [`wording`], [`ending`], [`glance`], [`heat`] and [`grid`] make texts; [`table`], [`terminal`], [`chart`], [`report`] and [`export`] draw
//! them. Read in this order.
//!
//! This crate must not know workloads, runners or processes: a recording must be readable when the code
//! that made it is gone.
#![forbid(unsafe_code)]

// The builder of made-up recordings is shared with the integration tests, which know us by this name.
#[cfg(test)]
extern crate self as simul_results;
#[cfg(test)]
#[path = "../tests/synthetic/mod.rs"]
mod synthetic;
#[cfg(test)]
#[path = "../tests/synthetic/open.rs"]
mod synthetic_open;

pub mod advise;
mod against;
mod alike;
pub mod audit_grid;
mod audit_record;
pub mod auditor;
pub mod builds;
pub mod cell;
pub mod chart;
pub mod compare;
pub mod ending;
pub mod export;
pub mod figure_grid;
pub mod finding_grid;
pub mod folklore;
mod foreign_record;
pub mod gate;
pub mod glance;
pub mod grid;
pub mod heat;
pub mod histogram;
pub mod history;
pub mod joined;
pub mod judged;
pub mod ladder;
pub mod load;
pub mod looks;
mod merged_record;
mod open_record;
pub mod pack;
mod parallel;
pub mod price_grid;
mod price_record;
pub mod quantity;
pub mod rank;
pub mod record;
pub mod relation;
pub mod report;
mod run_record;
#[cfg(test)]
mod schema;
pub mod statistics;
pub mod store;
pub mod summary;
pub mod table;
pub mod terminal;
pub mod verdict;
pub mod why;
mod why_counters;
pub mod wording;

pub use cell::{Cell, Contest, Placement, Role};
pub use load::{Arrivals, Load};
pub use record::{RunRecord, SliceRecord, State, TrialRecord};
pub use summary::Summary;
