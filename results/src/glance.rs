//! What does a contest say, in one line of plain words?
//!
//! Who is ahead and who shares that place, who is how far behind, who needs least CPU time, and who is left out and
//! why. It says no more than is decided: what is undecided is called so, and with one block nothing is decided.
//! Percentages are those of the paired comparison with whoever is ahead. It must not decide anything itself. Read
//! next: `overall.rs`, over all contests; `relation.rs`, which decides.

mod overall;

pub use overall::overall;

use crate::{
    Role, State, Summary,
    heat::{Standing, decided},
    quantity,
    relation::Relation,
    summary::{CellSummary, ContestSummary, Effect, Measure, Metric, Scale},
    verdict::Verdict,
    wording::plain,
};

/// Why a program in another language has no part in some work: it could have one.
const UNWRITTEN: &str = "not written";

/// So many runners are named one by one; of more, the nearest ones and the last.
const NAMED: usize = 4;

/// Who is ahead on one metric, and where the others stand.
struct Order<'a> {
    leader: &'a str,
    ties: Vec<&'a str>,
    undecided: Vec<&'a str>,
    /// Nearest first.
    behind: Vec<(&'a str, Relation)>,
}

/// The contest in clauses, the most important first; never empty.
#[must_use]
pub fn clauses(contest: &ContestSummary) -> Vec<String> {
    let mut clauses = Vec::new();
    if is_false_alarm(contest) {
        clauses.push("identical code is called different here: trust no verdict".into());
    }
    if contest.contest.load.is_sweep() {
        clauses.extend(sustained(contest));
    } else {
        clauses.extend(ranking(contest));
    }
    clauses.extend(left_out(contest));
    clauses
}

fn ranking(contest: &ContestSummary) -> Vec<String> {
    let ranked: Vec<&CellSummary> = contest.cells.iter().filter(|cell| cell.ranked).collect();
    match ranked.as_slice() {
        [] => return vec!["nobody can be ranked".into()],
        [alone] => return vec![format!("only {} can be ranked", plain(&alone.runner))],
        _ => {}
    }
    let Some(order) = order(contest, Metric::P50) else { return single_block(contest, &ranked) };
    let mut clauses = vec![ahead(contest.measure, &order)];
    if !order.undecided.is_empty() {
        let whom = if order.ties.is_empty() { "it" } else { "them" };
        clauses.push(format!("{} undecided, and may equal {whom}", are(&order.undecided)));
    }
    if !order.behind.is_empty() {
        clauses.push(behind(&order));
    }
    clauses.extend(cpu(contest, &order));
    clauses
}

/// What can be said where nothing can be compared.
fn single_block(contest: &ContestSummary, ranked: &[&CellSummary]) -> Vec<String> {
    let median = |cell: &&&CellSummary| {
        cell.numbers.as_ref().map_or(f64::INFINITY, |numbers| numbers.p50_ns.median)
    };
    let least = ranked.iter().min_by(|a, b| median(a).total_cmp(&median(b)));
    let least = least.map(|cell| plain(&cell.runner)).unwrap_or_default();
    let before_looks =
        contest.cells.iter().any(|cell| cell.look.is_some_and(|look| look.blocks == 0));
    let why = if contest.blocks() < 2 {
        "one block decides nothing"
    } else if before_looks {
        "it ended before the first look"
    } else {
        "no two runners share two blocks"
    };
    let what = contest.measure.title();
    vec![format!("{why}; {least} had the smallest median {what}")]
}

fn order(contest: &ContestSummary, metric: Metric) -> Option<Order<'_>> {
    let relations = &contest.relations;
    let runners: Vec<&str> = relations.runners().iter().map(String::as_str).collect();
    let first = *runners.first()?;
    // The place of each by its comparison with one of them, as rank groups have it.
    let place = |runner: &str| match relations.between(runner, first, metric) {
        Some(Relation { scale: Scale::Ratio, estimate, .. }) => Some(estimate.ln()),
        Some(Relation { estimate, .. }) => Some(estimate),
        None => (runner == first).then_some(0.0),
    };
    let sign = if metric.less_is_better() { 1.0 } else { -1.0 };
    let mut placed: Vec<(f64, &str)> =
        runners.into_iter().filter_map(|runner| Some((sign * place(runner)?, runner))).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (leader, others) = placed.split_first().filter(|(_, others)| !others.is_empty())?;
    let mut order =
        Order { leader: leader.1, ties: Vec::new(), undecided: Vec::new(), behind: Vec::new() };
    for (_, runner) in others {
        let relation = relations.between(runner, leader.1, metric);
        match (decided(relation), relation) {
            (Standing::Tie, _) => order.ties.push(runner),
            (Standing::Worse, Some(relation)) => order.behind.push((runner, relation)),
            _ => order.undecided.push(runner),
        }
    }
    Some(order)
}

