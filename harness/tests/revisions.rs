//! Is what the scripts call a revision's build really that revision's?
//!
//! In a small repository with the real scripts, and with a stand-in for cargo that goes by times as cargo does: a program
//! is built anew only where a source is newer than the last build. What it builds is a script that tells from which
//! text it was built. That the real cargo builds simul, the other tests' programs show.

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use support::{Place, text};

/// Builds what `answer` says, as a program; and ends with 101, as cargo does, where that is no answer.
const CARGO: &str = r#"#!/bin/sh
[ "$1" = build ] || exit 0
program=$CARGO_TARGET_DIR/release/simul
if ! [ -e "$program" ] || [ -n "$(find . -newer "$program" -type f)" ]; then
    grep -q '^[a-z]*$' answer || { echo "error: does not compile" >&2; exit 101; }
    mkdir -p "$CARGO_TARGET_DIR/release"
    printf '#!/bin/sh\n[ "$1" != ab ] || { for arm in "$3" "$5"; do "$arm" says; done; exit; }\necho %s\n' "$(cat answer)" \
        >"$program"
    chmod +x "$program"
fi
"#;

/// A repository with the scripts and a stand-in for cargo.
struct Repository {
    place: Place,
    bin: PathBuf,
}

impl Repository {
    fn new() -> Self {
        let place = Place::new();
        let bin = place.path("bin");
        let scripts = place.path("repository/scripts");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&scripts).unwrap();
        fs::write(bin.join("cargo"), CARGO).unwrap();
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for name in ["ab", "second-build"] {
            fs::copy(root.join("scripts").join(name), scripts.join(name)).unwrap();
        }
        let new = Self { place, bin };
        fs::write(new.path(".gitignore"), "target\n").unwrap();
        new.git("init --quiet");
        new
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path("repository").join(name)
    }

    fn run(&self, program: &str, arguments: &str) -> Output {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace()).current_dir(self.path(""));
        command.env("PATH", format!("{}:{path}", self.bin.display()));
        // Long ago: whatever is built is newer than any revision.
        let then = "2001-02-03T04:05:06Z";
        command.envs([("GIT_AUTHOR_DATE", then), ("GIT_COMMITTER_DATE", then)]);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@b");
        }
        command.env_remove("PROFILE").output().unwrap()
    }

    fn git(&self, arguments: &str) {
        let output = self.run("git", arguments);
        assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
    }

    /// A revision that answers so, under that name.
    fn commit(&self, answer: &str) {
        fs::write(self.path("answer"), format!("{answer}\n")).unwrap();
        self.git("add --all");
        self.git(&format!("commit --quiet --message {answer}"));
        self.git(&format!("tag {answer}"));
    }

    /// What both sides of a comparison answer, the old one first.
    fn compared(&self, revisions: &str) -> String {
        let output = self.run("scripts/ab", revisions);
        assert!(output.status.success(), "{revisions}: {}", text(&output.stderr));
        text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn each_side_is_built_from_its_own_revision() {
    let repository = Repository::new();
    ["one", "two", "three"].into_iter().for_each(|answer| repository.commit(answer));
    assert_eq!(repository.compared("three..two"), "three two");
    // All of these are older than what has been built.
    assert_eq!(repository.compared("one..three"), "one three");
    assert_eq!(repository.compared("two"), "two three");
    fs::write(repository.path("answer"), "changed\n").unwrap();
    assert_eq!(repository.compared("one"), "one changed");
    assert_eq!(repository.compared("one"), "one changed");
}

#[test]
fn what_does_not_build_is_not_replaced_by_an_older_build() {
    let repository = Repository::new();
    repository.commit("one");
    assert_eq!(repository.compared("one"), "one one");
    fs::write(repository.path("answer"), "NO\n").unwrap();
    let output = repository.run("scripts/ab", "one");
    assert_eq!(output.status.code(), Some(101), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    let output = repository.run("scripts/ab", "on");
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("no revision 'on'"), "{said}");
}

#[test]
fn a_second_build_is_of_the_revision_that_it_is_named_after() {
    let repository = Repository::new();
    ["one", "two"].into_iter().for_each(|answer| repository.commit(answer));
    for answer in ["two", "one"] {
        let made =
            repository.run("scripts/second-build", &format!("--revision {answer} --to built"));
        assert!(made.status.success(), "{}", text(&made.stderr));
        let program = repository.path("built/simul").display().to_string();
        assert_eq!(text(&repository.run(&program, "").stdout).trim(), answer);
    }
}
