//! Does every runner do every workload right, and does it implement the port as it must?
//!
//! Loops over both registries, so that a newcomer is tested at once. Each pair runs in a process of its
//! own, as in a real trial: some runtimes are global to their process, and one of them reads its number
//! of threads from the environment once. The child is this test binary, told to run one ignored test.
//! Nothing here sleeps in order to synchronise or asserts an upper bound of a duration; what hangs is
//! killed by [`child`]. Pairs are skipped by declared capability, never by name.
//!
//! Next: [`drive`] for the workloads, [`port`] for the runners.

mod bare;
mod child;
mod drive;
#[cfg(feature = "tokio")]
mod faults;
mod peer;
mod peer_chat;
mod peer_neighbours;
mod port;
mod port_channels;
mod port_files;
mod port_locks;
mod port_neighbours;
mod port_sockets;
mod port_ticks;
mod service;

use simul_runners::{Backend, Profile, Runner, probe, registry};
use simul_workloads as workloads;
use simul_workloads::{Needs, Parameters, Workload};
use std::num::NonZeroUsize;

/// Operations per actor.
const OPERATIONS: u64 = 5;
/// Actors, where the workload has that many by default.
const MOST_ACTORS: u32 = 6;
/// Decides everything random.
const SEED: u64 = 7;

/// As many workers as a runner gets here.
fn workers(profile: &Profile) -> NonZeroUsize {
    NonZeroUsize::new(if profile.one_worker { 1 } else { 2 }).expect("not zero")
}

fn actors(profile: &workloads::Profile) -> u32 {
    profile.actors.min(MOST_ACTORS)
}

/// A workload with its default parameters.
fn build<W: Workload>() -> W {
    let parameters = Parameters::parse(&W::PROFILE, std::iter::empty()).expect("defaults");
    W::new(&parameters, SEED).expect("defaults are in range")
}

