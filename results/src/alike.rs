//! Was a cell measured in the same way as its namesake of another run?
//!
//! A cell's name has workload, runner, load and placement. What else decides what was measured stands in the plan (slices
//! and warm-up; of an open load its connections, and what is behind a server's name) and in the trials (rounds; and all
//! parameters, of which some are calibrated anew for every plan). Here these are facts: a name and a value. Only of one
//! run's cells: what holds for the whole machine is for others to tell. It must not know who asks. Read next: `compare.rs`
//! and `history.rs`, who do.

use crate::{
    judged::{JudgedCell, JudgedContest},
    record::PlanRecord,
};
use std::collections::BTreeMap;

/// Its name, and its value in words.
pub(crate) type Fact = (String, String);

/// What stands for the value of a fact that is not known of a cell.
const NONE: &str = "none";

/// How a cell was measured.
pub(crate) fn facts(
    plan: &PlanRecord,
    contest: &JudgedContest<'_>,
    cell: &JudgedCell<'_>,
) -> Vec<Fact> {
    let fact = |name: &str, value: &dyn ToString| (name.to_owned(), value.to_string());
    let time = |name: &str, ns: u64| fact(name, &format!("{} ms", ns as f64 / 1e6));
    // As they were lived: `simul ab` gives some work more of them than the plan says of all.
    let rounds = cell.trials.values().map(|trial| trial.counted().count()).max().unwrap_or(0);
    let mut facts = vec![fact("times", &contest.measure.name()), fact("rounds", &rounds)];
    match &contest.open {
        None => {
            let own = plan.contests.iter().find(|planned| planned.cells.contains(&cell.cell));
            let own = own.map(|planned| planned.lived(plan));
            facts.extend([
                time("slice", own.map_or(plan.slice_ns, |own| own.slice_ns)),
                time("dropped part", own.map_or(plan.drop_ns, |own| own.drop_ns)),
                time("warm-up", plan.warm_up_ns),
            ]);
        }
        Some(open) => {
            facts.extend([
                fact("connections", &open.connections),
                time("slice", open.slice_ns),
                fact("least arrivals", &open.least_arrivals),
                time("warm-up", open.warm_up_ns),
            ]);
            facts.extend(open.servers.get(&cell.runner).map(|server| fact("server", server)));
        }
    }
    facts.extend(parameters(cell));
    facts
}

/// All parameters of the work. A run that was interrupted and went on may have been calibrated twice: then both values
/// are told.
fn parameters(cell: &JudgedCell<'_>) -> Vec<Fact> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in cell.trials.values().flat_map(|trial| &trial.parameters) {
        let values = found.entry(name).or_default();
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    let fact =
        |(name, values): (&str, Vec<&str>)| (format!("parameter {name}"), values.join(" and "));
    found.into_iter().map(fact).collect()
}

/// What is not the same in both: `connections: 64 → 256`.
pub(crate) fn differences(one: &[Fact], other: &[Fact]) -> Vec<String> {
    let differing = differing(&[one, other]).into_iter();
    differing.map(|name| format!("{name}: {} → {}", value(one, name), value(other, name))).collect()
}

/// What tells one way of measuring from the other ones: `connections: 64`; nothing where it is the only one.
pub(crate) fn telling(one: &[Fact], all: &[&[Fact]]) -> Vec<String> {
    let differing = differing(all).into_iter();
    differing.map(|name| format!("{name}: {}", value(one, name))).collect()
}

/// The names of facts that are not the same in all, in the order in which they are met.
fn differing<'a>(all: &[&'a [Fact]]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in all.iter().copied().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.retain(|name| {
        let mut values = all.iter().map(|facts| value(facts, name));
        let first = values.next();
        values.any(|other| Some(other) != first)
    });
    names
}

fn value<'a>(facts: &'a [Fact], name: &str) -> &'a str {
    facts.iter().find(|(known, _)| known == name).map_or(NONE, |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(all: &[(&str, &str)]) -> Vec<Fact> {
        all.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let one = facts(&[("rounds", "12"), ("slice", "40 ms")]);
        let other = facts(&[("rounds", "20"), ("slice", "40 ms"), ("parameter mib", "1")]);
        assert_eq!(differences(&one, &other), ["rounds: 12 → 20", "parameter mib: none → 1"]);
        assert!(differences(&one, &one).is_empty());
        assert_eq!(telling(&one, &[&one, &other, &one]), ["rounds: 12", "parameter mib: none"]);
        assert!(telling(&one, &[&one]).is_empty());
    }
}
