//! Only one runner works at a time, and who works when is drawn anew for each round.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::{Place, text};

#[test]
fn no_two_runners_overlap_and_the_order_differs_between_rounds() {
    let place = Place::new();
    let output = place.run(
        "-r inline,threads,tokio,tokio-current -w echo,sha256 --load closed-3 --blocks 2 \
         --rounds 6 --slice 4ms --out run",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = place.trials("run");
    let mut slices: Vec<_> = trials
        .iter()
        .flat_map(|trial| trial.slices.iter().map(move |slice| (trial, slice)))
        .collect();
    slices.sort_by_key(|(_, slice)| slice.started_ns);
    assert!(slices.len() >= 2 * 2 * 6 * 6, "two contests of six cells");
    for pair in slices.windows(2) {
        let [(_, before), (_, after)] = pair else { unreachable!() };
        assert!(before.ended_ns <= after.started_ns, "{before:?} overlaps {after:?}");
    }
    // Who worked when, for each round of each block of each contest.
    let mut rounds: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (trial, slice) in slices {
        let round = (trial.label.clone(), trial.block, slice.round);
        let order = rounds.entry(round).or_default();
        assert_eq!(slice.position as usize, order.len(), "positions follow the clock");
        order.push(trial.cell.clone());
    }
    for contest in ["echo:64", "sha256:16384"] {
        let orders: BTreeSet<_> =
            rounds.iter().filter(|(round, _)| round.0 == contest).map(|(_, order)| order).collect();
        assert!(orders.len() > 6, "{} orders in 12 rounds of {contest}", orders.len());
        let cells: BTreeSet<_> =
            orders.iter().map(|order| order.iter().collect::<BTreeSet<_>>()).collect();
        assert_eq!(cells.len(), 1, "every round holds every cell of {contest}");
    }
    place.assert_clean();
}

#[test]
fn trials_that_are_alone_never_meet_and_miss_nothing() {
    let place = Place::new();
    let output = place.run(
        "-r inline,threads,tokio -w sha256 --load closed-3 --alone --blocks 3 --rounds 3 \
         --slice 4ms --out run",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = place.trials("run");
    // Three runners, the null arm and the floor.
    assert_eq!(trials.len(), 3 * 5);
    let mut orders = BTreeSet::new();
    for block in 0..3 {
        let mut lives: Vec<(u64, u64, &str)> = trials
            .iter()
            .filter(|trial| trial.block == block)
            .map(|trial| {
                assert_eq!(trial.counted().count(), 3, "{} has its rounds", trial.cell);
                assert!(trial.costs.is_some() && trial.actors.is_some(), "{} ended", trial.cell);
                let first = trial.slices.iter().map(|slice| slice.started_ns).min();
                let last = trial.slices.iter().map(|slice| slice.ended_ns).max();
                (first.unwrap(), last.unwrap(), &*trial.cell)
            })
            .collect();
        lives.sort_unstable();
        for pair in lives.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{:?} lives beside {:?}", pair[0], pair[1]);
        }
        orders.insert(lives.into_iter().map(|(_, _, cell)| cell).collect::<Vec<_>>());
    }
    assert!(orders.len() > 1, "three blocks have the same order");
    place.assert_clean();
}

#[test]
fn the_same_seed_gives_the_same_order() {
    let orders: Vec<Vec<(u32, u32, String)>> = [(); 2]
        .map(|()| {
            let place = Place::new();
            place.run("-w sha256 --blocks 2 --rounds 4 --slice 2ms --seed 7 --out run");
            let trials = place.trials("run");
            let slices = trials.iter().flat_map(|trial| {
                // Contaminated rounds are run again, with orders of their own.
                let slices = trial.slices.iter().filter(|slice| slice.round < 4);
                slices.map(|slice| {
                    (trial.block, slice.round * 10 + slice.position, trial.cell.clone())
                })
            });
            let mut order: Vec<_> = slices.collect();
            order.sort();
            order
        })
        .into();
    assert!(!orders[0].is_empty());
    assert_eq!(orders[0], orders[1]);
}
