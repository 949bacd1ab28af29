//! Who takes part in a contest?
//!
//! The runners of the registry, and programs in other languages or of other builds, which become arms like any
//! other. It must not know how an arm is measured. Next: [`super::programs`] says which can run here.

use super::{
    limits::Limits,
    plan::{ArmPlan, ContestPlan, Plan},
    programs::Programs,
    selection::{Request, matching},
};
use simul_results::{Cell, Role, State};
use simul_runners::{Capabilities, bare, program::Class};
use std::sync::Arc;

/// Who may take part, and where.
pub(super) struct Field<'a> {
    pub(super) runners: &'a [&'a str],
    pub(super) programs: &'a Programs,
    pub(super) cores: &'a [u32],
    pub(super) limits: &'a Limits,
}

/// The runners that were asked for, canaries and hand-written counterparts included if named.
pub(super) fn selected_runners<'a>(
    request: &'a Request,
    programs: &'a Programs,
) -> Result<Vec<&'a str>, String> {
    let own = simul_runners::registry::ALL.iter().map(|runner| runner.name);
    let listed: Vec<&str> = own.chain(programs.names()).collect();
    if request.runners.is_empty() {
        return Ok(listed);
    }
    // A canary's name may hold a number, so it is what was asked for.
    let asked = request.runners.iter().map(String::as_str);
    let canaries = asked.filter(|name| simul_runners::canary::find(name).is_some());
    let natives = bare::ALL.iter().filter(|bare| bare.counterpart_of.is_some());
    let hidden: Vec<&str> = canaries.chain(natives.map(|bare| bare.name)).collect();
    let mut selected = Vec::new();
    for pattern in &request.runners {
        for name in matching(pattern, "runner", &listed, &hidden)? {
            if !selected.contains(&name) {
                selected.push(name);
            }
        }
    }
    Ok(selected)
}

impl ContestPlan {
    /// The arm of a runner program; `None` when there is none of this name.
    pub(super) fn foreign_arm(&self, name: &str, programs: &Programs) -> Option<ArmPlan> {
        let program = programs.find(name)?;
        let capabilities = Capabilities {
            waiting_tasks: program.waiting_tasks,
            nested_join: program.nested_join,
            ..Capabilities::BLOCKING
        };
        let unfit = if self.contest.load.is_open() {
            (!program.serve).then(|| "it is no server".to_owned())
        } else {
            let unfit = program.refusal(self.profile.name);
            let is_thread = matches!(program.class, Class::Threads | Class::Processes);
            unfit
                .or_else(|| capabilities.compete(&self.needs).err())
                .or_else(|| self.beyond_limits(is_thread))
        };
        // What it cannot do it is not asked for: a version command takes its time.
        let (refusal, foreign) = match unfit {
            Some(reason) => (Some((State::NotApplicable, reason)), None),
            None => match programs.prepared(name)? {
                Ok(available) => (None, Some(Arc::new(available))),
                Err(missing) => (Some((State::Unavailable, missing.to_string())), None),
            },
        };
        Some(ArmPlan {
            cell: Cell {
                contest: self.contest.clone(),
                runner: name.to_owned(),
                role: Role::Runner,
            },
            program: program.spec_name().to_owned(),
            external: None,
            workers: if program.one_worker { 1 } else { self.cores.workers },
            refusal,
            foreign,
        })
    }
}

impl Plan {
    /// The listed runners that this plan would start, natives' counterparts included.
    #[must_use]
    pub fn runners(&self) -> Vec<&'static str> {
        let arms = || self.contests.iter().flat_map(|contest| &contest.arms);
        let stands_on = |arm: &ArmPlan| {
            let bare = bare::find(&arm.program).and_then(|bare| bare.counterpart_of);
            bare.unwrap_or(&arm.program).to_owned()
        };
        // A program that is not ours says itself whether it can run.
        let ours = arms().filter(|arm| arm.refusal.is_none() && arm.foreign.is_none());
        let wanted: Vec<String> = ours.map(stands_on).collect();
        let listed = simul_runners::registry::ALL.iter().map(|runner| runner.name);
        listed.filter(|name| wanted.iter().any(|wanted| wanted == name)).collect()
    }
}

impl ArmPlan {
    /// Further null arms need names of their own: `tokio.2~null`.
    pub(super) fn numbered(&self, copy: u32) -> Self {
        let mut arm = self.clone();
        if copy > 0 {
            arm.cell.runner = format!("{}.{}", self.cell.runner, copy + 1);
        }
        arm
    }
}
