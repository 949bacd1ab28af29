//! Which runners does nothing else beat, for this mix of work and this promise?
//!
//! Latency, CPU time and memory are looked at together. A runner is beaten where another is shown to be better at one
//! of them and shown to be no more than 3 % worse at the others; who is left is advised, and uncertain ties stay in.
//! Shown means that 95 % intervals over at least six blocks do not overlap, which asks more than a paired comparison
//! would. A promise is about response times, so only open loads can answer; nothing is guessed from closed ones.
//!
//! It must not know workloads: their classes are told. It cannot tell what another rate, or another machine, would
//! say. Read next: `summary/numbers.rs`.

use crate::{
    Contest, Placement, Role, Summary,
    record::ObjectiveRecord,
    statistics::{Estimate, LEAST_BLOCKS},
    summary::{CellSummary, ContestSummary, Numbers},
    wording,
};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// A quantile of the response time and its limit.
    pub objective: ObjectiveRecord,
    /// Classes of work and their shares, which add up to 1.
    pub mix: Vec<(String, f64)>,
    /// How many cores the runner has; `None`: whatever was measured.
    pub cores: Option<usize>,
}

/// What is looked at, in the order of [`Candidate::scores`].
pub const METRICS: [&str; 3] = ["latency", "CPU time", "memory"];

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The printed contests that it rests on.
    pub contests: Vec<String>,
    /// All runners that could be judged, in the order of the plan.
    pub candidates: Vec<Candidate>,
    /// Runners that could not be, and why.
    pub left_out: Vec<(String, String)>,
}

/// A runner and what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub runner: String,
    /// Whether it keeps the promise in every contest of the evidence.
    pub keeps: Keeps,
    /// Latency, CPU time and memory over those of the best of all candidates: 1 is the best.
    pub scores: [Estimate; 3],
    /// Another that beats it, if any does.
    pub beaten_by: Option<String>,
    /// The cells that this rests on.
    pub cells: Vec<String>,
}

impl Candidate {
    /// Whether it is advised: nothing beats it, and it does not break the promise.
    #[must_use]
    pub fn is_advised(&self) -> bool {
        self.beaten_by.is_none() && self.keeps != Keeps::No
    }
}

/// Whether a promise is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keeps {
    /// The whole interval lies within the limit.
    Yes,
    /// The limit lies within the interval.
    Unsure,
    /// The whole interval lies beyond the limit, or the quantile among requests that failed.
    No,
}

impl Keeps {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "kept",
            Self::Unsure => "not decided",
            Self::No => "broken",
        }
    }
}

/// Why a run cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// No open load of these classes, measured on so many cores.
    #[error("it has no open load of {}{}", .classes.join(" and of "), .cores.map_or_else(String::new, |cores| {
        if cores == 1 { " on one core".to_owned() } else { format!(" on {cores} cores") }
    }))]
    Missing {
        /// Which.
        classes: Vec<String>,
        /// How many cores were asked for.
        cores: Option<usize>,
    },
    /// The machine has fewer.
    #[error("{asked} cores were asked for, and it was measured on a machine with {had}")]
    Cores {
        /// What was asked for.
        asked: usize,
        /// What there was.
        had: usize,
    },
    /// No interval.
    #[error(
        "it has {} of them, and fewer than {LEAST_BLOCKS} carry no 95 % interval",
        wording::blocks(*.0)
    )]
    Blocks(u32, Vec<Contest>),
    /// Nobody was measured in all contests.
    #[error(
        "no runner has numbers that may be ranked in all of {}: {}",
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        .1
    )]
    Nobody(Vec<Contest>, String),
}

/// Another may be so much worse, as a part, and still beat: what verdicts call equivalent.
const MARGIN: f64 = 0.03;

