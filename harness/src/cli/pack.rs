//! Make a stored run small enough to be committed.

use super::{report::with_trials, run::refused, say};
use crate::exit::Failure;
use clap::Args;
use simul_results::{
    pack, quantity,
    store::{self, RUN_FILE, StoreError, TRIALS_FILE, Writer},
    wording,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Options of `pack`.
#[derive(Debug, Args)]
#[command(
    after_help = "Everything that reads a run reads a packed one, and says the same. Lost are the distributions of \
single slices and of slices that were set aside: an interval log (export --to hlog) has one line a block, and the run \
cannot be resumed."
)]
pub struct PackOptions {
    /// The folder of the run, which stays as it is
    run: PathBuf,
    /// The folder of the packed run, which must not exist
    #[arg(value_name = "DEST")]
    destination: PathBuf,
}

/// Writes the packed run and says how large both are.
///
/// # Errors
/// No such run, a damaged or torn one, one without trials, or a folder that exists already or cannot be written.
pub fn main(options: &PackOptions) -> Result<ExitCode, Failure> {
    let PackOptions { run, destination } = options;
    let recording = store::load(run).map_err(refused)?;
    // What is torn is not packed, so nothing is left out of it either.
    if recording.torn {
        let run = run.display();
        return Err(Failure::BadInput(format!(
            "'{run}' was interrupted while it was written; finish it before it is packed: simul run --resume \
             '{run}'"
        )));
    }
    with_trials(&recording, run)?;
    let packed = pack::packed(&recording).map_err(Failure::BadInput)?;
    Writer::pack(destination, &packed).map_err(|error| match error {
        StoreError::Exists(path) => Failure::BadInput(format!(
            "folder '{}' exists already; name one that does not: simul pack RUN DEST",
            path.display()
        )),
        other => Failure::Broken(other.to_string()),
    })?;
    let [before, after] = [run, destination].map(|folder| size(folder));
    let blocks = wording::blocks(recording.run.plan.blocks);
    say(&format!(
        "packed: {} ({blocks}, {} instead of {}); its report: simul report {}",
        destination.display(),
        quantity::bytes(after),
        quantity::bytes(before),
        destination.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What the recording takes on the disk, without what is derived from it.
fn size(folder: &Path) -> u64 {
    let files = [RUN_FILE, TRIALS_FILE, store::PACKED_FILE].map(|name| folder.join(name));
    files.iter().filter_map(|path| Some(fs::metadata(path).ok()?.len())).sum()
}
