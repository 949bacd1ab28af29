//! What is written beside a recording for people to read?
//!
//! `report.html`, one offline file; `charts/*.svg`, one chart each; `summary.md` and `summary.csv`. Written
//! again, it replaces its own files and touches no other: the recording stays as it is. It must not compute
//! anything. Read next: `html.rs`.

mod cells;
mod data;
pub mod folklore;
mod further;
mod glossary;
mod heat;
mod html;
mod marks;
mod method;
mod pictures;
mod sections;

pub use html::render;
pub use pictures::{Picture, Pictures};

use crate::{
    Summary,
    chart::Palette,
    export::{csv, markdown},
    parallel,
    store::Recording,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
};

/// What [`write()`] has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The report: one offline file.
    pub report: PathBuf,
    /// The charts, in the order of the report.
    pub charts: Vec<PathBuf>,
    /// For an issue.
    pub markdown: PathBuf,
    /// For a spreadsheet.
    pub csv: PathBuf,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The recording contradicts itself.
    #[error("the recording contradicts itself: {0}; no report was written")]
    Contradiction(String),
    /// A chart cannot be a picture of points.
    #[error("chart '{0}' cannot be drawn: {1}; take it as --format svg")]
    Image(String, String),
    /// No permission, disk full.
    #[error("'{path}': {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The report's name in the folder of a run.
pub const REPORT_FILE: &str = "report.html";
/// The folder of charts in the folder of a run.
pub const CHARTS_FOLDER: &str = "charts";
/// The name of the Markdown summary.
pub const MARKDOWN_FILE: &str = "summary.md";
/// The name of the table for spreadsheets.
pub const CSV_FILE: &str = "summary.csv";

/// Summarises a recording and writes everything into the folder of its run.
///
/// # Errors
/// The recording contradicts itself, or a file cannot be written.
pub fn write(folder: &Path, recording: &Recording) -> Result<Written, ReportError> {
    let summary = Summary::of(recording).map_err(ReportError::Contradiction)?;
    write_summary(folder, &summary)
}

/// As [`write()`], from a summary that is there already.
///
/// # Errors
/// A file cannot be written.
pub fn write_summary(folder: &Path, summary: &Summary) -> Result<Written, ReportError> {
    let pictures = Pictures::of(summary, &Palette::of(summary));
    let table = csv::render(summary);
    fs::create_dir_all(folder).map_err(at(folder))?;
    thread::scope(|scope| {
        let charts = scope.spawn(|| put_charts(folder, &pictures));
        let report = put(folder.join(REPORT_FILE), &html::with_table(summary, &pictures, &table));
        Ok(Written {
            charts: parallel::joined(charts)?,
            report: report?,
            markdown: put(folder.join(MARKDOWN_FILE), &markdown::render(summary))?,
            csv: put(folder.join(CSV_FILE), &table)?,
        })
    })
}

/// Writes the charts alone.
///
/// # Errors
/// A file cannot be written.
pub fn write_charts(folder: &Path, summary: &Summary) -> Result<Vec<PathBuf>, ReportError> {
    let pictures = Pictures::of(summary, &Palette::of(summary));
    put_charts(folder, &pictures)
}

/// Writes the charts alone, as pictures of points.
///
/// # Errors
/// A chart is too large for one, or a file cannot be written.
pub fn write_images(folder: &Path, summary: &Summary) -> Result<Vec<PathBuf>, ReportError> {
    let pictures = Pictures::of(summary, &Palette::of(summary));
    let folder = folder.join(CHARTS_FOLDER);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let image = |picture: &Picture| {
        let path = folder.join(picture.png_file());
        let bytes = picture.png().map_err(|why| ReportError::Image(picture.png_file(), why))?;
        fs::write(&path, bytes).map_err(at(&path))?;
        Ok(path)
    };
    pictures.all().map(image).collect()
}

fn put_charts(folder: &Path, pictures: &Pictures) -> Result<Vec<PathBuf>, ReportError> {
    let folder = folder.join(CHARTS_FOLDER);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let alone =
        |picture: &Picture| put(folder.join(&picture.file), &crate::chart::alone(&picture.svg));
    pictures.all().map(alone).collect()
}

/// Writes one file and returns where.
fn put(path: PathBuf, text: &str) -> Result<PathBuf, ReportError> {
    fs::write(&path, text).map_err(at(&path))?;
    Ok(path)
}

/// Names the file in an error of the system.
fn at(path: &Path) -> impl FnOnce(io::Error) -> ReportError {
    let path = path.to_owned();
    move |source| ReportError::Io { path, source }
}
