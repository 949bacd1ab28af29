//! Why does one runner differ from another?
//!
//! Two cells of a contest side by side: how much their times differ, with intervals, and below that what differs in
//! what they did and cost, from the largest ratio down. It shows where to look; it proves no cause. Runners of grade F
//! are compared too, since it may show what is wrong with them, and what bars them is told. A counter is one line of `why_counters.rs`. It must not know how anything is shown. Read next: that file.

pub use crate::why_counters::Unit;

use crate::{
    Role, State,
    judged::{self, JudgedCell, JudgedContest},
    record::{AuditRecord, StoppingRecord},
    statistics::ALPHA,
    store::Recording,
    summary::{Effect, Measure, Metric, effect::effects, price},
    why_counters::{COUNTERS, Seen},
};
use serde::Serialize;
use std::{cmp::Ordering, collections::BTreeSet};

/// Two runners of one contest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// Workload, load and placement.
    pub contest: String,
    /// What its times are.
    pub measure: &'static str,
    /// How often the intervals of results cover the truth: 0.995, or more where a run could stop early.
    pub confidence: f64,
    /// The runners; every ratio is the first's over the second's.
    pub runners: [String; 2],
    /// Of each runner what was found in its numbers that keeps it out of rankings: then they describe something else than
    /// the runner. Empty where nothing was.
    pub barred: [Vec<String>; 2],
    /// How the results differ.
    pub results: Vec<ResultDifference>,
    /// Counters that both have, from the largest ratio down.
    pub counters: Vec<Difference>,
    /// Counters that are zero in both, or that one or both have not, and why.
    pub missing: Vec<Missing>,
}

/// How much a result differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResultDifference {
    /// Of what.
    pub metric: &'static str,
    /// The effect of the first against the second; `None` where they share no block.
    pub effect: Option<Effect>,
}

/// How much a counter differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Of what: `syscall futex`.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// The values of both.
    pub values: [f64; 2],
    /// The first over the second; `None` where just one of them is zero, which is more than any ratio, or where one is
    /// below zero, as CPU time above the floor may be.
    pub ratio: Option<f64>,
}

/// A counter that is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Which.
    pub name: String,
    /// Why; with the runners that it is true of, where it is missing.
    pub why: String,
}

/// Why two runners are not compared.
#[derive(Debug, thiserror::Error)]
pub enum WhyError {
    /// No such contest, or no such cell: says what there is.
    #[error("{0}")]
    Unknown(String),
    /// The recording contradicts itself.
    #[error("{0}")]
    Contradiction(String),
}

/// Rarer events than one in a thousand operations explain nothing, and their ratios are chance.
const LEAST_PER_OP: f64 = 1e-3;

/// The contests of a workload in which both runners were measured, one panel each.
///
/// # Errors
/// See [`WhyError`].
pub fn why(
    recording: &Recording,
    workload: &str,
    runners: [&str; 2],
) -> Result<Vec<Why>, WhyError> {
    let contests = judged::contests(recording).map_err(WhyError::Contradiction)?;
    let named = |contest: &&JudgedContest<'_>| {
        let full = &contest.contest;
        !full.load.is_sweep()
            && (full.workload_name() == workload
                || full.workload == workload
                || full.to_string() == workload)
    };
    let chosen: Vec<&JudgedContest<'_>> = contests.iter().filter(named).collect();
    if chosen.is_empty() {
        let all = contests.iter().map(|contest| contest.contest.to_string());
        return Err(WhyError::Unknown(format!(
            "the run has no workload '{workload}'; it has: {}",
            all.collect::<Vec<_>>().join(", ")
        )));
    }
    let mut panels = Vec::new();
    let mut refusal = None;
    for contest in chosen {
        match runners.map(|runner| cell(contest, runner)) {
            [Ok(one), Ok(other)] => panels.push(panel(recording, contest, [one, other])?),
            [Err(why), _] | [_, Err(why)] => refusal = refusal.or(Some(why)),
        }
    }
    match refusal {
        Some(why) if panels.is_empty() => Err(WhyError::Unknown(why)),
        _ => Ok(panels),
    }
}

/// A null arm is named as tables do.
fn name(cell: &JudgedCell<'_>) -> String {
    match cell.role {
        Role::Null => format!("{}~null", cell.runner),
        Role::Runner | Role::Floor => cell.runner.clone(),
    }
}

/// The measured cell of a runner, or what there is instead.
fn cell<'a, 'b>(
    contest: &'a JudgedContest<'b>,
    runner: &str,
) -> Result<&'a JudgedCell<'b>, String> {
    let found = contest.cells.iter().find(|cell| name(cell) == runner);
    match found {
        Some(cell) if cell.state == State::Measured => Ok(cell),
        Some(cell) => Err(format!(
            "'{runner}' has no numbers in {}: {}; choose another runner",
            contest.contest,
            cell.state.name()
        )),
        None => {
            let measured = contest.cells.iter().filter(|cell| cell.state == State::Measured);
            let names: Vec<String> = measured.map(name).collect();
            Err(format!(
                "no runner '{runner}' in {}; it has: {}",
                contest.contest,
                names.join(", ")
            ))
        }
    }
}

