//! Can every text of every chart be read, at 24 runners?
//!
//! No text covers another, and none leaves its sheet; measured on the shapes themselves, with letters as wide as
//! in a wide font. It cannot see whether a line crosses a text. Read next: `canvas.rs`.

use super::{Drawing, Palette};
use crate::{
    Load, Role, Summary,
    report::Pictures,
    statistics::Estimate,
    summary::Reached,
    synthetic::recording,
    synthetic_open::{OPEN, open_recording, open_slice, sweeping},
};

/// As many runners as there will be, with names as long as they are.
fn names() -> Vec<String> {
    let long = ["runner-in-a-loop", "a-language-of-its-own", "rings", "one-thread-for-everybody"];
    (0..24).map(|at| format!("{}-{at}", long[at % long.len()])).collect()
}

/// Every pair of texts that cover each other, and every text that leaves the sheet.
fn unreadable(drawing: &Drawing) -> Vec<String> {
    let (width, height) = drawing.size();
    let texts = drawing.texts();
    let mut found = Vec::new();
    for (at, (from, to, text)) in
        texts.iter().enumerate().filter(|(_, (.., text))| !text.is_empty())
    {
        if from.0 < 0.0 || from.1 < 0.0 || to.0 > width || to.1 > height {
            found.push(format!("'{text}' leaves the sheet of {width} × {height}: {from:?} {to:?}"));
        }
        for (other_from, other_to, other) in
            texts[..at].iter().filter(|(.., text)| !text.is_empty())
        {
            let beside = to.0 <= other_from.0 || other_to.0 <= from.0;
            let below = to.1 <= other_from.1 || other_to.1 <= from.1;
            if !beside && !below {
                found.push(format!("'{text}' covers '{other}': {from:?} {other_from:?}"));
            }
        }
    }
    found
}

/// Draws everything of a run; returns which kinds of charts there were.
fn check(summary: &Summary) -> Vec<String> {
    let pictures = Pictures::of(summary, &Palette::of(summary));
    let (mut kinds, mut all) = (Vec::new(), Vec::new());
    for picture in pictures.all() {
        let found = unreadable(&picture.drawing);
        all.extend(found.into_iter().map(|text| format!("{}: {text}", picture.file)));
        assert!(picture.drawing.texts().len() > 24, "{} shows every runner", picture.file);
        let kind = picture.file.trim_end_matches(".svg").rsplit('.').next();
        kinds.extend(kind.map(String::from));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    kinds
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// A closed contest of all runners, and the same with more actors.
fn closed() -> Summary {
    let names = names();
    let mut two = recording(&refs(&names), 3, 3, 150);
    let mut more = two.clone();
    let load = Load::Closed(1024).to_string();
    let planned = &mut more.run.plan.contests[0];
    planned.load.clone_from(&load);
    for cell in &mut planned.cells {
        *cell = cell.replace("closed-32", &load);
    }
    for trial in &mut more.trials {
        trial.cell = trial.cell.replace("closed-32", &load);
        trial.load.clone_from(&load);
    }
    two.run.plan.contests.append(&mut more.run.plan.contests);
    two.trials.append(&mut more.trials);
    let mut summary = Summary::of(&two).unwrap();
    for cell in summary.contests.iter_mut().flat_map(|contest| &mut contest.cells) {
        let some = |median: f64| Some(Estimate { median, low: 0.9 * median, high: 1.1 * median });
        cell.price.voluntary_per_op = some(1234.5);
        cell.price.involuntary_per_op = some(0.123);
        cell.price.switches_per_op = some(1234.6);
        cell.price.bytes_per_actor = some(123_456.0);
    }
    summary
}

#[test]
fn closed_charts_can_be_read() {
    let kinds = check(&closed());
    for kind in ["heatmap", "spectrum", "course", "effect", "cost", "price", "scaling"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} is not drawn: {kinds:?}");
    }
}

#[test]
fn open_charts_can_be_read() {
    let names = names();
    let arms: Vec<(&str, Role)> =
        refs(&names).into_iter().map(|name| (name, Role::Runner)).collect();
    let open = open_recording(OPEN, &arms, 2, |_, _, random| {
        (0..2)
            .map(|round| open_slice(round, 1000, &random.latencies(80_000.0, 500), 0, 0))
            .collect()
    });
    let kinds = check(&Summary::of(&open).unwrap());
    assert!(kinds.iter().any(|found| found == "omission"), "{kinds:?}");
    let kinds = check(&Summary::of(&sweeping(&refs(&names), 2)).unwrap());
    assert_eq!(kinds, ["climb"]);
}

#[test]
fn rates_on_which_blocks_do_not_agree_can_be_read() {
    let names = names();
    let mut summary = Summary::of(&sweeping(&refs(&names), 2)).unwrap();
    let reached =
        Reached { held_per_sec: 150_000, low_per_sec: 100_000, broke_per_sec: Some(200_000) };
    for cell in &mut summary.contests[0].cells {
        let sweep = cell.sweep.as_mut().unwrap();
        (sweep.knee, sweep.capacity) = (Some(reached), Some(reached));
    }
    assert_eq!(check(&summary), ["climb"]);
}

#[test]
fn a_history_can_be_read() {
    let names = names();
    let runs = (0..12).map(|day| {
        let mut run = recording(&refs(&names), 3, 2, 60);
        run.run.started = format!("2026-01-{:02}T00:00:00Z", day + 1);
        (format!("a-folder-of-runs/day-{day}"), run)
    });
    let history = crate::history::history(runs.collect()).unwrap();
    let drawing = super::history::draw(&history);
    let found = unreadable(&drawing);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let rows = drawing.texts().iter().filter(|(.., text)| text.starts_with("echo:64/")).count();
    assert_eq!(rows, 24, "a row a runner");
}

#[test]
fn what_covers_or_leaves_is_found() {
    use super::{
        canvas::{Anchor, INK, picture},
        frame::Frame,
    };
    let frame = Frame::over("title", "conditions", &[]);
    let drawing = picture(&frame, 300.0, 100.0, |canvas| {
        canvas.text((100.0, 80.0), "one", 12.0, INK, Anchor::Start);
        canvas.text((110.0, 84.0), "another", 12.0, INK, Anchor::Start);
        canvas.text((290.0, 60.0), "too far", 12.0, INK, Anchor::Start);
    });
    assert_eq!(unreadable(&drawing).len(), 2);
}
