//! What is a runner in another language, before anything of it is started?
//!
//! A declaration: a TOML file that names one runner or several, says how their versions are asked and how they are
//! started. Here it is read and checked in form; `runners/PROTOCOL.md` describes it for authors. It must not
//! start anything: the harness does, below a guardian. The declarations that simul brings along are in
//! [`crate::bundle`].

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Stands in a command for the folder of the declaration.
pub const FOLDER: &str = "{folder}";
/// Stands in a command for the folder of what has been built.
pub const BUILD: &str = "{build}";

/// A declared runner.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name on the command line and in cells.
    pub name: String,
    /// The model in one sentence.
    pub describes: String,
    /// Which kind of model it is.
    pub class: Class,
    /// What the version is the version of.
    pub package: String,
    /// Prints the version; without one, nothing is measured.
    pub version: Vec<String>,
    /// Starts a trial.
    pub run: Vec<String>,
    /// What makes it available.
    pub remedy: String,
    /// Older versions are unavailable.
    pub least_version: Option<String>,
    /// What must be there besides.
    #[serde(default)]
    pub needs: Vec<Requirement>,
    /// What is built once, before the first block.
    #[serde(default)]
    pub build: Vec<String>,
    /// What the spec says in `runner`, if not the name.
    pub runner: Option<String>,
    /// Whether it has one worker by design.
    #[serde(default)]
    pub one_worker: bool,
    /// A warning that belongs to its name.
    pub caveat: Option<String>,
    /// Environment variables of all its commands.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Whether it can be a server.
    #[serde(default)]
    pub serve: bool,
    /// The workloads that it has been written for; `None`: all.
    pub workloads: Option<Vec<String>>,
    /// How many tasks may wait for one another at the same time; `None`: no limit.
    pub waiting_tasks: Option<u32>,
    /// Whether a task may await a task that it has started.
    #[serde(default = "yes")]
    pub nested_join: bool,
    /// Workloads that the model cannot do, and why.
    #[serde(default)]
    pub without: BTreeMap<String, String>,
    /// The folder of the declaration. Not written there.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Something else that must be there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Prints its version, or at least succeeds.
    pub version: Vec<String>,
    /// Older ones do not do.
    pub least: Option<String>,
    /// What makes it available.
    pub remedy: String,
}

/// Which kind of model a runner program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Tasks on one thread's event loop.
    EventLoop,
    /// Threads of the operating system.
    Threads,
    /// Processes.
    Processes,
    /// Light threads with a scheduler of their own.
    GreenThreads,
    /// A fixed pool of threads.
    Pool,
    /// Another build of simul.
    Simul,
}

impl Class {
    /// Its name in declarations and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EventLoop => "event-loop",
            Self::Threads => "threads",
            Self::Processes => "processes",
            Self::GreenThreads => "green-threads",
            Self::Pool => "pool",
            Self::Simul => "simul",
        }
    }
}

fn yes() -> bool {
    true
}

/// Why a declaration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationError {
    /// It is not TOML of this form.
    #[error("'{file}' is no declaration: {why}; see: runners/PROTOCOL.md")]
    Form {
        /// The file.
        file: String,
        /// What the reader says.
        why: String,
    },
    /// A value that cannot be.
    #[error("'{file}', runner '{name}': {why}; see: runners/PROTOCOL.md")]
    Value {
        /// The file.
        file: String,
        /// The runner.
        name: String,
        /// What is wrong.
        why: String,
    },
}

/// A file of declarations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declarations {
    runner: Vec<Program>,
}

/// Reads the text of a declaration file.
///
/// # Errors
/// It is not TOML, has a key too many or too few, or a value that cannot be.
pub fn parse(text: &str, file: &Path) -> Result<Vec<Program>, DeclarationError> {
    let shown = file.display().to_string();
    let Declarations { runner: mut programs } = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].lines().count().max(1));
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        DeclarationError::Form { file: shown.clone(), why: format!("{place}{}", error.message()) }
    })?;
    for (at, program) in programs.iter().enumerate() {
        let twice = programs[..at].iter().any(|other| other.name == program.name);
        let why = if twice { Some("it is declared twice".into()) } else { program.complaint() };
        if let Some(why) = why {
            let (file, name) = (shown.clone(), program.name.clone());
            return Err(DeclarationError::Value { file, name, why });
        }
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    for program in &mut programs {
        program.folder = folder.unwrap_or(Path::new(".")).to_owned();
    }
    Ok(programs)
}

