//! Who starts the servers of other people's making that some work needs, and when?
//!
//! The controller, one for each block, before the block's trials: the arms of a block share it, each in a space of
//! its own, since one of them works at a time and twenty-five servers would take memory and time; and a fresh one
//! comes with each block, since a process carries an offset of its own and must not be the same one through a run.
//! It runs below a guardian on the peer's cores, and its CPU time is shown as a peer's. It must not know blocks.
//! Next: [`postgres`].

pub mod postgres;

use super::{
    dialogue::{Dialogue, NoAnswer},
    guardian,
    inbox::{Inbox, Interrupted},
    plan::ContestPlan,
};
use crate::clock;
use simul_results::State;
use simul_workloads::{Service, ServiceAccess};

/// A service that answers.
#[derive(Debug)]
pub struct Running {
    dialogue: Dialogue,
    access: ServiceAccess,
}

/// A service as one arm sees it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Where it is, and the arm's own space in it.
    pub access: ServiceAccess,
    guardian_pid: i32,
}

/// Why the work of a contest cannot have the service that it needs.
#[must_use]
pub fn refusal(contest: &ContestPlan) -> Option<(State, String)> {
    match contest.needs.service? {
        Service::Postgres => postgres::refusal(connections(contest)),
    }
}

/// Starts what a contest needs.
///
/// # Errors
/// [`Interrupted`]; within it, why there is none, as a state and a reason of all cells.
pub fn start(
    service: Service,
    contest: &ContestPlan,
    inbox: &mut Inbox,
) -> Result<Result<Running, NoAnswer>, Interrupted> {
    match service {
        Service::Postgres => postgres::start(connections(contest), &contest.cores.peer, inbox),
    }
}

/// How many connections there may be at the same time: one for each actor of each arm, and while they close one
/// more, to look at what was done.
fn connections(contest: &ContestPlan) -> u64 {
    let arms = contest.arms.iter().filter(|arm| arm.refusal.is_none()).count();
    arms as u64 * u64::from(contest.actors) * 2
}

impl Running {
    /// The service as one arm sees it.
    #[must_use]
    pub fn standing(&self, space: String) -> Standing {
        let access = ServiceAccess { space, ..self.access.clone() };
        Standing { access, guardian_pid: self.dialogue.guardian_pid() }
    }

    /// All its processes.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        let guardian_pid = self.dialogue.guardian_pid();
        let mut processes = guardian::descendants(guardian_pid);
        processes.push(guardian_pid);
        processes
    }

    /// Tells the guardian to end it, without waiting.
    pub fn release(&mut self) {
        self.dialogue.release();
    }

    /// Waits until it is gone.
    pub fn bury(self, inbox: &mut Inbox) {
        self.dialogue.bury(inbox);
    }
}

impl Standing {
    /// CPU time of all its processes so far.
    #[must_use]
    pub fn cpu_ns(&self) -> u64 {
        guardian::descendants(self.guardian_pid).into_iter().filter_map(clock::cpu_of_ns).sum()
    }
}
