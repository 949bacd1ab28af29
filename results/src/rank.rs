//! Who is ahead of whom, and who shares a rank?
//!
//! Runners are put in the order of their estimates; the first leads a group. Going down, a runner that is
//! different from the leader of the current group (Holm's adjusted p-value at most 0.005, estimate at least
//! 1 %) leads the next group; all others share the group. For each leader the family for Holm is all
//! runners behind it, times the three primary metrics.
//!
//! Over all contests: geometric means over the contests that all compared runners completed and may be ranked
//! in. Lateness is a difference and stays out of the mean of medians; so does the throughput of open loads, which
//! is their rate, out of the mean of throughputs; there the family for Holm is of one metric. It must not know how anything is shown.
//! Read next: `statistics/geometric.rs`.

use crate::{
    Role,
    judged::{JudgedCell, JudgedContest},
    relation::{Relations, Test, Tests},
    statistics::{Paired, geometric::Overall, holm},
    summary::{Effect, Measure, Metric, effect::Compared},
    verdict::Rules,
};

/// The rank group of a runner by metric, from 1; `None` where it has no rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups(pub [Option<u32>; 3]);

impl Groups {
    /// The group by one metric.
    #[must_use]
    pub fn on(&self, metric: Metric) -> Option<u32> {
        self.0[metric as usize]
    }
}

/// How one runner compares with another on one metric: on the scale of averages, with its p-value.
#[derive(Clone, Copy)]
struct Score {
    centre: f64,
    p_value: f64,
    /// Smaller differences are none, on the same scale.
    least: f64,
}

/// The scores of a runner against another, by metric; `None` where they cannot be compared.
type Pair<'p> = dyn Fn(usize, usize) -> [Option<Score>; 3] + 'p;

