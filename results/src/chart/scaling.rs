//! What do more actors buy?
//!
//! Where a workload was measured under several closed loads on the same cores: operations per second, the median
//! and p99 of its times, and CPU time per operation, each against the number of actors, all runners in each panel.
//! The loads may be of several runs of one host, which is said then: nobody interleaved them.
//! It must not compute estimates. Read next: `heatmap.rs`.

use super::{
    Arm, Palette, Subject,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, Point, SOFT, picture},
    frame::{Frame, timed},
    hatch, lines,
    rows::{caption, intervals, thin},
    scale::Scale,
};
use crate::{
    Contest, Load, RunRecord, Summary, ladder, quantity,
    statistics::Estimate,
    summary::{CellSummary, ContestSummary, Numbers},
    wording,
};

/// What a panel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// Operations per second.
    Throughput,
    /// The median of the contest's times.
    Median,
    /// Their 99th percentile.
    P99,
    /// CPU time per operation in µs.
    Cpu,
}

const PANELS: [Panel; 4] = [Panel::Throughput, Panel::Median, Panel::P99, Panel::Cpu];

/// One runner's line in a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Whose it is; it may be ranked only if it may be everywhere.
    pub arm: Arm,
    /// By panel: numbers of actors, ascending, and the values.
    pub panels: [Vec<(u32, Estimate)>; 4],
}

/// The contests that differ from this one in the number of actors alone, fewest first; none unless this one is the
/// first of at least two in the plan, so that they are drawn once.
#[must_use]
pub fn family<'a>(summary: &'a Summary, contest: &ContestSummary) -> Vec<&'a ContestSummary> {
    let of = |other: &ContestSummary| match other.contest.load {
        Load::Closed(actors)
            if other.contest.workload == contest.contest.workload
                && other.contest.placement == contest.contest.placement
                && other.measure == contest.measure =>
        {
            Some(actors)
        }
        _ => None,
    };
    let mut family: Vec<(u32, &ContestSummary)> =
        summary.contests.iter().filter_map(|other| Some((of(other)?, other))).collect();
    let is_first = family.first().is_some_and(|(_, first)| first.contest == contest.contest);
    family.sort_by_key(|(actors, _)| *actors);
    family.dedup_by_key(|(actors, _)| *actors);
    if !is_first || family.len() < 2 || contest.contest.load.is_open() {
        return Vec::new();
    }
    family.into_iter().map(|(_, contest)| contest).collect()
}

/// The lines of all runners that were measured at two loads of the family or more.
#[must_use]
pub fn series(family: &[&ContestSummary], palette: &Palette) -> Vec<Series> {
    let mut arms: Vec<&CellSummary> = Vec::new();
    for cell in family.iter().flat_map(|contest| &contest.cells) {
        if !arms.iter().any(|arm| arm.arm == cell.arm) {
            arms.push(cell);
        }
    }
    let all = arms.into_iter().filter_map(|arm| {
        let points = |panel| -> Vec<(u32, Estimate)> {
            let cells = family.iter().filter_map(|contest| {
                let cell = contest.cells.iter().find(|cell| cell.arm == arm.arm)?;
                let Load::Closed(actors) = contest.contest.load else { return None };
                Some((actors, value(panel, cell.numbers.as_ref()?)?))
            });
            cells.collect()
        };
        let panels = PANELS.map(points);
        let mine =
            family.iter().flat_map(|contest| &contest.cells).filter(|cell| cell.arm == arm.arm);
        let may_be_ranked =
            mine.filter(|cell| cell.is_measured()).all(|cell| cell.audit.may_be_ranked());
        let mut arm = Arm { may_be_ranked, ..Arm::of(arm, palette) };
        if !may_be_ranked && !arm.label.ends_with(" !") {
            arm.label.push_str(" !");
        }
        (panels[0].len() > 1).then_some(Series { arm, panels })
    });
    all.collect()
}

fn value(panel: Panel, numbers: &Numbers) -> Option<Estimate> {
    match panel {
        Panel::Throughput => Some(numbers.throughput),
        Panel::Median => Some(numbers.p50_ns),
        Panel::P99 => numbers.carries(0.99).then_some(numbers.p99_ns),
        Panel::Cpu => numbers.cpu_us_per_op,
    }
}

