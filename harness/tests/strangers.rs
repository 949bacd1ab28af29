//! Who works beside a run is noticed, and rounds are run again for it: at most so often as a quarter of the time allows.

mod support;

use simul_results::{
    TrialRecord,
    record::{RunRecord, mark},
};
use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Command, Stdio},
};
use support::{Place, text};

/// A shell that works until it is dropped.
struct Stranger(Child);

impl Stranger {
    fn start(script: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().expect("there is a shell"))
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        // It may have ended by itself, which fails the test elsewhere.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const ROUNDS: usize = 4;
const TINY: &str =
    "-w sha256 -r inline,threads --null-arms 0 --blocks 2 --rounds 4 --slice 20ms --no-progress";

fn measured(place: &Place, more: &str) -> (RunRecord, Vec<TrialRecord>, String) {
    let output = place.run(&format!("{TINY} --out run {more}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let run = fs::read_to_string(place.path("run").join("run.json")).unwrap();
    let trials = fs::read_to_string(place.path("run").join("trials.jsonl")).unwrap();
    let trials = trials.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (serde_json::from_str(&run).unwrap(), trials, text(&output.stdout))
}

#[test]
fn rounds_are_run_again_beside_an_endless_stranger_and_not_for_ever() {
    let _stranger = Stranger::start("while :; do :; done");
    for more in ["", "--alone"] {
        let place = Place::new();
        let (run, trials, shown) = measured(&place, more);
        let all = || trials.iter().flat_map(|trial| &trial.slices);
        let aside = all().filter(|slice| slice.set_aside).count();
        assert!(aside > 0, "'{more}': a stranger that works all the time costs a round");
        // By time it is a quarter; rounds on a busy machine are of different lengths.
        assert!(aside * 2 <= all().count(), "'{more}': {aside} of {}", all().count());
        for trial in &trials {
            assert_eq!(trial.counted().count(), ROUNDS, "{}", trial.cell);
            assert!(trial.marks.iter().any(|name| name == mark::CONTAMINATED), "{}", trial.cell);
            let rounds: BTreeSet<u32> = trial.slices.iter().map(|slice| slice.round).collect();
            assert_eq!(rounds.len(), trial.slices.len(), "each has a number of its own");
            let hiccups = trial.hiccups.as_ref().unwrap();
            assert!(hiccups.span_ns > 0 && hiccups.lost_ns <= hiccups.span_ns);
        }
        assert!(all().all(|slice| slice.foreign_estimated_ns.is_some()));
        let watch = run.watch.unwrap();
        assert!(shown.contains("around it: strangers used "), "{shown}");
        assert!(watch.unseen.iter().all(|text| shown.contains(text)), "{shown}");
        assert!(shown.contains("the machine itself took "), "{shown}");
    }
}

#[test]
fn who_comes_and_goes_is_estimated() {
    let script = "while :; do ( i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done ); done";
    let _stranger = Stranger::start(script);
    let place = Place::new();
    let (run, trials, _) = measured(&place, "");
    if run.watch.unwrap().total == "ticks" {
        // They do not show what uses less than half a core.
        return;
    }
    let slices = || trials.iter().flat_map(|trial| &trial.slices);
    let estimated_ns: u64 = slices().filter_map(|slice| slice.foreign_estimated_ns).sum();
    let span_ns: u64 = slices().map(|slice| slice.ended_ns - slice.started_ns).sum();
    assert!(estimated_ns as f64 > 0.05 * span_ns as f64, "{estimated_ns} of {span_ns}");
}
