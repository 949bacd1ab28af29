//! How much can a server take?
//!
//! Two stages, as in nighthawk's adaptive load. *Search*: the rate is doubled until a slice fails, then halved
//! in between (geometrically) until the last good and the first bad rate are within 5 %; on the way the curve of
//! latency against load arises, and further rates fill its gaps. *Confirm*: around what was found, in steps of
//! 5 %, every rate gets five slices. The capacity is the highest rate at which most of them were good; its
//! interval goes from the highest rate at which all were good to the lowest at which none was. A rate that is
//! good in half of its slices passes five of five in 3 % of cases, and none of five as rarely.
//!
//! A slice is good when the server was not saturated, everything was answered rightly, and the objective was
//! met, if there is one. The **knee** is the rate with the largest ratio of rate to median response time
//! (Kleinrock's power, 1979): beyond it the median grows faster than the rate.
//!
//! This file drives nothing: it says which rate is next, and is told what came of it. So any mixture of
//! servers can be swept, and it is tested without one.

use crate::{
    document::Quantiles,
    outcome::{Outcome, Saturated},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// How close the search comes, and how far the confirmed rates are from one another.
const STEP: f64 = 1.05;

/// How many slices confirm a rate.
pub const CONFIRMATIONS: u32 = 5;

/// How many steps the confirmation may move away from what the search found.
const FARTHEST: i32 = 8;

/// The shares of the found rate that fill the curve.
const CURVE: [f64; 7] = [0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9];

/// Arrivals that a slice should have, so that it has a p99.
const ARRIVALS: f64 = 2000.0;

/// A slice is not made longer than this for their sake.
const LONGEST: Duration = Duration::from_secs(10);

/// What response times are to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// The percentile, between 0 and 100.
    pub percentile: f64,
    /// What it must not exceed.
    pub most: Duration,
}

impl fmt::Display for Objective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "p{}={:?}", self.percentile, self.most)
    }
}

/// Which part of a sweep a slice belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Looking for the rate.
    Search,
    /// Filling the curve.
    Curve,
    /// Making sure.
    Confirm,
}

/// One slice of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Which part it belongs to.
    pub stage: Stage,
    /// The rate that was asked for.
    pub rate: f64,
    /// Completions a second.
    pub achieved_rate: f64,
    /// Not saturated, all answered rightly, and the objective met.
    pub good: bool,
    /// Which side could not do more.
    pub saturated: String,
    /// The generator was too late for these figures.
    pub generator_limited: bool,
    /// Requests that failed or did not end.
    pub faults: u64,
    /// Response times.
    pub response_ns: Quantiles,
    /// The generator's own lateness.
    pub lag_ns: Quantiles,
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What was asked for.
    pub objective: Option<Objective>,
    /// See [`crate::document::SweepDocument`].
    pub knee_rate: Option<f64>,
    /// The capacity; see the head of this file.
    pub capacity_rate: Option<f64>,
    /// The lower end of its interval.
    pub capacity_lowest: Option<f64>,
    /// The upper end.
    pub capacity_highest: Option<f64>,
    /// What ended the search.
    pub limit: Saturated,
    /// Every slice, in order.
    pub steps: Vec<Step>,
}

/// A sweep under way.
#[derive(Clone, Debug)]
pub struct Sweep {
    objective: Option<Objective>,
    start_rate: f64,
    least_rate: f64,
    most_rate: f64,
    /// The highest good and the lowest bad rate of the search.
    good: Option<f64>,
    bad: Option<f64>,
    limit: Saturated,
    confirmed: Confirmed,
    steps: Vec<Step>,
}

/// How many slices were made and were good, by the step from the found rate.
#[derive(Clone, Debug, Default)]
struct Confirmed(Vec<(i32, u32, u32)>);

impl Sweep {
    /// Begins at `start_rate`, and goes no higher than `most_rate`.
    #[must_use]
    pub fn new(start_rate: f64, most_rate: f64, objective: Option<Objective>) -> Self {
        Self {
            objective,
            start_rate: start_rate.min(most_rate),
            least_rate: 1.0_f64.min(start_rate),
            most_rate,
            good: None,
            bad: None,
            limit: Saturated::None,
            confirmed: Confirmed::default(),
            steps: Vec::new(),
        }
    }

    /// How long a slice at this rate should be, at least `least`.
    #[must_use]
    pub fn slice_length(rate: f64, least: Duration) -> Duration {
        least.max(Duration::from_secs_f64(ARRIVALS / rate.max(1e-3)).min(LONGEST))
    }

    /// The next rate, and what it is for; `None` when all is known.
    #[must_use]
    pub fn next(&self) -> Option<(Stage, f64)> {
        if let Some(rate) = self.next_search() {
            return Some((Stage::Search, rate));
        }
        let found = self.good?;
        let is_done = |share: &f64| {
            let rate = found * share;
            self.steps.iter().any(|step| (step.rate / rate - 1.0).abs() < 0.01)
        };
        let least = self.least_rate;
        let fill = CURVE.iter().find(|share| found * **share >= least && !is_done(share));
        if let Some(share) = fill {
            return Some((Stage::Curve, found * share));
        }
        let step = self.confirmed.next()?;
        Some((Stage::Confirm, found * STEP.powi(step)))
            .filter(|(_, rate)| *rate <= self.most_rate * STEP)
    }

