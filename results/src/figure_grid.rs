//! What stands in the table of a workload's own figures, whatever draws it?
//!
//! One row a cell that has any, one column a figure, and one for the distance from the ideal; below, what each
//! figure says. It must not know terminals or files. Read next: `table.rs`.

use crate::{
    grid::{Grid, Row, label},
    quantity::{self, TimeUnit},
    statistics::{Estimate, median},
    summary::{CellSummary, ContestSummary},
    wording::plain,
};

/// Sizes are shown in the largest of these units that suits the column.
const SIZES: [(&str, f64); 4] =
    [("GiB", 1_073_741_824.0), ("MiB", 1_048_576.0), ("KiB", 1024.0), ("B", 1.0)];

/// The figures of a contest; `None` where the workload has none and knows no ideal.
#[must_use]
pub fn figures(contest: &ContestSummary) -> Option<Grid> {
    let measured: Vec<&CellSummary> = contest
        .cells
        .iter()
        .filter(|cell| !cell.figures.is_empty() || cell.over_ideal.is_some())
        .collect();
    if measured.is_empty() {
        return None;
    }
    let mut header = vec!["runner".to_owned()];
    let mut columns: Vec<(&str, f64)> = Vec::new();
    for figure in &contest.figures {
        let medians: Vec<f64> = measured
            .iter()
            .filter_map(|cell| Some(value(cell, &figure.name)?.median.abs()))
            .collect();
        let (unit, size) = unit(&figure.unit, median(&medians).unwrap_or(0.0));
        header.push([plain(&figure.name), unit].join(" ").trim_end().to_owned());
        columns.push((&figure.name, size));
    }
    let with_ideal = contest.ideal_ns.filter(|_| measured.iter().any(|c| c.over_ideal.is_some()));
    if with_ideal.is_some() {
        header.push("× ideal".into());
    }
    let rows = measured.into_iter().map(|cell| {
        let shown =
            |estimate: &Estimate, unit: f64| quantity::estimate(estimate, unit, cell.blocks);
        let mut texts = vec![label(cell)];
        texts.extend(columns.iter().map(|(name, unit)| {
            value(cell, name).map_or_else(String::new, |estimate| shown(estimate, *unit))
        }));
        if with_ideal.is_some() {
            let ratio = cell.over_ideal.as_ref();
            texts.push(ratio.map_or_else(String::new, |ratio| times_ideal(ratio, cell.blocks)));
        }
        Row { role: cell.role, measured: true, texts }
    });
    let rows = rows.collect();
    let mut notes: Vec<String> = contest
        .figures
        .iter()
        .map(|figure| format!("{}: {}", plain(&figure.name), plain(&figure.describes)))
        .collect();
    if let Some(ns) = with_ideal {
        let ideal = quantity::time(ns as f64);
        notes.push(format!(
            "× ideal: the median makespan over {ideal}, what it would take if waiting overlapped perfectly \
             and nothing else cost anything"
        ));
    }
    Some(Grid { header, rows, notes })
}

fn value<'a>(cell: &'a CellSummary, name: &str) -> Option<&'a Estimate> {
    cell.figures.iter().find(|figure| figure.name == name).map(|figure| &figure.value)
}

/// A ratio with its spread; three decimals, since what matters is how far it is from 1.
fn times_ideal(ratio: &Estimate, blocks: u32) -> String {
    let spread = if blocks > 1 { quantity::spread(ratio) } else { String::new() };
    format!("{:.3} {spread}", ratio.median).trim_end().to_owned()
}

/// The unit of a column, and its size in the figure's own unit.
fn unit(of_figure: &str, typical: f64) -> (String, f64) {
    match of_figure {
        "ns" => {
            let unit = TimeUnit::of(typical);
            (unit.name.into(), unit.ns)
        }
        "bytes" => {
            let fitting = SIZES.iter().find(|(_, size)| typical >= *size);
            let (name, size) = fitting.unwrap_or(&SIZES[SIZES.len() - 1]);
            ((*name).into(), *size)
        }
        // A plain number.
        "1" => (String::new(), 1.0),
        other => (plain(other), 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_suit_the_column() {
        assert_eq!(unit("ns", 2e6), ("ms".into(), 1e6));
        assert_eq!(unit("bytes", 700.0), ("B".into(), 1.0));
        assert_eq!(unit("bytes", 0.0), ("B".into(), 1.0));
        assert_eq!(unit("bytes", 3e6), ("MiB".into(), 1_048_576.0));
        assert_eq!(unit("1", 3e6), (String::new(), 1.0));
        assert_eq!(unit("beats", 3.0), ("beats".into(), 1.0));
    }

    #[test]
    fn a_ratio_near_one_shows_its_third_decimal() {
        let near = Estimate { median: 1.0234, low: 1.02, high: 1.03 };
        assert_eq!(times_ideal(&near, 1), "1.023");
        assert_eq!(times_ideal(&near, 6), "1.023 ±0.6%");
    }
}
