//! Is what is said of open loads what was drawn, and is it said of nothing else?

mod synthetic;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use simul_results::{
    Arrivals, Load, Role, State, Summary,
    chart::{
        Palette, climb, effect,
        heatmap::{self, Field},
        omission, spectrum,
    },
    export::{csv, json, markdown},
    record::{Saturation, mark},
    report, store,
    summary::{CellSummary, Measure},
    table,
};
use std::path::Path;
use synthetic::recording;
use synthetic_open::{OPEN, open_recording, open_slice, stalling, sweeping};

fn row<'a>(summary: &'a Summary, arm: &str) -> &'a CellSummary {
    summary.contests[0].cells.iter().find(|cell| cell.arm == arm).expect("every cell has a row")
}

#[test]
fn quantiles_are_over_all_that_was_drawn() {
    // 90 answered within 1 to 90 µs, 10 not at all: p90 is known and p99 is not.
    let answered: Vec<u64> = (1..=90).map(|us| us * 1000).collect();
    let recording = open_recording(OPEN, &[("tokio", Role::Runner)], 3, |_, _, _| {
        vec![open_slice(0, 1000, &answered, 0, 10)]
    });
    let summary = Summary::of(&recording).unwrap();
    let numbers = row(&summary, "tokio").numbers.as_ref().unwrap();
    assert!((numbers.p90_ns.median / 90_000.0 - 1.0).abs() < 0.001);
    assert!((numbers.p50_ns.median / 50_000.0 - 1.0).abs() < 0.001, "not the 45th of 90");
    assert!(numbers.reaches(0.9) && !numbers.reaches(0.91) && !numbers.reaches(0.99));
    assert!(
        (numbers.p99_ns.median / 9e9 - 1.0).abs() < 0.001,
        "at least as long as it was awaited"
    );
    let open = numbers.open.as_ref().unwrap();
    assert_eq!((open.drawn, open.failed(), numbers.least_recorded), (300, 30, 100));
}

#[test]
fn a_percentile_among_the_failed_is_a_bound_in_every_form() {
    let summary = Summary::of(&stalling(3)).unwrap();
    let table = table::render(&summary, None);
    let line = table.lines().find(|line| line.contains("smol")).unwrap();
    assert!(line.contains("> 9,"), "p99 of smol in µs: {line}");
    assert!(table.contains("smol: of 12,246 requests failed: closed 246"), "{table}");
    let cell = serde_json::to_value(json::Output::of(&summary, "x")).unwrap()["cells"][1].clone();
    assert!(cell["response_ns"]["p90"].is_object(), "{cell}");
    assert!(cell["response_ns"]["p99"].is_null() && cell["service_ns"]["p99"].is_null());
    assert!(cell["response_ns"]["at_least"]["p99"].as_f64().unwrap() > 8e9);
    assert!(cell["response_ns"]["at_least"].get("p90").is_none());
    let csv = csv::render(&summary);
    let mut lines = csv.lines();
    let at = lines.next().unwrap().split(',').position(|name| name == "p99_ns").unwrap();
    let smol = lines.find(|line| line.contains("/smol/")).unwrap();
    assert_eq!(smol.split(',').nth(at), Some(""), "{smol}");
}

#[test]
fn a_stall_is_in_the_response_and_not_in_the_service() {
    let summary = Summary::of(&stalling(6)).unwrap();
    let numbers = row(&summary, "tokio").numbers.as_ref().unwrap();
    let open = numbers.open.as_ref().unwrap();
    assert!(numbers.p99_ns.median > 50e6 && open.service.p99_ns.median < 1e6);
    let palette = Palette::of(&summary);
    let pairs = omission::pairs(&summary.contests[0], &palette);
    assert_eq!(pairs.len(), 4);
    let last = |curve: &[simul_results::summary::Quantile]| curve.last().unwrap().ns.median;
    assert!(last(&pairs[0].response) > 20.0 * last(&pairs[0].service));
    // smol fails 2 %: its curve ends below p98.
    assert!(pairs[1].response.last().unwrap().nines <= 50.0_f64.log10());
}

