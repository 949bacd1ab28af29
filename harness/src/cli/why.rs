//! Why does one runner differ from another?

use super::{report::tell_torn, run::refused, say};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    grid::effect_text,
    quantity, store,
    why::{self, Difference, Unit, Why},
    wording::plain,
};
use std::{path::PathBuf, process::ExitCode};

/// Options of `why`.
#[derive(Debug, Args)]
pub struct WhyOptions {
    /// The folder of the run
    run: PathBuf,
    /// The workload, or one contest of it as tables print it
    workload: String,
    /// A runner
    #[arg(value_name = "RUNNER_A")]
    one: String,
    /// The runner to compare it with
    #[arg(value_name = "RUNNER_B")]
    other: String,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// Prints what differs between two runners, in each contest of a workload that has both.
///
/// # Errors
/// No such run, a damaged one, or nothing to compare.
pub fn main(options: &WhyOptions) -> Result<ExitCode, Failure> {
    let recording = store::load_light(&options.run).map_err(refused)?;
    tell_torn(&recording, &options.run);
    let panels = why::why(&recording, &options.workload, [&options.one, &options.other])
        .map_err(|error| Failure::BadInput(error.to_string()))?;
    if options.json {
        let text = serde_json::to_string(&panels);
        say(&text.map_err(|error| Failure::Broken(error.to_string()))?)?;
    } else {
        say(&panels.iter().map(as_text).collect::<Vec<_>>().join("\n\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_text(why: &Why) -> String {
    let [one, other] = why.runners.each_ref().map(|runner| plain(runner));
    let mut lines = vec![format!("{}: {one} against {other}", plain(&why.contest))];
    lines.extend(barred(why));
    for result in &why.results {
        let effect = result.effect.as_ref().map_or_else(
            || "not compared".to_owned(),
            |effect| {
                let text = effect_text(effect);
                if effect.interval.is_some() {
                    text
                } else {
                    format!("{text} one block: no interval")
                }
            },
        );
        lines.push(format!("  {:<30} {effect}", result.metric));
    }
    lines.push(format!("  {:<30} {:>14} {:>14}  {one} / {other}", "ranked by ratio", one, other));
    for counter in &why.counters {
        let [left, right] = counter.values.map(|value| shown(value, counter.unit));
        lines.push(format!(
            "  {:<30} {left:>14} {right:>14}  {}",
            plain(&counter.name),
            ratio(counter)
        ));
    }
    for missing in &why.missing {
        lines.push(format!("  {:<30} {}", missing.name, plain(&missing.why)));
    }
    lines.push(format!(
        "ratios of results: {} % intervals over blocks; counters: medians over blocks, or from the audit. What \
         differs most is where to look first, and proves nothing",
        (why.confidence * 1e5).round() / 1e3
    ));
    lines.join("\n")
}

/// Whose numbers must not be believed, and why.
fn barred(why: &Why) -> Option<String> {
    let both = why.runners.iter().zip(&why.barred).filter(|(_, checks)| !checks.is_empty());
    let named = both.map(|(runner, checks)| format!("{} ({})", plain(runner), checks.join(", ")));
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| {
        let named = plain(&named.join(" and "));
        format!("  ! grade F, so the numbers describe something else than the runner: {named}")
    })
}

fn shown(value: f64, unit: Unit) -> String {
    let number = quantity::digits(if value.abs() < 1e-4 { 0.0 } else { value });
    match unit {
        Unit::UsPerOp => format!("{number} µs/op"),
        Unit::PerOp => format!("{number} /op"),
        Unit::BytesPerOp => format!("{number} B/op"),
        Unit::Ns => quantity::time(value),
        Unit::Bytes => quantity::bytes(value as u64),
        Unit::Count => number,
        Unit::Cores => format!("{number} cores"),
    }
}

fn ratio(counter: &Difference) -> String {
    match counter.ratio {
        Some(ratio) => format!("× {}", quantity::digits(ratio)),
        None if counter.values.iter().any(|value| *value < 0.0) => String::new(),
        None if counter.values[0] > counter.values[1] => "only the first".into(),
        None => "only the second".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_barred_is_named_in_one_line() {
        let mut why = Why {
            contest: "echo:64/closed-32@separate".into(),
            measure: "service",
            confidence: 0.995,
            runners: ["one".into(), "other".into()],
            barred: [Vec::new(), Vec::new()],
            results: Vec::new(),
            counters: Vec::new(),
            missing: Vec::new(),
        };
        assert!(!as_text(&why).contains('!'), "{}", as_text(&why));
        why.barred[1] = vec!["little".into(), "starved".into()];
        let text = as_text(&why);
        let line = text.lines().nth(1).unwrap();
        assert!(line.starts_with("  ! grade F") && line.ends_with(": other (little, starved)"));
        why.barred[0] = vec!["peer-bound".into()];
        assert!(as_text(&why).contains(": one (peer-bound) and other (little, starved)\n"));
    }
}
