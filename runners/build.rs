//! Which version of each runtime is built in, and which files of runner programs? Versions are read from the
//! lock file, which is what cargo builds from; one that somebody typed could be wrong. Programs in other
//! languages are the files in their folders.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folders of runner programs, in the order of lists.
const LANGUAGES: [&str; 3] = ["python", "go", "node"];

fn main() {
    let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let lock = Path::new(&manifest).join("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(&lock).unwrap_or_default();
    let mut code =
        String::from("/// Crates that the runners depend on directly, and their versions.\n");
    code.push_str("pub(crate) const LOCKED: &[(&str, &str)] = &[\n");
    for (name, version) in direct_dependencies(&text) {
        writeln!(code, "    ({name:?}, {version:?}),").expect("a string takes it");
    }
    code.push_str("];\n");
    writeln!(code, "/// The compiler, whose standard library the blocking runners are.")
        .expect("as above");
    writeln!(code, "pub(crate) const RUSTC: &str = {:?};", rustc_version()).expect("as above");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("locked.rs"), code).expect("the build folder is writable");
    fs::write(out.join("bundle.rs"), bundle(Path::new(&manifest))).expect("as above");
}

/// The table of all files of runner programs.
fn bundle(manifest: &Path) -> String {
    let mut code = String::from("/// Names and contents of all files of runner programs.\n");
    code.push_str("pub(crate) const FILES: &[(&str, &[u8])] = &[\n");
    for language in LANGUAGES {
        let folder = manifest.join(language);
        // A path that is not there would make cargo run this every time.
        if folder.exists() {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
        for path in files(&folder) {
            let name = path.strip_prefix(manifest).unwrap_or(&path).to_string_lossy().into_owned();
            let path = path.to_string_lossy();
            writeln!(code, "    ({name:?}, include_bytes!({path:?})),").expect("as above");
        }
    }
    code.push_str("];\n");
    code
}

/// All files below a folder, but for hidden ones, tests, and what interpreters leave behind.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let apart = ["__pycache__", "node_modules", "tests", "test"].contains(&&*name);
        if name.starts_with('.') || apart {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The dependencies of `simul-runners`. Cargo writes `"name"` where the lock file holds one version of a
/// crate, and `"name version"` where it holds several.
fn direct_dependencies(lock: &str) -> Vec<(String, String)> {
    let packages: Vec<Package> = lock.split("[[package]]").skip(1).map(Package::parse).collect();
    let ours = packages.iter().find(|package| package.name == "simul-runners");
    let wanted = ours.map(|package| package.dependencies.clone()).unwrap_or_default();
    wanted
        .iter()
        .filter_map(|entry| {
            let mut words = entry.split(' ');
            let (name, version) = (words.next()?, words.next());
            let found = packages.iter().find(|package| {
                package.name == name && version.is_none_or(|version| package.version == version)
            })?;
            Some((found.name.clone(), found.version.clone()))
        })
        .collect()
}

/// The three fields of a lock file's package that matter here.
struct Package {
    name: String,
    version: String,
    dependencies: Vec<String>,
}

impl Package {
    fn parse(text: &str) -> Self {
        let field = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.map(|value| value.trim_matches('"').to_owned()).unwrap_or_default()
        };
        let list = text.split_once("dependencies = [").map_or("", |rest| rest.1);
        let list = list.split_once(']').map_or("", |rest| rest.0);
        let dependencies =
            list.split(',').map(|item| item.trim().trim_matches('"').to_owned()).collect();
        Self { name: field("name"), version: field("version"), dependencies }
    }
}

fn rustc_version() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    // "rustc 1.95.0 (59807616e 2026-04-14)"
    text.ok().and_then(|text| text.split(' ').nth(1).map(str::to_owned)).unwrap_or_default()
}