/// Answers from one run; `class_of` tells the class of a workload by its name.
///
/// # Errors
/// The run cannot answer: says what is missing.
pub fn advise(
    summary: &Summary,
    demand: &Demand,
    class_of: &dyn Fn(&str) -> Option<&'static str>,
) -> Result<Advice, Unanswered> {
    let had = summary.run.host.cores.len();
    if let Some(asked) = demand.cores.filter(|asked| *asked > had) {
        return Err(Unanswered::Cores { asked, had });
    }
    let parts = evidence(summary, demand, class_of)?;
    let blocks = parts.iter().map(|part| part.contest.blocks()).min().unwrap_or(0);
    let asked = || parts.iter().map(|part| part.contest.contest.clone()).collect();
    if blocks < LEAST_BLOCKS {
        return Err(Unanswered::Blocks(blocks, asked()));
    }
    let (mut candidates, mut left_out) = (Vec::new(), Vec::new());
    for runner in runners(&parts) {
        match candidate(&runner, &parts, &demand.objective) {
            Ok(candidate) => candidates.push(candidate),
            Err(why) => left_out.push((runner, why)),
        }
    }
    let contests: Vec<String> = parts.iter().map(|part| part.contest.contest.to_string()).collect();
    if candidates.is_empty() {
        let whys: Vec<String> =
            left_out.iter().map(|(runner, why)| format!("{runner} ({why})")).collect();
        return Err(Unanswered::Nobody(asked(), whys.join("; ")));
    }
    relative(&mut candidates);
    let rivals = candidates.clone();
    for candidate in &mut candidates {
        let beats = |rival: &&Candidate| rival.keeps != Keeps::No && is_beaten(candidate, rival);
        candidate.beaten_by = rivals.iter().find(beats).map(|rival| rival.runner.clone());
    }
    Ok(Advice { contests, candidates, left_out })
}

/// A contest and its share of the mix.
struct Part<'a> {
    contest: &'a ContestSummary,
    share: f64,
}

/// The open contests of the classes in the mix; contests of one class share its share equally.
fn evidence<'a>(
    summary: &'a Summary,
    demand: &Demand,
    class_of: &dyn Fn(&str) -> Option<&'static str>,
) -> Result<Vec<Part<'a>>, Unanswered> {
    let cores_of = |contest: &ContestSummary| match contest.contest.placement {
        Placement::Separate | Placement::OneCore => 1,
        Placement::AllCores | Placement::Unpinned => summary.run.host.cores.len(),
    };
    let (mut parts, mut missing) = (Vec::new(), Vec::new());
    for (class, share) in demand.mix.iter().filter(|(_, share)| *share > 0.0) {
        let fitting: Vec<&ContestSummary> = summary
            .contests
            .iter()
            .filter(|contest| {
                let load = contest.contest.load;
                load.is_open()
                    && !load.is_sweep()
                    && class_of(contest.contest.workload_name()) == Some(class.as_str())
                    && demand.cores.is_none_or(|cores| cores_of(contest) == cores)
            })
            .collect();
        if fitting.is_empty() {
            missing.push(class.clone());
        }
        let each = share / fitting.len() as f64;
        parts.extend(fitting.into_iter().map(|contest| Part { contest, share: each }));
    }
    if missing.is_empty() {
        Ok(parts)
    } else {
        Err(Unanswered::Missing { classes: missing, cores: demand.cores })
    }
}

