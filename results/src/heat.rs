//! Who is how far behind, by any metric and against anybody?
//!
//! Runners down, contests across. A field holds the values of five metrics, or says why there are none. Compared with
//! a base, the best of its column or a chosen runner, it becomes a ratio of two medians over blocks, and says
//! whether that is decided: by the paired test for the three primary metrics ([`crate::relation`]); for p99 and
//! memory there is no test, and ranges over blocks that overlap count as undecided. The script of the report does
//! the same with the same values. It must not know HTML. Read next: `report/heat.rs`.

use crate::{
    Contest, Role, Summary,
    relation::Relation,
    statistics::{Estimate, LEAST_BLOCKS},
    summary::{CellSummary, ContestSummary, Metric, Numbers},
    verdict::Verdict,
    wording,
};

/// What the map is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The median of what the contest measures.
    Median,
    /// Its 99th percentile.
    P99,
    /// CPU time per operation.
    Cpu,
    /// Operations per second.
    Throughput,
    /// The largest resident set.
    Memory,
}

/// A value with its range over blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// Nanoseconds, µs of CPU per operation, operations per second, or bytes.
    pub estimate: Estimate,
    /// Whether the truth is larger: the percentile lies among requests that failed.
    pub is_bound: bool,
    /// Whether there were blocks enough for a 95 % range.
    pub has_range: bool,
}

/// One runner in one contest.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// It has no cell there.
    Absent,
    /// It has one without numbers.
    Unmeasured {
        /// Its state in at most five letters.
        word: &'static str,
        /// Its state and why.
        reason: String,
    },
    /// It has numbers.
    Measured {
        /// By [`By::ALL`]; `None` for the reason in [`By::absence`].
        values: [Option<Value>; 5],
        /// Why its numbers must not be ranked; empty if they may.
        barred: Vec<String>,
    },
}

/// A contest of the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Workload, load and placement.
    pub contest: Contest,
    /// Its place among the contests of the summary.
    pub place: usize,
    /// By runner, in the order of [`Map::runners`].
    pub fields: Vec<Field>,
}

/// The whole map.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Runners in the order of the plan.
    pub runners: Vec<String>,
    /// Contests in the order of the plan, without sweeps, which have no single median.
    pub columns: Vec<Column>,
}

/// What is decided of a field and its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the base.
    Base,
    /// It differs, for the better.
    Better,
    /// It differs, for the worse.
    Worse,
    /// It differs by less than the margin.
    Tie,
    /// The blocks that there are do not decide.
    Undecided,
    /// One of both must not be ranked.
    Invalid,
}

impl By {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Median, Self::P99, Self::Cpu, Self::Throughput, Self::Memory];

    /// Its name in addresses.
    #[must_use]
    pub fn key(self) -> &'static str {
        ["p50", "p99", "cpu", "throughput", "memory"][self as usize]
    }

    /// Its name in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        ["median", "p99", "CPU per operation", "throughput", "peak memory"][self as usize]
    }

    /// Whether a smaller value is the better one.
    #[must_use]
    pub fn less_is_better(self) -> bool {
        self != Self::Throughput
    }

    /// The metric that verdicts are given on; `None` where there is no test.
    #[must_use]
    pub fn tested(self) -> Option<Metric> {
        match self {
            Self::Median => Some(Metric::P50),
            Self::Cpu => Some(Metric::CpuPerOp),
            Self::Throughput => Some(Metric::Throughput),
            Self::P99 | Self::Memory => None,
        }
    }

    /// Why a measured cell has no value.
    #[must_use]
    pub fn absence(self) -> &'static str {
        match self {
            Self::Median => "its median is not above zero",
            Self::P99 => "fewer than ten operations a block lie above p99",
            Self::Cpu => "the CPU time of its process cannot be seen",
            Self::Throughput => "under open load the rate is given",
            Self::Memory => "its memory was not recorded",
        }
    }

    fn of(self, contest: &ContestSummary, cell: &CellSummary, numbers: &Numbers) -> Option<Value> {
        let is_open = contest.contest.load.is_open();
        let estimate = match self {
            Self::Median => Some(numbers.p50_ns),
            Self::P99 => numbers.carries(0.99).then_some(numbers.p99_ns),
            Self::Cpu => numbers.cpu_us_per_op,
            Self::Throughput => (!is_open).then_some(numbers.throughput),
            Self::Memory => cell.price.rss_peak_bytes,
        };
        let is_bound = match self {
            Self::Median => !numbers.reaches(0.5),
            Self::P99 => !numbers.reaches(0.99),
            _ => false,
        };
        let estimate = estimate.filter(|value| value.median.is_finite() && value.median > 0.0)?;
        Some(Value { estimate, is_bound, has_range: cell.blocks >= LEAST_BLOCKS })
    }
}

