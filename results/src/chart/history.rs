//! How did cells move from run to run?
//!
//! A row a cell, a panel a metric, each with an axis of its own: each run's value with its interval over blocks, the
//! levels as lines, and a rule where the level changed. A cell that was not measured alike in all runs has a row for each
//! way. Only what is in at least two runs is drawn. It must not look for changes. Read next: [`crate::history`].

use super::{
    Dash, Drawing, Marker, Subject,
    canvas::{Anchor, Canvas, FAINT, INK, Rgb, SOFT, Stroke, picture},
    frame::{Fault, Frame, lint},
    labels::cut,
    rows::{caption, thin},
    scale::Scale,
};
use crate::{
    history::{History, Point, RunMark, Series},
    quantity::{self, TimeUnit},
    summary::Metric,
    wording,
};

/// Any of its metrics, for the cell's name; and all in the order of the columns, `None` where it is not in two runs.
type Row<'a> = (&'a Series, [Option<&'a Series>; 3]);

/// Where the first panel begins: behind the names of cells.
const LEFT: f64 = 330.0;
const PANEL: f64 = 176.0;
/// From one panel to the next: between them stand the last value and the axis' ends.
const STEP: f64 = 306.0;
const WIDTH: f64 = LEFT + 3.0 * STEP + 16.0;
const TOP: f64 = 92.0;
const ROW: f64 = 42.0;
/// Okabe and Ito's vermillion and bluish green: told apart with all kinds of colour vision.
const WORSE: Rgb = (213, 94, 0);
const BETTER: Rgb = (0, 158, 115);
const LINE: Rgb = (0, 114, 178);

/// The chart.
#[must_use]
pub fn draw(history: &History) -> Drawing {
    let rows = rows(history);
    let bottom = TOP + ROW * rows.len().max(1) as f64;
    let heading = format!("{} runs on {}", history.runs.len(), history.host);
    let frame = Frame {
        fault: fault(&rows),
        ..Frame::over(&cut(&heading, 100), &conditions(history, &rows), &[])
    };
    picture(&frame, WIDTH, bottom + 84.0, |canvas| {
        if rows.is_empty() {
            canvas.text((16.0, TOP + 12.0), "no cell is in two runs", 12.0, INK, Anchor::Start);
        }
        for (column, metric) in Metric::ALL.into_iter().enumerate() {
            let left = LEFT + STEP * column as f64;
            canvas.text((left, TOP - 14.0), metric.name(), 12.0, INK, Anchor::Start);
            if !rows.is_empty() {
                let (first, last) = ("run 1", history.runs.len().to_string());
                canvas.text((left, bottom + 12.0), first, 10.0, SOFT, Anchor::Start);
                canvas.text((left + PANEL, bottom + 12.0), &last, 10.0, SOFT, Anchor::End);
            }
        }
        for (at, row) in rows.iter().enumerate() {
            draw_row(canvas, row, &history.runs, TOP + ROW * at as f64);
        }
        let single = history.series.iter().filter(|series| series.points.len() < 2).count();
        let single = match single {
            0 => String::new(),
            count => format!("not drawn: {count} series that are in one run only"),
        };
        caption(
            canvas,
            bottom + 34.0,
            &[
                "points: runs; upright lines: their 95 % intervals over blocks, cut off where they would flatten the \
                 rest (none with one block); level lines: levels between changes; dashed: a change of at least 1 % \
                 (of lateness 1 µs), orange for the worse, green for the better",
                "at the right: the last run's value, and from where to where the panel reaches",
                "runs were not interleaved: a change can be the machine's doing",
                &single,
            ],
        );
    })
}

/// Cells in the order of the history, with what they have in at least two runs.
fn rows(history: &History) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let drawn = history.series.iter().filter(|series| series.points.len() > 1);
    for series in drawn {
        let Some(column) = Metric::ALL.iter().position(|metric| metric.name() == series.metric)
        else {
            continue;
        };
        let is_its = |(first, _): &&mut Row<'_>| {
            first.cell == series.cell && first.conditions == series.conditions
        };
        match rows.last_mut().filter(is_its) {
            Some((_, metrics)) => metrics[column] = Some(series),
            None => {
                let mut metrics = [None; 3];
                metrics[column] = Some(series);
                rows.push((series, metrics));
            }
        }
    }
    rows
}

