//! When has a comparison seen enough, and what does it say then?
//!
//! A run that stops early looks at each contest after fixed numbers of blocks. A cell whose metrics are decided is
//! measured no further. Whoever looks several times and stops when it suits him errs more often than a single look does
//! (P. Armitage, C. K. McPherson and B. C. Rowe, "Repeated significance tests on accumulating data", J. R. Statist. Soc.
//! A 132 (1969)). So each look may spend an equal share of the error rate: by Bonferroni's inequality all looks together
//! err no more often than one, however they depend on one another. Intervals have the same share: whichever look a cell
//! stopped at, its interval covers the truth in at least 99.5 % of cases (repeated confidence intervals: C. Jennison and
//! B. W. Turnbull, J. R. Statist. Soc. B 51 (1989)).
//!
//! Holm's family stays whole: what an earlier look has found different hands its part of the error rate on, what it has
//! found equivalent keeps it (W. Maurer and F. Bretz, "Multiple testing in group sequential trials using graphical
//! approaches", Statist. Biopharm. Res. 5 (2013)).
//!
//! Judging a stored run repeats its looks, so that it says what was said when it was measured: each look sees the blocks
//! that there were, audits them, and measures its margins by them. The baseline is the one that could be ranked at the
//! first look, for good. Blocks after the last look count for nothing until the next one; but where a cell's grade over
//! all its blocks, which is what is shown, turns out to be F, neither its verdict is kept nor those against it that no
//! look had closed. It must not know processes or
//! time. Read next: `verdict.rs`.

use crate::{
    Role, RunRecord, State,
    against::Against,
    auditor::{Sight, first},
    judged::{self, JudgedCell, by_cell},
    record::{ContestRecord, StoppingRecord},
    statistics::ALPHA,
    summary::{
        Measure, Metric,
        effect::{effects, tail},
    },
    verdict::{Judgement, Rules, Verdict},
};

/// The first looks: from six blocks on a t interval is of use, and two more make it markedly narrower.
const FIRST: [u32; 4] = [6, 8, 10, 12];
/// Tails are rare events: fewer blocks decide nothing about them.
const FIRST_OF_TAILS: u32 = 12;

/// What must be decided before a comparison stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All primary metrics.
    All,
    /// One of them.
    One(Metric),
    /// A percentile of the tail, which is judged besides.
    Tail(Tail),
}

/// A percentile that is judged only where it is asked and paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The 90th percentile.
    P90,
    /// The 99th.
    P99,
    /// One operation in a thousand takes longer.
    P999,
}

impl Wanted {
    /// All, by the names that they are asked for with.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("all", Self::All),
        ("p50", Self::One(Metric::P50)),
        ("cpu", Self::One(Metric::CpuPerOp)),
        ("throughput", Self::One(Metric::Throughput)),
        ("p90", Self::Tail(Tail::P90)),
        ("p99", Self::Tail(Tail::P99)),
        ("p99.9", Self::Tail(Tail::P999)),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, wanted)| *wanted == self).map_or("all", |(name, _)| name)
    }

    /// The tail that is wanted, if one is.
    #[must_use]
    pub fn tail(self) -> Option<Tail> {
        match self {
            Self::Tail(tail) => Some(tail),
            Self::All | Self::One(_) => None,
        }
    }

    /// Whether a judgement leaves nothing open of what is wanted.
    fn is_met(self, judgement: &Judgement) -> bool {
        let is_decided = |verdict: Verdict| !matches!(verdict, Verdict::Undecided { .. });
        match self {
            Self::All => judgement.metrics.iter().all(|one| is_decided(one.verdict)),
            Self::One(metric) => is_decided(judgement.on(metric).verdict),
            Self::Tail(_) => judgement.tail.is_some_and(|one| is_decided(one.verdict)),
        }
    }
}

impl std::str::FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, wanted)| *wanted).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            format!("'{text}' is none of {}", names.join(", "))
        })
    }
}

impl Tail {
    /// As a part of all operations.
    #[must_use]
    pub fn quantile(self) -> f64 {
        match self {
            Self::P90 => 0.9,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }
}

/// After how many blocks is looked when there are at most so many: every second one up to twelve, then whenever they
/// have doubled, and in the end. Each look costs the others a part of the error rate, so there are few.
///
/// # Errors
/// There would be no look before the end of which anything could be decided: says the fewest blocks.
pub fn looks(most: u32, wanted: Wanted) -> Result<Vec<u32>, String> {
    let first = if wanted.tail().is_some() { FIRST_OF_TAILS } else { FIRST[0] };
    if most < first {
        return Err(format!(
            "{most} blocks decide nothing about '{}'; give at least {first} with --blocks",
            wanted.name()
        ));
    }
    let doubled = std::iter::successors(Some(24_u32), |blocks| blocks.checked_mul(2));
    let all = FIRST.into_iter().chain(doubled).skip_while(|look| *look < first);
    let mut looks: Vec<u32> = all.take_while(|look| *look < most).collect();
    looks.push(most);
    Ok(looks)
}

impl StoppingRecord {
    /// The error rate that each look may spend.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        ALPHA / self.looks.len().max(1) as f64
    }

    /// Whether a percentile of the tail is judged, for which histograms are needed.
    #[must_use]
    pub fn judges_a_tail(&self) -> bool {
        self.wanted().is_ok_and(|wanted| wanted.tail().is_some())
    }

    /// What must be decided.
    ///
    /// # Errors
    /// The recording names something else.
    pub fn wanted(&self) -> Result<Wanted, String> {
        self.metric.parse()
    }
}