const LEFT: f64 = 70.0;
const PANEL: f64 = 330.0;
const GAP: f64 = 78.0;
const TOP: f64 = 84.0;
/// Two panels below two.
const DOWN: f64 = 66.0;

/// The chart; `None` where actors were not varied.
#[must_use]
pub fn draw(summary: &Summary, contest: &ContestSummary, palette: &Palette) -> Option<Drawing> {
    let family = family(summary, contest);
    let all = series(&family, palette);
    let actors = || all.iter().flat_map(|line| line.panels[0].iter().map(|(actors, _)| *actors));
    let (fewest, most) = (actors().min()?, actors().max()?);
    let half = ((lines::LABEL * (all.len() + 1) as f64 - DOWN) / 2.0).max(200.0);
    let right = LEFT + 2.0 * PANEL + GAP;
    let bottom = TOP + 2.0 * half + DOWN;
    let mut subjects: Vec<Subject> = Vec::new();
    for contest in &family {
        let measured = contest.cells.iter().filter(|cell| cell.numbers.is_some());
        let unit = "operations per second, ns to s, CPU µs";
        subjects.extend(measured.map(|cell| Subject { unit: unit.into(), ..timed(contest, cell) }));
    }
    let blocks = family.iter().map(|contest| contest.blocks()).min().unwrap_or(0);
    let apart = apart(&runs(summary, &family));
    let conditions = format!(
        "closed-{fewest} to closed-{most} · {} · at least {} · {}",
        wording::placement(contest.contest.placement),
        wording::blocks(blocks),
        contest.measure.title()
    );
    let title = format!("{}: scaling with actors", contest.contest.workload);
    let frame = Frame::over(&title, &conditions, &subjects);
    Some(picture(&frame, right + 240.0, bottom + 96.0, |canvas| {
        for (at, panel) in PANELS.into_iter().enumerate() {
            let left = LEFT + (PANEL + GAP) * (at % 2) as f64;
            let top = TOP + (half + DOWN) * (at / 2) as f64;
            let x = Scale::log(
                (f64::from(fewest) / 1.08, f64::from(most) * 1.08),
                (left, left + PANEL),
            );
            plot(canvas, &all, (at, panel, contest.measure.title()), &x, (top, top + half));
        }
        let arms: Vec<&Arm> = all.iter().map(|line| &line.arm).collect();
        lines::names(canvas, &arms, right, &places(&all, (TOP, bottom)));
        caption(
            canvas,
            bottom + 52.0,
            &[
                &format!(
                    "horizontal: actors at work at once; {}",
                    intervals("lines", "bands", blocks)
                ),
                "each number of actors was a contest of its own: runners are compared within one, and a runner with \
                 itself across them only as far as the machine stayed the same",
                &apart,
                hatch::LEGEND,
            ],
        );
    }))
}

/// The runs of a joined report in which these contests were measured.
fn runs<'a>(summary: &'a Summary, family: &[&ContestSummary]) -> Vec<&'a RunRecord> {
    let is_of = |run: &RunRecord, Contest { workload, load, placement }: &Contest| {
        run.plan.contests.iter().any(|planned| {
            planned.workload == *workload
                && planned.load == load.to_string()
                && planned.placement == *placement
        })
    };
    let all = [&summary.run].into_iter().chain(&summary.further);
    all.filter(|run| family.iter().any(|contest| is_of(run, &contest.contest))).collect()
}

/// What must be said where the numbers of actors are of several runs; else nothing.
fn apart(runs: &[&RunRecord]) -> String {
    let mut builds: Vec<&str> = runs.iter().map(|run| run.binary.as_str()).collect();
    builds.sort_unstable();
    builds.dedup();
    match (runs.len(), builds.len()) {
        (0 | 1, _) => String::new(),
        (runs, 1) => format!(
            "the numbers of actors are of {runs} runs of one build: what differs between them may be the day"
        ),
        (runs, builds) => format!(
            "the numbers of actors are of {runs} runs of {builds} builds: what differs between them may be the day or \
             the build"
        ),
    }
}

