//! How did the cells of many runs of one host change?

use super::{report::tell_torn, run::refused, say};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    chart,
    history::{self, History, Series},
    quantity,
    store::{self, RUN_FILE},
    wording::plain,
};
use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Options of `history`.
#[derive(Debug, Args)]
pub struct HistoryOptions {
    /// Folders of runs, or folders that hold some; what is named twice counts once
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write a chart into this file, which must not exist
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Prints the changes, and writes the chart if one was asked for.
///
/// # Errors
/// No run, a damaged one, runs of several hosts, or a chart that exists already.
pub fn main(options: &HistoryOptions) -> Result<ExitCode, Failure> {
    let mut runs = Vec::new();
    for folder in all_runs(&options.folders)? {
        let recording = store::load_light(&folder).map_err(refused)?;
        tell_torn(&recording, &folder);
        runs.push((folder.display().to_string(), recording));
    }
    let history = history::history(runs).map_err(Failure::BadInput)?;
    if let Some(path) = &options.svg {
        write(path, &chart::alone(&chart::history::draw(&history).svg()))?;
    }
    if options.json {
        let text = serde_json::to_string(&history);
        say(&text.map_err(|error| Failure::Broken(error.to_string()))?)?;
    } else {
        say(&as_text(&history))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// All runs that are meant, each once: a run that counts twice, as `history results results/RUN` names it, makes p-values
/// too small.
fn all_runs(folders: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let (mut runs, mut seen) = (Vec::new(), BTreeSet::new());
    for folder in folders {
        for run in runs_in(folder)? {
            if seen.insert(fs::canonicalize(&run).map_err(super::broken)?) {
                runs.push(run);
            }
        }
    }
    Ok(runs)
}

/// The folder itself if it is a run, else the runs right inside it.
fn runs_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if folder.join(RUN_FILE).exists() {
        return Ok(vec![folder.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        let folder = folder.display();
        Failure::BadInput(format!(
            "'{folder}': {error}; name the folder of a run, or one that holds some"
        ))
    };
    let mut runs = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.join(RUN_FILE).exists() {
            runs.push(path);
        }
    }
    if runs.is_empty() {
        let folder = folder.display();
        return Err(Failure::BadInput(format!(
            "'{folder}' is no run and holds none; name the folder of a run, or one that holds some"
        )));
    }
    runs.sort();
    Ok(runs)
}

/// Writes a new file; an existing one is left as it is.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let path = path.display();
        Failure::BadInput(format!("cannot write '{path}': {error}; choose another file with --svg"))
    })
}

fn as_text(history: &History) -> String {
    let mut lines = vec![format!("{} runs on {}", history.runs.len(), plain(&history.host))];
    for (number, run) in history.runs.iter().enumerate() {
        let (name, started, binary) = (plain(&run.name), plain(&run.started), plain(&run.binary));
        lines.push(format!("  {:>3}  {started}  {binary:<12}  {name}", number + 1));
    }
    let mut quiet = 0;
    for series in &history.series {
        if series.changes.is_empty() {
            quiet += 1;
            continue;
        }
        let named = plain(&named(series));
        lines.push(format!("{named}, {} in {}", series.metric, series.unit));
        for step in &series.changes {
            let at = series.points.iter().position(|point| point.run == step.run).unwrap_or(0);
            let level = |point: usize| quantity::digits(series.points[point].level);
            let levels = format!("{} → {}", level(at.saturating_sub(1)), level(at));
            lines.push(format!("  from run {}: {} ({levels})", step.run + 1, step.words()));
        }
    }
    lines.push(format!("{quiet} of {} series show no change", history.series.len()));
    let short = history.series.iter().filter(|series| series.points.len() < 6).count();
    if short > 0 {
        lines.push(format!(
            "{short} series have fewer than six runs: a change needs three on each side to be seen"
        ));
    }
    lines.extend(split(history));
    lines.push("runs were not interleaved: a change can be the machine's doing; compare both builds side by side".into());
    lines.join("\n")
}

/// A series by its cell, and by how that was measured where it was not always the same.
fn named(series: &Series) -> String {
    match series.conditions.as_slice() {
        [] => series.cell.clone(),
        conditions => format!("{} ({})", series.cell, conditions.join(", ")),
    }
}

/// Says that a cell has several series, and why.
fn split(history: &History) -> Option<String> {
    let split = || history.series.iter().filter(|series| !series.conditions.is_empty());
    let first = split().next()?;
    let cells: BTreeSet<&str> = split().map(|series| series.cell.as_str()).collect();
    Some(format!(
        "not measured alike in all runs: {} of the cells; each way is a series of its own, such as {}",
        cells.len(),
        plain(&named(first))
    ))
}
