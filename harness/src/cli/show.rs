//! Show a stored run, or one cell of it, in the terminal.

use super::{report::tell_torn, run::refused, say};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    Summary, store,
    terminal::{self, Screen},
};
use std::{
    env,
    io::{self, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

/// Options of `show`.
#[derive(Debug, Args)]
#[command(
    after_help = "As wide as the terminal, or as COLUMNS says; 100 columns where there is none. Letters are bold and \
faint only in a terminal, and not with NO_COLOR."
)]
pub struct ShowOptions {
    /// The folder of the run
    run: PathBuf,
    /// One cell, such as echo:64/tokio/closed-32@separate, or the beginning or end of one
    cell: Option<String>,
}

/// Prints tables with sparklines, or one cell with its percentiles and its course.
///
/// # Errors
/// No such run, a damaged one, or no such cell.
pub fn main(options: &ShowOptions) -> Result<ExitCode, Failure> {
    let recording = store::load(&options.run).map_err(refused)?;
    tell_torn(&recording, &options.run);
    let summary = Summary::of(&recording).map_err(Failure::BadInput)?;
    let screen = screen();
    let text = match &options.cell {
        None => terminal::overview(&summary, screen),
        Some(asked) => {
            let name = named(&summary, asked)?;
            let (contest, cell) = summary
                .cells()
                .find(|(_, cell)| cell.cell == name)
                .ok_or_else(|| Failure::Broken(format!("cell '{name}' has gone")))?;
            terminal::cell(contest, cell, &recording, screen)
        }
    };
    say(text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// The one cell that is meant.
fn named(summary: &Summary, asked: &str) -> Result<String, Failure> {
    let names: Vec<&str> = summary.cells().map(|(_, cell)| cell.cell.as_str()).collect();
    if names.contains(&asked) {
        return Ok(asked.to_owned());
    }
    // Echo on tokio is 'echo:64/tokio/': a part that ends within a name would mean others as well.
    let meant: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| name.starts_with(asked) || name.ends_with(asked))
        .collect();
    match meant.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => {
            let near = names
                .iter()
                .max_by(|a, b| strsim::jaro(asked, a).total_cmp(&strsim::jaro(asked, b)))
                .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
            Err(Failure::BadInput(format!("no cell '{asked}' in this run{near}")))
        }
        [first, ..] => Err(Failure::BadInput(format!(
            "'{asked}' is the beginning or end of {} cells; name one whole, such as '{first}'",
            meant.len()
        ))),
    }
}

/// Where nobody says how wide it is.
const WIDTH: usize = 100;

/// What standard output can show.
fn screen() -> Screen {
    let is_terminal = io::stdout().is_terminal();
    let told = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || {
        let size = terminal_size::terminal_size_of(io::stdout()).filter(|_| is_terminal);
        size.map(|(terminal_size::Width(columns), _)| usize::from(columns))
    };
    let width = told.or_else(asked).unwrap_or(WIDTH).max(Screen::LEAST_WIDTH);
    let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || env::var_os("TERM").is_some_and(|name| name == "dumb");
    Screen { width, styled: is_terminal && !plain }
}
