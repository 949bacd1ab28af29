//! Starts a runner program of the repository as it stands, without simul between, and speaks with it.

use serde_json::Value;
use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock},
};
use tempfile::TempDir;

use crate::support::wait_until;

/// A runner, the command that shows whether its language is there, and whether it can be a server.
#[derive(Clone, Copy)]
pub(crate) struct Runner {
    pub(crate) name: &'static str,
    probe: &'static [&'static str],
    pub(crate) serves: bool,
}

const RUNNERS: [Runner; 6] = [
    Runner { name: "asyncio", probe: PYTHON, serves: true },
    Runner { name: "asyncio-uvloop", probe: UVLOOP, serves: true },
    Runner { name: "python-threads", probe: PYTHON, serves: true },
    Runner { name: "python-processes", probe: PYTHON, serves: false },
    Runner { name: "go", probe: &["go", "version"], serves: true },
    Runner { name: "node", probe: &["node", "--version"], serves: true },
];

const PYTHON: &[&str] = &["python3", "-c", "import sys; assert sys.version_info >= (3, 11)"];
const UVLOOP: &[&str] =
    &["python3", "-c", "import sys, uvloop; assert sys.version_info >= (3, 11)"];

/// All runners in other languages.
pub(crate) fn runners() -> impl Iterator<Item = Runner> {
    RUNNERS.into_iter()
}

/// Those that can run here. A line says which cannot; with `SIMUL_REQUIRE_TOOLS=1` all must.
pub(crate) fn tools() -> impl Iterator<Item = Runner> {
    runners().filter(|runner| is_there(runner.name))
}

/// Whether a runner's language is installed.
pub(crate) fn is_there(name: &str) -> bool {
    static KNOWN: OnceLock<Mutex<HashMap<&'static [&'static str], bool>>> = OnceLock::new();
    let runner = RUNNERS.iter().find(|runner| runner.name == name).unwrap();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap();
    let there = *known.entry(runner.probe).or_insert_with(|| probe(runner.probe));
    let required = std::env::var("SIMUL_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(there || !required, "{:?} fails, and tools are required", runner.probe);
    if !there {
        println!("skipped: {name}, since {:?} fails", runner.probe);
    }
    there
}

fn probe(words: &[&str]) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A running program.
pub(crate) struct Program {
    child: Child,
    orders: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(runner: &Runner) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runners");
        let mut command = match runner.name {
            "go" => Command::new(go_program(&folder)),
            "node" => {
                let mut command = Command::new("node");
                command.arg(folder.join("node/main.mjs"));
                command
            }
            _ => {
                let mut command = Command::new("python3");
                command.arg("-B").arg(folder.join("python/run.py"));
                command
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let replies = BufReader::new(child.stdout.take().unwrap());
        Self { orders: child.stdin.take(), child, replies }
    }

    /// Sends a line.
    pub(crate) fn order(&mut self, order: &Value) {
        self.orders.as_mut().unwrap().write_all(format!("{order}\n").as_bytes()).unwrap();
    }

    /// Sends a line and hears the answer.
    pub(crate) fn tell(&mut self, order: &Value) -> Value {
        self.order(order);
        let mut line = String::new();
        self.replies.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: '{line}'"))
    }

    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Itself and its children.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap().flatten();
        let children = tasks.flat_map(|task| {
            let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            text.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<i32>>()
        });
        [self.pid()].into_iter().chain(children).collect()
    }

    /// Ends its input.
    pub(crate) fn close(&mut self) {
        drop(self.orders.take());
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end; the code.
    pub(crate) fn ending(&mut self) -> Option<i32> {
        wait_until("a program to end", || self.has_ended());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.close();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a process is there and more than an entry that nobody has collected.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// The Go program, built once for this test.
fn go_program(runners: &Path) -> PathBuf {
    static BUILT: OnceLock<TempDir> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("go");
        command.arg("build").arg("-o").arg(folder.path().join("simul-go")).arg(".");
        assert!(command.current_dir(runners.join("go")).status().unwrap().success());
        folder
    });
    folder.path().join("simul-go")
}
