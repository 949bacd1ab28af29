//! Writes what `simul report` writes, without the rest of simul, and says how long that took: `render FOLDER`.

use simul_results::{Summary, report, store};
use std::{path::Path, process::ExitCode, time::Instant};

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = folders.as_slice() else {
        eprintln!("error: name the folder of a run: render FOLDER");
        return ExitCode::from(2);
    };
    match render(Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn render(folder: &Path) -> Result<(), String> {
    let begin = Instant::now();
    let recording = store::load_merged(folder).map_err(|error| error.to_string())?;
    let read = begin.elapsed();
    let summary = Summary::of(&recording)?;
    let summed = begin.elapsed();
    let written = report::write_summary(folder, &summary).map_err(|error| error.to_string())?;
    let size = std::fs::metadata(&written.report).map_err(|error| error.to_string())?.len();
    println!("read by {read:.2?}, summarised by {summed:.2?}, written by {:.2?}", begin.elapsed());
    println!("{}: {size} bytes", written.report.display());
    Ok(())
}
