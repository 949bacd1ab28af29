//! Does this build find every known fault? `simul selftest`.
//!
//! Next: [`crate::control::selftest`] looks.

use super::say;
use crate::{
    control::selftest::{Case, Outcome, Report, Selftest, cases},
    exit::{self, Failure},
};
use clap::Args;
use std::process::ExitCode;

/// Reasons that are longer are whole in the JSON.
const WIDTH: usize = 160;

/// Options of `selftest`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 every fault was found, and nothing in healthy runners; 1 not so; \
2 bad input; 130 interrupted."
)]
pub struct SelftestOptions {
    /// Look at these alone
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Looks at every canary and prints what was found.
///
/// # Errors
/// Bad input; or a run that could not be.
pub fn main(options: &SelftestOptions) -> Result<ExitCode, Failure> {
    let chosen = chosen(&options.only)?;
    let mut selftest = Selftest::new()?;
    let mut outcomes = Vec::new();
    if !options.json {
        say(&line(["canary", "expected", "found"], ' '))?;
    }
    for case in chosen {
        let Some(outcome) = selftest.look_at(case)? else {
            return Ok(exit::INTERRUPTED.into());
        };
        if !options.json {
            say(&row(&outcome))?;
        }
        outcomes.push(outcome);
    }
    let report = Report::of(outcomes);
    if options.json {
        let text = serde_json::to_string(&report);
        say(&text.map_err(|error| Failure::Broken(error.to_string()))?)?;
    } else {
        say(&format!("{} passed, {} failed", report.passed, report.failed))?;
    }
    Ok(if report.failed == 0 { exit::OK } else { exit::FAILED }.into())
}

/// The canaries of these names, all without any; `none` means all healthy ones.
fn chosen(only: &[String]) -> Result<Vec<&'static Case>, Failure> {
    let names: Vec<&str> = cases::ALL.iter().map(|case| case.name).collect();
    let means = |case: &Case, name: &str| {
        case.name == name || case.name.split([' ', '=']).next() == Some(name)
    };
    if let Some(name) = only.iter().find(|name| !cases::ALL.iter().any(|case| means(case, name))) {
        let known = names.join(", ");
        return Err(Failure::BadInput(format!("no canary is called '{name}'; there are: {known}")));
    }
    let wanted = |case: &&Case| only.is_empty() || only.iter().any(|name| means(case, name));
    Ok(cases::ALL.iter().filter(wanted).collect())
}

fn row(outcome: &Outcome) -> String {
    let mark = if outcome.passed { ' ' } else { '!' };
    line([&outcome.name, &outcome.expected, &outcome.found], mark)
}

/// In columns, but for the last, which may be long.
fn line([name, expected, found]: [&str; 3], mark: char) -> String {
    let width = cases::ALL.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let expected_width = cases::ALL.iter().map(|case| case.wanted.name().len()).max().unwrap_or(0);
    let text = format!("{mark} {name:width$}  {expected:expected_width$}  {found}");
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.trim_end().to_owned(),
    }
}
