//! Does each chart draw what was recorded, and nothing that may not be drawn?

mod synthetic;
#[path = "synthetic/open.rs"]
mod synthetic_open;

use simul_results::{
    Load, Placement, Role, Summary, TrialRecord,
    chart::{Palette, climb, course, effect, heatmap, omission, price, scaling, spectrum},
    joined, quantity,
    record::{ActorsRecord, AuditRecord, CostRecord, CountsRecord, mark},
    report::{self, Pictures},
    store::Recording,
    summary::Measure,
};
use synthetic::{recording, slice};
use synthetic_open::{stalling, sweeping};

fn first<'a>(recording: &'a mut Recording, runner: &str) -> &'a mut TrialRecord {
    let mut trials = recording.trials.iter_mut();
    trials.find(|trial| trial.runner == runner && trial.role == Role::Runner).unwrap()
}

/// The same contest with so many actors, beside it.
fn with_actors(recording: &mut Recording, actors: u32, placement: Placement) {
    let load = Load::Closed(actors).to_string();
    let place =
        |cell: &str| cell.replace("closed-32@separate", &format!("{load}@{}", placement.name()));
    let mut planned = recording.run.plan.contests[0].clone();
    (planned.load, planned.placement) = (load.clone(), placement);
    planned.cells.iter_mut().for_each(|cell| *cell = place(cell));
    let mut trials: Vec<_> =
        recording.trials.iter().filter(|trial| trial.load == "closed-32").cloned().collect();
    for trial in &mut trials {
        trial.cell = place(&trial.cell);
        (trial.load, trial.placement) = (load.clone(), placement);
    }
    recording.run.plan.contests.push(planned);
    recording.trials.extend(trials);
}

#[test]
fn the_course_has_every_counted_slice_in_its_round() {
    let mut recording = recording(&["tokio", "smol"], 2, 3, 100);
    let tokio = first(&mut recording, "tokio");
    tokio.slices[1].set_aside = true;
    tokio.slices.push(slice(3, &[210_000; 100], 7.0));
    let summary = Summary::of(&recording).unwrap();
    let (rows, edges) = course::series(&summary.contests[0], &Palette::of(&summary));
    assert_eq!(edges, [0, 4, 7], "round 3 of the first block was run by tokio alone");
    assert_eq!(rows.len(), 4, "two runners, null arm and floor; glommio has no times");
    let rounds = |at: usize| rows[at].slices.iter().map(|(round, _)| *round).collect::<Vec<_>>();
    assert_eq!(rounds(0), [0, 2, 3, 4, 5, 6], "what was set aside is not drawn");
    assert_eq!(rounds(1), [0, 1, 2, 4, 5, 6]);
    let whole = summary.contests[0].cells[0].numbers.as_ref().unwrap().p50_ns.median;
    let ratio = rows[0].slices[2].1.unwrap();
    assert!((ratio * whole / 210_000.0 - 1.0).abs() < 0.002, "{ratio}");
    let [(0, 3, _), (4, 6, second)] = rows[0].blocks[..] else { panic!("{:?}", rows[0].blocks) };
    let mut last: Vec<f64> = rows[0].slices[3..].iter().map(|(_, ratio)| ratio.unwrap()).collect();
    last.sort_by(f64::total_cmp);
    assert!((second - last[1]).abs() < 1e-12, "the median of the block's slices");
}

#[test]
fn a_sweep_has_no_course_and_one_slice_is_none() {
    let sweep = Summary::of(&sweeping(&["tokio"], 2)).unwrap();
    assert!(sweep.cells().all(|(_, cell)| cell.course.is_empty()));
    let one = Summary::of(&recording(&["tokio"], 1, 1, 100)).unwrap();
    assert!(course::draw(&one.contests[0], &Palette::of(&one)).is_none());
}

