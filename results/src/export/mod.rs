//! How do other programs, spreadsheets and issues read a summary?
//!
//! Forms of the same numbers: [`json`] for programs, [`csv`] for spreadsheets, [`markdown`] for people who
//! paste, [`issue`] and [`readme`] where space is short, [`hdr`] for the tools of the HdrHistogram family, [`trackers`] for services that follow benchmarks,
//! [`junit`] for CI systems, [`openmetrics`] for monitoring. They must not compute anything that
//! [`crate::summary`] has not.

pub mod csv;
pub mod hdr;
pub mod issue;
pub mod json;
mod json_audit;
mod json_open;
mod json_price;
mod json_verdict;
pub mod junit;
pub mod markdown;
pub mod openmetrics;
pub mod readme;
pub mod trackers;