/// What may not be drawn: a panel compares a cell with itself alone, so each is judged for itself.
fn fault(rows: &[Row<'_>]) -> Option<Fault> {
    let mut all = rows.iter().flat_map(|(_, metrics)| metrics.iter().flatten());
    all.find_map(|series| lint(&subjects(series)).err())
}

/// What the points of a series stand for.
fn subjects(series: &Series) -> Vec<Subject> {
    let is_time = series.metric == Metric::P50.name();
    let subject = |point: &Point| Subject {
        label: series.cell.clone(),
        load: series.contest.load,
        placement: series.contest.placement,
        blocks: point.blocks,
        times: is_time.then_some(series.measure),
        unit: series.unit.into(),
    };
    series.points.iter().map(subject).collect()
}

/// When, in how many blocks, and where.
fn conditions(history: &History, rows: &[Row<'_>]) -> String {
    let ends = [history.runs.first(), history.runs.last()]
        .map(|run| run.map_or_else(String::new, |run| run.started.clone()));
    let series = || rows.iter().flat_map(|(_, metrics)| metrics.iter().flatten());
    let blocks = || series().flat_map(|series| &series.points).map(|point| point.blocks);
    let (fewest, most) = (blocks().min().unwrap_or(0), blocks().max().unwrap_or(0));
    let blocks =
        if fewest == most { wording::blocks(most) } else { format!("{fewest} to {most} blocks") };
    format!(
        "from {} to {}; runs in order, not to scale · {blocks} a run · each cell at its own load and placement, as its \
         name says",
        ends[0], ends[1]
    )
}

/// A cell's name, how it was measured where that was not always the same, and its panels.
fn draw_row(canvas: &mut Canvas, (series, metrics): &Row<'_>, runs: &[RunMark], top: f64) {
    canvas.line((16.0, top + ROW), (WIDTH - 16.0, top + ROW), thin(FAINT));
    let Series { cell, conditions, measure, .. } = series;
    let conditions: String = conditions.iter().map(|condition| format!(", {condition}")).collect();
    canvas.hover(&format!("{cell}{conditions}"), |canvas| {
        canvas.text((16.0, top + 14.0), &cut(cell, 44), 12.0, INK, Anchor::Start);
    });
    let below = format!("p50 is of the {}{conditions}", measure.title());
    canvas.text((16.0, top + 30.0), &cut(&below, 54), 10.0, SOFT, Anchor::Start);
    for (column, series) in metrics.iter().enumerate() {
        if let Some(series) = series {
            panel(canvas, series, runs, (LEFT + STEP * column as f64, top));
        }
    }
}

fn panel(canvas: &mut Canvas, series: &Series, runs: &[RunMark], (left, top): (f64, f64)) {
    let ends = range(&series.points);
    let last = runs.len().saturating_sub(1).max(1) as f64;
    let x = Scale::linear((0.0, last), (left + 4.0, left + PANEL - 4.0));
    let y = Scale::linear(ends, (top + ROW - 5.0, top + 5.0));
    for step in &series.changes {
        let at = x.at(step.run as f64 - 0.5);
        let color = if step.better { BETTER } else { WORSE };
        let stroke = Stroke { color, width: 1.5, dash: Dash::Short };
        let told = format!("from run {} on: {}", step.run + 1, step.words());
        canvas.hover(&told, |canvas| canvas.line((at, top + 3.0), (at, top + ROW - 3.0), stroke));
    }
    for pair in series.points.windows(2).filter(|pair| pair[0].level == pair[1].level) {
        let stroke = Stroke { color: LINE, width: 1.5, dash: Dash::Solid };
        let ends = pair.iter().map(|point| (x.at(point.run as f64), y.at(point.level)));
        canvas.path(&ends.collect::<Vec<_>>(), stroke);
    }
    for point in &series.points {
        let at = x.at(point.run as f64);
        canvas.hover(&told(series, point, runs), |canvas| {
            if let Some((low, high)) = point.interval {
                canvas.line((at, y.clipped(low).0), (at, y.clipped(high).0), thin(SOFT));
            }
            canvas.marker((at, y.at(point.value)), Marker::Circle, 2.4, INK);
        });
    }
    if let Some(last) = series.points.last() {
        let right = left + PANEL + 8.0;
        canvas.text((right, top + 14.0), &text(series, last.value), 11.0, INK, Anchor::Start);
        let unit = if series.unit == "ns" { TimeUnit::of(last.value).ns } else { 1.0 };
        let [low, high] = [ends.0, ends.1].map(|end| quantity::digits(end / unit));
        let text = format!("{low} to {high}");
        canvas.text((right, top + 30.0), &text, 10.0, SOFT, Anchor::Start);
    }
}

/// A value with its unit.
fn text(series: &Series, value: f64) -> String {
    match series.unit {
        "ns" => quantity::time(value),
        "per s" => format!("{}/s", quantity::digits(value)),
        unit => format!("{} {unit}", quantity::digits(value)),
    }
}

/// What a pointer on a run is told.
fn told(series: &Series, point: &Point, runs: &[RunMark]) -> String {
    let name = runs.get(point.run).map_or("", |run| run.name.as_str());
    let interval = point.interval.map_or_else(String::new, |(low, high)| {
        format!(" ({} to {})", text(series, low), text(series, high))
    });
    format!(
        "run {}, {name}: {} {}{interval}, {}; level {}",
        point.run + 1,
        series.metric,
        text(series, point.value),
        wording::blocks(point.blocks),
        text(series, point.level)
    )
}

/// From the least to the most value, at least 2 % of them apart: less would show nothing but noise. Intervals may
/// widen that by as much again on each side.
fn range(points: &[Point]) -> (f64, f64) {
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let values = points.iter().flat_map(|point| [point.value, point.level]);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    let middle = f64::midpoint(low, high);
    let half = ((high - low) / 2.0).max(0.01 * middle.abs()).max(1e-9);
    let intervals = points.iter().filter_map(|point| point.interval);
    let far = intervals.flat_map(|(low, high)| [low, high]);
    let (low, high) = far.fold((middle - half, middle + half), ends);
    (low.max(middle - 3.0 * half), high.min(middle + 3.0 * half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Contest, Load, Placement, summary::Measure};

    fn point(run: usize, value: f64, interval: Option<(f64, f64)>) -> Point {
        Point { run, value, interval, blocks: 6, level: 100.0 }
    }

    fn history(measure: Measure, blocks: u32) -> History {
        let points = [point(0, 100.0, Some((99.0, 101.0))), point(1, 102.0, None)];
        let points = points.map(|point| Point { blocks, ..point });
        let series = Series {
            cell: "echo:64/rings/closed-32@separate".into(),
            contest: Contest {
                workload: "echo:64".into(),
                load: Load::Closed(32),
                placement: Placement::Separate,
            },
            metric: "p50",
            unit: "ns",
            measure,
            conditions: Vec::new(),
            points: points.into(),
            changes: Vec::new(),
        };
        let run = |name: &str| RunMark {
            name: name.into(),
            started: "2026-01-01T00:00:00Z".into(),
            binary: "abc".into(),
        };
        History { host: "bench".into(), runs: vec![run("a"), run("b")], series: vec![series] }
    }

    #[test]
    fn intervals_widen_a_panel_only_so_far() {
        let narrow = [point(0, 99.0, None), point(1, 101.0, Some((98.5, 101.5)))];
        assert_eq!(range(&narrow), (98.5, 101.5));
        let wide = [point(0, 99.0, Some((1.0, 1e9))), point(1, 101.0, None)];
        assert_eq!(range(&wide), (97.0, 103.0));
    }

    #[test]
    fn each_run_says_its_value_on_hover() {
        let svg = draw(&history(Measure::Service, 6)).svg();
        assert!(
            svg.contains("<title>run 1, a: p50 100 ns (99.0 ns to 101 ns), 6 blocks; level 100 ns")
        );
        assert!(svg.contains("<title>run 2, b: p50 102 ns, 6 blocks; level 100 ns"), "{svg}");
    }

    #[test]
    fn the_least_change_is_told_for_every_measure() {
        let drawing = draw(&history(Measure::Lateness, 6));
        let texts: Vec<&str> = drawing.texts().iter().map(|(.., text)| *text).collect();
        let said = texts.join(" ");
        assert!(said.contains("a change of at least 1 % (of lateness 1 µs), orange"), "{said}");
    }

    #[test]
    fn what_may_not_be_drawn_is_not() {
        let lying = draw(&history(Measure::Response, 6)).svg();
        assert!(lying.contains("not drawn: ") && lying.contains("from a closed loop"), "{lying}");
        assert!(!lying.contains("102 ns"), "{lying}");
        assert!(draw(&history(Measure::Service, 0)).svg().contains("in no block"));
        let mut bare = history(Measure::Service, 6);
        bare.series[0].unit = "";
        assert!(draw(&bare).svg().contains("has no unit"));
    }
}