/// All runners of the evidence, in the order of the plan.
fn runners(parts: &[Part<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let cells = parts.iter().flat_map(|part| &part.contest.cells);
    for cell in cells.filter(|cell| cell.role == Role::Runner) {
        if !names.contains(&cell.runner) {
            names.push(cell.runner.clone());
        }
    }
    names
}

/// A runner's weighted scores, or why it has none.
fn candidate(
    runner: &str,
    parts: &[Part<'_>],
    objective: &ObjectiveRecord,
) -> Result<Candidate, String> {
    // Logarithms of the three values, weighted and added up.
    let mut sums = [[0.0_f64; 3]; 3];
    let mut keeps = Keeps::Yes;
    let mut cells = Vec::new();
    for Part { contest, share } in parts {
        let own = contest.cells.iter();
        let mut own = own.filter(|cell| cell.role == Role::Runner && cell.runner == runner);
        let cell = own.next().ok_or_else(|| format!("took no part in {}", contest.contest))?;
        let (values, kept) = values(cell, objective)?;
        keeps = keeps.max(kept);
        for (sum, value) in sums.iter_mut().zip(values) {
            for (sum, end) in sum.iter_mut().zip([value.median, value.low, value.high]) {
                *sum += share * end.ln();
            }
        }
        cells.push(cell.cell.clone());
    }
    let scores = sums.map(|[median, low, high]| Estimate {
        median: median.exp(),
        low: low.exp(),
        high: high.exp(),
    });
    Ok(Candidate { runner: runner.into(), keeps, scores, beaten_by: None, cells })
}

/// Latency, CPU time and memory of one cell, and whether it keeps the promise.
fn values(
    cell: &CellSummary,
    objective: &ObjectiveRecord,
) -> Result<([Estimate; 3], Keeps), String> {
    let name = &cell.cell;
    let Some(numbers) = &cell.numbers else {
        return Err(format!("{name}: {}", crate::wording::absence(cell)));
    };
    if !cell.ranked {
        let why: Vec<&str> = cell.audit.barring().map(|finding| finding.check.as_str()).collect();
        return Err(format!("{name} may not be ranked: {}", why.join(", ")));
    }
    let latency = quantile(numbers, objective.quantile)
        .ok_or_else(|| format!("{name} has too few requests for this percentile"))?;
    let cpu = numbers.cpu_us_per_op.ok_or_else(|| format!("the CPU time of {name} is unknown"))?;
    let memory = cell.price.rss_peak_bytes;
    let memory = memory.ok_or_else(|| format!("the memory of {name} is unknown"))?;
    let values = [latency, cpu, memory];
    if values.iter().any(|value| value.low.is_nan() || value.low <= 0.0) {
        return Err(format!("{name} has a value of zero"));
    }
    let limit = objective.limit_ns as f64;
    let kept = match latency {
        _ if !numbers.reaches(objective.quantile) => Keeps::No,
        Estimate { high, .. } if high <= limit => Keeps::Yes,
        Estimate { low, .. } if low > limit => Keeps::No,
        _ => Keeps::Unsure,
    };
    Ok((values, kept))
}

/// A percentile as far as samples carry it. Of one that is not kept, the next larger that is: stricter, never laxer.
fn quantile(numbers: &Numbers, quantile: f64) -> Option<Estimate> {
    if !numbers.carries(quantile) {
        return None;
    }
    let told = [
        (0.5, numbers.p50_ns),
        (0.9, numbers.p90_ns),
        (0.99, numbers.p99_ns),
        (0.999, numbers.p999_ns),
    ];
    if let Some((_, estimate)) = told.iter().find(|(told, _)| (told - quantile).abs() < 1e-9) {
        return Some(*estimate);
    }
    let nines = -(1.0 - quantile).log10();
    numbers.curve.iter().find(|point| point.nines >= nines - 1e-9).map(|point| point.ns)
}

/// Divides all scores by the best of each metric.
fn relative(candidates: &mut [Candidate]) {
    for metric in 0..METRICS.len() {
        let all = candidates.iter().map(|candidate| candidate.scores[metric].median);
        let Some(best) = all.reduce(f64::min) else { continue };
        for candidate in candidates.iter_mut() {
            candidate.scores[metric] = candidate.scores[metric].scaled(1.0 / best);
        }
    }
}

/// Whether the rival is shown to be better at something, and shown not to be worse at anything.
fn is_beaten(candidate: &Candidate, rival: &Candidate) -> bool {
    let pairs = || candidate.scores.iter().zip(&rival.scores);
    rival.runner != candidate.runner
        && pairs().any(|(ours, theirs)| theirs.high < ours.low)
        && pairs().all(|(ours, theirs)| {
            theirs.high < ours.low || theirs.high <= ours.low * (1.0 + MARGIN)
        })
}
