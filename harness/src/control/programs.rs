//! Which runner programs are there, and can they run here?
//!
//! Those that simul brings along, and those of the files that were named. Nothing is asked before a program is
//! wanted; then its version command is run, and what it needs is looked for, and it is built. Without a version
//! nothing is measured. It must not know how a trial goes. Next: [`super::workshop`] runs the commands.

use super::{
    child::Foreign,
    workshop::{Workshop, errand},
};
use simul_runners::{
    bare, bundle,
    program::{self, Program, filled, is_at_least, version_in},
    registry,
};
use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a version command may take. Interpreters start in a tenth of a second, on a busy machine in ten.
const ASKING: Duration = Duration::from_secs(10);
/// What a command is called that nobody has declared.
pub const CANDIDATE: &str = "candidate";

/// How long a build may take, with a cold cache on a slow machine.
const BUILDING: Duration = Duration::from_secs(300);

/// A folder, and the command that builds there.
type Build = (PathBuf, Vec<String>);

/// All programs that can be named.
#[derive(Debug, Default)]
pub struct Programs {
    entries: Vec<Entry>,
    workshop: OnceCell<Result<Workshop, String>>,
    /// What has been built, by folder and command.
    built: RefCell<HashMap<Build, Result<(), String>>>,
}

#[derive(Debug)]
struct Entry {
    program: Program,
    /// Whether its folder is in the workshop.
    bundled: bool,
    availability: OnceCell<Result<Available, Missing>>,
}

/// A program that can run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    /// As declared.
    pub program: Program,
    /// What its version command says.
    pub version: String,
    /// That command.
    pub source: String,
    /// What starts a trial.
    pub start: Foreign,
}

/// Why a program cannot run here, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// In one line.
    pub reason: String,
    /// A command, or the name of a package.
    pub remedy: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; to have it: {}", self.reason, self.remedy)
    }
}

impl Programs {
    /// The programs that simul brings along, and those of these files. A file's declaration takes the place of one
    /// that was brought along under the same name.
    ///
    /// # Errors
    /// A file that cannot be read or is malformed; a name that is taken.
    pub fn of(files: &[PathBuf]) -> Result<Self, String> {
        let bundled = bundle::programs(Path::new("")).map_err(|error| error.to_string())?;
        let mut entries: Vec<Entry> =
            bundled.into_iter().map(|program| Entry::new(program, true)).collect();
        for file in files {
            let shown = file.display();
            let text = fs::read_to_string(file).map_err(|error| {
                format!("cannot read '{shown}': {error}; name a file of runner programs")
            })?;
            let whole = file.canonicalize().unwrap_or_else(|_| file.clone());
            for program in program::parse(&text, &whole).map_err(|error| error.to_string())? {
                let name = &program.name;
                let taken = registry::find(name).is_some() || bare::find(name).is_some();
                let twice =
                    entries.iter().any(|entry| !entry.bundled && entry.program.name == *name);
                if taken || twice {
                    return Err(format!("'{shown}': the name '{name}' is taken; choose another"));
                }
                entries.retain(|entry| entry.program.name != *name);
                entries.push(Entry::new(program, false));
            }
        }
        Ok(Self { entries, ..Self::default() })
    }

    /// One command that has not been declared, under a name of its own. Nobody knows its version.
    #[must_use]
    pub fn candidate(command: Vec<String>, runner: Option<String>) -> Self {
        let program = Program::undeclared(CANDIDATE, command, runner);
        Self::given(vec![program])
    }

    /// Programs that were given on the command line. Each is asked for its version by its own command; of one that has
    /// none nobody knows it.
    #[must_use]
    pub fn given(programs: Vec<Program>) -> Self {
        let entry = |program: Program| {
            let known = (!program.version.is_empty()).then(OnceCell::new);
            let availability = known.unwrap_or_else(|| OnceCell::from(Ok(unasked(&program))));
            Entry { program, bundled: false, availability }
        };
        Self { entries: programs.into_iter().map(entry).collect(), ..Self::default() }
    }

