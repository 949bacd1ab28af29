//! Can this machine be measured on, what would make it better, and what is missing?
//!
//! Findings about runners, external tools and the machine, each with its remedy. Only what makes measuring impossible
//! is broken; everything else is said and left to the user. It must not change anything. Next: [`machine`],
//! [`tools`]; runners are tried out by [`crate::control::availability`] and [`crate::control::programs`].

pub mod machine;
pub mod tools;

use crate::control::programs::Programs;
use serde::Serialize;
use simul_runners::probe::{Availability, Missing};
use std::collections::BTreeMap;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `runner`, `tool` or `machine`.
    pub area: &'static str,
    /// What.
    pub name: String,
    /// How it is.
    pub state: Health,
    /// What was found, in one line.
    pub found: String,
    /// What helps, where something can be better.
    pub remedy: Option<String>,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Good,
    /// It can be measured, and this should be known or could be better.
    Note,
    /// It is not here; cells that need it are unavailable.
    Missing,
    /// Nothing can be measured.
    Broken,
}

impl Health {
    /// As it stands in front of a line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Missing => "missing",
            Self::Broken => "broken",
        }
    }
}

impl Finding {
    /// As it should be.
    #[must_use]
    pub fn good(area: &'static str, name: &str, found: impl Into<String>) -> Self {
        Self { area, name: name.into(), state: Health::Good, found: found.into(), remedy: None }
    }

    /// The same thing in another state, with what helps.
    #[must_use]
    pub fn but(self, state: Health, remedy: impl Into<String>) -> Self {
        Self { state, remedy: Some(remedy.into()), ..self }
    }
}

/// What the probes of our own runners found.
#[must_use]
pub fn own_runners(found: &BTreeMap<&'static str, Availability>) -> Vec<Finding> {
    let listed = simul_runners::registry::ALL.iter();
    let tried = listed.filter_map(|runner| Some((runner, found.get(runner.name)?)));
    tried
        .map(|(runner, availability)| {
            let version =
                runner.receipt().map(|receipt| format!("{} {}", receipt.package, receipt.version));
            let say = |text: String| Finding::good("runner", runner.name, text);
            match (version, availability) {
                (Err(why), _) => say(why).but(Health::Missing, "build from the repository"),
                (Ok(version), Availability::Available { backend }) => {
                    let waits = backend.map(|backend| format!(", waits with {}", backend.name()));
                    say(version + &waits.unwrap_or_default())
                }
                (Ok(_), Availability::Unavailable(Missing { reason, remedy })) => {
                    say(reason.clone()).but(Health::Missing, remedy)
                }
                (Ok(_), Availability::Degraded { backend, promised }) => {
                    let (found, promised) = (backend.name(), promised.name());
                    let text = format!("would wait with {found}, and its name promises {promised}");
                    say(text).but(Health::Missing, format!("allow {promised} on this machine"))
                }
            }
        })
        .collect()
}

/// What the version commands of runner programs found.
#[must_use]
pub fn programs(programs: &Programs) -> Vec<Finding> {
    let names: Vec<&str> = programs.names().collect();
    let asked = names.iter().filter_map(|name| Some((name, programs.availability(name)?)));
    asked
        .map(|(name, found)| match found {
            Ok(available) => {
                let text = format!("{} {}", available.program.package, available.version);
                Finding::good("runner", name, text)
            }
            Err(missing) => {
                Finding::good("runner", name, &missing.reason).but(Health::Missing, &missing.remedy)
            }
        })
        .collect()
}