impl Value {
    /// Whether the ranges over blocks have a value in common; those of few blocks leave out the truth too often, and may
    /// lie anywhere.
    #[must_use]
    fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.estimate, &other.estimate);
        !(self.has_range && other.has_range) || (ours.low <= theirs.high && theirs.low <= ours.high)
    }
}

impl Field {
    /// The value, where there is one.
    #[must_use]
    pub fn value(&self, by: By) -> Option<&Value> {
        match self {
            Self::Measured { values, .. } => values[by as usize].as_ref(),
            _ => None,
        }
    }

    /// Whether it may be ranked.
    #[must_use]
    pub fn is_ranked(&self) -> bool {
        matches!(self, Self::Measured { barred, .. } if barred.is_empty())
    }
}

impl Map {
    /// From a summary.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        let mapped = || {
            let contests = summary.contests.iter().enumerate();
            contests.filter(|(_, contest)| !contest.contest.load.is_sweep())
        };
        let mut runners: Vec<String> = Vec::new();
        for cell in mapped().flat_map(|(_, contest)| &contest.cells) {
            if cell.role == Role::Runner && !runners.contains(&cell.runner) {
                runners.push(cell.runner.clone());
            }
        }
        let columns = mapped().map(|(place, contest)| Column {
            contest: contest.contest.clone(),
            place,
            fields: runners.iter().map(|runner| field(contest, runner)).collect(),
        });
        let columns = columns.collect();
        Self { runners, columns }
    }
}

impl Column {
    /// The best ranked runner by its own numbers.
    #[must_use]
    pub fn best(&self, by: By) -> Option<usize> {
        let sign = if by.less_is_better() { 1.0 } else { -1.0 };
        let ranked = self.fields.iter().enumerate().filter(|(_, field)| field.is_ranked());
        let known = ranked.filter_map(|(row, field)| Some((row, field.value(by)?)));
        let fit = known.filter(|(_, value)| !value.is_bound);
        let best = fit.min_by(|(_, a), (_, b)| {
            (sign * a.estimate.median).total_cmp(&(sign * b.estimate.median))
        });
        best.map(|(row, _)| row)
    }

    /// A field's ratio to the base's, and what is decided; `None` where either has no value.
    #[must_use]
    pub fn compare(
        &self,
        map: &Map,
        contest: &ContestSummary,
        by: By,
        (row, base): (usize, usize),
    ) -> Option<(f64, Standing)> {
        let (ours, theirs) = (self.fields[row].value(by)?, self.fields[base].value(by)?);
        if theirs.is_bound {
            return None;
        }
        let ratio = ours.estimate.median / theirs.estimate.median;
        let valid = self.fields[row].is_ranked() && self.fields[base].is_ranked();
        let standing = match (valid, by.tested()) {
            _ if row == base => Standing::Base,
            (false, _) => Standing::Invalid,
            (true, Some(metric)) => {
                let (runner, base) = (&map.runners[row], &map.runners[base]);
                decided(contest.relations.between(runner, base, metric))
            }
            (true, None) if ours.overlaps(theirs) => Standing::Undecided,
            (true, None) if (ratio < 1.0) == by.less_is_better() => Standing::Better,
            (true, None) => Standing::Worse,
        };
        Some((ratio, standing))
    }
}

/// What a relation says of the first of both.
#[must_use]
pub fn decided(relation: Option<Relation>) -> Standing {
    match relation.and_then(|relation| relation.verdict) {
        Some(Verdict::Better) => Standing::Better,
        Some(Verdict::Worse) => Standing::Worse,
        Some(Verdict::Equivalent) => Standing::Tie,
        Some(Verdict::Invalid) => Standing::Invalid,
        Some(Verdict::Undecided { .. }) | None => Standing::Undecided,
    }
}

fn field(contest: &ContestSummary, runner: &str) -> Field {
    let mine = |cell: &&CellSummary| cell.role == Role::Runner && cell.runner == runner;
    let Some(cell) = contest.cells.iter().find(mine) else { return Field::Absent };
    let Some(numbers) = &cell.numbers else {
        let (word, reason) = (wording::short_state(cell.state), wording::absence(cell));
        return Field::Unmeasured { word, reason };
    };
    let barring = cell.audit.barring();
    let mut barred: Vec<String> = barring.map(|found| wording::plain(&found.reason)).collect();
    if !cell.ranked && barred.is_empty() {
        barred.push("not ranked".into());
    }
    Field::Measured { values: By::ALL.map(|by| by.of(contest, cell, numbers)), barred }
}

#[cfg(test)]
mod tests;
