//! How much do runners differ from the baseline?
//!
//! Three panels: median, CPU per operation, throughput. Each row has the estimate with its 99.5 % interval
//! and, small, the value of every block; the line of equality is drawn, and the null arm shows how far from it
//! identical code lands. A null arm that copies another runner than the baseline is on no axis: its row says so. It must
//! not compute effects. Read next: `cost.rs`.

use super::{
    Dash, Look, Palette,
    canvas::{Anchor, Canvas, Drawing, FAINT, INK, PALE, Rgb, SOFT, Stroke, picture},
    frame::{Frame, counted},
    hatch,
    rows::{LEFT, ROW, TOP, caption, instead, middle, name, rules, thin},
    scale::Scale,
};
use crate::{
    grid,
    price_grid::signed,
    quantity,
    summary::{CellSummary, ContestSummary, Effect, Effects, Scale as EffectScale},
    wording::{self, plain},
};

/// What one panel shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its title: what is compared, and in what.
    pub title: String,
    /// Ratios lie on a logarithmic axis, differences on a linear one.
    pub scale: EffectScale,
    /// The axis' ends; they contain equality, all estimates and all blocks.
    pub range: (f64, f64),
    /// By row; `None` where a cell has nothing to compare, or is compared with something else than the baseline.
    pub effects: Vec<Option<Effect>>,
}

/// Which of a cell's effects a panel shows.
type Pick = fn(&Effects) -> &Option<Effect>;

/// The three panels over all cells but the baseline; empty without a measured baseline.
#[must_use]
pub fn panels(contest: &ContestSummary) -> Vec<Panel> {
    let pick: [(String, Pick); 3] = [
        (format!("p50 of {}", contest.measure.title()), |effects| &effects.p50),
        ("CPU per operation".into(), |effects| &effects.cpu_per_op),
        ("throughput".into(), |effects| &effects.throughput),
    ];
    let panel = |(what, of): (String, Pick)| {
        let shown = |cell: &CellSummary| {
            let elsewhere = contest.compared_elsewhere(cell).is_some();
            of(&cell.effects).clone().filter(|_| !elsewhere)
        };
        let effects: Vec<_> = rows(contest).map(|at| shown(&contest.cells[at])).collect();
        let scale = effects.iter().flatten().next()?.scale;
        let unit = match scale {
            EffectScale::Ratio => "ratio",
            EffectScale::DifferenceUs => "difference in µs",
        };
        let range = range(scale, &effects);
        Some(Panel { title: format!("{what}, {unit}"), scale, range, effects })
    };
    pick.into_iter().filter_map(panel).collect()
}

/// The cells that have rows: all but the baseline, by their place in the contest.
fn rows(contest: &ContestSummary) -> impl Iterator<Item = usize> {
    let baseline = contest.baseline_cell().map(|cell| cell.cell.as_str());
    (0..contest.cells.len()).filter(move |at| Some(contest.cells[*at].cell.as_str()) != baseline)
}

/// Contains everything but the far ends of intervals: two blocks give intervals a hundred times as wide
/// as the effect, and would flatten all the others. What is cut off gets an arrow.
fn range(scale: EffectScale, effects: &[Option<Effect>]) -> (f64, f64) {
    let ratio = scale == EffectScale::Ratio;
    let to = |value: f64| if ratio { value.ln() } else { value };
    let back = |value: f64| if ratio { value.exp() } else { value };
    // Less than 2 % or a tenth of a microsecond around equality would show nothing but rounding.
    let least = if ratio { 0.02 } else { 0.1 };
    let all = || effects.iter().flatten();
    let points = all()
        .flat_map(|effect| effect.blocks.iter().map(|block| block.value).chain([effect.estimate]));
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = points.map(to).fold((-least, least), ends);
    let room = (high - low).max(least);
    let intervals = all().filter_map(|effect| effect.interval);
    let (far_low, far_high) =
        intervals.flat_map(|(low, high)| [to(low), to(high)]).fold((low, high), ends);
    let pad = 0.05 * room;
    (back(far_low.max(low - room) - pad), back(far_high.min(high + room) + pad))
}

const PANEL: f64 = 250.0;
const GAP: f64 = 26.0;

