//! How is an outcome told: to a person, in a job summary, to a program?
//!
//! The smallest detectable difference stands before the verdict, so that "no difference" says how small a one could
//! have been seen. Every form tells the same facts. It must not know how they were found. Read next:
//! `annotations.rs`, the form for GitHub.

use super::{
    Compared, Finding, Pair,
    outcome::{Judged, Outcome, Verdict},
};
use crate::{
    quantity,
    summary::{Metric, Scale},
    wording::plain,
};
use serde_json::{Value, json};

/// An outcome with what was asked for and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What was found.
    pub outcome: Outcome,
    /// The old code: its command.
    pub base: String,
    /// The new code: its command.
    pub new: String,
    /// What was to be measured, in one line.
    pub plan: String,
    /// What it took, in one line.
    pub spent: String,
    /// Whether undecided is allowed.
    pub allow_undecided: bool,
}

/// The version of the JSON object. 2: `detectable` is the smallest slow-down that would be called worse, which is beyond
/// the margin; it was the smallest difference that would be noticed.
pub const SCHEMA: u32 = 2;

impl Told {
    /// The last line of every form.
    #[must_use]
    pub fn overall(&self) -> String {
        let word = self.outcome.verdict().map_or("nothing was compared", Verdict::word);
        format!("{word} (exit code {})", self.outcome.exit_code(self.allow_undecided))
    }

    /// The smallest slow-down that would be found in every pair, by metric, where there is room for one line; `None`
    /// where no null arm tells.
    pub(super) fn can_find(&self) -> Option<String> {
        let all = || self.outcome.pairs.iter().flat_map(|pair| &pair.first.metrics);
        let of = |(metric, scale): (Metric, Scale)| {
            let own = all().filter(|it| it.metric == metric && it.scale == scale);
            let own = own.filter(|it| it.detectable.is_some());
            let largest = own.max_by(|one, other| {
                let [one, other] = [one, other].map(|it| it.detectable.unwrap_or_default());
                one.total_cmp(&other)
            })?;
            Some(format!("{} {}", detectable(largest), metric.name()))
        };
        let scales = [Scale::Ratio, Scale::DifferenceUs];
        let kinds = Metric::ALL.into_iter().flat_map(|metric| scales.map(|scale| (metric, scale)));
        let found: Vec<String> = kinds.filter_map(of).collect();
        (!found.is_empty()).then(|| format!("can find {}", found.join(", ")))
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!("base: {}", plain(&self.base)),
            format!("new:  {}", plain(&self.new)),
            format!("plan: {}; margin ±{}", self.plan, percent(self.outcome.margin)),
            format!("spent: {}", self.spent),
        ];
        for pair in &self.outcome.pairs {
            lines.push(String::new());
            lines.push(plain(&pair.first.cell));
            for stage in stages(pair) {
                lines.push(format!("  {} blocks{}", stage.pair.blocks, stage.what));
                let rows = stage.pair.metrics.iter().zip(nulls(stage.pair));
                for (compared, null) in rows {
                    let found = [
                        format!("    {:<18}", compared.metric.name()),
                        format!("can find {:<8}", detectable(compared)),
                        format!("{:<32}", value(compared)),
                        format!("{:<11}", word(compared.finding)),
                        format!("null arm {}", null.map_or("–".into(), value)),
                    ];
                    lines.push(found.join(" ").trim_end().to_owned());
                }
            }
            lines.push(format!("  {}", sentence(pair)));
        }
        lines.push(String::new());
        lines.push(format!("overall: {}", self.overall()));
        lines.join("\n")
    }

    /// For a job summary or a comment.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut lines = vec![
            format!("## simul: {}", self.overall()),
            String::new(),
            format!("Base `{}`, new `{}`.", code(&self.base), code(&self.new)),
            format!("Plan: {}; margin ±{}.", self.plan, percent(self.outcome.margin)),
            format!("Spent: {}.", self.spent),
            String::new(),
            "| cell | metric | can find | new / base | finding | null arm |".into(),
            "|---|---|--:|--:|---|--:|".into(),
        ];
        for pair in &self.outcome.pairs {
            let name = code(&pair.first.cell);
            for stage in stages(pair) {
                for (compared, null) in stage.pair.metrics.iter().zip(nulls(stage.pair)) {
                    lines.push(format!(
                        "| `{name}`{} | {} | {} | {} | {} | {} |",
                        stage.what,
                        compared.metric.name(),
                        detectable(compared),
                        value(compared),
                        word(compared.finding),
                        null.map_or("–".into(), value)
                    ));
                }
            }
            lines.push(format!("| `{name}` | **all** | | | **{}** | |", code(&sentence(pair))));
        }
        lines.push(String::new());
        lines.push(format!("<!-- simul ab, schema {SCHEMA} -->"));
        lines.join("\n")
    }

    /// For a program.
    #[must_use]
    pub fn json(&self) -> String {
        let pairs: Vec<Value> = self.outcome.pairs.iter().map(of_pair).collect();
        json!({
            "schema": SCHEMA,
            "base": self.base,
            "new": self.new,
            "plan": self.plan,
            "spent": self.spent,
            "margin": self.outcome.margin,
            "verdict": self.outcome.verdict().map(Verdict::word),
            "exit_code": self.outcome.exit_code(self.allow_undecided),
            "cells": pairs,
        })
        .to_string()
    }
}

