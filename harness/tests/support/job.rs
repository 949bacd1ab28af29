//! The action for GitHub, read from its file, and a job that runs its steps as GitHub does.

use crate::support::{Place, program};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Command, Output},
};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of the action, as JSON.
pub(crate) fn yaml(name: &str) -> Value {
    let source = fs::read_to_string(root().join(".github/actions/simul").join(name)).unwrap();
    plain(&Yaml::load_from_str(&source).unwrap()[0])
}

fn plain(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Sequence(nodes) => nodes.iter().map(plain).collect(),
        Yaml::Mapping(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (plain(key), plain(value)));
            let pairs = pairs.map(|(key, value)| (key.as_str().unwrap().to_owned(), value));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        other => panic!("{other:?} has no place in an action"),
    }
}

/// A job of GitHub's: its environment, and the files that steps write to.
pub(crate) struct Job<'a> {
    pub(crate) place: &'a Place,
    pub(crate) action: Value,
    pub(crate) inputs: BTreeMap<&'a str, String>,
}

impl Job<'_> {
    /// What an expression says, or text without one.
    fn value(&self, text: &str) -> String {
        let Some(expression) = text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"))
        else {
            return text.into();
        };
        if let Some(name) = expression.strip_prefix("inputs.") {
            let default = || self.action["inputs"][name]["default"].as_str().unwrap().to_owned();
            return self.inputs.get(name).cloned().unwrap_or_else(default);
        }
        if let Some(name) = expression.strip_prefix("steps.compare.outputs.") {
            return self.output(name);
        }
        assert_eq!(expression, "github.event.pull_request.number");
        "7".into()
    }

    pub(crate) fn output(&self, name: &str) -> String {
        let written = fs::read_to_string(self.place.path("outputs")).unwrap();
        let line = written.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name}: {written}")).to_owned()
    }

    /// Runs a step as GitHub does.
    pub(crate) fn step(&self, at: usize, environment: &[(&str, &str)]) -> Output {
        let step = &self.action["runs"]["steps"][at];
        let script = self.place.path("step.sh");
        fs::write(&script, step["run"].as_str().unwrap()).unwrap();
        let mut command = command(self.place, "bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(script);
        for (name, value) in step["env"].as_object().unwrap() {
            command.env(name, self.value(value.as_str().unwrap()));
        }
        command.env("GITHUB_ACTION_PATH", root().join(".github/actions/simul"));
        command.env("RUNNER_TEMP", self.place.path("tmp"));
        command.env("GITHUB_OUTPUT", self.place.path("outputs"));
        command.env("GITHUB_STEP_SUMMARY", self.place.path("summary"));
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", "somebody/simul");
        command.envs(environment.iter().copied()).output().unwrap()
    }
}

/// A command that is in no job, whatever we run in.
pub(crate) fn command(place: &Place, name: &str) -> Command {
    let mut command = Command::new(name);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GITHUB_") {
            command.env_remove(name);
        }
    }
    place.adopt(command.env("SIMUL", program()));
    command
}
