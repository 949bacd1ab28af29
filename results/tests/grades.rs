//! Does a grade reach everything that shows numbers?
//!
//! One cell of a made-up recording gets an impossible number; every table, chart, export and rank must say so. What the
//! checks find by themselves is tested beside them.

mod synthetic;

use simul_results::{
    Role, Summary,
    auditor::Grade,
    chart::{Palette, cost, course, effect, heatmap, price, spectrum},
    export::{csv, json, junit, markdown},
    judged, rank,
    report::{self, Pictures},
    store::Recording,
    table,
    verdict::Verdict,
};
use synthetic::recording;

/// Three runners; what smol says of its largest times cannot be true.
fn impossible() -> Recording {
    let mut recording = clean();
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "smol") {
        trial.slices.iter_mut().for_each(|slice| slice.max_ns = slice.p50_ns);
    }
    recording
}

fn clean() -> Recording {
    recording(&["tokio", "smol", "rayon"], 6, 4, 1500)
}

#[test]
fn who_is_graded_f_is_in_no_rank_and_no_verdict() {
    let recording = impossible();
    let contests = judged::contests(&recording).unwrap();
    let smol = contests[0].cells.iter().find(|cell| cell.runner == "smol").unwrap();
    assert_eq!((smol.audit.grade, smol.ranked), (Grade::F, false));
    assert_eq!(smol.verdict.unwrap().metrics[0].verdict, Verdict::Invalid);
    let standings = rank::overall(&contests, &[]).unwrap();
    let ranked =
        |name: &str| standings.iter().flat_map(|one| &one.places).any(|place| place.runner == name);
    assert!(ranked("tokio") && ranked("rayon") && !ranked("smol"));
    let unknown = rank::overall(&contests, &["smol".into()]).unwrap_err();
    assert!(unknown.contains("no ranked runner 'smol'"));
    // And who is compared with it is compared with another.
    let mut recording = impossible();
    recording.run.plan.contests[0].baseline = Some("smol".into());
    let summary = Summary::of(&recording).unwrap();
    assert_eq!(summary.contests[0].baseline.as_deref(), Some("tokio"));
}

#[test]
fn texts_tell_the_grade_with_its_reason() {
    let summary = Summary::of(&impossible()).unwrap();
    let worst = "of 5 measured cells 4 have grade A (nothing was found), 0 B (something is to be read with them), 1 F (not ranked)";
    let why = "block 0, round 0: p99 is";
    let shown = table::render(&summary, None);
    assert!(shown.contains(worst) && shown.contains("smol ! [1]"), "{shown}");
    assert!(shown.contains("[1] order: its percentiles, mean, largest value or counts contradict"));
    let page = report::render(&summary, &Pictures::of(&summary, &Palette::of(&summary)));
    let top = page.find(worst).unwrap();
    assert!(top < page.find("<h2").unwrap(), "above everything else");
    let found = page.find("What was found").unwrap();
    assert!(page[found..].contains(why), "with its reason");
    let text = markdown::render(&summary);
    assert!(text.contains(worst) && text.contains("## What was found") && text.contains(why));
    let cases = junit::render(&summary);
    assert!(cases.contains("; grade F; order: block 0") && cases.contains("; grade A"), "{cases}");
    let clean = Summary::of(&clean()).unwrap();
    assert!(!markdown::render(&clean).contains("What was found"));
    assert!(
        report::render(&clean, &Pictures::default()).contains("Every check of every cell passed")
    );
}

#[test]
fn programs_get_grade_and_findings() {
    let summary = Summary::of(&impossible()).unwrap();
    let output = serde_json::to_value(json::Output::of(&summary, "x")).unwrap();
    assert_eq!(output["schema"], json::SCHEMA);
    let cells = output["cells"].as_array().unwrap();
    let of = |runner: &str| cells.iter().find(|cell| cell["runner"] == runner).unwrap();
    assert_eq!((&of("tokio")["grade"], &of("smol")["grade"]), (&"A".into(), &"F".into()));
    assert!(of("glommio")["grade"].is_null(), "it has no numbers to grade");
    let finding = &of("smol")["findings"][0];
    assert_eq!((&finding["check"], &finding["severity"]), (&"order".into(), &"not-ranked".into()));
    assert!(finding["reason"].as_str().unwrap().starts_with("block 0, round 0: p99 is"));
    assert_eq!(of("tokio")["groups"]["p50"], 1);
    assert!(of("smol")["groups"]["p50"].is_null());
    let text = csv::render(&summary);
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let at = |name: &str| header.iter().position(|title| *title == name).unwrap();
    let smol = lines.find(|line| line[at("runner")] == "smol").unwrap();
    assert_eq!(["ranked", "grade", "findings"].map(|name| smol[at(name)]), ["false", "F", "order"]);
}

#[test]
fn who_is_not_ranked_is_hatched() {
    let (good, bad) = (Summary::of(&clean()).unwrap(), Summary::of(&impossible()).unwrap());
    // Lines of the same look are one path, each of them with a beginning.
    let lines = |svg: &str| -> usize {
        let document = roxmltree::Document::parse(svg).unwrap();
        let paths = document.descendants().filter_map(|node| node.attribute("d"));
        paths.map(|path| path.matches(['M', 'm']).count()).sum()
    };
    let pictures = |summary: &Summary| {
        let (palette, contest) = (Palette::of(summary), &summary.contests[0]);
        [
            heatmap::draw(summary, &palette),
            cost::draw(contest, &palette),
            effect::draw(contest, &palette).unwrap(),
            spectrum::draw(contest, &palette),
            course::draw(contest, &palette).unwrap(),
            price::draw(contest, &palette).unwrap(),
        ]
        .map(|drawing| drawing.svg())
    };
    for (at, (good, bad)) in pictures(&good).iter().zip(&pictures(&bad)).enumerate() {
        // At least ten slanted lines more, for one cell.
        assert!(lines(bad) >= lines(good) + 10, "{at}: {} {}", lines(good), lines(bad));
        assert!(bad.contains("hatched"), "{at} says what that means");
    }
    let measured = |summary: &Summary| {
        summary.cells().filter(|(_, cell)| cell.role == Role::Runner && cell.ranked).count()
    };
    assert_eq!((measured(&good), measured(&bad)), (3, 2));
}
