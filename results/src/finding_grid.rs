//! What stands in the table of what was found, whatever draws it?
//!
//! One row for each finding, by cell in the order of the plan: grade, check and reason. It must not judge. Read next:
//! [`crate::auditor`].

use crate::{
    Summary,
    auditor::{Grade, Severity},
    grid::{Grid, Row},
    wording::plain,
};

/// All findings of a run, those of cells without numbers too; `None` where nothing was found.
#[must_use]
pub fn findings(summary: &Summary) -> Option<Grid> {
    let rows = summary.cells().flat_map(|(_, cell)| {
        let row = |finding: &crate::auditor::Finding| Row {
            role: cell.role,
            measured: cell.is_measured(),
            texts: vec![
                plain(&cell.cell),
                cell.grade().map_or("–", Grade::name).into(),
                plain(&finding.check),
                match finding.severity {
                    Severity::NotRanked => format!("{} (not ranked)", plain(&finding.reason)),
                    Severity::Marked => plain(&finding.reason),
                },
            ],
        };
        cell.audit.findings.iter().map(row)
    });
    let rows: Vec<Row> = rows.collect();
    let header = ["cell", "grade", "found", "why"].map(Into::into).into();
    (!rows.is_empty()).then_some(Grid { header, rows, notes: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{record::mark, synthetic};

    #[test]
    fn each_finding_has_a_row_with_its_reason() {
        let mut recording = synthetic::recording(&["tokio", "smol"], 2, 2, 50);
        assert_eq!(findings(&Summary::of(&recording).unwrap()), None);
        let smol = recording.trials.iter_mut().filter(|trial| trial.runner == "smol");
        smol.for_each(|trial| trial.marks = vec!["evil\u{1b}".into(), mark::STARVED.into()]);
        let grid = findings(&Summary::of(&recording).unwrap()).unwrap();
        assert_eq!(grid.rows.len(), 2);
        let texts = &grid.rows[0].texts;
        assert_eq!(texts[..3], ["echo:64/smol/closed-32@separate", "F", "starved"]);
        assert!(texts[3].ends_with("(not ranked)"), "{texts:?}");
        assert_eq!(grid.rows[1].texts[2..], ["evil\u{fffd}", "evil\u{fffd} in 2 of 2 blocks"]);
    }
}