#[test]
fn every_runner_does_every_workload_that_it_admits() {
    let mut faults = Vec::new();
    for workload in workloads::registry::ALL {
        let mut admitted = 0;
        let needs = workloads::registry::visit(workload.name, NeedsOf(actors(workload)));
        let needs = needs.expect("it is listed");
        let service = match needs.service.map(service::start) {
            Some(None) => {
                eprintln!("{}: not tested: its service is not installed", workload.name);
                continue;
            }
            started => started.flatten(),
        };
        for runner in registry::ALL {
            let offer = registry::visit(runner.name, Offer(needs));
            let Offered { refusal, mut environment } = offer.expect("it is listed");
            environment.extend(service.as_ref().map(service::Running::environment));
            if let Some(reason) = refusal {
                eprintln!("{} on {}: not applicable: {reason}", workload.name, runner.name);
                continue;
            }
            admitted += 1;
            let cell = format!("{} {}", runner.name, workload.name);
            let wanted = format!("checked {}", u64::from(actors(workload)) * OPERATIONS);
            if let Err(fault) = child::run("a_cell", &cell, &environment, &wanted) {
                faults.push(format!("{} on {}: {fault}", workload.name, runner.name));
            }
        }
        // A build with few runners may have none that can give work up, for instance.
        let some_must = cfg!(feature = "tokio");
        assert!(admitted > 0 || !some_must, "no runner admits {}", workload.name);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn every_runner_implements_the_port() {
    let mut faults = Vec::new();
    for runner in registry::ALL {
        let offer = registry::visit(runner.name, Offer(Needs::default())).expect("it is listed");
        if let Err(fault) =
            child::run("a_port", runner.name, &offer.environment, "the port is sound")
        {
            faults.push(format!("{}: {fault}", runner.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn every_bare_loop_does_its_workload() {
    let mut faults = Vec::new();
    for profile in simul_runners::bare::ALL {
        let wanted = format!("checked {}", bare::checked(profile));
        if let Err(fault) = child::run("a_bare_loop", profile.name, &[], &wanted) {
            faults.push(format!("{}: {fault}", profile.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// A runner waits with what its name promises, or is not offered under that name on this machine.
#[test]
fn every_runner_waits_with_what_its_name_promises() {
    let mut faults = Vec::new();
    for runner in registry::ALL {
        let offer = registry::visit(runner.name, Offer(Needs::default())).expect("it is listed");
        let wanted = format!("waits with {}", runner.backend.name());
        if let Err(fault) = child::run("a_backend", runner.name, &offer.environment, &wanted) {
            faults.push(format!("{}: {fault}", runner.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The runners that need their environment refuse to start without it, instead of measuring another
/// number of threads.
#[test]
fn a_missing_environment_is_refused() {
    for runner in registry::ALL {
        let offer = registry::visit(runner.name, Offer(Needs::default())).expect("it is listed");
        if !offer.environment.is_empty() {
            child::run("a_bare_start", runner.name, &[], "refused: ").unwrap();
        }
    }
}

#[test]
#[ignore = "run by `every_runner_does_every_workload_that_it_admits`, in a process of its own"]
fn a_cell() {
    let Some(cell) = child::task() else { return };
    let (runner, workload) = cell.split_once(' ').expect("a runner and a workload");
    let checked =
        registry::visit_listed(runner, drive::OnRunner { workload }).ok().expect("it is listed");
    println!("{}{}", child::RECEIPT, checked.unwrap());
}

#[test]
#[ignore = "run by `every_bare_loop_does_its_workload`, in a process of its own"]
fn a_bare_loop() {
    let Some(name) = child::task() else { return };
    println!("{}checked {}", child::RECEIPT, bare::check(&name));
}

#[test]
#[ignore = "run by `every_runner_implements_the_port`, in a process of its own"]
fn a_port() {
    let Some(runner) = child::task() else { return };
    registry::visit(&runner, port::Checks).expect("it is listed");
    println!("{}the port is sound", child::RECEIPT);
}

#[test]
#[ignore = "run by `every_runner_waits_with_what_its_name_promises`, in a process of its own"]
fn a_backend() {
    let Some(runner) = child::task() else { return };
    let backend = registry::visit(&runner, LookUp).expect("it is listed").unwrap();
    println!("{}waits with {}", child::RECEIPT, backend.map_or("nothing", Backend::name));
}

#[test]
#[ignore = "run by `a_missing_environment_is_refused`, in a process of its own"]
fn a_bare_start() {
    let Some(runner) = child::task() else { return };
    let error = registry::visit(&runner, Start).expect("it is listed");
    println!("{}refused: {}", child::RECEIPT, error.expect("it must not start"));
}

/// What a runner says to a workload's needs.
struct Offer(Needs);

struct Offered {
    refusal: Option<String>,
    environment: Vec<(&'static str, String)>,
}

impl registry::Visitor for Offer {
    type Output = Offered;

    fn visit<R: Runner>(self) -> Offered {
        let workers = workers(&R::PROFILE);
        Offered {
            refusal: R::capabilities(workers).admit(&self.0).err(),
            environment: R::environment(workers),
        }
    }
}

/// What a workload needs with so many actors.
struct NeedsOf(u32);

impl workloads::registry::Visitor for NeedsOf {
    type Output = Needs;

    fn visit<W: Workload>(self) -> Needs {
        build::<W>().needs(self.0)
    }
}

/// Looks up what a runner waits with.
struct LookUp;

impl registry::Visitor for LookUp {
    type Output = std::io::Result<Option<Backend>>;

    fn visit<R: Runner>(self) -> Self::Output {
        probe::look_up(&R::start(workers(&R::PROFILE))?)
    }
}

/// Starts a runner; the error when it will not.
struct Start;

impl registry::Visitor for Start {
    type Output = Option<std::io::Error>;

    fn visit<R: Runner>(self) -> Self::Output {
        R::start(workers(&R::PROFILE)).err()
    }
}