#[test]
fn prices_are_split_and_only_what_is_known_is_drawn() {
    let mut recording = recording(&["tokio", "smol"], 3, 2, 100);
    for trial in recording.trials.iter_mut().filter(|trial| trial.runner == "tokio") {
        let costs = CostRecord { user_ns: 1000, system_ns: 3000, ..CostRecord::default() };
        trial.costs = Some(CostRecord { peak_rss_bytes: 5 << 20, ..costs });
        trial.actors = Some(ActorsRecord { count: 32, least: 1, most: 1, total: 200 });
    }
    let mut summary = Summary::of(&recording).unwrap();
    let counts = |operations, allocations| CountsRecord {
        operations,
        allocations: Some(allocations),
        ..CountsRecord::default()
    };
    summary.contests[0].cells[0].counted = Some(AuditRecord {
        counted: Some([counts(100, 1200), counts(300, 1700)]),
        ..AuditRecord::default()
    });
    let panels = price::panels(&summary.contests[0]);
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title).collect();
    assert_eq!(titles, ["CPU time", "memory at its peak", "allocations"]);
    let cpu = panels[0].bars[0].unwrap();
    assert!((cpu.dark / cpu.whole.median - 0.75).abs() < 1e-12, "three quarters in the kernel");
    assert!(cpu.has_interval && cpu.whole.low <= cpu.whole.median);
    assert_eq!(panels[1].bars[0].unwrap().whole.median, 5.0, "MiB");
    let allocations = panels[2].bars[0].unwrap();
    assert_eq!((allocations.whole.median, allocations.has_interval), (2.5, false));
    assert!(panels[2].unit.contains("counted once") && !panels[1].unit.contains("once"));
    let svg = price::draw(&summary.contests[0], &Palette::of(&summary)).unwrap().svg();
    assert!(svg.contains("counted once: in a trial of its own"), "{svg}");
    assert_eq!(svg.matches("(no interval)").count(), 1, "only what was counted: {svg}");
    assert_eq!((panels[2].bars[1], panels[0].bars[4]), (None, None), "not known, not measured");
}

#[test]
fn a_null_arm_of_another_runner_is_on_no_axis_of_the_baseline() {
    let mut recording = recording(&["tokio", "smol"], 6, 3, 300);
    let drawn = |recording: &Recording| {
        let summary = Summary::of(recording).unwrap();
        let contest = &summary.contests[0];
        let panels = effect::panels(contest);
        let medians: Vec<bool> = panels[0].effects.iter().map(Option::is_some).collect();
        (medians, effect::draw(contest, &Palette::of(&summary)).unwrap().svg())
    };
    let (medians, svg) = drawn(&recording);
    assert_eq!(medians, [true, true, false, false], "smol, tokio~null, floor and glommio");
    assert!(!svg.contains("copies tokio"), "{svg}");
    // Where the planned baseline is not believed, its null arm is still its copy.
    let barred = |trial: &&mut TrialRecord| trial.runner == "tokio" && trial.role == Role::Runner;
    for trial in recording.trials.iter_mut().filter(barred) {
        trial.marks = vec![mark::STARVED.into()];
    }
    let (medians, svg) = drawn(&recording);
    assert!(svg.contains("compared with smol"), "{svg}");
    assert_eq!(medians, [true, false, false, false], "tokio, tokio~null, floor and glommio");
    assert!(texts(&svg).contains("copies tokio, so not compared with smol"), "{svg}");
    assert!(!svg.contains("<title>tokio~null: "), "{svg}");
}

#[test]
fn scaling_joins_what_differs_in_actors_alone() {
    let mut recording = recording(&["tokio", "smol"], 2, 2, 1000);
    with_actors(&mut recording, 8, Placement::Separate);
    with_actors(&mut recording, 64, Placement::AllCores);
    let summary = Summary::of(&recording).unwrap();
    let palette = Palette::of(&summary);
    let actors = |at: usize| -> Vec<String> {
        let family = scaling::family(&summary, &summary.contests[at]);
        family.iter().map(|contest| contest.contest.load.to_string()).collect()
    };
    assert_eq!(actors(0), ["closed-8", "closed-32"]);
    assert_eq!(actors(1), [""; 0], "drawn once");
    assert_eq!(actors(2), [""; 0], "nobody else ran on all cores");
    let family = scaling::family(&summary, &summary.contests[0]);
    let lines = scaling::series(&family, &palette);
    let labels: Vec<&str> = lines.iter().map(|line| line.arm.label.as_str()).collect();
    assert_eq!(labels, ["tokio", "smol", "tokio~null", "floor-epoll (floor)"]);
    let numbers = summary.contests[0].cells[0].numbers.as_ref().unwrap();
    assert_eq!(lines[0].panels[0][1], (32, numbers.throughput));
    assert_eq!(lines[0].panels[1][1], (32, numbers.p50_ns));
    assert_eq!(lines[0].panels[2].len(), 2, "2000 operations a block carry p99");
    assert!(scaling::draw(&summary, &summary.contests[2], &palette).is_none());
}