/// The look that a cell's judgement stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// After so many blocks; 0 before the first look.
    pub blocks: u32,
    /// Whether it has seen enough.
    pub closed: bool,
}

/// The cells of a contest of which no further blocks are wanted, by their printed form: those that are decided, and all
/// where no comparison is open any more. `trials` are all of the contest.
///
/// # Errors
/// As [`crate::judged::contests`].
pub fn closed(
    run: &RunRecord,
    planned: &ContestRecord,
    trials: &[crate::TrialRecord],
) -> Result<Vec<String>, String> {
    let mut cells = by_cell(trials);
    let judged = judged::contest(run, planned, &judged::take(planned, &mut cells))?;
    let names = |cells: &[JudgedCell<'_>]| cells.iter().map(|cell| cell.cell.clone()).collect();
    let is_open = |cell: &&JudgedCell<'_>| {
        let is_baseline = judged.baseline.as_ref() == Some(&cell.runner);
        let is_compared = cell.role == Role::Runner && cell.state == State::Measured;
        is_compared && !is_baseline && cell.look.is_none_or(|look| !look.closed)
    };
    let looked = judged.cells.iter().any(|cell| cell.look.is_some_and(|look| look.blocks > 0));
    if looked && !judged.cells.iter().any(|cell| is_open(&cell)) {
        return Ok(names(&judged.cells));
    }
    let closed = judged.cells.into_iter().filter(|cell| cell.look.is_some_and(|look| look.closed));
    Ok(closed.map(|cell| cell.cell).collect())
}

/// Judges the cells of a contest at all looks that have come. Says by which rules, `None` before the first look, and
/// which cell is the baseline.
pub(crate) fn judge(
    stopping: &StoppingRecord,
    planned: &ContestRecord,
    sight: &Sight<'_>,
    cells: &mut [JudgedCell<'_>],
) -> Result<(Option<Rules>, Option<usize>), String> {
    let wanted = stopping.wanted()?;
    let rules = Rules { alpha: stopping.alpha(), ..Rules::default() };
    let last = cells.iter().filter_map(|cell| cell.trials.keys().last()).max();
    let done = last.map_or(0, |block| block + 1);
    let come: Vec<u32> = stopping.looks.iter().copied().filter(|look| *look <= done).collect();
    let has_looked = !come.is_empty();
    let mut chosen = None;
    // Before the first look there are numbers and no verdicts.
    for look in if has_looked { come } else { vec![0] } {
        let until = if look == 0 { done } else { look };
        let seen = sight.first(until);
        for (cell, (_, trials)) in
            cells.iter_mut().zip(&seen.cells).filter(|(cell, _)| is_open(cell))
        {
            cell.look = Some(Look { blocks: look, closed: false });
            cell.believe(seen.audit(trials).may_be_ranked());
        }
        let against = *chosen.get_or_insert_with(|| Against::of_all(planned, cells));
        compare(sight.measure, rules.alpha, wanted, cells, against, until)?;
        judged::judge(&rules, cells, against);
        for cell in cells.iter_mut() {
            match (&mut cell.verdict, &mut cell.look) {
                (Some(verdict), _) if look == 0 => verdict.withhold(),
                (Some(verdict), Some(seen)) if cell.role == Role::Runner => {
                    seen.closed = wanted.is_met(verdict);
                }
                _ => {}
            }
        }
    }
    forget(cells, chosen);
    Ok((has_looked.then_some(rules), chosen.and_then(|against| against.baseline)))
}

/// Takes back the verdicts of cells that have an F in the end; and, of those that are still open, the verdicts against such
/// a cell.
fn forget(cells: &mut [JudgedCell<'_>], against: Option<Against>) {
    let is_f = |cell: &JudgedCell<'_>| !cell.audit.may_be_ranked();
    let doubtful: Vec<bool> = (0..cells.len())
        .map(|at| {
            let other = against.and_then(|against| against.of(cells, at));
            is_f(&cells[at]) || (is_open(&cells[at]) && other.is_some_and(|at| is_f(&cells[at])))
        })
        .collect();
    for (cell, _) in cells.iter_mut().zip(doubtful).filter(|(_, doubtful)| *doubtful) {
        cell.verdict.iter_mut().for_each(Judgement::invalidate);
    }
    for cell in cells.iter_mut().filter(|cell| !cell.audit.may_be_ranked()) {
        cell.ranked = false;
    }
}

fn is_open(cell: &JudgedCell<'_>) -> bool {
    cell.look.is_none_or(|look| !look.closed)
}

/// Fills in the effects over so many blocks of the cells that are still open.
fn compare(
    measure: Measure,
    alpha: f64,
    wanted: Wanted,
    cells: &mut [JudgedCell<'_>],
    against: Against,
    until: u32,
) -> Result<(), String> {
    for at in 0..cells.len() {
        let Some(against) = against.of(cells, at) else { continue };
        if cells[at].state != State::Measured || !is_open(&cells[at]) {
            continue;
        }
        let [ours, theirs] = [at, against].map(|at| first(&cells[at].trials, until));
        let role = cells[at].role;
        cells[at].against = Some(cells[against].runner.clone());
        cells[at].effects = effects(measure, role, &theirs, &ours)?.at(alpha);
        if let Some(asked) = wanted.tail().filter(|_| role == Role::Runner) {
            let effect = tail(measure, asked.quantile(), &theirs, &ours)?;
            cells[at].tail = effect.map(|effect| effect.at(alpha));
        }
    }
    Ok(())
}