/// One stage of a pair, and what is said of it besides.
struct Stage<'a> {
    pair: &'a Pair,
    what: &'static str,
}

fn stages(pair: &Judged) -> impl Iterator<Item = Stage<'_>> {
    let second = pair.second.iter();
    let second = second.map(|pair| Stage { pair, what: ", again with reversed roles" });
    std::iter::once(Stage { pair: &pair.first, what: "" }).chain(second)
}

/// The null arm's part of each metric.
fn nulls(pair: &Pair) -> impl Iterator<Item = Option<&Compared>> {
    let of = |metric: Metric| pair.null.iter().find(move |null| null.metric == metric);
    pair.metrics.iter().map(move |compared| of(compared.metric))
}

pub(super) fn sentence(pair: &Judged) -> String {
    let note = pair.note.as_ref().map(|note| format!(": {}", plain(note))).unwrap_or_default();
    format!("{}{note}", pair.verdict.word())
}

pub(crate) fn word(finding: Finding) -> &'static str {
    match finding {
        Finding::Better => "better",
        Finding::Worse => "worse",
        Finding::Equivalent => "equivalent",
        Finding::Undecided => "undecided",
    }
}

fn percent(part: f64) -> String {
    format!("{} %", quantity::digits(part * 100.0))
}

fn detectable(compared: &Compared) -> String {
    match (compared.detectable, compared.scale) {
        (None, _) => "–".into(),
        (Some(part), Scale::Ratio) => percent(part),
        (Some(us), Scale::DifferenceUs) => format!("{} µs", quantity::digits(us)),
    }
}

pub(crate) fn value(compared: &Compared) -> String {
    match (compared.scale, compared.interval) {
        (Scale::Ratio, interval) => quantity::ratio(compared.estimate, interval),
        (Scale::DifferenceUs, Some((low, high))) => {
            format!("{:+.2} µs ({low:+.2} to {high:+.2})", compared.estimate)
        }
        (Scale::DifferenceUs, None) => format!("{:+.2} µs", compared.estimate),
    }
}

/// Text that ends neither a code span nor a table's cell.
fn code(text: &str) -> String {
    plain(text).replace('`', "'").replace('|', "\\|")
}

fn of_pair(pair: &Judged) -> Value {
    json!({
        "cell": pair.first.cell,
        "runner": pair.first.runner,
        "verdict": pair.verdict.word(),
        "note": pair.note,
        "first": of_stage(&pair.first),
        "second": pair.second.as_ref().map(of_stage),
    })
}

fn of_stage(pair: &Pair) -> Value {
    let metrics = |all: &[Compared]| all.iter().map(of_metric).collect::<Vec<_>>();
    json!({
        "blocks": pair.blocks,
        "metrics": metrics(&pair.metrics),
        "null": metrics(&pair.null),
    })
}

fn of_metric(compared: &Compared) -> Value {
    json!({
        "metric": compared.metric.name(),
        "scale": compared.scale,
        "estimate": compared.estimate,
        "interval": compared.interval,
        "adjusted_p_value": compared.adjusted_p_value,
        "differs": compared.differs,
        "finding": word(compared.finding),
        "detectable": compared.detectable,
    })
}