/// Fills in the groups of a contest's ranked runners, and returns how each compares with each other.
///
/// # Errors
/// A histogram was needed and cannot be read.
pub(crate) fn group(
    rules: &Rules,
    measure: Measure,
    cells: &mut [JudgedCell<'_>],
    baseline: Option<usize>,
) -> Result<Relations, String> {
    let ranked: Vec<usize> = (0..cells.len()).filter(|at| cells[*at].ranked).collect();
    let compared: Vec<Compared<'_>> =
        ranked.iter().map(|at| Compared::of(&cells[*at].judged_trials())).collect();
    let mut tested: Vec<Vec<Tests>> = Vec::new();
    for (of, ours) in compared.iter().enumerate() {
        let mut row = Vec::new();
        for (against, theirs) in compared.iter().enumerate() {
            // Of each pair one side is enough: the other is its negative.
            let wanted = of < against;
            let effects =
                wanted.then(|| theirs.effects(measure, Role::Runner, ours)).transpose()?;
            let effects = effects.unwrap_or_default();
            row.push(Metric::ALL.map(|metric| Test::of(&effects, metric)));
        }
        tested.push(row);
    }
    let typical: Vec<f64> =
        ranked.iter().map(|at| crate::judged::typical_us(&cells[*at].judged_trials())).collect();
    let score = |of: usize, against: usize| {
        let (row, column, sign) =
            if of < against { (of, against, 1.0) } else { (against, of, -1.0) };
        let of_test = |test: Test| Score {
            centre: sign * test.paired.centre,
            p_value: test.p_value,
            least: rules.least_difference(test.scale, typical[against]),
        };
        tested[row][column].map(|test| test.map(of_test))
    };
    for metric in Metric::ALL {
        let groups = grouped(rules, ranked.len(), metric, &score);
        for (at, group) in ranked.iter().zip(groups) {
            cells[*at].groups.0[metric as usize] = group;
        }
    }
    let names = ranked.iter().map(|at| cells[*at].runner.clone()).collect();
    let mut relations = Relations::of(rules, names, &tested, &typical);
    // A verdict may have an earlier look behind it, and a family with a tail in it: what it says is said everywhere.
    if let Some(base) = baseline.filter(|at| cells[*at].ranked) {
        for cell in ranked.iter().map(|at| &cells[*at]) {
            if let Some(judgement) = &cell.verdict {
                relations.decide(&cell.runner, &cells[base].runner, judgement);
            }
        }
    }
    Ok(relations)
}

/// The order by one metric, best first, without those that cannot be compared with the first of them.
fn order(count: usize, metric: Metric, pair: &Pair<'_>) -> Vec<usize> {
    let sign = if metric.less_is_better() { 1.0 } else { -1.0 };
    let place = |at: usize| {
        if at == 0 { Some(0.0) } else { pair(at, 0)[metric as usize].map(|one| one.centre * sign) }
    };
    let mut placed: Vec<(usize, f64)> =
        (0..count).filter_map(|at| Some((at, place(at)?))).collect();
    placed.sort_by(|a, b| a.1.total_cmp(&b.1));
    placed.into_iter().map(|(at, _)| at).collect()
}

/// The groups by one metric.
fn grouped(rules: &Rules, count: usize, metric: Metric, pair: &Pair<'_>) -> Vec<Option<u32>> {
    let mut groups = vec![None; count];
    let sign = if metric.less_is_better() { 1.0 } else { -1.0 };
    let order = order(count, metric, pair);
    // One runner alone has nobody to be ranked among.
    if order.len() < 2 {
        return groups;
    }
    let mut left = order.as_slice();
    let mut group = 0;
    while let Some((leader, behind)) = left.split_first() {
        group += 1;
        groups[*leader] = Some(group);
        let scores: Vec<[Option<Score>; 3]> = behind.iter().map(|at| pair(*at, *leader)).collect();
        let p_values: Vec<f64> = scores.iter().flatten().flatten().map(|one| one.p_value).collect();
        let mut adjusted = holm(&p_values).into_iter();
        let mut differs = Vec::new();
        for one in &scores {
            let mut here = false;
            for (i, score) in one.iter().enumerate() {
                let Some(score) = score else { continue };
                let significant = adjusted.next().is_some_and(|p| p <= rules.alpha);
                // Who is better than the leader of its group, by blocks that others have not, is not behind it.
                here |= i == metric as usize && significant && sign * score.centre >= score.least;
            }
            differs.push(here);
        }
        let next = differs.iter().position(|differs| *differs).unwrap_or(behind.len());
        for at in &behind[..next] {
            groups[*at] = Some(group);
        }
        left = &behind[next..];
    }
    groups
}

/// A runner's place over all contests, by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its name.
    pub runner: String,
    /// Its rank group, from 1.
    pub group: u32,
    /// The geometric mean of its ratios to the best; 1 for the best itself.
    pub ratio: f64,
    /// The 99.5 % interval of that mean; `None` for the best itself.
    pub interval: Option<(f64, f64)>,
}

/// The places over all contests, by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// What is ranked by.
    pub metric: Metric,
    /// The printed contests that the means are over.
    pub common: Vec<String>,
    /// Best first; empty where nobody can be ranked.
    pub places: Vec<Place>,
    /// Why nobody has a place; `None` where somebody has.
    pub nobody: Option<Nobody>,
}

/// Why nobody has a place over all contests. Of several reasons the last one of these is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nobody {
    /// No contest has all of them among its ranked runners.
    Apart,
    /// Those that have measured what is in no mean: lateness, or the throughput of an open load.
    NoRatio,
    /// In those that have, this metric is not known of all of them in the same blocks.
    Unknown,
    /// Those that have were measured in one block, which has no spread.
    OneBlock,
    /// It is one runner alone.
    Alone,
}