    fn next_search(&self) -> Option<f64> {
        match (self.good, self.bad) {
            (None, None) => Some(self.start_rate),
            (Some(good), None) if good < self.most_rate => Some((good * 2.0).min(self.most_rate)),
            (Some(_), None) => None,
            (None, Some(bad)) if bad <= self.least_rate => None,
            (None, Some(bad)) => Some((bad / 2.0).max(self.least_rate)),
            (Some(good), Some(bad)) => (bad / good > STEP).then(|| (good * bad).sqrt()),
        }
    }

    /// Tells what came of the rate that [`Self::next`] gave.
    pub fn report(&mut self, outcome: &Outcome) {
        let Some((stage, rate)) = self.next() else { return };
        let good = self.is_good(outcome);
        let empty = crate::Distribution::new();
        self.steps.push(Step {
            stage,
            rate,
            achieved_rate: outcome.achieved_per_sec,
            good,
            saturated: crate::document::word(outcome.saturated).into(),
            generator_limited: outcome.generator_limited,
            faults: outcome.failed + outcome.unfinished,
            response_ns: Quantiles::of(outcome.response.as_ref().unwrap_or(&empty)),
            lag_ns: Quantiles::of(&outcome.lag),
        });
        match stage {
            Stage::Curve => {}
            Stage::Confirm => self.confirmed.count(good),
            Stage::Search if good => self.good = Some(rate),
            Stage::Search => {
                self.bad = Some(rate);
                self.limit = match outcome.saturated {
                    Saturated::Generator => Saturated::Generator,
                    _ => Saturated::Server,
                };
            }
        }
    }

    fn is_good(&self, outcome: &Outcome) -> bool {
        let meets = self.objective.is_none_or(|objective| {
            let times = outcome.response.as_ref();
            let found = times.and_then(|times| times.quantile(objective.percentile / 100.0));
            let value = found.and_then(crate::Quantile::value);
            value.is_some_and(|ns| u128::from(ns) <= objective.most.as_nanos())
        });
        // A slice in which nothing was asked says nothing for the server.
        let any = outcome.response.as_ref().is_some_and(|times| times.count() > 0);
        outcome.saturated == Saturated::None && outcome.is_clean() && any && meets
    }

    /// What is known now.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let rate = |step: Option<i32>| Some(self.good? * STEP.powi(step?));
        Finding {
            objective: self.objective,
            knee_rate: self.knee(),
            capacity_rate: rate(self.confirmed.most()),
            capacity_lowest: rate(self.confirmed.all()),
            capacity_highest: rate(self.confirmed.none()),
            limit: self.limit,
            steps: self.steps.clone(),
        }
    }

    fn knee(&self) -> Option<f64> {
        let power = |step: &Step| Some((step.rate, step.rate / step.response_ns.p50? as f64));
        let usable = self.steps.iter().filter(|step| step.saturated == "none");
        usable.filter_map(power).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(rate, _)| rate)
    }
}

impl Confirmed {
    fn at(&self, step: i32) -> Option<(u32, u32)> {
        let found = self.0.iter().find(|(at, ..)| *at == step);
        found.map(|(_, made, good)| (*made, *good))
    }

    /// The step that needs another slice: first that of the search, then upwards until none is good, then
    /// downwards until all are.
    fn next(&self) -> Option<i32> {
        if let Some((step, ..)) = self.0.iter().find(|(_, made, _)| *made < CONFIRMATIONS) {
            return Some(*step);
        }
        let Some(highest) = self.0.iter().map(|(step, ..)| *step).max() else { return Some(0) };
        let lowest = self.0.iter().map(|(step, ..)| *step).min().unwrap_or(0);
        if self.none().is_none() && highest < FARTHEST {
            return Some(highest + 1);
        }
        (self.all().is_none() && lowest > -FARTHEST).then_some(lowest - 1)
    }

    fn count(&mut self, good: bool) {
        let Some(step) = self.next() else { return };
        if self.at(step).is_none() {
            self.0.push((step, 0, 0));
        }
        if let Some((_, made, passed)) = self.0.iter_mut().find(|(at, ..)| *at == step) {
            *made += 1;
            *passed += u32::from(good);
        }
    }

    fn whole(&self) -> impl Iterator<Item = &(i32, u32, u32)> {
        self.0.iter().filter(|(_, made, _)| *made == CONFIRMATIONS)
    }

    /// The highest step at which most were good.
    fn most(&self) -> Option<i32> {
        self.whole().filter(|(_, made, good)| 2 * good > *made).map(|(step, ..)| *step).max()
    }

    /// The highest step at which all were good, below which nothing else is known.
    fn all(&self) -> Option<i32> {
        self.whole().filter(|(_, made, good)| good == made).map(|(step, ..)| *step).max()
    }

    /// The lowest step above all that had a good one.
    fn none(&self) -> Option<i32> {
        let last_good = self.whole().filter(|(.., good)| *good > 0).map(|(step, ..)| *step).max();
        let bad = self.whole().filter(|(step, _, good)| *good == 0 && Some(*step) > last_good);
        bad.map(|(step, ..)| *step).min()
    }
}
