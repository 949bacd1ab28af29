//! What do numbers from several blocks say together?
//!
//! The unit of inference is the block: fresh processes each. So every function here takes one value a
//! block (or, for [`trimmed_mean`], the slice pairs inside one). Nothing here resamples: at six blocks a
//! percentile bootstrap called identical code different in 7–11 % of cases at a nominal 1 %.
//!
//! It must not know what the numbers measure. Read next: [`crate::summary`], which feeds it.

mod estimate;
mod student;
mod trim;

pub use estimate::{Estimate, median};
pub use student::{ALPHA, Interval, TRIMMED_FROM, interval, quantile, student, trimmed};
pub use trim::{TRIM, standard_deviation, trimmed_mean, winsorized_variance};
