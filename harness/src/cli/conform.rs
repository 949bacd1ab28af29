//! Does a runner program keep the protocol?
//!
//! Next: [`crate::control::conform`] checks; `runners/PROTOCOL.md` is what it checks against.

use super::{ConformOptions, run::programs_of, say};
use crate::{
    control::{
        conform::{self, Finding},
        programs::{CANDIDATE, Programs},
        selection::unknown,
    },
    exit::{self, Failure},
};
use std::process::ExitCode;

/// Checks the program step by step, and prints each step.
///
/// # Errors
/// There is no such program, or it cannot run here.
pub fn main(options: &ConformOptions) -> Result<ExitCode, Failure> {
    let programs = if options.command.is_empty() {
        programs_of(&options.runner_files)?
    } else {
        Programs::candidate(options.command.clone(), options.runner.clone())
    };
    let name = options.name.as_deref().unwrap_or(CANDIDATE);
    let names: Vec<&str> = programs.names().collect();
    let prepared = programs
        .prepared(name)
        .ok_or_else(|| Failure::BadInput(unknown(name, "runner", &names)))?;
    if let Err(missing) = prepared {
        return Err(Failure::BadInput(format!("'{name}' is unavailable: {missing}")));
    }
    let mut wrong = 0;
    conform::check(&programs, name, &options.workloads, &mut |step, finding| {
        let (mark, words) = match finding {
            Finding::Right(words) => ("ok   ", words),
            Finding::Refused(words) => ("-    ", words),
            Finding::Wrong(words) => {
                wrong += 1;
                ("WRONG", words)
            }
        };
        say(&format!("{mark} {step}: {words}"))
    })?;
    match wrong {
        0 => say("it keeps the protocol")?,
        count => say(&format!("{count} steps went wrong; see: runners/PROTOCOL.md"))?,
    }
    Ok(if wrong == 0 { exit::OK } else { exit::FAILED }.into())
}
