//! How do a workload and a runner, both chosen by name, come together?
//!
//! The runner is started and looked at, and the actors take their seats on it, the way that the workload's calls
//! take ([`simul_workloads::Port`]). What is generic over runner and workload at once is compiled for every pair,
//! so it is kept small: the rest is generic over one of them or none. Canaries always take the erased way, since
//! nobody compares their times by the nanosecond. It must not know what actors do. Next: [`super::actors`].

use super::{
    Refusal, Started,
    actors::{self, Actors},
    audit::{Audit, polls::Polls},
    costs, growth,
    slice::Engine,
    turn::TrialTurn,
    workers,
};
use crate::protocol::Spec;
use simul_results::State;
use simul_runners::{
    AnyExecutor, Backend, Executor, FairnessCard, Receipt, Runner, probe,
    registry::{self, Visitor},
};
use simul_workloads::{Needs, Port, PortChoice, Workload};
use std::sync::Arc;

/// What is recorded where the system does not show what a process waits with.
const UNKNOWN: &str = "unknown";

/// Seats a workload's actors on the runner that the spec names.
pub(super) fn seat<W: Workload>(spec: &Spec, work: W) -> Result<Started, Refusal> {
    W::Port::choose(Way { spec, work })
}

/// A workload on its way to a runner.
struct Way<'a, W> {
    spec: &'a Spec,
    work: W,
}

impl<W: Workload> PortChoice for Way<'_, W> {
    type Output = Result<Started, Refusal>;

    fn direct(self) -> Self::Output {
        registry::visit_listed(&self.spec.runner.clone(), self).unwrap_or_else(PortChoice::erased)
    }

    fn erased(self) -> Self::Output {
        let Self { spec, work } = self;
        let needs = work.needs(spec.actors);
        let name = &spec.runner;
        let (executor, facts) = registry::visit(name, Hidden { spec, needs })
            .unwrap_or_else(|| Err(Refusal::failed(format!("no runner '{name}'"))))?;
        match executor {
            AnyExecutor::Tasks(executor) => take_seats(executor, work, spec, facts),
            AnyExecutor::Jobs(executor) => take_seats(executor, work, spec, facts),
            AnyExecutor::InTurn(executor) => take_seats(executor, work, spec, facts),
        }
    }
}

impl<W: Workload> Visitor for Way<'_, W> {
    type Output = Result<Started, Refusal>;

    fn visit<R: Runner>(self) -> Self::Output {
        let Self { spec, work } = self;
        let (runner, facts) = stand_up::<R>(spec, &work.needs(spec.actors))?;
        take_seats(runner, work, spec, facts)
    }
}

/// Starts a runner for a workload that does not know it.
struct Hidden<'a> {
    spec: &'a Spec,
    needs: Needs,
}

impl Visitor for Hidden<'_> {
    type Output = Result<(AnyExecutor, Facts), Refusal>;

    fn visit<R: Runner>(self) -> Self::Output {
        let (runner, facts) = stand_up::<R>(self.spec, &self.needs)?;
        Ok((AnyExecutor::of(runner), facts))
    }
}

/// What is known of a runner once it stands.
struct Facts {
    receipt: Receipt,
    card: FairnessCard,
    backend: Option<Backend>,
    one_worker: bool,
}

/// Starts a runner that can do the work.
fn stand_up<R: Runner>(spec: &Spec, needs: &Needs) -> Result<(R, Facts), Refusal> {
    let workers = workers(spec)?;
    R::capabilities(workers)
        .admit(needs)
        .map_err(|reason| Refusal { state: State::NotApplicable, reason })?;
    let receipt = R::PROFILE.receipt().map_err(Refusal::failed)?;
    let runner = R::start(workers)
        .map_err(|error| Refusal { state: State::Unavailable, reason: error.to_string() })?;
    let backend = probe::look_up(&runner)
        .map_err(|error| Refusal::failed(format!("its sockets do not work: {error}")))?;
    let card = runner.card();
    Ok((runner, Facts { receipt, card, backend, one_worker: R::PROFILE.one_worker }))
}

/// Brings the actors to their gate.
fn take_seats<E: Executor, W: Workload>(
    executor: E,
    work: W,
    spec: &Spec,
    facts: Facts,
) -> Result<Started, Refusal> {
    let polls = spec.audit.then(Arc::<Polls>::default);
    let audit = polls.clone();
    let before = costs::anonymous_bytes();
    let actors = actors::start(executor, work, spec.surroundings.clone(), spec.actors, polls);
    started(actors, growth(before), spec, facts, audit)
}

fn started(
    actors: std::io::Result<Actors<TrialTurn>>,
    actors_anonymous_bytes: Option<u64>,
    spec: &Spec,
    facts: Facts,
    polls: Option<Arc<Polls>>,
) -> Result<Started, Refusal> {
    let actors = actors.map_err(|error| Refusal::failed(format!("set-up failed: {error}")))?;
    let Facts { receipt, card, backend, one_worker } = facts;
    Ok(Started {
        engine: Engine::new(actors.gate, spec).audited(polls.map(|polls| Audit::new(Some(polls)))),
        endings: Some(actors.endings),
        _runner: Some(actors.runner),
        receipt,
        card,
        backend: Some(backend.map_or(UNKNOWN, Backend::name)),
        one_worker,
        actors_anonymous_bytes,
    })
}
