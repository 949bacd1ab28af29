//! What is here, what is missing, and what would help?
//!
//! Next: [`crate::doctor`] looks.

use super::{DoctorOptions, run::programs_of, say};
use crate::{
    control::{
        availability,
        inbox::{Inbox, Interrupted},
    },
    doctor::{self, Finding, Health, machine, tools},
    exit::{self, Failure},
};
use serde_json::json;
use std::process::ExitCode;

/// Looks at everything and prints what was found.
///
/// # Errors
/// Standard output cannot be written, or a declaration is malformed.
pub fn main(options: &DoctorOptions) -> Result<ExitCode, Failure> {
    let programs = programs_of(&options.runner_files)?;
    let names: Vec<&str> = simul_runners::registry::ALL.iter().map(|runner| runner.name).collect();
    let found = availability::of(&names, &mut Inbox::default());
    let found = found.map_err(|Interrupted| Failure::Broken("interrupted".into()))?;
    let mut findings = machine::findings();
    findings.extend(doctor::own_runners(&found));
    findings.extend(doctor::programs(&programs));
    findings.extend(tools::findings());
    let broken = findings.iter().filter(|finding| finding.state == Health::Broken).count();
    if options.json {
        say(&format!("{:#}", json!({ "broken": broken, "findings": findings })))?;
    } else {
        print(&findings)?;
    }
    Ok(if broken == 0 { exit::OK } else { exit::FAILED }.into())
}

fn print(findings: &[Finding]) -> Result<(), Failure> {
    let mut area = "";
    for finding in findings {
        if finding.area != area {
            area = finding.area;
            let heading = match area {
                "machine" => "the machine",
                "runner" => "runners",
                _ => "external tools",
            };
            say(&format!("{heading}:"))?;
        }
        let Finding { name, state, found, remedy, .. } = finding;
        say(&format!("  {:<8} {name:<17} {found}", state.name()))?;
        if let Some(remedy) = remedy {
            say(&format!("  {:<8} {:<17} → {remedy}", "", ""))?;
        }
    }
    Ok(())
}