fn panel(
    recording: &Recording,
    contest: &JudgedContest<'_>,
    cells: [&JudgedCell<'_>; 2],
) -> Result<Why, WhyError> {
    let [one, other] = cells;
    // A floor is compared in CPU alone.
    let role =
        if cells.iter().any(|cell| cell.role == Role::Floor) { Role::Floor } else { one.role };
    // Of a run that could stop early, by the blocks and at the error rate of its looks.
    let stopping = recording.run.plan.stopping.as_ref();
    let alpha = stopping.map_or(ALPHA, StoppingRecord::alpha);
    let found = effects(contest.measure, role, &other.judged_trials(), &one.judged_trials())
        .map_err(WhyError::Contradiction)?
        .at(alpha);
    let title = |metric| match metric {
        Metric::P50 => contest.measure.title(),
        Metric::CpuPerOp | Metric::Throughput => metric.name(),
    };
    let results = Metric::ALL.map(|metric| ResultDifference {
        metric: title(metric),
        effect: found.on(metric).cloned(),
    });
    let floor = contest.cells.iter().find(|cell| cell.role == Role::Floor);
    let seen = cells.map(|cell| Seen {
        trials: &cell.trials,
        price: price::of(&cell.trials, floor.map(|floor| &floor.trials), false),
        audit: recording.audit_of(&cell.cell),
    });
    let names = cells.map(name);
    let (counters, missing) = differences(&seen, &names);
    Ok(Why {
        contest: contest.contest.to_string(),
        measure: Measure::name(contest.measure),
        confidence: 1.0 - alpha,
        runners: names,
        barred: cells.map(|cell| cell.audit.barring().map(|found| found.check.clone()).collect()),
        results: results.into(),
        counters,
        missing,
    })
}

fn differences(seen: &[Seen<'_>; 2], names: &[String; 2]) -> (Vec<Difference>, Vec<Missing>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (name, unit, source) in COUNTERS {
        match [&seen[0], &seen[1]].map(|seen| source.read(seen)) {
            [Ok(one), Ok(other)] => match difference((*name).into(), *unit, [one, other]) {
                Some(difference) => found.push(difference),
                None => {
                    missing.push(Missing { name: (*name).into(), why: "none in either".into() })
                }
            },
            values => {
                let why = values.iter().zip(names).filter_map(|(value, runner)| {
                    Some(format!("{runner}: {}", value.as_ref().err()?))
                });
                let why = why.collect::<Vec<_>>().join("; ");
                missing.push(Missing { name: (*name).into(), why });
            }
        }
    }
    found.extend(syscalls(seen));
    found.sort_by(|one, other| {
        let size = |difference: &Difference| {
            // Below the floor there is no ratio, and less to say.
            let without = if difference.values.iter().any(|value| *value < 0.0) {
                0.0
            } else {
                f64::INFINITY
            };
            difference.ratio.map_or(without, |ratio| ratio.ln().abs())
        };
        let amount = |difference: &Difference| difference.values[0].max(difference.values[1]);
        let larger = size(other).partial_cmp(&size(one)).unwrap_or(Ordering::Equal);
        // Among those that only one of them has, the more frequent ones say more.
        larger.then_with(|| amount(other).total_cmp(&amount(one)))
    });
    (found, missing)
}

/// System calls by name, of both.
fn syscalls(seen: &[Seen<'_>; 2]) -> Vec<Difference> {
    let calls = [&seen[0], &seen[1]].map(|seen| seen.audit.and_then(AuditRecord::syscalls_per_op));
    let [Some(one), Some(other)] = calls else { return Vec::new() };
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let value = |calls: &std::collections::BTreeMap<String, f64>, name: &String| {
        calls.get(name).copied().unwrap_or(0.0)
    };
    let each = names.into_iter().filter_map(|name| {
        difference(format!("syscall {name}"), Unit::PerOp, [value(&one, name), value(&other, name)])
    });
    each.collect()
}

/// `None` where both have as good as none.
fn difference(name: String, unit: Unit, values: [f64; 2]) -> Option<Difference> {
    let least = if unit == Unit::PerOp { LEAST_PER_OP } else { f64::MIN_POSITIVE };
    let [one, other] = values;
    if one.abs().max(other.abs()) < least {
        return None;
    }
    let is_ratio = one.min(other) >= least.min(1e-9) && other > 0.0 && one > 0.0;
    Some(Difference { name, unit, values, ratio: is_ratio.then(|| one / other) })
}
