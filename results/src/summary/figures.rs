//! What does a cell report besides its times?
//!
//! Figures of the workload's own: within a block the median of all values of the counted slices, or their sum where
//! the figure counts events; over blocks an estimate, as for times. And how far a makespan is from the ideal. It
//! must not know what a figure is about.
//! Read next: `grid.rs`.

use super::{CellSummary, Measure, effect::Blocks};
use crate::{
    record::ContestRecord,
    statistics::{Estimate, median},
};

/// A figure of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureSummary {
    /// Its name.
    pub name: String,
    /// Its unit: `ns`, `bytes`, `1`, or `in all`.
    pub unit: String,
    /// The median of each block's values, or their sum where the unit is `in all`, estimated over blocks.
    pub value: Estimate,
    /// From how many values, over all blocks.
    pub values: u64,
}

/// Adds figures, and the distance from the ideal, to a cell that was measured in these trials.
pub(super) fn add(
    cell: &mut CellSummary,
    planned: &ContestRecord,
    measure: Measure,
    trials: &Blocks<'_>,
) {
    let Some(numbers) = &cell.numbers else { return };
    cell.figures = planned
        .figures
        .iter()
        .filter_map(|figure| {
            let (value, values) = over(&figure.name, &figure.unit, trials)?;
            let (name, unit) = (figure.name.clone(), figure.unit.clone());
            Some(FigureSummary { name, unit, value, values })
        })
        .collect();
    let ideal_ns = planned.ideal_ns.filter(|ns| *ns > 0 && measure == Measure::Makespan);
    cell.over_ideal = ideal_ns.map(|ns| numbers.p50_ns.scaled(1.0 / ns as f64));
}

/// The unit of figures that count events: no value is none of them.
const IN_ALL: &str = "in all";

/// The estimate of one figure, and how many values it is made from; `None` unless every block has one.
fn over(name: &str, unit: &str, trials: &Blocks<'_>) -> Option<(Estimate, u64)> {
    let mut count = 0;
    let medians: Option<Vec<f64>> = trials
        .values()
        .map(|trial| {
            let values: Vec<f64> = trial
                .counted()
                .filter_map(|slice| slice.figures.get(name))
                .flatten()
                .copied()
                .collect();
            count += values.len() as u64;
            if unit == IN_ALL { Some(values.iter().sum()) } else { median(&values) }
        })
        .collect();
    Some((Estimate::over(&medians?)?, count))
}
