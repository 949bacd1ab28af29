//! Name the runners that nothing else beats, by a stored run.

use super::{advise_missing, report::summarised, say};
use crate::{
    control::open_plan::objective,
    exit::{self, Failure},
};
use clap::Args;
use simul_results::{
    advise::{self, Advice, Candidate, Demand, Keeps, Unanswered},
    quantity,
    record::ObjectiveRecord,
    wording::plain,
};
use simul_workloads::registry;
use std::{path::PathBuf, process::ExitCode};

/// Options of `advise`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 an answer; 1 the runs cannot answer: then it is said what is missing, with the commands \
that measure it and ask again; 2 bad input."
)]
pub struct AdviseOptions {
    /// The folders of runs of one host; no two may hold the same contest
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// What is promised of response times, such as p99=5ms
    #[arg(long, value_name = "PERCENTILE=TIME", value_parser = objective)]
    slo: ObjectiveRecord,
    /// Which work it is, and how much of it: shares of io, cpu, sync and mixed, such as io=0.8,cpu=0.2
    #[arg(long, value_name = "CLASS=SHARE,…", value_parser = mix)]
    mix: Mix,
    /// How many cores the runner has [default: whatever was measured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    cores: Option<u16>,
}

/// Classes and their shares.
#[derive(Clone, Debug, PartialEq)]
struct Mix(Vec<(String, f64)>);

/// A class of work and a workload of it that requests stand for.
pub(super) const CLASSES: [(&str, &str); 4] =
    [("io", "echo"), ("cpu", "sha256"), ("sync", "sleep"), ("mixed", "mixed")];

/// The class of a workload of ours.
pub(super) fn class_of(name: &str) -> Option<&'static str> {
    registry::find(name).map(|profile| profile.class.name())
}

/// Prints who is advised, with the evidence.
///
/// # Errors
/// No such run, a damaged one, or one that cannot answer.
pub fn main(options: &AdviseOptions) -> Result<ExitCode, Failure> {
    let summary = summarised(&options.runs)?;
    let demand = Demand {
        objective: options.slo,
        mix: options.mix.0.clone(),
        cores: options.cores.map(usize::from),
    };

    match advise::advise(&summary, &demand, &class_of) {
        Ok(advice) => {
            say(&as_text(&advice, &demand))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(Unanswered::Cores { asked, had }) => Err(Failure::Broken(format!(
            "{asked} cores were asked for, and it was measured on a machine with {had}; ask for at most {had}, or \
             measure on a larger machine"
        ))),
        Err(error) => {
            say(&advise_missing::text(&error, &demand, &summary, &options.runs))?;
            Ok(exit::FAILED.into())
        }
    }
}

fn as_text(advice: &Advice, demand: &Demand) -> String {
    let percent = quantity::digits(demand.objective.quantile * 100.0);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    let limit = quantity::time(demand.objective.limit_ns as f64);
    let advised: Vec<&Candidate> =
        advice.candidates.iter().filter(|candidate| candidate.is_advised()).collect();
    let names: Vec<String> = advised.iter().map(|candidate| plain(&candidate.runner)).collect();
    let mut lines = vec![match names.as_slice() {
        [] => format!("nobody keeps p{percent} within {limit} in this run"),
        names => format!("nothing else beats: {}", names.join(", ")),
    }];
    let width = advice.candidates.iter().map(|one| one.runner.chars().count()).max();
    let width = width.unwrap_or(0).max(6);
    lines.push(format!(
        "{:<width$}  {:>22}  {:>22}  {:>22}  {:<12}",
        "runner",
        format!("p{percent}"),
        "CPU time",
        "memory",
        format!("≤ {limit}")
    ));
    for candidate in &advice.candidates {
        let scores = candidate
            .scores
            .map(|score| quantity::ratio(score.median, Some((score.low, score.high))));
        let said = match (&candidate.beaten_by, candidate.keeps) {
            (_, Keeps::No) => "breaks the promise".to_owned(),
            (Some(rival), _) => format!("beaten by {}", plain(rival)),
            (None, _) => "advised".to_owned(),
        };
        lines.push(format!(
            "{:<width$}  {:>22}  {:>22}  {:>22}  {:<12}  {said}",
            plain(&candidate.runner),
            scores[0],
            scores[1],
            scores[2],
            candidate.keeps.name(),
        ));
    }
    lines.push(
        "times the best of each, weighted by the mix, with 95 % intervals; beaten: another is shown to be better at one \
         of the three, and at most 3 % worse at the others; uncertain ties stay in"
            .into(),
    );
    lines.push(format!("evidence: {}", plain(&advice.contests.join(", "))));
    for candidate in &advised {
        lines.push(format!(
            "  {}: {}",
            plain(&candidate.runner),
            plain(&candidate.cells.join(", "))
        ));
    }
    for (runner, why) in &advice.left_out {
        lines.push(format!("left out: {} ({})", plain(runner), plain(why)));
    }
    lines.push("on this machine, at these rates: nothing is known of others".into());
    lines.join("\n")
}

/// Shares may miss 1 by so much: they are written with two digits.
const ROUNDING: f64 = 0.001;

fn mix(text: &str) -> Result<Mix, String> {
    let wrong = || {
        format!(
            "mix '{text}' is not a list of shares of io, cpu, sync and mixed, such as io=0.8,cpu=0.2"
        )
    };
    let mut parts: Vec<(String, f64)> = Vec::new();
    for part in text.split(',') {
        let (class, share) = part.trim().split_once('=').ok_or_else(wrong)?;
        let share = share.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
        let share = share.ok_or_else(wrong)?;
        let known = CLASSES.iter().any(|(name, _)| *name == class);
        if !known || parts.iter().any(|(name, _)| name == class) {
            return Err(wrong());
        }
        parts.push((class.into(), share));
    }
    let sum: f64 = parts.iter().map(|(_, share)| share).sum();
    if (sum - 1.0).abs() > ROUNDING {
        return Err(format!(
            "the shares of mix '{text}' add up to {sum:.3}; make them add up to 1"
        ));
    }
    Ok(Mix(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixes_name_known_classes_once_and_add_up() {
        let read = mix("io=0.8,cpu=0.2").unwrap();
        assert_eq!(read, Mix(vec![("io".into(), 0.8), ("cpu".into(), 0.2)]));
        for bad in ["", "io", "io=x", "disk=1", "io=0.5,io=0.5", "io=-1,cpu=2", "io=NaN"] {
            assert!(mix(bad).unwrap_err().contains("such as io=0.8,cpu=0.2"), "{bad}");
        }
        assert!(mix("io=0.8,cpu=0.3").unwrap_err().contains("add up to 1.100"));
    }

    #[test]
    fn what_stands_for_a_class_is_of_it() {
        for (class, workload) in CLASSES {
            assert_eq!(registry::find(workload).unwrap().class.name(), class);
        }
    }
}