#[test]
fn scaling_joins_runs_of_one_host_and_says_so() {
    let few = recording(&["tokio", "smol"], 2, 2, 1000);
    let mut many = few.clone();
    with_actors(&mut many, 64, Placement::Separate);
    many.run.plan.contests.remove(0);
    many.trials.retain(|trial| trial.load == "closed-64");
    let drawn = |runs: Vec<Recording>| {
        let summary = joined::join(runs).unwrap();
        let contest = &summary.contests[0];
        scaling::draw(&summary, contest, &Palette::of(&summary)).map(|drawing| drawing.svg())
    };
    assert_eq!(drawn(vec![few.clone()]), None, "one number of actors is no line");
    let one_build = drawn(vec![few.clone(), many.clone()]).unwrap();
    assert!(one_build.contains("closed-32 to closed-64"), "{one_build}");
    assert!(one_build.contains("are of 2 runs of one build"), "{one_build}");
    many.run.binary = "another".into();
    let two_builds = drawn(vec![few.clone(), many]).unwrap();
    assert!(two_builds.contains("are of 2 runs of 2 builds"), "{two_builds}");
    let mut one_run = few;
    with_actors(&mut one_run, 64, Placement::Separate);
    assert!(!drawn(vec![one_run]).unwrap().contains("2 runs"));
}

#[test]
fn a_field_of_the_heat_map_says_its_value_and_an_empty_one_why() {
    let summary = Summary::of(&recording(&["tokio", "smol"], 3, 2, 100)).unwrap();
    let svg = heatmap::draw(&summary, &Palette::of(&summary)).svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let titles = document.descendants().filter(|node| node.has_tag_name("title")).skip(1);
    let titles: Vec<&str> = titles.filter_map(|title| title.text()).collect();
    assert_eq!(titles.len(), 3, "{titles:?}");
    let numbers = summary.contests[0].cells[1].numbers.as_ref().unwrap();
    let [median, low, high] =
        [numbers.p50_ns.median, numbers.p50_ns.low, numbers.p50_ns.high].map(quantity::time);
    assert!(
        titles[1].starts_with(&format!("smol, echo:64: {median} ({low} to {high})")),
        "{titles:?}"
    );
    assert!(titles[1].ends_with("of the best, tokio"), "{titles:?}");
    assert!(titles[0].ends_with("the best ranked"), "{titles:?}");
    assert!(titles[2].ends_with("unavailable: the kernel has no io_uring"), "{titles:?}");
}

#[test]
fn medians_have_their_intervals_or_it_is_said_that_there_are_none() {
    for (blocks, is_drawn) in [(3, true), (1, false)] {
        for recording in [recording(&["tokio", "smol"], blocks, 2, 1000), stalling(blocks)] {
            let summary = Summary::of(&recording).unwrap();
            for picture in Pictures::of(&summary, &Palette::of(&summary)).all() {
                let (file, said) = (&picture.file, texts(&picture.svg));
                let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
                let interval = ["interval over blocks", "below each ratio"];
                assert_eq!(says(&interval), is_drawn, "{file}, {blocks} blocks: {said}");
                assert_eq!(says(&["one block"]), !is_drawn, "{file}, {blocks} blocks: {said}");
            }
        }
    }
}

/// All that is written in a chart.
fn texts(svg: &str) -> String {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|text| text.text()).collect::<Vec<_>>().join(" ")
}

#[test]
fn response_and_service_have_bands() {
    let summary = Summary::of(&stalling(3)).unwrap();
    let contest = &summary.contests[0];
    let palette = Palette::of(&summary);
    let pairs = omission::pairs(contest, &palette);
    assert!(pairs[0].response.iter().any(|point| point.ns.low < point.ns.high));
    let svg = omission::draw(contest, &palette).unwrap().svg();
    // Two bands a panel, and what lies between its curves.
    assert_eq!(svg.matches("opacity=\".25\"").count(), 2 * pairs.len(), "{svg}");
    assert_eq!(svg.matches("opacity=\".13\"").count(), pairs.len(), "{svg}");
}

#[test]
fn a_file_follows_the_readers_ground_and_a_report_does_it_itself() {
    let folder = tempfile::tempdir().unwrap();
    let summary = Summary::of(&recording(&["tokio", "smol"], 2, 2, 100)).unwrap();
    for path in report::write_charts(folder.path(), &summary).unwrap() {
        let svg = std::fs::read_to_string(&path).unwrap();
        assert_eq!(svg.matches("prefers-color-scheme:dark").count(), 1, "{}", path.display());
        assert!(roxmltree::Document::parse(&svg).is_ok(), "{}", path.display());
    }
    for picture in Pictures::of(&summary, &Palette::of(&summary)).all() {
        assert!(!picture.svg.contains("<style"), "{}", picture.file);
    }
}

