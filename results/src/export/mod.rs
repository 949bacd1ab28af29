//! How do other programs, spreadsheets and issues read a summary?
//!
//! Three forms of the same numbers: [`json`] for programs, [`csv`] for spreadsheets, [`markdown`] for
//! people who paste. They must not compute anything that [`crate::summary`] has not.

pub mod csv;
pub mod json;
pub mod markdown;
