//! What is there to choose from?

use super::{ListOptions, say};
use crate::{control::suites, exit::Failure};
use serde_json::{Value, json};
use simul_workloads::{Shape, server::call::call_of};
use std::process::ExitCode;

/// Prints one of the lists.
///
/// # Errors
/// Standard output cannot be written.
pub fn main(options: &ListOptions) -> Result<ExitCode, Failure> {
    let items = match &*options.kind {
        "runners" => runners(),
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

fn runners() -> Vec<Value> {
    let all = simul_runners::registry::ALL.iter();
    all.map(|runner| {
        let receipt = runner.receipt();
        let state = if receipt.is_ok() { "available" } else { "unavailable" };
        json!({
            "name": runner.name,
            "describes": runner.describes,
            "version": receipt.as_ref().ok().map(|receipt| &receipt.version),
            "package": receipt.as_ref().ok().map(|receipt| &receipt.package),
            "state": state,
            "reason": receipt.as_ref().err(),
            "caveat": runner.caveat,
        })
    })
    .collect()
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
            // What stands for it under open load; null where nothing does.
            "request": call_of(workload.name)
                .ok()
                .map(|call| format!("open: {} {}", call.method, call.path)),
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
    for key in ["package", "version", "class", "measure", "load", "request", "caveat", "reason"] {
        if let Some(fact) = item[key].as_str() {
            facts.push(fact.to_owned());
        }
    }
    if let Some(blocks) = item["blocks"].as_u64() {
        facts.push(format!("{} contests, {blocks} blocks", item["contests"]));
    }
    format!("{:<16} {about} ({})", text("name"), facts.join(", "))
}
