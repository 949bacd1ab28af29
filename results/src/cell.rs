//! What identifies a measurement?
//!
//! A cell is a workload with parameters, on a runner, under a load, at a placement; its printed form, for
//! instance `echo:64/tokio/closed-32@separate`, is unique and can be asked for again. Cells that differ
//! only in the runner form a [`Contest`]: they are measured in the same rounds and may be compared.

pub use crate::load::{Arrivals, Load, MOST_ACTORS};

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What is measured in trials of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// What it is compared within.
    pub contest: Contest,
    /// The runner's name, without the mark of a null arm.
    pub runner: String,
    /// Why it is there.
    pub role: Role,
}

/// All cells that differ only in the runner.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Contest {
    /// The workload's name with its parameters: `echo:64`.
    pub workload: String,
    /// How much, when.
    pub load: Load,
    /// On which cores.
    pub placement: Placement,
}

/// Why a cell is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Role {
    /// It is what was asked for.
    Runner,
    /// A second copy of the baseline runner: shows the noise.
    Null,
    /// What the machine itself costs; compared in CPU per operation only.
    Floor,
}

/// Which cores runner and peer have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Placement {
    /// One core for the runner, another for the peer.
    Separate,
    /// One core for both.
    OneCore,
    /// All cores for both.
    AllCores,
    /// Wherever the scheduler puts them.
    Unpinned,
}

impl Placement {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Separate, Self::OneCore, Self::AllCores, Self::Unpinned];

    /// Its name in cells and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Separate => "separate",
            Self::OneCore => "one-core",
            Self::AllCores => "all-cores",
            Self::Unpinned => "unpinned",
        }
    }
}

impl Role {
    /// Its name in tables and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Runner => "runner",
            Self::Null => "null",
            Self::Floor => "floor",
        }
    }
}

impl Cell {
    /// The runner's name as tables show it: a null arm is `tokio~null`.
    #[must_use]
    pub fn arm(&self) -> String {
        match self.role {
            Role::Null => format!("{}~null", self.runner),
            Role::Runner | Role::Floor => self.runner.clone(),
        }
    }
}

impl Contest {
    /// The workload's name without its parameters.
    #[must_use]
    pub fn workload_name(&self) -> &str {
        self.workload.split(':').next().unwrap_or_default()
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contest { workload, load, placement } = &self.contest;
        write!(f, "{workload}/{}/{load}@{}", self.arm(), placement.name())
    }
}

impl fmt::Display for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.workload, self.load, self.placement.name())
    }
}

impl FromStr for Placement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|placement| placement.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("placement '{text}' is none of {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_print_uniquely() {
        let contest = Contest {
            workload: "echo:64".into(),
            load: Load::Closed(32),
            placement: Placement::Separate,
        };
        let cell = |role| Cell { contest: contest.clone(), runner: "tokio".into(), role };
        assert_eq!(cell(Role::Runner).to_string(), "echo:64/tokio/closed-32@separate");
        assert_eq!(cell(Role::Null).to_string(), "echo:64/tokio~null/closed-32@separate");
        assert_eq!(contest.workload_name(), "echo");
        let load = "open-250-burst:8".parse().unwrap();
        let open = Contest { load, ..contest.clone() };
        assert_eq!(open.to_string(), "echo:64/open-250-burst:8@separate");
    }

    #[test]
    fn placements_read_back_what_they_print() {
        for placement in Placement::ALL {
            assert_eq!(placement.name().parse(), Ok(placement));
        }
    }
}
