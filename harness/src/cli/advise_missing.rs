//! Which cells would let a run answer `advise`, and which commands measure them?
//!
//! What is printed can be pasted: a command for each load that is missing, and one that asks again. A promise is about
//! response times, which closed loads do not have, so what closed loads say is told apart from it. It must not judge:
//! [`simul_results::advise`] has. Read next: `advise.rs`.

use super::advise::{CLASSES, class_of};
use crate::control::{open_plan, programs::Programs};
use simul_results::{
    Load, Placement, Role, Summary,
    advise::{Demand, Unanswered},
    glance,
    record::ObjectiveRecord,
    statistics::LEAST_BLOCKS,
    wording::{plain, shell_word},
};
use simul_runners::registry;
use std::path::{Path, PathBuf};

/// What is asked for where nothing says how much work there is: far below what any runner serves on one core.
const RATE_PER_SEC: u32 = 1000;
/// Fewer requests beyond a percentile do not carry it; and some more, since their number is drawn.
const LEAST_BEYOND: f64 = 12.0;
/// Between two blocks: processes end and start.
const BETWEEN_S: f64 = 0.3;

/// Contests of one load and placement that are to be measured.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    workloads: Vec<String>,
    load: String,
    placement: Option<Placement>,
    rate_per_sec: u32,
}

/// Why there is no answer, which cells are missing, the commands, and what is known without them.
pub(super) fn text(
    error: &Unanswered,
    demand: &Demand,
    summary: &Summary,
    runs: &[PathBuf],
) -> String {
    let runners = runners(summary);
    let wanted = wanted(error, demand);
    let again = !matches!(error, Unanswered::Missing { .. });
    let folders = folders(runs, wanted.len(), if again { "again" } else { "open" });
    let rounds = rounds(demand.objective.quantile);
    let shown: Vec<String> = runs.iter().map(|run| run.display().to_string()).collect();
    let mut lines = vec![
        format!("{} cannot answer: {}", shown.join(" with "), plain(&error.to_string())),
        "a promise about response times is judged under open loads only: a closed load waits for its answers".into(),
    ];
    let cells: Vec<String> = wanted
        .iter()
        .map(|one| {
            let at = one.placement.map_or_else(String::new, |place| format!("@{}", place.name()));
            format!("{} at {}{at}", one.workloads.join(" and "), one.load)
        })
        .collect();
    lines.push(format!(
        "cells to {}: {}, of {} runners, in {LEAST_BLOCKS} blocks: about {}",
        if again { "measure again" } else { "add" },
        cells.join("; "),
        runners.len(),
        minutes(&wanted, runners.len(), rounds)
    ));
    lines.extend(
        wanted
            .iter()
            .zip(&folders)
            .map(|(one, folder)| format!("  {}", command(one, &runners, rounds, folder))),
    );
    if wanted.iter().any(|one| one.load.contains(&RATE_PER_SEC.to_string())) {
        lines.push(format!(
            "put your own rate in place of {RATE_PER_SEC} requests a second; then ask again:"
        ));
    } else {
        lines.push("ask for a lower rate where a server was saturated; then ask again:".into());
    }
    // A contest may be in one of them only.
    let kept = if again { &[][..] } else { runs };
    let all = kept.iter().chain(&folders).map(|run| shell_word(&run.to_string_lossy()));
    lines.push(format!(
        "  simul advise {} --slo {} --mix {}{}",
        all.collect::<Vec<_>>().join(" "),
        objective(&demand.objective),
        mix(demand),
        demand.cores.map_or_else(String::new, |cores| format!(" --cores {cores}"))
    ));
    lines.extend(known(demand, summary));
    lines.join("\n")
}

/// What is to be measured, by load and placement.
fn wanted(error: &Unanswered, demand: &Demand) -> Vec<Wanted> {
    let contests = match error {
        Unanswered::Blocks(_, contests) | Unanswered::Nobody(contests, _) => contests.as_slice(),
        Unanswered::Missing { .. } | Unanswered::Cores { .. } => &[],
    };
    let mut wanted: Vec<Wanted> = Vec::new();
    for contest in contests {
        let load = contest.load.to_string();
        let placement = Some(contest.placement);
        let rate_per_sec = match contest.load {
            Load::Open { rate_per_sec, .. } => rate_per_sec,
            _ => RATE_PER_SEC,
        };
        let same = |one: &&mut Wanted| one.load == load && one.placement == placement;
        match wanted.iter_mut().find(same) {
            Some(one) => one.workloads.push(plain(&contest.workload)),
            None => wanted.push(Wanted {
                workloads: vec![plain(&contest.workload)],
                rate_per_sec,
                load,
                placement,
            }),
        }
    }
    if let Unanswered::Missing { classes, .. } = error {
        let known = classes.iter().filter_map(|class| CLASSES.iter().find(|one| one.0 == class));
        wanted.push(Wanted {
            workloads: known.map(|(_, workload)| (*workload).to_owned()).collect(),
            load: format!("open-{RATE_PER_SEC}-poisson"),
            placement: match demand.cores {
                None => None,
                Some(1) => Some(Placement::Separate),
                Some(_) => Some(Placement::AllCores),
            },
            rate_per_sec: RATE_PER_SEC,
        });
    }
    wanted
}

