//! Does the report do in a real browser what it promises: no network, no message, light, dark, on a phone, on paper,
//! without scripts, with clicks that the address remembers, and with nothing that axe-core calls serious?
//!
//! Chromium does it, told by `browser/check.mjs` through playwright-core: one browser for everything. Where one of them is not
//! installed a line says so and the test goes on; with `SIMUL_REQUIRE_TOOLS=1` it fails. Pictures of what was seen
//! are kept in `target/browser`. It must not measure: how long a large report takes is `scripts/acceptance/report`.

mod synthetic;
#[path = "synthetic/broad.rs"]
mod synthetic_broad;
#[path = "synthetic/hostile.rs"]
mod synthetic_hostile;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use serde_json::json;
use simul_results::{Summary, report, store::Recording};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use synthetic_broad::{ABSENT, UNRANKED, broad};
use synthetic_hostile::{ATTACKS, attacked, rewritten};

/// Names that Chromium goes by.
const CHROMIUM: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where `scripts/install` puts playwright-core and axe-core.
fn modules() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
    home.join("simul-tools/browser")
}

/// The Chromium that is there.
fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    let named =
        |name: &&str| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    CHROMIUM.iter().find_map(named)
}

/// What is missing; a line says it.
fn missing() -> Option<&'static str> {
    let node = Command::new("node").arg("--version").output();
    if !node.is_ok_and(|output| output.status.success()) {
        return Some("node (package nodejs)");
    }
    if chromium().is_none() {
        return Some("Chromium (package chromium)");
    }
    let both = ["playwright-core", "axe-core"];
    let there = |name: &&str| modules().join("node_modules").join(name).is_dir();
    (!both.iter().all(there)).then_some("playwright-core or axe-core (scripts/install)")
}

/// The report of a recording, in a folder of its own.
fn written(folder: &Path, recording: &Recording) -> PathBuf {
    fs::create_dir(folder).unwrap();
    let summary = Summary::of(recording).unwrap();
    report::write_summary(folder, &summary).unwrap().report
}

#[test]
fn a_browser_finds_what_a_report_promises() {
    let required = std::env::var("SIMUL_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    if let Some(missing) = missing() {
        assert!(!required, "{missing} is not there, and tools are required: scripts/install");
        println!("skipped: unavailable: {missing}");
        return;
    }
    let home = tempfile::TempDir::new().unwrap();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
    fs::create_dir_all(&pictures).unwrap();
    let broad = broad();
    let mut pairs = Vec::new();
    for (number, attack) in ATTACKS.iter().enumerate() {
        let harmless: String = attack.chars().map(|_| 'x').collect();
        let twin = rewritten(&broad, &|text| format!("{harmless}{text}{harmless}"));
        pairs.push(json!({
            "name": format!("attack-{number}"),
            "evil": written(&home.path().join(format!("evil-{number}")), &attacked(&broad, attack)),
            "good": written(&home.path().join(format!("good-{number}")), &twin),
            "words": ABSENT.map(|(_, _, why)| why),
        }));
    }
    let reasons = ABSENT.map(|(_, _, why)| why);
    let words: Vec<&str> =
        reasons.into_iter().chain([UNRANKED, "How fast does a message go"]).collect();
    let order = json!({
        "modules": modules(),
        "chromium": chromium(),
        "pictures": pictures,
        "report": written(&home.path().join("report"), &broad),
        "words": words,
        "reasons": reasons,
        "contest": "echo:64/closed-32@separate",
        "hostile": pairs,
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check.mjs");
    let output = Command::new("node").arg(script).arg(order.to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the report does not hold what it promises, see above");
    assert!(said.ends_with("all of it holds\n"), "the checks came to their end");
}
