//! How does each ranked runner of a contest compare with each other one?
//!
//! The planned baseline is not everybody's. A reader who chooses another one must be told what is decided and what
//! is not, by the same rules: here every ranked runner is the baseline once, and the family for Holm is then all
//! other ranked runners, times the three primary metrics. The pairs are those that [`crate::rank`] compares. It
//! must not know how anything is shown. Read next: `heat.rs`.

use crate::{
    statistics::{Paired, holm},
    summary::{Effects, Metric, Scale},
    verdict::{Rules, Verdict},
};

/// One runner against another, by one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relation {
    /// What the estimate is.
    pub scale: Scale,
    /// The runner's value divided by the other's, or minus it in µs: paired by slices.
    pub estimate: f64,
    /// What is decided, from the runner's side; `None` is undecided.
    pub verdict: Option<Verdict>,
}

/// All pairs of the ranked runners of a contest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relations {
    runners: Vec<String>,
    /// By the runner compared with, then by runner, then by metric.
    all: Vec<Vec<[Option<Relation>; 3]>>,
}

impl Relations {
    /// From the effects of each runner against each later one, and from each one's median in µs.
    pub(crate) fn of(runners: Vec<String>, pairs: &[Vec<Effects>], typical_us: &[f64]) -> Self {
        let count = runners.len();
        let all = (0..count).map(|base| against(base, count, pairs, typical_us[base])).collect();
        Self { runners, all }
    }

    /// The runners that may be ranked, in the order of the plan.
    #[must_use]
    pub fn runners(&self) -> &[String] {
        &self.runners
    }

    /// How a runner compares with another; `None` of itself, of runners that are not ranked, and with one block.
    #[must_use]
    pub fn between(&self, runner: &str, base: &str, metric: Metric) -> Option<Relation> {
        let place = |name: &str| self.runners.iter().position(|known| known == name);
        self.all[place(base)?][place(runner)?][metric as usize]
    }
}

/// All runners against one of them.
fn against(
    base: usize,
    count: usize,
    pairs: &[Vec<Effects>],
    typical_us: f64,
) -> Vec<[Option<Relation>; 3]> {
    let rules = Rules::default();
    let tests: Vec<[Option<(Scale, Paired)>; 3]> =
        (0..count).map(|of| Metric::ALL.map(|metric| test(of, base, pairs, metric))).collect();
    let p_values: Vec<f64> =
        tests.iter().flatten().flatten().map(|(_, test)| test.p_value()).collect();
    let mut adjusted = holm(&p_values).into_iter();
    let mut relation = |metric: Metric, test: Option<(Scale, Paired)>| {
        let (scale, test) = test?;
        let verdict = rules.relation(metric, &test, adjusted.next()?, (scale, typical_us));
        let estimate = match scale {
            Scale::Ratio => test.centre.exp(),
            Scale::DifferenceUs => test.centre,
        };
        Some(Relation { scale, estimate, verdict })
    };
    let of_one =
        |tests: &[Option<(Scale, Paired)>; 3]| Metric::ALL.map(|m| relation(m, tests[m as usize]));
    tests.iter().map(of_one).collect()
}

/// One test. Of each pair the effects of the earlier runner are there; the other's are their negative.
fn test(of: usize, base: usize, pairs: &[Vec<Effects>], metric: Metric) -> Option<(Scale, Paired)> {
    if of == base {
        return None;
    }
    let (row, column) = (of.min(base), of.max(base));
    let effect = pairs[row][column].on(metric)?;
    let test = effect.test()?;
    let centre = if of < base { test.centre } else { -test.centre };
    Some((effect.scale, Paired { centre, ..test }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Summary, synthetic};

    #[test]
    fn each_runner_is_a_baseline_once_and_both_sides_agree() {
        let summary =
            Summary::of(&synthetic::recording(&["tokio", "smol", "threads"], 6, 4, 400)).unwrap();
        let contest = &summary.contests[0];
        let relations = &contest.relations;
        assert_eq!(relations.runners(), ["tokio", "smol", "threads"], "neither null arm nor floor");
        let between = |of, base| relations.between(of, base, Metric::P50).unwrap();
        let (slower, faster) = (between("smol", "tokio"), between("tokio", "smol"));
        assert_eq!(slower.verdict, Some(Verdict::Worse));
        assert_eq!(faster.verdict, Some(Verdict::Better));
        assert!((slower.estimate * faster.estimate - 1.0).abs() < 1e-9);
        let planned = contest.cells[1].effects.p50.as_ref().unwrap();
        assert!((slower.estimate - planned.estimate).abs() < 1e-9, "the same as the table's");
        assert_eq!(relations.between("tokio", "tokio", Metric::P50), None);
        assert_eq!(relations.between("glommio", "tokio", Metric::P50), None);
    }

    #[test]
    fn with_the_planned_baseline_it_says_what_the_verdicts_say() {
        let summary =
            Summary::of(&synthetic::recording(&["tokio", "smol", "threads"], 6, 2, 60)).unwrap();
        let contest = &summary.contests[0];
        for cell in contest.cells.iter().filter(|cell| cell.ranked && cell.verdict.is_some()) {
            for metric in Metric::ALL {
                let theirs = match cell.verdict.unwrap().on(metric).verdict {
                    Verdict::Undecided { .. } => None,
                    verdict => Some(verdict),
                };
                let ours = contest.relations.between(&cell.runner, "tokio", metric).unwrap();
                assert_eq!(ours.verdict, theirs, "{} by {metric:?}", cell.runner);
            }
        }
    }

    #[test]
    fn one_block_decides_nothing() {
        let summary = Summary::of(&synthetic::recording(&["tokio", "smol"], 1, 4, 400)).unwrap();
        assert_eq!(summary.contests[0].relations.between("smol", "tokio", Metric::P50), None);
    }
}
