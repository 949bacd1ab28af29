//! What is there to choose from?

use super::{ListOptions, run::programs_of, say};
use crate::{
    control::{
        availability,
        estimate::Estimate,
        inbox::{Inbox, Interrupted},
        placement,
        plan::Plan,
        programs::Programs,
        selection::{Request, unknown},
        suites,
    },
    exit::Failure,
};
use serde_json::{Value, json};
use simul_results::wording;
use simul_runners::probe::Availability;
use simul_workloads::{Shape, server::call::call_of};
use std::process::ExitCode;

/// Prints one of the lists.
///
/// # Errors
/// Standard output cannot be written.
pub fn main(options: &ListOptions) -> Result<ExitCode, Failure> {
    let items = match &*options.kind {
        "runners" => {
            let mut items = runners()?;
            items.extend(programs(&programs_of(&options.runner_files)?));
            items
        }
        "workloads" => workloads(),
        _ => suite_list(&programs_of(&options.runner_files)?)?,
    };
    if options.json {
        say(&format!("{:#}", Value::Array(items)))?;
    } else {
        items.iter().map(line).try_for_each(|line| say(&line))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn runners() -> Result<Vec<Value>, Failure> {
    let all = simul_runners::registry::ALL.iter();
    let names: Vec<&str> = all.clone().map(|runner| runner.name).collect();
    let found = availability::of(&names, &mut Inbox::default());
    let found = found.map_err(|Interrupted| Failure::Broken("interrupted".into()))?;
    let described = all.map(|runner| {
        let receipt = runner.receipt();
        let refusal = found.get(runner.name).and_then(Availability::refusal);
        let reason = receipt.as_ref().err().cloned().or(refusal);
        let backend = match found.get(runner.name) {
            Some(Availability::Available { backend }) => *backend,
            Some(Availability::Degraded { backend, .. }) => Some(*backend),
            _ => None,
        };
        json!({
            "name": runner.name,
            "describes": runner.describes,
            "version": receipt.as_ref().ok().map(|receipt| &receipt.version),
            "package": receipt.as_ref().ok().map(|receipt| &receipt.package),
            "state": if reason.is_none() { "available" } else { "unavailable" },
            "reason": reason,
            "backend": backend,
            "class": "rust",
            "caveat": runner.caveat,
        })
    });
    Ok(described.collect())
}

/// Runner programs, each asked for its version.
fn programs(programs: &Programs) -> Vec<Value> {
    let names: Vec<&str> = programs.names().collect();
    let asked = names.iter().filter_map(|name| {
        let (program, found) = (programs.find(name)?, programs.availability(name)?);
        let missing = found.as_ref().err();
        Some(json!({
            "name": program.name,
            "describes": program.describes,
            "version": found.as_ref().ok().map(|available| &available.version),
            "package": program.package,
            "state": if found.is_ok() { "available" } else { "unavailable" },
            "reason": missing.map(|missing| &missing.reason),
            "remedy": missing.map(|missing| &missing.remedy),
            "class": program.class.name(),
            "caveat": program.caveat,
        }))
    });
    asked.collect()
}

/// Prints the version that a runner stands on, as a program that another build starts is asked for it.
///
/// # Errors
/// There is no such runner, or no version of it.
pub(super) fn receipt(runner: &str) -> Result<ExitCode, Failure> {
    let own = simul_runners::registry::find(runner).map(simul_runners::Profile::receipt);
    let bare = || simul_runners::bare::find(runner).map(simul_runners::bare::Profile::receipt);
    let receipt = own.or_else(bare).ok_or_else(|| {
        let names: Vec<&str> = simul_runners::registry::ALL.iter().map(|r| r.name).collect();
        Failure::BadInput(unknown(runner, "runner", &names))
    })?;
    let receipt = receipt.map_err(Failure::Broken)?;
    say(&format!("{} {} ({})", receipt.package, receipt.version, receipt.source))?;
    Ok(ExitCode::SUCCESS)
}

fn workloads() -> Vec<Value> {
    let all = simul_workloads::registry::ALL.iter();
    all.map(|workload| {
        let parameters: serde_json::Map<String, Value> = workload
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let figures = workload.figures.iter().map(|figure| {
            json!({ "name": figure.name, "unit": figure.unit, "describes": figure.describes })
        });
        let figures: Vec<Value> = figures.collect();
        json!({
            "name": workload.name,
            "question": workload.question,
            "class": workload.class.name(),
            "measure": workload.measure.name(),
            "shape": match workload.shape { Shape::Session => "session", Shape::Batch => "batch" },
            "parameters": parameters,
            "figures": figures,
            "load": format!("closed-{}", workload.actors),
            // What stands for it under open load; null where nothing does.
            "request": call_of(workload.name)
                .ok()
                .map(|call| format!("open: {} {}", call.method, call.path)),
        })
    })
    .collect()
}

/// Suites, with what they would take on this machine.
fn suite_list(programs: &Programs) -> Result<Vec<Value>, Failure> {
    let all = suites::ALL.iter();
    all.map(|suite| {
        let request = Request {
            suite: Some(suite.name.to_owned()),
            null_arms: 1,
            seed: Some(0),
            ..Request::default()
        };
        let plan = Plan::make(&request, &placement::available(), programs)?;
        let estimate = Estimate::of(suite, &plan.trials());
        // The first of a workload is at its defaults; what comes after differs in load or placement.
        let held = plan.contests.iter().enumerate().map(|(at, contest)| {
            let before = &plan.contests[..at];
            match before.iter().any(|other| other.contest.workload == contest.contest.workload) {
                true => contest.contest.to_string(),
                false => contest.contest.workload.clone(),
            }
        });
        Ok(json!({
            "name": suite.name,
            "purpose": suite.purpose,
            "contests": estimate.contests,
            "trials": estimate.trials,
            "blocks": suite.blocks,
            "rounds": suite.rounds,
            "slice_ms": suite.slice.as_secs_f64() * 1e3,
            "holds": held.collect::<Vec<_>>(),
            "estimated_s": [estimate.least.as_secs(), estimate.most.as_secs()],
        }))
    })
    .collect()
}

/// A time as one would say it.
fn minutes(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{:.1} min", seconds as f64 / 60.0),
        _ => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}

/// What a suite holds and takes, as lines below it.
fn suite_lines(item: &Value) -> Option<String> {
    let held: Vec<&str> = item["holds"].as_array()?.iter().filter_map(Value::as_str).collect();
    let [least, most] = [0, 1].map(|end| item["estimated_s"][end].as_u64().unwrap_or(0));
    Some(format!(
        "\n{:17}{} to {} by computation, more where operations are longer than slices\n{:17}{}",
        "",
        minutes(least),
        minutes(most),
        "",
        held.join(" ")
    ))
}

/// One item as a line: its name, what it is, and what else is known.
fn line(item: &Value) -> String {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let about = ["describes", "question", "purpose"].map(text).concat();
    let mut facts = Vec::new();
    for key in ["package", "version", "backend", "class", "measure", "load", "request", "caveat"] {
        facts.extend(item[key].as_str().map(str::to_owned));
    }
    facts.extend(item["reason"].as_str().map(|reason| format!("unavailable: {reason}")));
    facts.extend(item["remedy"].as_str().map(|remedy| format!("to have it: {remedy}")));
    if let Some(blocks) = item["blocks"].as_u64() {
        let (contests, trials) = (&item["contests"], &item["trials"]);
        facts.push(format!(
            "{contests} contests of {trials} trials, {}",
            wording::blocks(blocks as u32)
        ));
    }
    let below = suite_lines(item).unwrap_or_default();
    format!("{:<16} {about} ({}){below}", text("name"), facts.join(", "))
}
