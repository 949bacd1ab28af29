//! Do a workload's own figures come from its ledger to the summary, for every workload that declares some?

mod support;

use simul_workloads::Figure;
use std::collections::BTreeSet;
use support::{Place, json, text};

#[test]
fn every_declared_figure_is_told() {
    let telling: Vec<_> = simul_workloads::registry::ALL
        .iter()
        .filter(|profile| !profile.figures.is_empty())
        .collect();
    assert!(!telling.is_empty(), "some workload has a figure of its own");
    for profile in telling {
        let place = Place::new();
        let name = profile.name;
        // Every pair once is as short as it gets.
        let output =
            place.run(&format!("--suite every -w {name} -r tokio,inline --out run --json"));
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        let object = json(&output);
        let cell = &object["cells"][0];
        assert_eq!((&cell["runner"], &cell["state"]), (&"tokio".into(), &"measured".into()));
        for figure in profile.figures {
            let told = &cell["figures"][figure.name];
            assert_eq!(told["unit"], figure.unit, "{} in {cell:#}", figure.name);
            assert!(told["value"]["median"].is_f64(), "{} in {cell:#}", figure.name);
        }
        let told: BTreeSet<String> = place
            .trials("run")
            .iter()
            .flat_map(|trial| &trial.slices)
            .flat_map(|slice| slice.figures.keys().cloned())
            .collect();
        for figure in profile.figures {
            // Events that did not happen are not entered.
            let is_told = told.contains(figure.name) || figure.unit == Figure::IN_ALL;
            assert!(is_told, "{} of {name} is not in the recording: {told:?}", figure.name);
        }
        let is_declared = |name: &String| profile.figures.iter().any(|known| known.name == name);
        assert!(told.iter().all(is_declared), "{told:?} are in the recording of {name}");
        place.assert_clean();
    }
}