#[test]
fn open_cells_say_open_and_response_and_closed_ones_neither() {
    let open = Summary::of(&stalling(2)).unwrap();
    let closed = Summary::of(&recording(&["tokio", "smol"], 2, 2, 100)).unwrap();
    for text in [table::render(&open, None), markdown::render(&open)] {
        assert!(text.contains("open-1000-poisson") && text.contains("response time"), "{text}");
        assert!(text.contains("open load: percentiles are of the response time"));
    }
    for text in [table::render(&closed, None), markdown::render(&closed), csv::render(&closed)] {
        assert!(!text.contains("response"), "{text}");
    }
}

#[test]
fn no_chart_draws_a_response_from_a_closed_load() {
    // Everything that is drawn is computed by these functions; a closed contest gives none of them anything
    // that is a response, whatever its measure.
    for measure in ["service", "lateness", "makespan"] {
        let mut recording = recording(&["tokio", "smol"], 3, 3, 600);
        recording.run.plan.contests[0].measure = measure.into();
        recording.trials.iter_mut().for_each(|trial| trial.measure = measure.into());
        let summary = Summary::of(&recording).unwrap();
        let palette = Palette::of(&summary);
        let contest = &summary.contests[0];
        assert_ne!(contest.measure, Measure::Response);
        assert_eq!(omission::pairs(contest, &palette), []);
        assert_eq!(climb::series(contest, &palette), []);
        assert!(!spectrum::series(contest, &palette).is_empty());
        for picture in report::Pictures::of(&summary, &palette).contests.iter().flatten() {
            assert!(!picture.svg.contains("response"), "{}", picture.file);
        }
        for cell in &contest.cells {
            let open = cell.numbers.as_ref().and_then(|numbers| numbers.open.as_ref());
            assert!(open.is_none() && cell.sweep.is_none());
        }
    }
}

#[test]
fn a_recording_that_calls_a_closed_time_a_response_is_refused() {
    let mut lying = recording(&["tokio"], 1, 1, 50);
    lying.run.plan.contests[0].measure = "response".into();
    lying.trials.iter_mut().for_each(|trial| trial.measure = "response".into());
    assert!(Summary::of(&lying).unwrap_err().contains("no other load has"));
    let mut lying = stalling(1);
    lying.run.plan.contests[0].measure = "service".into();
    assert!(Summary::of(&lying).unwrap_err().contains("open loads have a response time"));
    let mut lying = stalling(1);
    lying.trials[0].slices[0].open = None;
    assert!(Summary::of(&lying).unwrap_err().contains("not of its cell's load"));
}

#[test]
fn a_generator_that_was_late_is_not_ranked() {
    let mut recording = stalling(2);
    recording.trials[2].marks = vec![mark::GENERATOR_LIMITED.into(), mark::SATURATED.into()];
    let summary = Summary::of(&recording).unwrap();
    assert!(!row(&summary, "threads").ranked && row(&summary, "tokio").ranked);
    let text = table::render(&summary, None);
    assert!(text.contains("generator: the generator was late"), "{text}");
    assert!(text.contains("saturated: the server could not keep up"));
    let fields = heatmap::map(&summary).fields;
    assert!(matches!(fields[2][0], Field::Ratio { ranked: false, .. }));
}

#[test]
fn effects_of_open_loads_pair_rounds_too() {
    let summary = Summary::of(&stalling(4)).unwrap();
    let threads = &row(&summary, "threads").effects;
    assert_eq!(threads.p50.as_ref().unwrap().blocks.len(), 4);
    assert!(summary.contests[0].noise.is_some());
    let panels = effect::panels(&summary.contests[0]);
    assert!(panels[0].title.contains("response time"));
}

