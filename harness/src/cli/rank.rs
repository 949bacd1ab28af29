//! Who is ahead, per workload and over all?

use super::{report::tell_torn, run::refused, say};
use crate::exit::Failure;
use clap::Args;
use serde_json::{Value, json};
use simul_results::{
    judged::{self, JudgedContest},
    rank::{self, Nobody, Standing},
    store,
    summary::Metric,
    wording::plain,
};
use std::{path::PathBuf, process::ExitCode};

/// Options of `rank`.
#[derive(Debug, Args)]
pub struct RankOptions {
    /// The folder of the run
    run: PathBuf,
    /// Compare only these over all workloads
    #[arg(short, long = "runner", value_name = "NAME", value_delimiter = ',')]
    runners: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints the rank groups of a stored run.
///
/// # Errors
/// No such run, a damaged one, or nothing that can be ranked.
pub fn main(options: &RankOptions) -> Result<ExitCode, Failure> {
    let recording = store::load_light(&options.run).map_err(refused)?;
    tell_torn(&recording, &options.run);
    let contests = judged::contests(&recording).map_err(Failure::BadInput)?;
    let folder = options.run.display();
    if !contests.iter().flat_map(|contest| &contest.cells).any(|cell| cell.ranked) {
        return Err(Failure::BadInput(format!(
            "'{folder}' has no cell that can be ranked; see why: simul report '{folder}'"
        )));
    }
    let standings = rank::overall(&contests, &options.runners).map_err(Failure::BadInput)?;
    if options.json {
        say(&as_json(&contests, &standings).to_string())?;
    } else {
        say(&as_text(&contests, &standings))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(contests: &[JudgedContest<'_>], standings: &[Standing]) -> Value {
    let of_contest = |contest: &JudgedContest<'_>| {
        let cells = contest.cells.iter().filter(|cell| cell.ranked).map(|cell| {
            json!({
                "runner": cell.runner,
                "p50": cell.groups.on(Metric::P50),
                "cpu_per_op": cell.groups.on(Metric::CpuPerOp),
                "throughput": cell.groups.on(Metric::Throughput),
            })
        });
        let unranked = contest.cells.iter().filter(|cell| is_unranked(cell));
        json!({
            "contest": contest.contest.to_string(),
            "groups": cells.collect::<Vec<_>>(),
            "unranked": unranked.map(|cell| json!({
                "runner": cell.runner, "state": cell.state.name(), "marks": cell.marks,
                "findings": cell.audit.findings,
            })).collect::<Vec<_>>(),
        })
    };
    let of_all = |standing: &Standing| {
        let places = standing.places.iter().map(|place| {
            json!({
                "runner": place.runner,
                "group": place.group,
                "ratio": place.ratio,
                "low": place.interval.map(|(low, _)| low),
                "high": place.interval.map(|(_, high)| high),
            })
        });
        json!({
            "metric": standing.metric.name(),
            "common_cells": standing.common.len(),
            "contests": standing.common,
            "places": places.collect::<Vec<_>>(),
        })
    };
    json!({
        "contests": contests.iter().map(of_contest).collect::<Vec<_>>(),
        "overall": standings.iter().map(of_all).collect::<Vec<_>>(),
    })
}

fn is_unranked(cell: &judged::JudgedCell<'_>) -> bool {
    cell.role == simul_results::Role::Runner && !cell.ranked && !cell.runner.is_empty()
}

fn as_text(contests: &[JudgedContest<'_>], standings: &[Standing]) -> String {
    let mut lines = Vec::new();
    for contest in contests {
        lines.push(plain(&contest.contest.to_string()));
        if contest.contest.load.is_sweep() {
            lines.push("  a sweep has no ranks: its curves and rates are in the report".into());
            continue;
        }
        for metric in Metric::ALL {
            lines.push(format!("  {:<18} {}", metric.name(), groups(contest, metric)));
        }
        let unranked: Vec<String> =
            contest.cells.iter().filter(|cell| is_unranked(cell)).map(why).collect();
        if !unranked.is_empty() {
            lines.push(format!("  {:<18} {}", "not ranked", unranked.join(", ")));
        }
    }
    lines.push("over all: geometric means of ratios to the best, with 99.5 % intervals".into());
    for standing in standings {
        let cells = standing.common.len();
        let all = contests.len();
        lines.push(format!("  {}, {cells} common of {all} contests", standing.metric.name()));
        for place in &standing.places {
            let interval = place
                .interval
                .map_or_else(String::new, |(low, high)| format!(" ({low:.3}–{high:.3})"));
            let name = plain(&place.runner);
            lines.push(format!("    {}. {name:<16} {:.3}{interval}", place.group, place.ratio));
        }
        lines.extend(standing.nobody.map(|why| format!("    {}", nobody(why))));
    }
    lines.push(
        "runners of one group are not shown to differ from its best; lateness and the throughput of open loads \
         are in no mean"
            .into(),
    );
    lines.join("\n")
}

/// Why nobody has a place over all contests.
fn nobody(why: Nobody) -> &'static str {
    match why {
        Nobody::Apart => "no contest in which all of them are ranked; name fewer with --runner",
        Nobody::NoRatio => {
            "where all of them are ranked, this is in no mean; see the contests above"
        }
        Nobody::Unknown => {
            "not known of all of them in the same blocks of any contest; name fewer with --runner"
        }
        Nobody::OneBlock => {
            "one block has no spread, so nobody is shown to be ahead; measure more: --blocks 6"
        }
        Nobody::Alone => "one runner alone has nobody to be ranked among; it takes two",
    }
}

/// The groups of one contest by one metric: `1. tokio, smol  2. threads`.
fn groups(contest: &JudgedContest<'_>, metric: Metric) -> String {
    let group = |number| {
        let mine = contest.cells.iter().filter(|cell| cell.groups.on(metric) == Some(number));
        let names: Vec<String> = mine.map(|cell| plain(&cell.runner)).collect();
        (!names.is_empty()).then(|| format!("{number}. {}", names.join(", ")))
    };
    let groups: Vec<String> = (1..).map_while(group).collect();
    if groups.is_empty() {
        return "nobody to rank: it takes two runners and two blocks".into();
    }
    groups.join("  ")
}

fn why(cell: &judged::JudgedCell<'_>) -> String {
    let found: Vec<&str> = cell.audit.barring().map(|one| one.check.as_str()).collect();
    let why = if found.is_empty() { cell.state.name().into() } else { found.join(" ") };
    plain(&format!("{} ({why})", cell.runner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_that_is_told_is_the_one_that_holds() {
        for (why, word) in [
            (Nobody::Alone, "it takes two"),
            (Nobody::OneBlock, "--blocks 6"),
            (Nobody::NoRatio, "in no mean"),
            (Nobody::Unknown, "not known"),
            (Nobody::Apart, "name fewer with --runner"),
        ] {
            let standing = Standing {
                metric: Metric::P50,
                common: Vec::new(),
                places: Vec::new(),
                nobody: Some(why),
            };
            let text = as_text(&[], &[standing]);
            assert!(text.contains(word), "{text}");
            assert_eq!(text.contains("name fewer"), matches!(why, Nobody::Apart | Nobody::Unknown));
        }
    }
}
