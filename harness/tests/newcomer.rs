//! Do the steps in `runners/README.md` still lead to a runner?
//!
//! They are taken as they stand there, in a copy of the sources: files are written, lines go below the lines
//! that the text names, and the command is run, which tests the newcomer with every workload. Whatever has
//! gone stale (a moved file, a changed trait, a renamed heading) fails here.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The chapter with the steps.
const CHAPTER: &str = "## To add one\n";
/// The runner that the chapter adds.
const NEWCOMER: &str = "threadpool-crate";

/// What the text tells its reader to do.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Write a new file.
    Write { file: String, text: String },
    /// Insert lines below the line that begins so.
    Insert { file: String, below: String, text: String },
    /// Run a command.
    Run(String),
}

/// The steps in the order of the text: each is a block of code, and the words before it say what with.
fn steps(chapter: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut words = String::new();
    // The file that the last words named: `and below` goes on in it.
    let mut file = String::new();
    let mut lines = chapter.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            words = words + " " + line.trim();
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let mut text = String::new();
        for line in lines.by_ref().take_while(|line| line.trim() != "```") {
            text = text + line.get(indent..).unwrap_or_default() + "\n";
        }
        if let Some(named) = quoted(&words, "In ").or_else(|| quoted(&words, "in ")) {
            file = named;
        }
        steps.push(match (language, quoted(&words, "Write "), quoted(&words, "below ")) {
            ("sh", ..) => Step::Run(text.trim().to_owned()),
            (_, Some(file), _) => Step::Write { file, text },
            (_, None, Some(below)) => Step::Insert { file: file.clone(), below, text },
            _ => panic!("the words before this do not say where it goes:{words}\n{text}"),
        });
        words.clear();
    }
    steps
}

/// What stands in backquotes behind the last occurrence of a word that is followed by such.
fn quoted(words: &str, word: &str) -> Option<String> {
    let (_, rest) = words.rsplit_once(&format!(" {word}`"))?;
    Some(rest.split_once('`')?.0.to_owned())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate of a workspace").to_owned()
}

/// The sources that git would keep, by their paths: no hidden files, no build folder, no recordings.
fn sources(folder: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "target" || name == "recorded" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        let (path, place) = (entry.path(), below.join(&name));
        if path.is_dir() {
            sources(&path, &place, found);
        } else {
            found.insert(place, fs::read(&path).unwrap());
        }
    }
}

/// Makes a folder hold these files. Those that are the same stay as they are, so that a second run builds
/// little; those that are gone are removed.
fn put(files: &BTreeMap<PathBuf, Vec<u8>>, folder: &Path) {
    let mut old = BTreeMap::new();
    fs::create_dir_all(folder).unwrap();
    sources(folder, Path::new(""), &mut old);
    for path in old.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(folder.join(path)).unwrap();
    }
    for (path, bytes) in files.iter().filter(|(path, bytes)| old.get(*path) != Some(bytes)) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Inserts lines below the only line that begins so.
fn insert(text: &str, below: &str, new: &str) -> Result<String, String> {
    let found = text.lines().filter(|line| line.trim_start().starts_with(below)).count();
    if found != 1 {
        return Err(format!("{found} lines begin with '{below}', not one"));
    }
    let mut whole = String::new();
    for line in text.lines() {
        whole = whole + line + "\n";
        if line.trim_start().starts_with(below) {
            whole += new;
        }
    }
    Ok(whole)
}

/// Runs a command of the text in the copy, with the build folder of this build.
fn run(command: &str, copy: &Path, build: &Path) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[0], "cargo", "{command}");
    let output = Command::new(env!("CARGO"))
        .args(&words[1..])
        .args(["--offline", "--", "--nocapture"])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", build)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "'{command}' in {}:\n{printed}", copy.display());
    printed
}

#[test]
fn the_steps_of_the_documentation_add_a_runner() {
    let text = fs::read_to_string(root().join("runners/README.md")).unwrap();
    let chapter = text.split_once(CHAPTER).expect("the chapter is there").1;
    let chapter = chapter.split("\n## ").next().unwrap_or_default();
    let mut files = BTreeMap::new();
    sources(&root(), Path::new(""), &mut files);
    let mut commands = Vec::new();
    for step in steps(chapter) {
        match step {
            Step::Write { file, text } => {
                let replaced = files.insert(file.clone().into(), text.into_bytes());
                assert_eq!(replaced, None, "{file} exists already");
            }
            Step::Insert { file, below, text } => {
                let old = files.get(Path::new(&file)).unwrap_or_else(|| panic!("no {file}"));
                let new = insert(&String::from_utf8_lossy(old), &below, &text);
                let new = new.unwrap_or_else(|error| panic!("{file}: {error}"));
                files.insert(file.into(), new.into_bytes());
            }
            Step::Run(command) => commands.push(command),
        }
    }
    assert!(!commands.is_empty(), "the chapter says how the newcomer is tested");
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let copy = scratch.join("newcomer");
    put(&files, &copy);
    for command in commands {
        let printed = run(&command, &copy, scratch.parent().unwrap());
        // It was among those that were tested: a pool refuses some workload, and says so.
        assert!(printed.contains(&format!("on {NEWCOMER}: not applicable")), "{printed}");
    }
}

#[test]
fn steps_are_read_from_words_and_blocks() {
    let text = "1. Write `a.rs`:\n\n   ```rust\n   fn a() {\n   }\n   ```\n\n2. In `b`, below `[c`:\n\n   \
                ```toml\n   d\n   ```\n\n   and below `e`:\n\n   ```toml\n   f\n   ```\n\n3. Try:\n\n   \
                ```sh\n   cargo g\n   ```\n";
    let insert = |below: &str, text: &str| Step::Insert {
        file: "b".into(),
        below: below.into(),
        text: text.into(),
    };
    let expected = [
        Step::Write { file: "a.rs".into(), text: "fn a() {\n}\n".into() },
        insert("[c", "d\n"),
        insert("e", "f\n"),
        Step::Run("cargo g".into()),
    ];
    assert_eq!(steps(text), expected);
}

#[test]
fn a_place_that_is_gone_or_ambiguous_is_an_error() {
    assert_eq!(insert("a\n  b\n", "b", "c\n").unwrap(), "a\n  b\nc\n");
    assert!(insert("a\n", "b", "c\n").is_err());
    assert!(insert("b1\nb2\n", "b", "c\n").is_err());
}