impl Program {
    /// What is wrong with its values, if anything.
    fn complaint(&self) -> Option<String> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.@".contains(c);
        if !self.name.starts_with(|c: char| c.is_ascii_lowercase()) || !self.name.chars().all(legal)
        {
            return Some("a name begins with a letter and has a-z, 0-9, '-', '.', '@'".into());
        }
        for (key, words) in [("version", &self.version), ("run", &self.run)] {
            if words.first().is_none_or(String::is_empty) {
                return Some(format!("'{key}' names no program"));
            }
        }
        if self.needs.iter().any(|need| need.version.first().is_none_or(String::is_empty)) {
            return Some("'needs' has a command that names no program".into());
        }
        let texts = [("describes", &self.describes), ("remedy", &self.remedy)];
        if let Some((key, _)) = texts.iter().find(|(_, text)| text.trim().is_empty()) {
            return Some(format!("'{key}' says nothing"));
        }
        let names = self.workloads.iter().flatten().chain(self.without.keys());
        let unknown =
            names.into_iter().find(|name| simul_workloads::registry::find(name).is_none());
        unknown.map(|name| format!("there is no workload '{name}'"))
    }

    /// A command without a declaration: it may be asked for everything.
    #[must_use]
    pub fn undeclared(name: &str, run: Vec<String>, runner: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            describes: "a command that has not been declared".into(),
            class: Class::Threads,
            package: "unknown".into(),
            version: Vec::new(),
            run,
            remedy: "declare it".into(),
            least_version: None,
            needs: Vec::new(),
            build: Vec::new(),
            runner,
            one_worker: false,
            caveat: None,
            environment: BTreeMap::new(),
            serve: false,
            workloads: None,
            waiting_tasks: None,
            nested_join: true,
            without: BTreeMap::new(),
            folder: PathBuf::new(),
        }
    }

    /// What the spec of its trials says in `runner`.
    #[must_use]
    pub fn spec_name(&self) -> &str {
        self.runner.as_deref().unwrap_or(&self.name)
    }

    /// Why it does not do this workload, if so.
    #[must_use]
    pub fn refusal(&self, workload: &str) -> Option<String> {
        if let Some(reason) = self.without.get(workload) {
            return Some(reason.clone());
        }
        let written = self.workloads.as_ref();
        let written = written.is_none_or(|written| written.iter().any(|name| name == workload));
        (!written).then(|| "not written".to_owned())
    }
}

/// A command with its places filled in. A first word that is a relative path is taken from the folder.
#[must_use]
pub fn filled(command: &[String], folder: &Path, build: &Path) -> Vec<String> {
    let fill = |word: &String| {
        word.replace(FOLDER, &folder.to_string_lossy()).replace(BUILD, &build.to_string_lossy())
    };
    let mut words: Vec<String> = command.iter().map(fill).collect();
    if let Some(first) = words.first_mut().filter(|first| first.contains('/')) {
        *first = folder.join(&*first).to_string_lossy().into_owned();
    }
    words
}

/// The version in what a version command printed: the first word that begins with a digit once leading letters are
/// taken off.
#[must_use]
pub fn version_in(printed: &str) -> Option<String> {
    printed.split_whitespace().find_map(|word| {
        let version = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let version = version.trim_end_matches([',', ';', ')', ':']);
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
    })
}

/// Whether a version is at least another: their numbers, one after the other.
#[must_use]
pub fn is_at_least(version: &str, least: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let parts = text.split('.').map_while(|part| {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            part[..digits].parse().ok()
        });
        let mut numbers: Vec<u64> = parts.collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(version) >= numbers(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        [[runner]]
        name = "asyncio"
        describes = "tasks on one event loop"
        class = "event-loop"
        package = "CPython"
        version = ["python3", "--version"]
        run = ["python3", "{folder}/main.py"]
        remedy = "apt-get install python3"
        workloads = ["echo"]
        [runner.without]
        spawn = "it cannot"
    "#;

    fn refused(text: &str) -> String {
        parse(text, Path::new("a/b.toml")).unwrap_err().to_string()
    }

    #[test]
    fn a_declaration_says_what_can_be_done() {
        let programs = parse(WHOLE, Path::new("a/b.toml")).unwrap();
        let program = &programs[0];
        assert_eq!((program.spec_name(), &*program.folder), ("asyncio", Path::new("a")));
        assert_eq!(program.refusal("echo"), None);
        assert_eq!(program.refusal("sleep").as_deref(), Some("not written"));
        assert_eq!(program.refusal("spawn").as_deref(), Some("it cannot"));
        assert!(program.nested_join && !program.serve);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_line() {
        let error = refused(&WHOLE.replace("remedy =", "remdy ="));
        assert!(error.contains("unknown field `remdy`"), "{error}");
        assert!(error.starts_with("'a/b.toml' is no declaration: line 9: "), "{error}");
        assert!(refused("= 7").contains("line 1"), "{}", refused("= 7"));
        let error = refused(&WHOLE.replace("\"asyncio\"", "\"Async/io\""));
        assert!(error.contains("a name begins with a letter"), "{error}");
        let error = refused(&WHOLE.replace("\"echo\"", "\"ecoh\""));
        assert!(error.contains("there is no workload 'ecoh'"), "{error}");
        let error = refused(&WHOLE.replace("[\"python3\", \"--version\"]", "[]"));
        assert!(error.contains("'version' names no program"), "{error}");
        assert!(refused(&format!("{WHOLE}{WHOLE}")).contains("declared twice"));
    }

    #[test]
    fn places_are_filled_in() {
        let fill = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            filled(&words, Path::new("/a"), Path::new("/b"))
        };
        assert_eq!(fill(&["python3", "{folder}/x", "y"]), ["python3", "/a/x", "y"]);
        assert_eq!(fill(&["{build}/go"]), ["/b/go"]);
        assert_eq!(fill(&["bin/go"]), ["/a/bin/go"]);
    }

    #[test]
    fn versions_are_found_and_compared() {
        for (printed, version) in [
            ("Python 3.11.7\n", "3.11.7"),
            ("go version go1.19.8 linux/amd64", "1.19.8"),
            ("v18.19.0", "18.19.0"),
            ("tokio 1.54.1 Cargo.lock", "1.54.1"),
        ] {
            assert_eq!(version_in(printed).as_deref(), Some(version));
        }
        assert_eq!(version_in("no such thing"), None);
        assert!(is_at_least("3.11", "3.11.0") && is_at_least("3.12.0rc1", "3.11"));
        assert!(!is_at_least("3.9.2", "3.11") && is_at_least("22", "18.1"));
    }
}