#[test]
fn a_server_whose_cpu_cannot_be_seen_has_no_cpu_figure() {
    let mut recording = stalling(2);
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "threads") {
        trial.slices.iter_mut().for_each(|slice| slice.cpu_ns = None);
    }
    let summary = Summary::of(&recording).unwrap();
    let threads = row(&summary, "threads");
    assert_eq!(threads.state, State::Measured);
    assert_eq!(threads.numbers.as_ref().unwrap().cpu_us_per_op, None);
    assert_eq!(threads.effects.cpu_per_op, None);
    let table = table::render(&summary, None);
    assert!(table.lines().any(|line| line.contains("threads") && line.contains("unknown")));
}

#[test]
fn a_sweep_tells_how_far_everybody_came() {
    let summary = Summary::of(&sweeping(&["slow", "middle", "fast"], 3)).unwrap();
    let of = |arm: &str| row(&summary, arm).sweep.clone().unwrap();
    let held = |arm: &str| {
        let sustained = of(arm).sustained.unwrap();
        (sustained.held_per_sec, sustained.broke_per_sec)
    };
    assert_eq!(held("slow"), (2000, Some(5000)));
    assert_eq!(held("middle"), (5000, Some(10_000)));
    assert_eq!(held("fast"), (10_000, None));
    // The p99 of the first rung times three is passed at the third rung, which is five times as slow.
    assert_eq!(of("fast").knee.unwrap().held_per_sec, 2000);
    let capacity = of("fast").capacity.unwrap();
    assert!(capacity.held_per_sec >= 2000 && capacity.held_per_sec <= 10_000);
    let rungs = of("slow").rungs;
    assert_eq!(rungs.len(), 4);
    assert!(!rungs[1].saturated && rungs[2].saturated && rungs[0].blocks == 3);
    let text = table::render(&summary, None);
    assert!(text.contains("5,000 (<10,000)") && text.contains("≥ 10,000"), "{text}");
    assert!(text.contains("p99 ≤ 1.50 ms/s") && text.contains("knee: the last sustained rung"));
    assert_eq!(csv::render(&summary).lines().count(), 1 + 3 * 4, "a line a rung");
    let output = serde_json::to_value(json::Output::of(&summary, "x")).unwrap();
    let sweep = &output["cells"][0]["sweep"];
    assert_eq!(sweep["sustained"]["held_per_sec"], 2000);
    assert_eq!(sweep["rungs"][3]["saturated"], true);
    assert!(
        output["cells"][0]["response_ns"].is_null() && output["cells"][0]["state"] == "measured"
    );
}

#[test]
fn blocks_that_do_not_agree_contradict_nothing() {
    // By block, how many of the rungs hold.
    let told = |held: [usize; 3]| {
        let load = Load::Sweep { from_per_sec: 10_000, arrivals: Arrivals::Poisson };
        let arms = [("tokio", Role::Runner)];
        let recording = open_recording(load, &arms, 3, |_, block, random| {
            let rates = [10_000, 15_000, 20_000, 30_000].into_iter().enumerate();
            let climb = rates.take(held[block as usize] + 1).map(|(rung, rate)| {
                let times = random.latencies(80_000.0, 2000);
                let mut slice = open_slice(rung as u32, rate, &times, 0, 0);
                if rung == held[block as usize] {
                    slice.open.as_mut().unwrap().saturated = Saturation::Server;
                }
                slice
            });
            climb.collect()
        });
        let summary = Summary::of(&recording).unwrap();
        let reached = row(&summary, "tokio").sweep.as_ref().unwrap().sustained.unwrap();
        (reached.low_per_sec, reached.broke_per_sec, table::render(&summary, None))
    };
    let (low, broke, text) = told([1, 3, 3]);
    assert_eq!((low, broke), (10_000, Some(30_000)), "the lowest block broke at 15,000");
    assert!(text.contains("20,000 (<30,000, lowest 10,000)"), "{text}");
    let (low, broke, text) = told([2, 4, 4]);
    assert_eq!((low, broke), (15_000, None));
    assert!(text.contains("≥ 30,000 (lowest 15,000)"), "{text}");
    let (low, broke, text) = told([3, 3, 3]);
    assert_eq!((low, broke), (20_000, Some(30_000)));
    assert!(text.contains("20,000 (<30,000)") && !text.contains(" lowest 20"), "{text}");
}