    /// Their names, in the order of lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.program.name)
    }

    /// The declaration of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Program> {
        self.entry(name).map(|entry| &entry.program)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.program.name == name)
    }

    /// Whether a program can run here. Asked once.
    #[must_use]
    pub fn availability(&self, name: &str) -> Option<&Result<Available, Missing>> {
        let entry = self.entry(name)?;
        Some(entry.availability.get_or_init(|| self.ask(entry)))
    }

    /// Like [`Self::availability`], and built where it has to be.
    #[must_use]
    pub fn prepared(&self, name: &str) -> Option<Result<Available, Missing>> {
        let available = match self.availability(name)?.clone() {
            Ok(available) => available,
            Err(missing) => return Some(Err(missing)),
        };
        let built = self.build(&available);
        let remedy = available.program.remedy.clone();
        Some(built.map(|()| available).map_err(|reason| Missing { reason, remedy }))
    }

    fn ask(&self, entry: &Entry) -> Result<Available, Missing> {
        let program = &entry.program;
        let missing = |remedy: &str| {
            let remedy = remedy.to_owned();
            move |reason: String| Missing { reason, remedy }
        };
        let (folder, place) = self.folders(entry).map_err(missing(&program.remedy))?;
        let command = |words: &[String]| Foreign {
            command: filled(words, &folder, &place),
            directory: Some(folder.clone()),
            environment: program.environment.clone(),
            ..Foreign::default()
        };
        for need in &program.needs {
            let least = need.least.as_deref();
            let version = version_of(&command(&need.version), least.is_some());
            let version = version.map_err(missing(&need.remedy))?;
            old_enough(&need.version, &version, least).map_err(missing(&need.remedy))?;
        }
        let asked = command(&program.version);
        let version = version_of(&asked, true).map_err(missing(&program.remedy))?;
        let least = program.least_version.as_deref();
        old_enough(&program.version, &version, least).map_err(missing(&program.remedy))?;
        Ok(Available {
            version,
            source: program.version.join(" "),
            start: command(&program.run),
            program: Program { folder: folder.clone(), ..program.clone() },
        })
    }

    /// The folder of a program's declaration, and that of what is built for it.
    fn folders(&self, entry: &Entry) -> Result<(PathBuf, PathBuf), String> {
        let program = &entry.program;
        let commands = [&program.run, &program.build, &program.version];
        let builds = commands.iter().any(|words| words.iter().any(|w| w.contains(program::BUILD)));
        if !entry.bundled && !builds {
            return Ok((program.folder.clone(), PathBuf::new()));
        }
        let workshop = self.workshop.get_or_init(|| {
            Workshop::open().map_err(|error| format!("there is no temporary folder: {error}"))
        });
        let workshop = workshop.as_ref().map_err(Clone::clone)?;
        let folder = if entry.bundled {
            workshop.path().join(&program.folder)
        } else {
            program.folder.clone()
        };
        // One place for all that one folder declares: what they share is built once.
        let same = self.entries.iter().position(|other| other.program.folder == program.folder);
        let place = workshop.place(same.unwrap_or(0)).map_err(|error| error.to_string())?;
        Ok((folder, place))
    }

    fn build(&self, available: &Available) -> Result<(), String> {
        let Available { program, start, .. } = available;
        let Some(entry) = self.entry(&program.name).filter(|_| !program.build.is_empty()) else {
            return Ok(());
        };
        let (folder, place) = self.folders(entry)?;
        let command = filled(&program.build, &folder, &place);
        let key = (folder, command.clone());
        if let Some(outcome) = self.built.borrow().get(&key) {
            return outcome.clone();
        }
        let foreign = Foreign { command, ..start.clone() };
        let outcome = errand(&foreign, BUILDING).map(drop);
        let outcome = outcome.map_err(|error| format!("it cannot be built: {error}"));
        self.built.borrow_mut().insert(key, outcome.clone());
        outcome
    }
}

impl Entry {
    fn new(program: Program, bundled: bool) -> Self {
        Self { program, bundled, availability: OnceCell::new() }
    }
}

/// A program of which nobody knows the version.
fn unasked(program: &Program) -> Available {
    Available {
        version: String::new(),
        source: "not asked".into(),
        start: Foreign {
            command: program.run.clone(),
            directory: None,
            environment: program.environment.clone(),
            ..Foreign::default()
        },
        program: program.clone(),
    }
}

/// What a version command says; empty where it says nothing and need not.
fn version_of(command: &Foreign, needed: bool) -> Result<String, String> {
    let done = errand(command, ASKING)?;
    // Some print it on standard error.
    let said = version_in(&done.printed).or_else(|| version_in(&done.last_words.join("\n")));
    match said {
        Some(version) => Ok(version),
        None if !needed => Ok(String::new()),
        None => Err(format!("'{}' prints no version", command.command.join(" "))),
    }
}

fn old_enough(command: &[String], version: &str, least: Option<&str>) -> Result<(), String> {
    match least.filter(|least| !is_at_least(version, least)) {
        None => Ok(()),
        Some(least) => {
            let shown = command.join(" ");
            Err(format!("version {version} is too old, by '{shown}'; {least} is needed"))
        }
    }
}