/// The runners that were measured anywhere, and can be named here.
fn runners(summary: &Summary) -> Vec<String> {
    let programs = Programs::of(&[]).ok();
    let declared = |name: &str| programs.as_ref().is_some_and(|all| all.find(name).is_some());
    let mut names: Vec<String> = Vec::new();
    for (_, cell) in summary.cells().filter(|(_, cell)| cell.role == Role::Runner) {
        let is_known = registry::find(&cell.runner).is_some() || declared(&cell.runner);
        if is_known && !names.contains(&cell.runner) {
            names.push(cell.runner.clone());
        }
    }
    names
}

/// How many rounds a percentile needs, where the usual ones do not carry it.
fn rounds(quantile: f64) -> Option<u32> {
    let beyond = open_plan::usual_arrivals(RATE_PER_SEC) as f64 * (1.0 - quantile);
    let rounds = (LEAST_BEYOND / beyond).ceil().clamp(1.0, 1000.0) as u32;
    (rounds > open_plan::ROUNDS).then_some(rounds)
}

/// How long all of it takes, if everybody can serve.
fn minutes(wanted: &[Wanted], runners: usize, rounds: Option<u32>) -> String {
    let rounds = rounds.unwrap_or(open_plan::ROUNDS);
    let of_one = |one: &Wanted| {
        let block = open_plan::usual_block(one.rate_per_sec, rounds).as_secs_f64() + BETWEEN_S;
        // With a null arm and a floor.
        block * f64::from(LEAST_BLOCKS) * (runners + 2) as f64 * one.workloads.len() as f64
    };
    let minutes = (wanted.iter().map(of_one).sum::<f64>() / 60.0).ceil();
    format!("{minutes:.0} minute{}", if minutes > 1.0 { "s" } else { "" })
}

/// A command that measures it.
fn command(one: &Wanted, runners: &[String], rounds: Option<u32>, folder: &Path) -> String {
    let all_ours = registry::ALL.iter().all(|own| runners.iter().any(|name| name == own.name));
    let mut text = format!("simul run -w {} --load {}", one.workloads.join(","), one.load);
    if let Some(placement) = one.placement {
        text.push_str(&format!(" --placement {}", placement.name()));
    }
    // All of ours are measured unless told otherwise.
    if !all_ours && !runners.is_empty() {
        text.push_str(&format!(" -r {}", runners.join(",")));
    }
    text.push_str(&format!(" --blocks {LEAST_BLOCKS}"));
    if let Some(rounds) = rounds {
        text.push_str(&format!(" --rounds {rounds}"));
    }
    format!("{text} --out {}", shell_word(&folder.to_string_lossy()))
}

/// Folders that are not there yet, beside the last run.
fn folders(runs: &[PathBuf], count: usize, what: &str) -> Vec<PathBuf> {
    let beside = runs.last().map_or_else(PathBuf::new, |run| run.components().collect());
    let name = |number: usize| {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let mut folder = beside.clone().into_os_string();
        folder.push(format!("-{what}{number}"));
        PathBuf::from(folder)
    };
    (1..).map(name).filter(|folder| !folder.exists()).take(count).collect()
}

/// `p99=5ms`, as it was given.
fn objective(objective: &ObjectiveRecord) -> String {
    let percent = (objective.quantile * 1e6).round() / 1e4;
    let (length, unit) = match objective.limit_ns {
        ns if ns % 1_000_000_000 == 0 => (ns / 1_000_000_000, "s"),
        ns if ns % 1_000_000 == 0 => (ns / 1_000_000, "ms"),
        ns => (ns / 1000, "us"),
    };
    format!("p{percent}={length}{unit}")
}

/// `io=0.8,cpu=0.2`.
fn mix(demand: &Demand) -> String {
    let parts = demand.mix.iter().map(|(class, share)| format!("{class}={share}"));
    parts.collect::<Vec<_>>().join(",")
}

/// What is known of such work without the promise: the words of closed contests.
fn known(demand: &Demand, summary: &Summary) -> Vec<String> {
    let is_asked =
        |class: &str| demand.mix.iter().any(|(asked, share)| asked == class && *share > 0.0);
    let contests = summary.contests.iter().filter(|contest| {
        !contest.contest.load.is_open()
            && class_of(contest.contest.workload_name()).is_some_and(is_asked)
    });
    let lines = contests.map(|contest| {
        let class = class_of(contest.contest.workload_name()).unwrap_or_default();
        let words = glance::clauses(contest).join("; ");
        format!("  {class}: {}: {words}", plain(&contest.contest.to_string()))
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return lines;
    }
    let head =
        "until then, what closed loads say of such work, which promises nothing of response times:";
    [head.to_owned()].into_iter().chain(lines).collect()
}
