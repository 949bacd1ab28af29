//! Are ratios taken of the right values, and is nothing called decided that is not?

use super::*;
use crate::{TrialRecord, record::mark, synthetic};

const RUNNERS: [&str; 3] = ["base", "near", "slow"];

fn mapped(blocks: u32, change: impl Fn(&mut TrialRecord)) -> (Summary, Map) {
    let mut recording = synthetic::recording(&RUNNERS, blocks, 4, 400);
    recording.trials.iter_mut().for_each(change);
    let summary = Summary::of(&recording).unwrap();
    let map = Map::of(&summary);
    (summary, map)
}

#[test]
fn ratios_are_of_medians_and_against_anybody() {
    let (summary, map) = mapped(6, |_| {});
    assert_eq!(map.runners, ["base", "near", "slow", "glommio"], "neither null arm nor floor");
    let (contest, column) = (&summary.contests[0], &map.columns[0]);
    assert_eq!(column.best(By::Median), Some(0));
    let median = |row: usize| contest.cells[row].numbers.as_ref().unwrap().p50_ns.median;
    let compare = |row, base| column.compare(&map, contest, By::Median, (row, base)).unwrap();
    assert_eq!(compare(2, 1), (median(2) / median(1), Standing::Worse));
    assert_eq!(compare(1, 2), (median(1) / median(2), Standing::Better));
    assert_eq!(compare(1, 1), (1.0, Standing::Base));
    assert_eq!(column.compare(&map, contest, By::Median, (3, 0)), None);
    assert_eq!(
        column.fields[3],
        Field::Unmeasured {
            word: "unav.",
            reason: "unavailable: the kernel has no io_uring".into()
        }
    );
}

#[test]
fn more_throughput_is_better() {
    let (summary, map) = mapped(6, |_| {});
    let (contest, column) = (&summary.contests[0], &map.columns[0]);
    assert_eq!(column.best(By::Throughput), Some(0));
    let (ratio, standing) = column.compare(&map, contest, By::Throughput, (2, 0)).unwrap();
    assert!(ratio < 0.9 && standing == Standing::Worse, "{ratio}");
}

#[test]
fn what_has_no_test_is_undecided_where_ranges_overlap() {
    let (summary, map) = mapped(6, |_| {});
    let (contest, column) = (&summary.contests[0], &map.columns[0]);
    let compare = |by, row, base| column.compare(&map, contest, by, (row, base)).unwrap().1;
    assert_eq!(compare(By::Memory, 1, 0), Standing::Undecided, "all have the same");
    assert_eq!(compare(By::P99, 2, 0), Standing::Worse);
    let (summary, map) = mapped(1, |_| {});
    for by in By::ALL {
        let (_, standing) = map.columns[0].compare(&map, &summary.contests[0], by, (2, 0)).unwrap();
        assert_eq!(standing, Standing::Undecided, "one block, {}", by.key());
    }
}

#[test]
fn who_is_barred_is_neither_best_nor_compared() {
    let (summary, map) = mapped(6, |trial| {
        if trial.runner == "base" {
            trial.marks = vec![mark::STARVED.into()];
        }
    });
    let column = &map.columns[0];
    assert_eq!(column.best(By::Median), Some(1));
    let compared = column.compare(&map, &summary.contests[0], By::Median, (0, 1)).unwrap();
    assert_eq!(compared.1, Standing::Invalid);
    assert!(matches!(&column.fields[0], Field::Measured { barred, .. } if barred.len() == 1));
}

#[test]
fn values_that_are_not_there_say_why() {
    let recording = synthetic::recording(&RUNNERS, 6, 1, 40);
    let summary = Summary::of(&recording).unwrap();
    let column = &Map::of(&summary).columns[0];
    assert_eq!(column.fields[0].value(By::P99), None, "40 operations carry no p99");
    assert!(column.fields[0].value(By::Median).is_some());
    assert_eq!(column.best(By::P99), None);
}