fn ahead(measure: Measure, order: &Order<'_>) -> String {
    if order.ties.is_empty() {
        let how = if measure == Measure::Lateness { "least late" } else { "fastest" };
        let open = if order.undecided.is_empty() { "is" } else { "seems" };
        return format!("{} {open} {how}", plain(order.leader));
    }
    let all: Vec<&str> = [order.leader].iter().chain(&order.ties).copied().collect();
    format!("{} tie", names(&all))
}

fn behind(order: &Order<'_>) -> String {
    let one =
        |(runner, relation): &(&str, Relation)| format!("{} {}", plain(runner), distance(relation));
    let all = &order.behind;
    let mut texts: Vec<String> =
        all.iter().take(if all.len() > NAMED { NAMED - 1 } else { NAMED }).map(one).collect();
    if let Some(last) = all.last().filter(|_| all.len() > NAMED) {
        let more = all.len() - texts.len() - 1;
        texts.push(format!("{more} more, and last {}", one(last)));
    }
    format!("behind: {}", texts.join(", "))
}

/// How far behind: `+12 %`, `3.20 ×`, `+4.10 µs`.
fn distance(relation: &Relation) -> String {
    match relation.scale {
        Scale::DifferenceUs => format!("+{} µs", quantity::digits(relation.estimate)),
        Scale::Ratio if relation.estimate >= 2.0 => {
            format!("{} ×", quantity::digits(relation.estimate))
        }
        Scale::Ratio => format!("+{} %", percent(relation.estimate)),
    }
}

/// Two digits of how much more it is.
fn percent(ratio: f64) -> String {
    let more = (ratio - 1.0) * 100.0;
    if more < 9.95 { format!("{more:.1}") } else { format!("{more:.0}") }
}

/// Who needs least CPU time, and what those who are ahead need more.
fn cpu(contest: &ContestSummary, fast: &Order<'_>) -> Vec<String> {
    let Some(order) = order(contest, Metric::CpuPerOp) else { return Vec::new() };
    let cheapest: Vec<&str> = [order.leader].iter().chain(&order.ties).copied().collect();
    let mut clauses = vec![match order.undecided.as_slice() {
        [] => format!("least CPU: {}", names(&cheapest)),
        _ => format!("least CPU: {} (undecided: {})", names(&cheapest), names(&order.undecided)),
    }];
    let ahead = |runner: &&str| *runner == fast.leader || fast.ties.contains(runner);
    let dearer = order.behind.iter().filter(|(runner, _)| ahead(runner)).take(NAMED);
    clauses.extend(dearer.map(|(runner, relation)| {
        let (runner, estimate) = (plain(runner), relation.estimate);
        match estimate >= 2.0 {
            true => format!("{runner} costs {} times that", quantity::digits(estimate)),
            false => format!("{runner} costs {} % more", percent(estimate)),
        }
    }));
    clauses
}

/// The rates that servers kept up with.
fn sustained(contest: &ContestSummary) -> Vec<String> {
    let reached = |cell: &CellSummary| {
        let held = cell.sweep.as_ref()?.sustained?.held_per_sec;
        Some((held, plain(&cell.runner)))
    };
    let runners =
        contest.cells.iter().filter(|cell| cell.role == Role::Runner && cell.audit.may_be_ranked());
    let mut all: Vec<(u32, String)> = runners.filter_map(reached).collect();
    all.sort_by_key(|(held, _)| std::cmp::Reverse(*held));
    // 0 is no rate: it did not even hold at the first rung.
    let none = all.split_off(all.partition_point(|(held, _)| *held > 0));
    let Some((most, _)) = all.first() else { return vec!["nobody sustained any rate".into()] };
    let most = *most;
    let text = |(held, runner): &(u32, String)| {
        format!("{runner} {}/s", quantity::digits(f64::from(*held)))
    };
    let best: Vec<String> =
        all.iter().filter(|(held, _)| *held == most).map(|(_, runner)| runner.clone()).collect();
    let best: Vec<&str> = best.iter().map(String::as_str).collect();
    let mut clauses = vec![format!(
        "highest rate sustained: {} with {}/s",
        names(&best),
        quantity::digits(f64::from(most))
    )];
    let less: Vec<String> = all.iter().filter(|(held, _)| *held < most).map(text).collect();
    if !less.is_empty() {
        clauses.push(less.join(", "));
    }
    if !none.is_empty() {
        let none: Vec<&str> = none.iter().map(|(_, runner)| runner.as_str()).collect();
        clauses.push(format!("{} sustained none of the rates", names(&none)));
    }
    clauses
}

