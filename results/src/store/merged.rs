//! How is a large run read quickly, in little memory, and with its distributions?
//!
//! One thread reads lines, the others understand them; each trial's histograms are merged at once, which is what a
//! summary would do first, and are gone before the next is read. What the recording says stays the same, but for the
//! distributions of single slices, as in a packed one. Read next: `../pack.rs`.

use super::{Recording, StoreError, each_line, load_run, open_trials, understood};
use crate::{TrialRecord, pack, parallel};
use std::{
    mem,
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// Lines that wait for each thread: enough that none runs dry, few enough that they take little memory.
const WAITING: usize = 8;

/// A line and its number.
type Line = (usize, Vec<u8>);
/// What became of a line.
type Read = (usize, Result<TrialRecord, StoreError>);

/// Reads a run for a summary, merging the histograms of each trial.
///
/// # Errors
/// As [`super::load`].
pub fn load_merged(folder: &Path) -> Result<Recording, StoreError> {
    let run = load_run(folder)?;
    let mut recording = Recording { run, trials: Vec::new(), audits: Vec::new(), torn: false };
    let Some((path, file)) = open_trials(folder)? else { return Ok(recording) };
    let count = parallel::threads();
    let (send, lines) = mpsc::sync_channel(WAITING * count);
    let lines = Mutex::new(lines);
    // The memory of lines that have been understood goes back to the reader: it need not be asked for again.
    let (give_back, used) = mpsc::channel();
    let (mut read, torn) = thread::scope(|scope| {
        let readers: Vec<_> = (0..count)
            .map(|_| {
                let (give_back, lines, path) = (give_back.clone(), &lines, &path);
                scope.spawn(move || each(path, lines, &give_back))
            })
            .collect();
        let torn = each_line(&path, file, |number, text| {
            let next = used.try_recv().unwrap_or_default();
            // Whoever reads goes on until nothing more comes, so nobody has hung up.
            let _ = send.send((number, mem::replace(text, next)));
            Ok(())
        });
        drop(send);
        let read: Vec<Read> = readers.into_iter().flat_map(parallel::joined).collect();
        (read, torn)
    });
    read.sort_by_key(|(number, _)| *number);
    for (_, trial) in read {
        let trial = trial?;
        match trial.audit {
            None => recording.trials.push(trial),
            Some(_) => recording.audits.push(trial),
        }
    }
    recording.torn = torn?;
    Ok(recording)
}

/// Understands lines until there are no more.
fn each(path: &Path, lines: &Mutex<Receiver<Line>>, give_back: &Sender<Vec<u8>>) -> Vec<Read> {
    let mut all = Vec::new();
    loop {
        let next = lines.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, text)) = next else { return all };
        let mut read = understood(path, number, &text);
        let _ = give_back.send(text);
        if let Ok(trial) = &mut read {
            // What cannot be merged stays as it is, and is refused by whoever looks into it.
            let _ = pack::pack(trial);
            // They were read one by one into room for more, and there are many trials.
            trial.slices.shrink_to_fit();
        }
        all.push((number, read));
    }
}
