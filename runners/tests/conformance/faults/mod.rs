//! Would it be noticed if a runner did the work wrong?
//!
//! Every workload is run on a runner that is sound, which must pass, and on the same runner with a fault, which
//! must be caught by the workload itself: by a digest that is not the oracle's, by an error, or by time that was
//! not waited for. [`table`] says which fault applies to which workload; it loops over the registry, so a
//! newcomer without a fault is refused. What hangs is not caught: a fault that only makes others wait would prove
//! nothing about the oracle.
//!
//! Next: [`switch`] for the faults, [`runtime`] for what they do, [`drive`] for how they are looked for.

mod drive;
mod items;
mod locks;
mod runtime;
mod streams;
mod switch;
mod table;

use crate::{NeedsOf, actors, child, service};
use simul_workloads::registry;
use switch::Fault;

/// The test below that the child runs.
const A_CELL: &str = "faults::a_faulty_cell";

#[test]
fn every_fault_that_applies_to_a_workload_is_caught_by_it() {
    let mut missed = Vec::new();
    for workload in registry::ALL {
        let name = workload.name;
        let Some(applies) = table::of(name) else {
            missed.push(format!("{name}: no line in the table of faults"));
            continue;
        };
        let needs = registry::visit(name, NeedsOf(actors(workload))).expect("it is listed");
        let service = match needs.service.map(service::start) {
            Some(None) => {
                eprintln!("{name}: not tested: its service is not installed");
                continue;
            }
            started => started.flatten(),
        };
        let environment: Vec<_> = service.iter().map(service::Running::environment).collect();
        let run = |fault: &str, wanted| {
            let cell = format!("{name} {fault}");
            child::run(A_CELL, &cell, &environment, wanted)
                .err()
                .map(|error| format!("{name} on a runner that has the fault '{fault}': {error}"))
        };
        missed.extend(run("none", "sound"));
        for fault in applies.iter().chain(&Fault::OF_OPERATIONS) {
            missed.extend(run(fault.name(), "caught"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn the_table_knows_only_what_there_is_and_stands_in_the_documents() {
    for (workload, faults) in table::TABLE {
        assert!(registry::find(workload).is_some(), "there is no workload '{workload}'");
        assert!(!faults.iter().any(|fault| Fault::OF_OPERATIONS.contains(fault)), "{workload}");
    }
    for fault in Fault::ALL {
        let applies = table::TABLE.iter().any(|(_, faults)| faults.contains(&fault));
        assert!(applies || Fault::OF_OPERATIONS.contains(&fault), "{fault:?} applies to nothing");
    }
    let documents = include_str!("../../../../workloads/README.md");
    let table = table::in_words();
    assert!(documents.contains(&table), "workloads/README.md wants this table:\n\n{table}");
}

#[test]
#[ignore = "run by `every_fault_that_applies_to_a_workload_is_caught_by_it`, in a process of its own"]
fn a_faulty_cell() {
    let Some(cell) = child::task() else { return };
    let (workload, fault) = cell.split_once(' ').expect("a workload and a fault");
    let fault = Fault::ALL.into_iter().find(|known| known.name() == fault);
    let found = drive::look_for(workload, fault).unwrap();
    println!("{}{found}", child::RECEIPT);
}
