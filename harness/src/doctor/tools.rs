//! Which external tools are here?
//!
//! What some workloads need, what others are compared with, and what helps to look closer. None is essential. Each
//! is asked for its version, below a guardian and with a time limit.

use super::{Finding, Health};
use crate::control::{child::Foreign, workshop::errand};
use simul_runners::program::version_in;
use std::time::Duration;

/// How long a tool may take to say its version.
const ASKING: Duration = Duration::from_secs(10);

/// A tool: its name, the commands that print a version (the first that succeeds counts), what it is for, and what
/// installs it.
struct Tool {
    name: &'static str,
    versions: &'static [&'static [&'static str]],
    purpose: &'static str,
    remedy: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "PostgreSQL",
        // Debian puts the server outside of the path.
        versions: &[&["postgres", "--version"], &["sh", "-c", POSTGRES]],
        purpose: "the database of workloads that query one",
        remedy: "apt-get install postgresql",
    },
    Tool {
        name: "Python",
        versions: &[&["python3", "--version"]],
        purpose: "the Python runners (3.11 or newer)",
        remedy: "apt-get install python3",
    },
    Tool {
        name: "uvloop",
        versions: &[&["python3", "-c", "import uvloop; print(uvloop.__version__)"]],
        purpose: "the runner asyncio-uvloop",
        remedy: "python3 -m pip install uvloop, or apt-get install python3-uvloop",
    },
    Tool {
        name: "Go",
        versions: &[&["go", "version"]],
        purpose: "the runner go",
        remedy: "apt-get install golang-go",
    },
    Tool {
        name: "Node",
        versions: &[&["node", "--version"]],
        purpose: "the runner node",
        remedy: "apt-get install nodejs",
    },
    Tool {
        name: "nginx",
        versions: &[&["nginx", "-v"], &["/usr/sbin/nginx", "-v"]],
        purpose: "a server that everybody knows, to compare with",
        remedy: "apt-get install nginx-light",
    },
    Tool {
        name: "wrk",
        versions: &[&["sh", "-c", "command -v wrk >/dev/null && wrk -v 2>&1 || test $? = 1"]],
        purpose: "another load generator, to check ours against",
        remedy: "apt-get install wrk",
    },
    Tool {
        name: "oha",
        versions: &[&["oha", "--version"]],
        purpose: "another load generator, to check ours against",
        remedy: "cargo install oha",
    },
    Tool {
        name: "strace",
        versions: &[&["strace", "--version"]],
        purpose: "system calls per operation, in audits (--audit)",
        remedy: "apt-get install strace",
    },
    Tool {
        name: "Chromium",
        versions: &[&["chromium", "--version"], &["google-chrome", "--version"]],
        purpose: "looking at reports in tests",
        remedy: "apt-get install chromium",
    },
];

/// The newest server below Debian's folder.
const POSTGRES: &str = "set -- /usr/lib/postgresql/*/bin/postgres; while [ $# -gt 1 ]; do shift; done; \"$1\" --version";

/// Looks for all of them.
#[must_use]
pub fn findings() -> Vec<Finding> {
    TOOLS.iter().map(find).collect()
}

fn find(tool: &Tool) -> Finding {
    let Tool { name, versions, purpose, remedy } = tool;
    let mut said = versions.iter().filter_map(|words| {
        let command = words.iter().map(|word| (*word).to_owned()).collect();
        let foreign = Foreign { command, ..Foreign::default() };
        let done = errand(&foreign, ASKING).ok()?;
        // Some print it on standard error.
        version_in(&done.printed).or_else(|| version_in(&done.last_words.join("\n")))
    });
    match said.next() {
        Some(version) => Finding::good("tool", name, format!("{version}: {purpose}")),
        None => Finding::good("tool", name, format!("not here: {purpose}"))
            .but(Health::Missing, *remedy),
    }
}
