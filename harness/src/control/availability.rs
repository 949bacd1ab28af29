//! Which runners can be measured on this machine?
//!
//! Each is tried out in a process of its own, below a guardian as every child (`simul probe RUNNER`): some
//! runtimes panic where they cannot start, and what panics, hangs or dies there is unavailable here, with
//! its last words. It must not know how a runner is tried out; that is `simul_runners::probe`. Next:
//! [`super::plan`] keeps the cells of those that are not available, with the reason.

use super::{
    child::Start,
    dialogue::Dialogue,
    inbox::{Inbox, Interrupted},
};
use simul_runners::probe::{Availability, Missing};
use std::{collections::BTreeMap, num::NonZeroUsize, time::Duration};

/// How long a probe may take. Beyond its own time limits, so that it can say itself what did not end.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many are tried out at the same time.
const AT_ONCE: usize = 4;

/// Tries these runners out.
///
/// # Errors
/// [`Interrupted`].
pub fn of(
    runners: &[&'static str],
    inbox: &mut Inbox,
) -> Result<BTreeMap<&'static str, Availability>, Interrupted> {
    let mut found = BTreeMap::new();
    for some in runners.chunks(AT_ONCE) {
        let probes: Vec<_> = some.iter().map(|name| (*name, start(name, inbox))).collect();
        for (name, probe) in probes {
            let availability = match probe {
                Ok(mut dialogue) => {
                    let answer = dialogue.answer(inbox, PATIENCE)?;
                    dialogue.bury(inbox);
                    answer.unwrap_or_else(|(_, reason)| unavailable(name, &reason))
                }
                Err(error) => unavailable(name, &format!("it could not start: {error}")),
            };
            found.insert(name, availability);
        }
    }
    Ok(found)
}

fn start(name: &'static str, inbox: &mut Inbox) -> std::io::Result<Dialogue> {
    let environment = simul_runners::registry::environment(name, NonZeroUsize::MIN);
    let start = Start {
        id: inbox.new_child(),
        cores: &[],
        arguments: &["probe", name],
        program: None,
        environment: &environment,
        folder: false,
        answers: true,
    };
    Dialogue::start(&start, inbox)
}

fn unavailable(name: &str, reason: &str) -> Availability {
    Availability::Unavailable(Missing {
        reason: format!("its probe failed: {reason}"),
        remedy: format!("see what it says by hand: simul probe {name}"),
    })
}