/// Names stand in the order of the first panel's last values, from its top down.
fn places(all: &[Series], (top, bottom): (f64, f64)) -> Vec<f64> {
    let last = |line: &Series| line.panels[0].last().map_or(0.0, |(_, value)| value.median);
    let step = ((bottom - top) / all.len().max(1) as f64).min(lines::LABEL * 1.4);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| last(&all[*b]).total_cmp(&last(&all[*a])));
    let mut places = vec![top; all.len()];
    for (above, at) in order.into_iter().enumerate() {
        places[at] = top + step * above as f64;
    }
    places
}

fn plot(
    canvas: &mut Canvas,
    all: &[Series],
    (at, panel, measure): (usize, Panel, &str),
    x: &Scale,
    (top, bottom): (f64, f64),
) {
    let values = || all.iter().flat_map(|line| &line.panels[at]).map(|(_, value)| value);
    let Some(low) = values().map(|value| value.low).reduce(f64::min) else { return };
    let high = values().map(|value| value.high).fold(low, f64::max);
    let y = Scale::log((low.max(1e-9) * 0.93, high * 1.07), (bottom, top));
    axes(canvas, all, (at, panel, measure), x, &y);
    for line in all {
        let edge = |end: fn(&Estimate) -> f64| -> Vec<Point> {
            let points = line.panels[at].iter();
            points.map(|(actors, value)| (x.at(f64::from(*actors)), y.at(end(value)))).collect()
        };
        let (upper, lower) = (edge(|value| value.high), edge(|value| value.low));
        lines::band(canvas, &upper, &lower, &line.arm, all.len());
    }
    for line in all.iter().rev() {
        let points: Vec<Point> = line.panels[at]
            .iter()
            .map(|(actors, value)| (x.at(f64::from(*actors)), y.at(value.median)))
            .collect();
        canvas.hover(&told(line, at, panel), |canvas| {
            let look = line.arm.look;
            lines::line(canvas, &points, &line.arm);
            for point in &points {
                canvas.marker(*point, look.marker, 2.8, look.color);
            }
        });
    }
}

/// How a value of a panel is written.
fn text(panel: Panel, value: f64) -> String {
    match panel {
        Panel::Median | Panel::P99 => quantity::time(value),
        Panel::Throughput | Panel::Cpu => quantity::digits(value),
    }
}

fn axes(
    canvas: &mut Canvas,
    all: &[Series],
    (at, panel, measure): (usize, Panel, &str),
    x: &Scale,
    y: &Scale,
) {
    let (left, right) = (x.clipped(0.0).0, x.clipped(f64::INFINITY).0);
    let (bottom, top) = (y.clipped(0.0).0, y.clipped(f64::INFINITY).0);
    let title = match panel {
        Panel::Throughput => "operations per second".into(),
        Panel::Median => format!("p50 of the {measure}"),
        Panel::P99 => format!("p99 of the {measure}"),
        Panel::Cpu => "CPU µs per operation".into(),
    };
    canvas.text((left, top - 12.0), &title, 12.0, INK, Anchor::Start);
    for tick in y.ticks(6) {
        canvas.line((left, y.at(tick)), (right, y.at(tick)), thin(FAINT));
        canvas.text((left - 6.0, y.at(tick)), &text(panel, tick), 11.0, INK, Anchor::End);
    }
    let mut actors: Vec<u32> =
        all.iter().flat_map(|line| line.panels[at].iter().map(|(actors, _)| *actors)).collect();
    actors.sort_unstable();
    actors.dedup();
    let mut free = f64::NEG_INFINITY;
    for count in actors {
        let place = x.at(f64::from(count));
        canvas.line((place, top), (place, bottom), thin(FAINT));
        let name = ladder::rate_text(count);
        let half = 3.4 * name.chars().count() as f64;
        if place - half > free {
            canvas.text((place, bottom + 13.0), &name, 11.0, INK, Anchor::Middle);
            free = place + half + 4.0;
        }
    }
    canvas.line((left, bottom), (right, bottom), thin(SOFT));
    canvas.text((f64::midpoint(left, right), bottom + 30.0), "actors", 11.0, SOFT, Anchor::Middle);
}

/// What a pointer is told.
fn told(line: &Series, at: usize, panel: Panel) -> String {
    let points = line.panels[at].iter().map(|(actors, value)| {
        let [median, low, high] = [value.median, value.low, value.high].map(|v| text(panel, v));
        format!("{actors} actors {median} ({low} to {high})")
    });
    format!("{}: {}", line.arm.label, points.collect::<Vec<_>>().join(", "))
}