#[test]
fn a_tail_of_a_few_requests_is_told_by_no_form() {
    // Thirty of 300 requests lie above p90 and three above p99; of the second runner's, p99 is among the failed too.
    let arms = [("tokio", Role::Runner), ("smol", Role::Runner)];
    let recording = open_recording(OPEN, &arms, 3, |at, _, random| {
        let failed = if at == 1 { 20 } else { 0 };
        let answered = random.latencies(80_000.0, 300 - failed);
        vec![open_slice(0, 1000, &answered, 0, failed as u64)]
    });
    let summary = Summary::of(&recording).unwrap();
    let output = serde_json::to_value(json::Output::of(&summary, "x")).unwrap();
    for times in ["response_ns", "service_ns", "wait_ns", "lag_ns"] {
        for cell in [&output["cells"][0], &output["cells"][1]] {
            let times = &cell[times];
            assert!(times["p50"].is_object() && times["p90"].is_object(), "{cell}");
            assert!(times["p99"].is_null() && times["p999"].is_null(), "{cell}");
            assert_eq!(times["at_least"], serde_json::json!({}), "no bound of what is not told");
        }
    }
    let csv = csv::render(&summary);
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, tokio) = (lines.next().unwrap(), lines.next().unwrap());
    let value = |name: &str| tokio[header.iter().position(|title| *title == name).unwrap()];
    for times in ["", "service_", "wait_", "lag_"] {
        assert!(!value(&format!("{times}p50_ns")).is_empty(), "{times}");
        assert_eq!(value(&format!("{times}p99_ns")), "", "{times}");
    }
    let table = table::render(&summary, None);
    let tokio = table.lines().find(|line| line.trim_start().starts_with("tokio")).unwrap();
    assert_eq!(tokio.matches('–').count(), 3, "p99, p99.9 and the service's p99: {tokio}");
}

/// A sweep over two rates with so many requests each.
fn short_sweep(requests: [usize; 2]) -> Summary {
    let load = Load::Sweep { from_per_sec: 1000, arrivals: Arrivals::Poisson };
    let recording = open_recording(load, &[("tokio", Role::Runner)], 2, |_, _, random| {
        let rungs = [1000, 2000].into_iter().zip(requests).zip(0..);
        let rung = |((rate, requests), round)| {
            open_slice(round, rate, &random.latencies(80_000.0, requests), 0, 0)
        };
        rungs.map(rung).collect()
    });
    Summary::of(&recording).unwrap()
}

#[test]
fn a_rung_of_a_few_requests_has_no_tail() {
    let summary = short_sweep([500, 2000]);
    let contest = &summary.contests[0];
    let series = climb::series(contest, &Palette::of(&summary));
    let rates = |panel: usize| -> Vec<f64> {
        series[0].panels[panel].iter().map(|point| point.rate_per_sec).collect()
    };
    assert_eq!((rates(0), rates(1)), (vec![1000.0, 2000.0], vec![2000.0]));
    let output = serde_json::to_value(json::Output::of(&summary, "x")).unwrap();
    let rungs = &output["cells"][0]["sweep"]["rungs"];
    for times in ["response_ns", "service_ns"] {
        assert!(rungs[0][times]["p90"].is_object() && rungs[0][times]["p99"].is_null(), "{rungs}");
        assert!(rungs[1][times]["p99"].is_object() && rungs[1][times]["p999"].is_null());
    }
    let text = table::render(&summary, None);
    let tokio = text.lines().find(|line| line.trim_start().starts_with("tokio")).unwrap();
    assert_eq!(tokio.matches('–').count(), 1, "p99 of the first rung: {tokio}");
    assert!(text.contains("–: fewer than ten operations a block lie above it"), "{text}");
    // Where no rung has one, there is still a chart of the medians.
    for (requests, has_none) in [([500, 500], true), ([2000, 2000], false)] {
        let summary = short_sweep(requests);
        let palette = Palette::of(&summary);
        let series = climb::series(&summary.contests[0], &palette);
        assert_eq!(series[0].panels[1].is_empty(), has_none);
        let svg = climb::draw(&summary.contests[0], &palette).unwrap().svg();
        assert_eq!(svg.contains("no p99: fewer than ten requests"), has_none, "{svg}");
        assert_eq!(svg.contains("tokio, p99: "), !has_none, "{svg}");
    }
}