/// The chart; `None` without a measured baseline.
#[must_use]
pub fn draw(contest: &ContestSummary, palette: &Palette) -> Option<Drawing> {
    let panels = panels(contest);
    let baseline = plain(contest.baseline.as_deref()?);
    if panels.is_empty() {
        return None;
    }
    let rows: Vec<usize> = rows(contest).collect();
    let end = LEFT + (PANEL + GAP) * panels.len() as f64;
    let bottom = TOP + ROW * rows.len() as f64;
    let measured = contest.cells.iter().filter(|cell| cell.numbers.is_some());
    let unit = if panels[0].scale == EffectScale::Ratio { "ratios" } else { "ratios and µs" };
    let subjects: Vec<_> = measured.map(|cell| counted(contest, cell, unit)).collect();
    let frame = Frame::of(contest, &format!("compared with {baseline}"), &subjects);
    Some(picture(&frame, end + 16.0, bottom + 100.0, |canvas| {
        let axes: Vec<Scale> = panels
            .iter()
            .enumerate()
            .map(|(i, panel)| {
                let left = LEFT + GAP / 2.0 + (PANEL + GAP) * i as f64;
                let positions = (left, left + PANEL);
                let scale = match panel.scale {
                    EffectScale::Ratio => Scale::log(panel.range, positions),
                    EffectScale::DifferenceUs => Scale::linear(panel.range, positions),
                };
                axis(canvas, panel, &scale, left, bottom);
                scale
            })
            .collect();
        rules(canvas, rows.len(), end);
        // Behind the axes, so that no line crosses why a cell was not measured.
        for (row, at) in rows.iter().enumerate() {
            let cell = &contest.cells[*at];
            name(canvas, cell, palette.look(cell), row, end);
            if let Some(copied) = contest.compared_elsewhere(cell).filter(|_| cell.is_measured()) {
                let text = format!("copies {}, so not compared with {baseline}", plain(copied));
                instead(canvas, &text, row, end);
            }
        }
        for (panel, scale) in panels.iter().zip(&axes) {
            for (row, effect) in panel.effects.iter().enumerate() {
                if let Some(effect) = effect {
                    if !contest.cells[rows[row]].audit.may_be_ranked() {
                        let (left, right) =
                            (scale.clipped(panel.range.0).0, scale.clipped(panel.range.1).0);
                        let y = middle(row);
                        hatch::rectangle(canvas, (left, y - 9.0), (right, y + 9.0), PALE);
                    }
                    let look = palette.look(&contest.cells[rows[row]]);
                    let told = told(&contest.cells[rows[row]].arm, panel, effect);
                    canvas.hover(&told, |canvas| point(canvas, effect, scale, middle(row), look));
                }
            }
        }
        let noise = grid::noise(contest);
        let known = |effect: &Effect| effect.interval.is_some();
        let points = if panels.iter().flat_map(|panel| panel.effects.iter().flatten()).any(known) {
            "points: estimate; lines: 99.5 % interval over blocks (arrow: it goes on); short strokes: single blocks"
        } else {
            "points: one block, so nothing is known of how far blocks differ, and no interval is drawn"
        };
        caption(canvas, bottom + 38.0, &[points, hatch::LEGEND, &noise]);
    }))
}

/// A panel's title, ticks and the line of equality.
fn axis(canvas: &mut Canvas, panel: &Panel, scale: &Scale, left: f64, bottom: f64) {
    let centre = left + PANEL / 2.0;
    canvas.text((centre, TOP - 24.0), &panel.title, 12.0, INK, Anchor::Middle);
    for tick in scale.ticks(6) {
        let x = scale.at(tick);
        canvas.line((x, TOP), (x, bottom), thin(FAINT));
        canvas.text((x, bottom + 13.0), &tick_text(tick), 11.0, SOFT, Anchor::Middle);
    }
    let equal = scale.at(panel.scale.equality());
    canvas.line((equal, TOP - 6.0), (equal, bottom), thin(SOFT));
    canvas.text((equal, TOP - 11.0), "equal", 10.0, SOFT, Anchor::Middle);
}

/// As many decimals as the tick needs.
fn tick_text(tick: f64) -> String {
    let text = format!("{tick:.3}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// What a pointer is told.
fn told(arm: &str, panel: &Panel, effect: &Effect) -> String {
    let text = match panel.scale {
        EffectScale::Ratio => quantity::ratio(effect.estimate, effect.interval),
        EffectScale::DifferenceUs => {
            let interval = effect.interval.map_or_else(String::new, |(low, high)| {
                format!(" ({} to {})", signed(low), signed(high))
            });
            format!("{} µs{interval}", signed(effect.estimate))
        }
    };
    format!("{arm}: {text}, {}", wording::blocks(effect.blocks.len() as u32))
}

/// Blocks, interval and estimate of one row.
fn point(canvas: &mut Canvas, effect: &Effect, scale: &Scale, y: f64, look: Look) {
    for block in &effect.blocks {
        // Short strokes below the row's line: they are one shape.
        let x = scale.at(block.value);
        canvas.line((x, y + 6.2), (x, y + 9.0), thin(SOFT));
    }
    if let Some((low, high)) = effect.interval {
        let stroke = Stroke { color: look.color, width: 2.0, dash: Dash::Solid };
        let (from, cut_low) = scale.clipped(low);
        let (to, cut_high) = scale.clipped(high);
        canvas.line((from, y), (to, y), stroke);
        end(canvas, (from, y), cut_low.then_some(-1.0), look.color);
        end(canvas, (to, y), cut_high.then_some(1.0), look.color);
    }
    canvas.marker((scale.at(effect.estimate), y), look.marker, 4.0, look.color);
}

/// A bar at an interval's end, or an arrow where it goes on in a direction.
fn end(canvas: &mut Canvas, (x, y): (f64, f64), onwards: Option<f64>, color: Rgb) {
    match onwards {
        None => {
            let stroke = Stroke { color, width: 2.0, dash: Dash::Solid };
            canvas.line((x, y - 4.0), (x, y + 4.0), stroke);
        }
        Some(side) => {
            let back = x - 6.0 * side;
            canvas.polygon(&[(x + 2.0 * side, y), (back, y - 4.0), (back, y + 4.0)], color, 1.0);
        }
    }
}
