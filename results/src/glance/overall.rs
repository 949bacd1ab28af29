//! What does a whole run say, before anybody reads on?
//!
//! Who is ahead, or is not shown to be behind who is, in most contests: by the median, then by CPU time; and how many of
//! these comparisons are decided. It names no winner where there is none: contests ask different things, so nothing is
//! averaged over them (`simul rank` does, for whoever wants that). Read next: `../glance.rs`, contest by contest.

use super::{NAMED, Order, names, order};
use crate::{
    Summary,
    summary::{ContestSummary, Metric},
    wording::plain,
};

/// The contests in which a metric can be compared, each with who is ahead in it.
type Orders<'a> = Vec<(&'a ContestSummary, Order<'a>)>;

/// A run of several contests in at most three sentences; none where fewer than two can be compared.
#[must_use]
pub fn overall(summary: &Summary) -> Vec<String> {
    let orders = |metric| -> Orders<'_> {
        let contests = summary.contests.iter().filter(|contest| !contest.contest.load.is_sweep());
        contests.filter_map(|contest| Some((contest, order(contest, metric)?))).collect()
    };
    let fast = orders(Metric::P50);
    if fast.len() < 2 {
        return Vec::new();
    }
    let mut sentences = vec![ahead("By the median", &fast)];
    let cheap = orders(Metric::CpuPerOp);
    if cheap.len() > 1 {
        sentences.push(ahead("By CPU time per operation", &cheap));
    }
    sentences.push(decided(&fast));
    sentences
}

/// In which contests each runner is in front, most of them first.
fn fronts<'a>(orders: &'a Orders<'a>) -> Vec<(&'a str, Vec<&'a ContestSummary>)> {
    let mut fronts: Vec<(&str, Vec<&ContestSummary>)> = Vec::new();
    for (contest, order) in orders {
        for runner in [order.leader].iter().chain(&order.ties).chain(&order.undecided) {
            match fronts.iter_mut().find(|(known, _)| known == runner) {
                Some((_, contests)) => contests.push(*contest),
                None => fronts.push((*runner, vec![*contest])),
            }
        }
    }
    fronts.sort_by_key(|(_, contests)| std::cmp::Reverse(contests.len()));
    fronts
}

/// Who is in front most often, and who next.
fn ahead(by: &str, orders: &Orders<'_>) -> String {
    let (fronts, all) = (fronts(orders), orders.len());
    let with = |count: usize| -> Vec<&str> {
        let its = fronts.iter().filter(|(_, contests)| contests.len() == count);
        its.map(|(runner, _)| *runner).collect()
    };
    let Some((_, contests)) = fronts.first() else { return format!("{by} nobody can be ranked.") };
    let most = contests.len();
    let best = with(most);
    if most == all {
        let best = some(&best);
        return format!("{by} nobody is shown to be ahead of {best} in any of the {all} contests.");
    }
    let place = match best.as_slice() {
        [_] => format!(" ({})", workloads(contests)),
        _ => String::new(),
    };
    let verb = if best.len() == 1 { "is" } else { "are each" };
    let mut text = format!(
        "{by} nobody is ahead everywhere: {} {verb} first, or not shown to be behind, in {most} of {all} contests{place}",
        some(&best)
    );
    let next = fronts.iter().map(|(_, contests)| contests.len()).find(|count| *count < most);
    if let Some(next) = next {
        text.push_str(&format!("; {} in {next}", some(&with(next))));
    }
    format!("{text}.")
}

/// The workloads of contests, by which they are known where that tells them apart.
fn workloads(contests: &[&ContestSummary]) -> String {
    let name = |contest: &&ContestSummary| plain(&contest.contest.workload);
    let all: Vec<String> = contests.iter().map(name).collect();
    all.join(", ")
}

/// Names, or how many there are where they would fill a line.
fn some(runners: &[&str]) -> String {
    match runners.len() {
        count if count > 2 * NAMED => format!("{count} runners"),
        _ => names(runners),
    }
}

/// How many comparisons with whoever is ahead are decided.
fn decided(orders: &Orders<'_>) -> String {
    let open: usize = orders.iter().map(|(_, order)| order.undecided.len()).sum();
    let closed: usize = orders.iter().map(|(_, order)| order.ties.len() + order.behind.len()).sum();
    let rest = match open {
        0 => "none is open".to_owned(),
        1 => "1 is open and could go either way".into(),
        _ => format!("{open} are open and could go either way"),
    };
    format!(
        "How sure: of {} comparisons with whoever is ahead by the median {closed} are decided (99.5 %), {rest}.",
        closed + open
    )
}