/// Who is not ranked, and why, in a word each.
fn left_out(contest: &ContestSummary) -> Vec<String> {
    let runners = || contest.cells.iter().filter(|cell| cell.role == Role::Runner);
    let is_unwritten = |cell: &CellSummary| cell.reason.as_deref() == Some(UNWRITTEN);
    let of = |wanted: &[State]| -> Vec<&str> {
        let its = |cell: &&CellSummary| {
            !cell.is_measured() && wanted.contains(&cell.state) && !is_unwritten(cell)
        };
        runners().filter(its).map(|cell| cell.runner.as_str()).collect()
    };
    let kinds: [(&[State], &str); 4] = [
        (&[State::NotApplicable], "not made for this"),
        (&[State::Unavailable], "not available here"),
        (&[State::TimedOut], "too slow to end in time"),
        (
            &[State::Failed, State::Discarded, State::Measured],
            "without numbers, since it went wrong",
        ),
    ];
    let mut clauses = Vec::new();
    for (states, words) in kinds {
        let found = of(states);
        if !found.is_empty() {
            clauses.push(format!("{} {words}", are(&found)));
        }
    }
    let unwritten = runners().filter(|cell| !cell.is_measured() && is_unwritten(cell));
    let unwritten: Vec<&str> = unwritten.map(|cell| cell.runner.as_str()).collect();
    if !unwritten.is_empty() {
        clauses.push(format!("{} not written for this", are(&unwritten)));
    }
    for cell in runners().filter(|cell| cell.is_measured() && !cell.audit.may_be_ranked()) {
        let why: Vec<String> = cell.audit.barring().map(|found| plain(&found.check)).collect();
        clauses.push(format!("{} is not ranked ({})", plain(&cell.runner), why.join(", ")));
    }
    clauses
}

/// Whether any null arm is called different from what it copies.
pub(crate) fn is_false_alarm(contest: &ContestSummary) -> bool {
    let nulls = contest.cells.iter().filter(|cell| cell.role == Role::Null);
    let mut judged = nulls.filter_map(|cell| cell.verdict.as_ref()).flat_map(|one| one.metrics);
    judged.any(|one| matches!(one.verdict, Verdict::Better | Verdict::Worse))
}

/// What identical code differs by in this run, at most, as the null arms show.
#[must_use]
pub fn noise_floor(summary: &Summary) -> String {
    let measured = || {
        let contests = summary.contests.iter().filter(|contest| contest.noise.is_some());
        contests.filter_map(|contest| Some((contest, &contest.noise.as_ref()?.p50)))
    };
    let size = |effect: &Effect| match effect.scale {
        Scale::Ratio => effect.estimate.ln().abs(),
        Scale::DifferenceUs => effect.estimate.abs(),
    };
    let worst = |scale: Scale| {
        let of_scale = measured().filter(|(_, effect)| effect.scale == scale);
        of_scale.max_by(|(_, a), (_, b)| size(a).total_cmp(&size(b)))
    };
    let mut parts = Vec::new();
    if let Some((contest, effect)) = worst(Scale::Ratio) {
        let percent = size(effect).exp_m1() * 100.0;
        parts.push(format!("{percent:.1} % ({})", plain(&contest.contest.workload)));
    }
    if let Some((contest, effect)) = worst(Scale::DifferenceUs) {
        let us = quantity::digits(size(effect));
        parts.push(format!("{us} µs of lateness ({})", plain(&contest.contest.workload)));
    }
    if parts.is_empty() {
        return "noise floor unknown: no null arm was measured".into();
    }
    let alarms = summary.contests.iter().filter(|contest| is_false_alarm(contest)).count();
    let alarms = match alarms {
        0 if summary.contests.iter().all(|contest| contest.blocks() < 2) => {
            "and one block cannot tell whether that is chance".to_owned()
        }
        0 => "and no null arm was called different".into(),
        1 => "and 1 null arm was called different: trust no verdict there".into(),
        count => format!("and {count} null arms were called different: trust no verdict there"),
    };
    format!(
        "noise floor: identical code differed in median by up to {}, {alarms}",
        parts.join(" and ")
    )
}

/// `a`, `a and b`, `a, b and c`.
fn names(all: &[&str]) -> String {
    let all: Vec<String> = all.iter().map(|name| plain(name)).collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

fn are(all: &[&str]) -> String {
    format!("{} {}", names(all), if all.len() == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests;
