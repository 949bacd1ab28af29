//! Runs the real program in a place of its own, and finds what it has left behind.
#![expect(dead_code, reason = "each test file uses a part of it")]

use serde_json::Value;
use simul_results::TrialRecord;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a test waits for something that must happen. Far beyond anything that is ever needed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place with a folder for temporary files and a mark on every process that starts in it.
pub(crate) struct Place {
    folder: TempDir,
    mark: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        // In memory where that can be: a host that pages out idle files fails trials that read files, and
        // rightly so.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder, mark }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with these arguments; `--out run` is where it writes unless they say otherwise.
    pub(crate) fn simul(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        self.adopt(command.args(arguments.split_whitespace()));
        command
    }

    /// Another program is to run here.
    pub(crate) fn adopt(&self, command: &mut Command) {
        command.current_dir(self.folder.path());
        command.env("TMPDIR", self.path("tmp")).env("SIMUL_TEST_MARK", &self.mark);
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &str) -> Output {
        self.simul(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Starts it, with its output kept for later.
    pub(crate) fn start(&self, arguments: &str) -> Child {
        let mut command = self.simul(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Every process that carries the mark, as number and command line.
    pub(crate) fn processes(&self) -> Vec<(i32, String)> {
        let mark = format!("SIMUL_TEST_MARK={}", self.mark);
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        pids.filter_map(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
            let marked = environment.split(|byte| *byte == 0).any(|one| one == mark.as_bytes());
            let words = fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|_| marked)?;
            Some((pid, String::from_utf8_lossy(&words).replace('\0', " ")))
        })
        .collect()
    }

    /// Waits until there is a process whose command line contains this; returns its number.
    pub(crate) fn wait_for_process(&self, words: &str) -> i32 {
        let mut found = None;
        wait_until(&format!("a process '{words}'"), || {
            found = self.processes().into_iter().find(|(_, line)| line.contains(words));
            found.is_some()
        });
        found.unwrap().0
    }

    /// Nothing may be left: no process, no temporary file. Processes may still be on their way out.
    pub(crate) fn assert_clean(&self) {
        wait_until("all processes to be gone", || self.processes().is_empty());
        wait_until("temporary files to be gone", || {
            fs::read_dir(self.path("tmp")).unwrap().next().is_none()
        });
    }

    /// The trials that have been written so far, if there are any.
    pub(crate) fn trials(&self, run: &str) -> Vec<TrialRecord> {
        let text = fs::read_to_string(self.path(run).join("trials.jsonl")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |whole| whole.0);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The program that is tested.
pub(crate) fn program() -> String {
    std::env::var("SIMUL_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_simul").into())
}

/// Looks until it is so. It pauses only to leave the processor to what it waits for.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The one JSON object on standard output.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}\n{}", text(&output.stdout), text(&output.stderr))
    })
}

/// Every file below a folder with its bytes.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut look = vec![folder.to_owned()];
    while let Some(path) = look.pop() {
        if path.is_dir() {
            look.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

pub(crate) fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
