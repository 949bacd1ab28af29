//! Writes what `simul report` writes, without the rest of simul, and says how long that took and how much memory: `render
//! FOLDER`.

use simul_results::{joined, report, store, table};
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
    if recording.trials.is_empty() {
        return Err(format!("no trial is in '{}': its report stays as it is", folder.display()));
    }
    let read = begin.elapsed();
    let summary = joined::join(vec![recording]).map_err(|error| error.to_string())?;
    let summed = begin.elapsed();
    let written = report::write_summary(folder, &summary).map_err(|error| error.to_string())?;
    let wrote = begin.elapsed();
    let letters = table::render(&summary, None).len();
    let size = std::fs::metadata(&written.report).map_err(|error| error.to_string())?.len();
    println!(
        "read by {read:.2?}, summarised by {summed:.2?}, written by {wrote:.2?}, {letters} bytes of tables by {:.2?}",
        begin.elapsed()
    );
    println!("{}: {size} bytes; at most resident:{}", written.report.display(), most_resident());
    Ok(())
}

/// As the kernel says it: `  481234 kB`.
fn most_resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| " unknown".into(), |size| size.replace('\t', " "))
}