#[test]
fn a_climb_knows_its_knee_and_its_capacity() {
    let summary = Summary::of(&sweeping(&["slow", "fast"], 2)).unwrap();
    let lines = climb::series(&summary.contests[0], &Palette::of(&summary));
    for (line, cell) in lines.iter().zip(&summary.contests[0].cells) {
        let sweep = cell.sweep.as_ref().unwrap();
        assert_eq!((line.knee, line.capacity), (sweep.knee, sweep.capacity));
        assert!(line.capacity.is_some());
    }
}

#[test]
fn a_response_from_a_closed_loop_is_drawn_by_no_chart() {
    // The summary of a recording refuses this already; whoever makes one otherwise gets no chart of it.
    let mut summary = Summary::of(&recording(&["tokio", "smol"], 2, 2, 100)).unwrap();
    summary.contests[0].measure = Measure::Response;
    let palette = Palette::of(&summary);
    let contest = &summary.contests[0];
    let timed = [
        spectrum::draw(contest, &palette).svg(),
        course::draw(contest, &palette).unwrap().svg(),
        heatmap::draw(&summary, &palette).svg(),
    ];
    for svg in timed {
        assert!(svg.contains("not drawn: ") && svg.contains("from a closed loop"), "{svg}");
        assert!(!svg.contains("smol"), "and nothing else: {svg}");
    }
}

#[test]
fn every_chart_says_its_conditions_and_is_well_formed() {
    let mut closed = recording(&["tokio", "smol"], 3, 2, 1000);
    with_actors(&mut closed, 8, Placement::Separate);
    for recording in [closed, stalling(3), sweeping(&["tokio", "smol"], 3)] {
        let summary = Summary::of(&recording).unwrap();
        let pictures = Pictures::of(&summary, &Palette::of(&summary));
        for picture in pictures.all() {
            let (file, svg) = (&picture.file, &picture.svg);
            let document = roxmltree::Document::parse(svg);
            assert!(document.is_ok(), "{file}: {:?}", document.err());
            let svg = texts(svg);
            assert!(svg.contains("3 blocks"), "{file} has no number of blocks");
            let placed = ["on separate cores", "placement"].iter().any(|text| svg.contains(text));
            assert!(placed, "{file} has no placement");
            let units = ["µs", "ms", "in ratio"].iter().any(|unit| svg.contains(unit));
            assert!(units, "{file} has no unit");
        }
        assert!(pictures.all().count() > 0);
    }
}

#[test]
fn a_spectrum_has_both_scales_and_shows_one() {
    let summary = Summary::of(&recording(&["tokio", "smol"], 2, 2, 300)).unwrap();
    let svg = spectrum::draw(&summary.contests[0], &Palette::of(&summary)).svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let group = |class: &str| {
        let mut all = document.descendants();
        all.find(|node| node.attribute("class") == Some(class)).unwrap()
    };
    let (log, linear) = (group("log"), group("lin"));
    assert_eq!((log.attribute("display"), linear.attribute("display")), (None, Some("none")));
    let lines = |group: roxmltree::Node<'_, '_>| {
        let titles = group.descendants().filter(|node| node.has_tag_name("title"));
        titles.filter_map(|title| title.text().map(String::from)).collect::<Vec<_>>()
    };
    assert_eq!(lines(log).len(), 4, "each line says its values");
    assert_eq!(lines(log), lines(linear));
    assert!(lines(log)[3].starts_with("tokio: p50 "), "{:?}", lines(log));
}

#[test]
fn the_image_of_a_chart_is_twice_its_size() {
    let summary = Summary::of(&recording(&["tokio", "smol"], 2, 2, 100)).unwrap();
    let pictures = Pictures::of(&summary, &Palette::of(&summary));
    let picture = &pictures.contests[0][0];
    assert_eq!(picture.png_file(), "echo-64-closed-32-separate.spectrum.png");
    let image = picture.png().unwrap();
    assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
    let size = |at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
    let document = roxmltree::Document::parse(&picture.svg).unwrap();
    let said = |name| document.root_element().attribute(name).unwrap().parse::<u32>().unwrap();
    assert_eq!((size(16), size(20)), (2 * said("width"), 2 * said("height")));
}
