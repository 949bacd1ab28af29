//! Which runners does each workload meet when not all can have their turn?
//!
//! The baseline always, so that there is something to compare with; besides it, some that take turns: each workload
//! takes those of its able runners that have been taken least so far. Those with the fewest workloads that they can
//! do come first, so that a runner with one workload is not passed over there. Thus every workload and every
//! runner appears at least once as long as there are enough turns, which a test checks on the real lists. It must not
//! know how runners work. Next: [`super::plan`].

use std::collections::BTreeMap;

/// Who can take part in one contest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Able {
    /// Runners that can do its work, whether they are available on this machine or not, in the order of lists.
    pub runners: Vec<String>,
    /// The one that the others are compared with.
    pub baseline: Option<String>,
}

/// How many runners must have a turn in each of so many contests, so that each of the runners has so many.
#[must_use]
pub fn per_contest(runners: usize, each: usize, contests: usize) -> usize {
    (runners * each).div_ceil(contests.max(1))
}

/// For each contest the runners that have their turn, in the order of its list: the baseline and `turns` others.
#[must_use]
pub fn turns(contests: &[Able], turns: usize) -> Vec<Vec<String>> {
    let mut chances: BTreeMap<&str, usize> = BTreeMap::new();
    for runner in contests.iter().flat_map(|contest| &contest.runners) {
        *chances.entry(runner).or_default() += 1;
    }
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    contests
        .iter()
        .map(|contest| {
            let is_baseline = |runner: &&String| Some(*runner) == contest.baseline.as_ref();
            let mut others: Vec<&String> =
                contest.runners.iter().filter(|runner| !is_baseline(runner)).collect();
            let count = |counts: &BTreeMap<&str, usize>, runner: &String| {
                counts.get(runner.as_str()).copied().unwrap_or(0)
            };
            // Stable: among equals the order of the list.
            others.sort_by_key(|runner| (count(&taken, runner), count(&chances, runner)));
            others.truncate(turns);
            let chosen: Vec<&String> = contest
                .runners
                .iter()
                .filter(|runner| is_baseline(runner) || others.contains(runner))
                .collect();
            for runner in &chosen {
                *taken.entry(runner).or_default() += 1;
            }
            chosen.into_iter().cloned().collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn able(runners: &[&str]) -> Able {
        let runners: Vec<String> = runners.iter().map(|name| (*name).to_owned()).collect();
        Able { baseline: runners.contains(&"base".into()).then(|| "base".into()), runners }
    }

    #[test]
    fn runners_take_turns_beside_the_baseline() {
        let contests = vec![able(&["a", "base", "b", "c", "d"]); 3];
        let chosen = turns(&contests, 2);
        assert_eq!(chosen[0], ["a", "base", "b"]);
        assert_eq!(chosen[1], ["base", "c", "d"]);
        assert_eq!(chosen[2], ["a", "base", "b"]);
    }

    #[test]
    fn who_can_do_little_is_not_passed_over() {
        let contests =
            [able(&["a", "base", "b", "rare"]), able(&["a", "base", "b"]), able(&["a", "b"])];
        let chosen = turns(&contests, 1);
        assert_eq!(chosen[0], ["base", "rare"]);
        assert_eq!(chosen[1], ["a", "base"]);
        assert_eq!(chosen[2], ["b"]);
    }

    #[test]
    fn turns_are_enough_for_all() {
        assert_eq!(per_contest(23, 2, 37), 2);
        assert_eq!(per_contest(23, 2, 11), 5);
        assert_eq!(per_contest(1, 1, 0), 1);
    }

    #[test]
    fn a_contest_of_few_has_them_all() {
        assert_eq!(turns(&[able(&["base", "a"])], 4), [["base", "a"]]);
        assert_eq!(turns(&[able(&[])], 4), [Vec::<String>::new()]);
    }
}
