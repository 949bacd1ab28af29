//! How does each ranked runner of a contest compare with each other one?
//!
//! The planned baseline is not everybody's. A reader who chooses another one must be told what is decided and what
//! is not, by the same rules: here every ranked runner is the baseline once, and the family for Holm is then all
//! other ranked runners, times the three primary metrics. The pairs are those that [`crate::rank`] compares. It
//! must not know how anything is shown. Read next: `heat.rs`.

use crate::{
    statistics::{Paired, holm},
    summary::{Effects, Metric, Scale},
    verdict::{Judgement, Rules, Verdict},
};
use std::cmp::Ordering;

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
    /// From the tests of each runner against each later one, and from each one's median in µs.
    pub(crate) fn of(
        rules: &Rules,
        runners: Vec<String>,
        tests: &[Vec<Tests>],
        typical_us: &[f64],
    ) -> Self {
        let of_one = |base: usize| against(rules, base, tests, typical_us[base]);
        let all = (0..runners.len()).map(of_one).collect();
        Self { runners, all }
    }

    /// Takes over what has been decided of a runner against the baseline.
    pub(crate) fn decide(&mut self, runner: &str, base: &str, judgement: &Judgement) {
        let place = |name: &str| self.runners.iter().position(|known| known == name);
        let (Some(of), Some(against)) = (place(runner), place(base)) else { return };
        for (relation, judged) in self.all[against][of].iter_mut().zip(judgement.metrics) {
            let verdict = match judged.verdict {
                Verdict::Undecided { .. } => None,
                verdict => Some(verdict),
            };
            relation.iter_mut().for_each(|relation| relation.verdict = verdict);
        }
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

/// One pair by one metric: what the paired test over blocks says, and its p-value, which both sides share.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    pub(crate) scale: Scale,
    pub(crate) paired: Paired,
    pub(crate) p_value: f64,
}

/// By [`Metric::ALL`].
pub(crate) type Tests = [Option<Test>; 3];

impl Test {
    /// Of one effect; `None` with one block.
    pub(crate) fn of(effects: &Effects, metric: Metric) -> Option<Self> {
        let effect = effects.on(metric)?;
        let paired = effect.test()?;
        Some(Self { scale: effect.scale, paired, p_value: paired.p_value() })
    }

    /// From the other side.
    fn turned(self) -> Self {
        Self { paired: Paired { centre: -self.paired.centre, ..self.paired }, ..self }
    }
}

/// All runners against one of them. Of each pair the test of the earlier runner is there.
fn against(
    rules: &Rules,
    base: usize,
    tests: &[Vec<Tests>],
    typical_us: f64,
) -> Vec<[Option<Relation>; 3]> {
    let of_one = |of: usize| match of.cmp(&base) {
        Ordering::Less => tests[of][base],
        Ordering::Equal => [None; 3],
        Ordering::Greater => tests[base][of].map(|test| test.map(Test::turned)),
    };
    let family: Vec<Tests> = (0..tests.len()).map(of_one).collect();
    let p_values: Vec<f64> = family.iter().flatten().flatten().map(|test| test.p_value).collect();
    let mut adjusted = holm(&p_values).into_iter();
    let mut relation = |metric: Metric, test: Option<Test>| {
        let Test { scale, paired, .. } = test?;
        let verdict = rules.relation(metric, &paired, adjusted.next()?, (scale, typical_us));
        let estimate = match scale {
            Scale::Ratio => paired.centre.exp(),
            Scale::DifferenceUs => paired.centre,
        };
        Some(Relation { scale, estimate, verdict })
    };
    let judged = |tests: &Tests| Metric::ALL.map(|metric| relation(metric, tests[metric as usize]));
    family.iter().map(judged).collect()
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
