//! What did the user ask for, and is there such a thing?
//!
//! Names and patterns become entries of the registries, or an error that says what was probably meant. It
//! must not know how anything is measured. Next: [`super::plan`].

use super::external::External;
use globset::{Glob, GlobMatcher};
use simul_results::{Load, Placement, looks::Wanted, record::ObjectiveRecord};
use std::{collections::BTreeMap, time::Duration};

/// What the user asked for, checked in form only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Names or patterns of workloads, with parameters; empty: those of the suite.
    pub workloads: Vec<String>,
    /// Names or patterns of runners; empty: all.
    pub runners: Vec<String>,
    /// Loads; empty: the workload's, or the suite's.
    pub loads: Vec<Load>,
    /// Placements; empty: the workload's, or the suite's.
    pub placements: Vec<Placement>,
    /// The suite.
    pub suite: Option<String>,
    /// Blocks, instead of the suite's.
    pub blocks: Option<u32>,
    /// Rounds, instead of the suite's.
    pub rounds: Option<u32>,
    /// The exact length of slices, instead of the suite's least one.
    pub slice: Option<Duration>,
    /// Decides everything random; otherwise drawn from the clock.
    pub seed: Option<u64>,
    /// Runners that cannot be measured on this machine: why, and what can be done.
    pub unavailable: BTreeMap<String, String>,
    /// Whether open loads are raised until every server is saturated.
    pub sweep: bool,
    /// What is wanted of a sweep.
    pub objective: Option<ObjectiveRecord>,
    /// Servers that are not ours.
    pub servers: Vec<External>,
    /// Connections of the generator, instead of the usual number.
    pub connections: Option<u32>,
    /// How much later than intended generators send. For the project's own experiments.
    pub generator_lag: Duration,
    /// How many null arms each contest has. For the project's own experiments.
    pub null_arms: u32,
    /// Whether each trial is alone, even where the work does not ask for it. For the project's own experiments.
    pub alone: bool,
    /// Whether measured cells are audited, also where the suite does not say so.
    pub audit: bool,
    /// When comparisons have seen enough; otherwise when all blocks have been lived.
    pub stopping: Option<Stopping>,
}

/// When comparisons have seen enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopping {
    /// What must be decided.
    pub wanted: Wanted,
    /// No block is started that would end later than this after the first.
    pub budget: Option<Duration>,
}

impl Request {
    /// Whether the suite alone says what is measured.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        self.workloads.is_empty() && self.runners.is_empty()
    }
}

/// Names that match a pattern such as `tokio*`, in the order of the list.
///
/// # Errors
/// The pattern is malformed, or matches nothing; says what was probably meant.
pub fn matching<'a>(
    pattern: &str,
    kind: &str,
    names: &[&'a str],
    hidden: &[&'a str],
) -> Result<Vec<&'a str>, String> {
    // Hidden names must be written out: a pattern never means them.
    if let Some(name) = hidden.iter().find(|name| **name == pattern) {
        return Ok(vec![*name]);
    }
    let glob: GlobMatcher = Glob::new(pattern)
        .map_err(|error| format!("pattern '{pattern}' is malformed: {}", error.kind()))?
        .compile_matcher();
    let found: Vec<&str> = names.iter().copied().filter(|name| glob.is_match(name)).collect();
    if found.is_empty() { Err(unknown(pattern, kind, names)) } else { Ok(found) }
}

/// The line for a name that does not exist.
#[must_use]
pub fn unknown(name: &str, kind: &str, names: &[&str]) -> String {
    let distance = |other: &&&str| strsim::damerau_levenshtein(name, other);
    let nearest = names.iter().min_by_key(distance);
    // Half of the letters wrong is a different word.
    let meant = nearest.filter(|nearest| distance(nearest) <= name.len().max(3) / 2);
    let hint = meant.map(|meant| format!("did you mean '{meant}'? ")).unwrap_or_default();
    format!("no {kind} matches '{name}'; {hint}see: simul list {kind}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["inline", "threads", "tokio", "tokio-current"];

    #[test]
    fn patterns_keep_the_order_of_the_list() {
        assert_eq!(
            matching("t*", "runner", &NAMES, &[]).unwrap(),
            ["threads", "tokio", "tokio-current"]
        );
        assert_eq!(matching("tokio", "runner", &NAMES, &[]).unwrap(), ["tokio"]);
        assert_eq!(matching("c:h", "runner", &NAMES, &["c:h"]).unwrap(), ["c:h"]);
    }

    #[test]
    fn what_does_not_exist_is_said_with_what_was_meant() {
        assert_eq!(
            matching("toko", "runner", &NAMES, &[]).unwrap_err(),
            "no runner matches 'toko'; did you mean 'tokio'? see: simul list runners"
        );
        assert_eq!(
            matching("goroutines", "runner", &NAMES, &[]).unwrap_err(),
            "no runner matches 'goroutines'; see: simul list runners"
        );
        assert!(matching("[", "runner", &NAMES, &[]).unwrap_err().contains("malformed"));
    }
}