#[test]
fn a_climb_draws_all_rungs_but_those_of_the_generator() {
    let mut recording = sweeping(&["slow", "fast"], 2);
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "fast") {
        let open = trial.slices.last_mut().and_then(|slice| slice.open.as_mut()).unwrap();
        open.saturated = Saturation::Generator;
    }
    let summary = Summary::of(&recording).unwrap();
    let palette = Palette::of(&summary);
    let series = climb::series(&summary.contests[0], &palette);
    assert_eq!(series[0].panels[1].len(), 4);
    assert_eq!(series[1].panels[1].len(), 3);
    assert!(series[0].panels[0][3].saturated && !series[0].panels[0][0].saturated);
    assert!(series[0].panels[1][0].ns.median > series[0].panels[0][0].ns.median);
    let kinds: Vec<String> = report::Pictures::of(&summary, &palette)
        .all()
        .map(|picture| picture.file.clone())
        .collect();
    assert_eq!(kinds, ["echo-64-sweep-1000-poisson-separate.climb.svg"]);
    assert!(row(&summary, "fast").sweep.as_ref().unwrap().rungs[3].generator_limited);
    assert_eq!(row(&summary, "fast").sweep.as_ref().unwrap().sustained.unwrap().held_per_sec, 5000);
}

#[test]
fn a_recording_of_the_first_schema_is_still_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded/2026-11-20-two-core-vm");
    let recorded = store::load(&folder).unwrap();
    assert_eq!(recorded.run.schema, 1);
    assert!(recorded.run.plan.contests.iter().all(|contest| contest.open.is_none()));
    let summary = Summary::of(&recorded).unwrap();
    assert!(summary.contests.iter().all(|contest| matches!(contest.contest.load, Load::Closed(_))));
    // And a trial's line: what version 2 has more is simply not there.
    let trial = &recording(&["tokio"], 1, 1, 20).trials[0];
    let mut line = serde_json::to_value(trial).unwrap();
    line["schema"] = 1.into();
    let slice = line["slices"][0].as_object_mut().unwrap();
    assert!(slice["cpu_ns"].is_u64() && !slice.contains_key("open"), "as version 1 wrote it");
    let read: simul_results::TrialRecord = serde_json::from_value(line).unwrap();
    assert_eq!(read.slices, trial.slices);
}

#[test]
fn a_report_of_many_runners_is_drawn() {
    let names: Vec<String> = (0..17).map(|at| format!("runner-{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let home = tempfile::TempDir::new().unwrap();
    let written = report::write(&home.path().join("sweep"), &sweeping(&names, 3)).unwrap();
    assert_eq!(written.charts.len(), 1);
    let written = report::write(&home.path().join("open"), &stalling(3)).unwrap();
    let kinds = ["heatmap", "spectrum", "course", "omission", "effect", "cost", "price"];
    assert_eq!(written.charts.len(), kinds.len(), "{:?}", written.charts);
    // For whoever wants to look at them: SIMUL_KEEP=folder.
    if let Some(keep) = std::env::var_os("SIMUL_KEEP") {
        report::write(&Path::new(&keep).join("sweep"), &sweeping(&names, 3)).unwrap();
        report::write(&Path::new(&keep).join("open"), &stalling(3)).unwrap();
    }
}
