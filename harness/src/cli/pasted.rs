//! Can the commands that we tell people be pasted?
//!
//! Tests only. Each command is read as the shell would hand it over, and planned; whether it measures what was missing is
//! then seen in the plan. Read next: `advise_missing.rs`, and the folklore of `simul_results`.

use super::{CommandLine, advise_missing, command::Command, run::request};
use crate::control::{plan::Plan, programs::Programs};
use clap::Parser;
use simul_results::{
    Load, Role, Summary,
    advise::{Demand, Unanswered},
    folklore,
    record::{ObjectiveRecord, RunRecord},
    summary::Surroundings,
};
use simul_runners::registry;
use std::path::PathBuf;

/// What a command would do.
fn read(command: &str) -> Command {
    let line = CommandLine::try_parse_from(command.split_whitespace());
    line.unwrap_or_else(|error| panic!("{command}: {error}")).command.unwrap()
}

/// What a command would measure on two cores.
fn planned(command: &str) -> Plan {
    let Command::Run(options) = read(command) else { panic!("{command}") };
    let programs = Programs::of(&[]).unwrap();
    Plan::make(&request(&options), &[0, 1], &programs)
        .unwrap_or_else(|error| panic!("{command}: {error}"))
}

/// A run that has measured nothing.
fn nothing() -> Summary {
    let run: RunRecord = serde_json::from_value(serde_json::json!({
        "schema": 4, "simul": "", "binary": "", "command": [], "started": "",
        "host": {
            "name": "", "system": "", "processor": "", "cores": [0, 1], "memory_bytes": 1,
            "virtual_machine": false, "clock": "tsc", "timer_slack_ns": 1, "load_average": 0.0,
        },
        "plan": {
            "seed": 1, "blocks": 1, "rounds": 1, "slice_ns": 1, "drop_ns": 0, "warm_up_ns": 0,
            "keep_awake": false, "contests": [],
        },
    }))
    .unwrap();
    Summary {
        run,
        further: Vec::new(),
        contests: Vec::new(),
        torn: false,
        surroundings: Surroundings::default(),
        builds: Vec::new(),
    }
}

#[test]
fn every_belief_has_a_command_that_measures_all_that_it_names() {
    let beliefs = folklore::judge(&nothing());
    assert_eq!(beliefs.len(), 10);
    for belief in beliefs {
        let command = belief.command.unwrap();
        let Command::Run(options) = read(&command) else { panic!("{command}") };
        let asked = request(&options);
        // Programs in other languages are asked for their version by this program, which a test is not.
        if asked.runners.iter().all(|name| registry::find(name).is_none()) {
            let programs = Programs::of(&[]).unwrap();
            assert!(asked.runners.iter().all(|name| programs.find(name).is_some()), "{command}");
            continue;
        }
        let plan = planned(&command);
        assert_eq!(plan.contests.len(), asked.workloads.len(), "{command}");
        for contest in &plan.contests {
            for runner in &asked.runners {
                let its = |arm: &&crate::control::plan::ArmPlan| {
                    arm.cell.role == Role::Runner && arm.cell.runner == *runner
                };
                assert!(contest.arms.iter().any(|arm| its(&arm)), "{runner}: {command}");
            }
        }
    }
}

#[test]
fn beliefs_about_many_connections_are_measured_with_many() {
    let beliefs = folklore::judge(&nothing());
    let of = |says: &str| {
        let belief = beliefs.iter().find(|belief| belief.says.contains(says)).unwrap();
        planned(belief.command.as_ref().unwrap()).contests.remove(0)
    };
    assert_eq!(of("Async beats threads").contest.load, Load::Closed(1000));
    let served = of("One thread can serve").open.unwrap();
    assert!(served.record.connections >= 1000, "{served:?}");
    let alone = of("One thread can serve").arms;
    let mut runners = alone.iter().filter(|arm| arm.cell.role == Role::Runner);
    assert!(runners.all(|arm| arm.workers == 1 && arm.refusal.is_none()), "{alone:?}");
    let uneven = of("Work stealing").arms;
    let mut runners = uneven.iter().filter(|arm| arm.cell.role == Role::Runner);
    assert!(runners.all(|arm| arm.workers == 2), "{uneven:?}");
}

#[test]
fn what_advice_lacks_is_measured_and_asked_by_what_is_printed() {
    let demand = |quantile, cores| Demand {
        objective: ObjectiveRecord { quantile, limit_ns: 5_000_000 },
        mix: vec![("io".into(), 0.8), ("cpu".into(), 0.2)],
        cores,
    };
    let missing = |cores| Unanswered::Missing { classes: vec!["io".into(), "cpu".into()], cores };
    let said = |demand: &Demand| {
        let runs = [PathBuf::from("results/local/a/")];
        advise_missing::text(&missing(demand.cores), demand, &nothing(), &runs)
    };
    for (demand, slo) in [(demand(0.99, None), "p99=5ms"), (demand(0.999, Some(2)), "p99.9=5ms")] {
        let text = said(&demand);
        let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        let [measure, ask] = commands[..] else { panic!("{text}") };
        let plan = planned(measure);
        assert_eq!(plan.contests.len(), 2, "{measure}");
        assert!(plan.contests.iter().all(|contest| contest.open.is_some()), "{measure}");
        assert_eq!(plan.record.blocks, 6);
        assert!(matches!(read(ask), Command::Advise(_)), "{ask}");
        let folders = "simul advise results/local/a/ results/local/a-open --slo ";
        assert!(ask.starts_with(&format!("{folders}{slo} --mix io=0.8,cpu=0.2")), "{ask}");
        // As many arrivals beyond the percentile as are needed, in each block.
        for contest in &plan.contests {
            let open = &contest.open.as_ref().unwrap();
            let [length_ns, drop_ns] = open.lengths_ns(open.rate_per_sec);
            let window_s = (length_ns - drop_ns) as f64 * 1e-9 * f64::from(open.record.rounds);
            let beyond =
                window_s * f64::from(open.rate_per_sec) * (1.0 - demand.objective.quantile);
            assert!(beyond >= 10.0, "{beyond}: {measure}");
        }
    }
}
