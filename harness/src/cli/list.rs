//! What is there to choose from?

use super::{ListOptions, say};
use crate::{
    control::{
        availability,
        inbox::{Inbox, Interrupted},
        suites,
    },
    exit::Failure,
};
use serde_json::{Value, json};
use simul_runners::probe::Availability;
use simul_workloads::Shape;
use std::process::ExitCode;

/// Prints one of the lists.
///
/// # Errors
/// Standard output cannot be written.
pub fn main(options: &ListOptions) -> Result<ExitCode, Failure> {
    let items = match &*options.kind {
        "runners" => runners()?,
        "workloads" => workloads(),
        _ => suite_list(),
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
            "caveat": runner.caveat,
        })
    });
    Ok(described.collect())
}

fn workloads() -> Vec<Value> {
    let all = simul_workloads::registry::ALL.iter();
    all.map(|workload| {
        let parameters: serde_json::Map<String, Value> = workload
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({
            "name": workload.name,
            "question": workload.question,
            "class": workload.class.name(),
            "measure": workload.measure.name(),
            "shape": match workload.shape { Shape::Session => "session", Shape::Batch => "batch" },
            "parameters": parameters,
            "load": format!("closed-{}", workload.actors),
        })
    })
    .collect()
}

fn suite_list() -> Vec<Value> {
    let all = suites::ALL.iter();
    all.map(|suite| {
        json!({
            "name": suite.name,
            "purpose": suite.purpose,
            "contests": suite.contests().count(),
            "blocks": suite.blocks,
            "rounds": suite.rounds,
            "slice_ms": suite.slice.as_secs_f64() * 1e3,
        })
    })
    .collect()
}

/// One item as a line: its name, what it is, and what else is known.
fn line(item: &Value) -> String {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let about = ["describes", "question", "purpose"].map(text).concat();
    let mut facts = Vec::new();
    for key in ["package", "version", "backend", "class", "measure", "load", "caveat"] {
        facts.extend(item[key].as_str().map(str::to_owned));
    }
    facts.extend(item["reason"].as_str().map(|reason| format!("unavailable: {reason}")));
    if let Some(blocks) = item["blocks"].as_u64() {
        facts.push(format!("{} contests, {blocks} blocks", item["contests"]));
    }
    format!("{:<16} {about} ({})", text("name"), facts.join(", "))
}