/// Ranks runners over all contests: those named, or all that are ranked anywhere.
///
/// # Errors
/// A named runner is ranked nowhere: says which; or a histogram was needed and cannot be read.
pub fn overall(contests: &[JudgedContest<'_>], named: &[String]) -> Result<Vec<Standing>, String> {
    let mut runners: Vec<&str> = Vec::new();
    for cell in contests.iter().flat_map(|contest| &contest.cells).filter(|cell| cell.ranked) {
        if !runners.contains(&cell.runner.as_str()) {
            runners.push(&cell.runner);
        }
    }
    if let Some(unknown) = named.iter().find(|name| !runners.contains(&name.as_str())) {
        let known = runners.join(", ");
        return Err(format!("no ranked runner '{unknown}' in this run; there are: {known}"));
    }
    if !named.is_empty() {
        runners.retain(|runner| named.iter().any(|name| name == runner));
    }
    Metric::ALL.into_iter().map(|metric| standing(contests, &runners, metric)).collect()
}

fn standing(
    contests: &[JudgedContest<'_>],
    runners: &[&str],
    metric: Metric,
) -> Result<Standing, String> {
    let mut common = Vec::new();
    // By contest, by runner: how it compares with each other one.
    let mut tests: Vec<Vec<Vec<Option<Paired>>>> = Vec::new();
    let mut nobody = if runners.len() < 2 { Nobody::Alone } else { Nobody::Apart };
    for contest in contests {
        let cell = |runner: &&str| {
            contest.cells.iter().find(|cell| cell.ranked && cell.runner == **runner)
        };
        let Some(cells) = runners.iter().map(cell).collect::<Option<Vec<_>>>() else { continue };
        // Under open load the rate is given, so throughput ranks nobody.
        let no_ratio = match metric {
            Metric::P50 => contest.measure == Measure::Lateness,
            Metric::Throughput => contest.measure == Measure::Response,
            Metric::CpuPerOp => false,
        };
        if no_ratio {
            nobody = nobody.max(Nobody::NoRatio);
            continue;
        }
        let cells: Vec<Compared<'_>> =
            cells.iter().map(|cell| Compared::of(&cell.first(contest.fixed))).collect();
        let (mut table, mut is_known) = (Vec::new(), true);
        for ours in &cells {
            let mut row = Vec::new();
            for theirs in &cells {
                let compared = theirs.effects(contest.measure, Role::Runner, ours)?;
                let effect = compared.on(metric);
                is_known &= effect.is_some();
                row.push(effect.and_then(Effect::test));
            }
            table.push(row);
        }
        // A contest with one block, or without common blocks, has no spread and cannot count.
        let whole = table.iter().flatten().all(Option::is_some);
        if whole {
            common.push(contest.contest.to_string());
            tests.push(table);
        } else {
            nobody = nobody.max(if is_known { Nobody::OneBlock } else { Nobody::Unknown });
        }
    }
    let mean = |of: usize, against: usize| {
        let parts: Option<Vec<Paired>> = tests.iter().map(|table| table[of][against]).collect();
        Overall::over(&parts?)
    };
    let places = if common.is_empty() { Vec::new() } else { places(runners, metric, &mean) };
    let nobody = places.is_empty().then_some(nobody);
    Ok(Standing { metric, common, places, nobody })
}

fn places(
    runners: &[&str],
    metric: Metric,
    mean: &dyn Fn(usize, usize) -> Option<Overall>,
) -> Vec<Place> {
    let rules = Rules::default();
    let score = |of: usize, against: usize| {
        let mut scores = [None; 3];
        scores[metric as usize] = mean(of, against).map(|mean| Score {
            centre: mean.centre,
            p_value: mean.p_value(),
            least: rules.least.ln_1p(),
        });
        scores
    };
    let groups = grouped(&rules, runners.len(), metric, &score);
    let order = order(runners.len(), metric, &score);
    let Some(best) = order.first().copied() else { return Vec::new() };
    let place = |at: usize| {
        let mean = mean(at, best).filter(|_| at != best);
        let interval = mean.and_then(|mean| mean.interval(rules.alpha));
        Some(Place {
            runner: runners[at].into(),
            group: groups[at]?,
            ratio: mean.map_or(1.0, |mean| mean.centre.exp()),
            interval: interval.map(|ends| (ends.low.exp(), ends.high.exp())),
        })
    };
    order.into_iter().filter_map(place).collect()
}
