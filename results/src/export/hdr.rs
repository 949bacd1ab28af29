//! How do the tools of the HdrHistogram family read a cell?
//!
//! `hgrm`: the percentile distribution that `outputPercentileDistribution` prints and that plotters of HDR
//! histograms read; in µs, over all counted slices of all blocks. `hlog`: the interval log, version 1.3 of the
//! Java library's `HistogramLogWriter`: a line a counted slice (of a packed run: a block), tagged with its block,
//! histograms in the deflated V2 form, since older readers know no other.
//!
//! What was found in the cell stands in lines that begin with `#`. Readers of logs take these for comments, by the format;
//! those of `hgrm` (HdrHistogram's own plotter, gnuplot, hdr-plot) skip them with the three `#[…` lines at its end, and
//! so they stand just before these.
//!
//! The one place besides charts where histograms are decoded for one cell only. Read next:
//! `../histogram.rs`.

use crate::{Load, TrialRecord, auditor::Audit, histogram, record::State, wording::plain};
use hdrhistogram::serialization::{
    V2DeflateSerializer,
    interval_log::{IntervalLogWriterBuilder, Tag},
};
use std::{fmt::Write, time::Duration};

/// Values are shown in µs.
const UNIT_NS: f64 = 1e3;

/// Five steps for each halving of the distance to 100 %, as the family's tools have.
const TICKS: u32 = 5;

/// The percentile distribution of all counted slices of these trials, which are one cell's, with what was found in it.
///
/// # Errors
/// A sweep, requests without a time, or a histogram that cannot be read.
pub fn hgrm(trials: &[&TrialRecord], audit: &Audit) -> Result<String, String> {
    representable(trials)?;
    let mut all = histogram::empty();
    for part in trials.iter().flat_map(|trial| intervals(trial)) {
        let part = histogram::decode(part.histogram)?;
        all.add(&part).map_err(|problem| format!("histogram: {problem}"))?;
    }
    let mut text = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    let shown = |ns: u64| ns as f64 / UNIT_NS;
    let mut count = 0;
    for step in all.iter_quantiles(TICKS) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (shown(step.value_iterated_to()), step.quantile_iterated_to());
        let end = if quantile < 1.0 {
            format!(" {:14.2}", 1.0 / (1.0 - quantile))
        } else {
            String::new()
        };
        line(&mut text, format_args!("{value:12.3} {quantile:.12} {count:10}{end}"));
    }
    for found in findings(audit) {
        line(&mut text, format_args!("#{found}"));
    }
    line(
        &mut text,
        format_args!(
            "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]",
            all.mean() / UNIT_NS,
            all.stdev() / UNIT_NS
        ),
    );
    line(
        &mut text,
        format_args!(
            "#[Max     = {:12.3}, TotalCount     = {:12.3}]",
            shown(all.max()),
            all.len() as f64
        ),
    );
    line(
        &mut text,
        format_args!("#[Buckets = {:12}, SubBuckets     = {:12}]", BUCKETS, SUB_BUCKETS),
    );
    Ok(text)
}

/// The layout of [`histogram::empty`]: three digits need 2,048 sub-buckets, and an hour of nanoseconds 32
/// doublings of them, as the family's own formula gives.
const BUCKETS: u32 = 32;
const SUB_BUCKETS: u32 = 2048;

/// What was found in a cell, a comment each: `[grade F, not ranked: little: …]`.
fn findings(audit: &Audit) -> impl Iterator<Item = String> {
    let grade = audit.grade.name();
    audit.findings.iter().map(move |found| {
        let (severity, check) = (found.severity.name(), plain(&found.check));
        format!("[grade {grade}, {severity}: {check}: {}]", plain(&found.reason))
    })
}

/// Refuses what one plain distribution cannot hold.
fn representable(trials: &[&TrialRecord]) -> Result<(), String> {
    let open = || counted(trials).filter_map(|slice| slice.open.as_deref());
    let cell = trials.first().map_or("", |trial| trial.cell.as_str());
    let next = "choose another cell with --cell, or another form: --to csv";
    if trials.iter().any(|trial| trial.load.parse().is_ok_and(Load::is_sweep)) {
        return Err(format!(
            "cell '{cell}' is a sweep, whose rates have a distribution each; {next}"
        ));
    }
    if open().any(|open| open.beyond.is_some()) {
        return Err(format!(
            "cell '{cell}' has requests that failed or never ended: they rank above every time, and this form \
             has no place for them; {next}"
        ));
    }
    Ok(())
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes every text");
}

fn counted<'a>(trials: &'a [&TrialRecord]) -> impl Iterator<Item = &'a crate::SliceRecord> {
    let measured = trials.iter().filter(|trial| trial.state == State::Measured);
    measured.flat_map(|trial| trial.counted())
}

/// A distribution and the time that it is of.
struct Interval<'a> {
    started_ns: u64,
    ended_ns: u64,
    histogram: &'a str,
}

/// The counted slices of a measured trial; of a packed one, the whole block as one interval.
fn intervals(trial: &TrialRecord) -> Vec<Interval<'_>> {
    if trial.state != State::Measured {
        return Vec::new();
    }
    let Some(merged) = &trial.merged else {
        let slices = trial.counted().map(|slice| Interval {
            started_ns: slice.started_ns,
            ended_ns: slice.ended_ns,
            histogram: &slice.histogram,
        });
        return slices.collect();
    };
    let started_ns = trial.counted().map(|slice| slice.started_ns).min().unwrap_or(0);
    let ended_ns = trial.counted().map(|slice| slice.ended_ns).max().unwrap_or(0);
    let whole = merged.iter().map(|part| Interval {
        started_ns,
        ended_ns,
        histogram: &part.times.histogram,
    });
    whole.collect()
}

/// The interval log of these trials, which are one cell's, with what was found in it. Times are seconds since the first
/// slice.
///
/// # Errors
/// A sweep, requests without a time, or a histogram that cannot be read.
pub fn hlog(trials: &[&TrialRecord], audit: &Audit) -> Result<String, String> {
    representable(trials)?;
    let origin = counted(trials).map(|slice| slice.started_ns).min().unwrap_or(0);
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let cell = trials.first().map_or("", |trial| trial.cell.as_str());
    let mut log = IntervalLogWriterBuilder::new();
    log.add_comment("[Histogram log format version 1.3]");
    log.add_comment(&format!("[{}, in ns, from the first slice on]", plain(cell)));
    for found in findings(audit) {
        log.add_comment(&found);
    }
    // The family's readers expect the largest value in ms.
    log.with_max_value_divisor(1e6);
    let broken = |problem: &dyn std::fmt::Display| format!("interval log: {problem}");
    let mut writer =
        log.begin_log_with(&mut bytes, &mut serializer).map_err(|error| broken(&error))?;
    for trial in trials.iter().filter(|trial| trial.state == State::Measured) {
        let tag = format!("block-{}", trial.block);
        for interval in intervals(trial) {
            let values = histogram::decode(interval.histogram)?;
            let start = Duration::from_nanos(interval.started_ns.saturating_sub(origin));
            let length =
                Duration::from_nanos(interval.ended_ns.saturating_sub(interval.started_ns));
            writer
                .write_histogram(&values, start, length, Tag::new(&tag))
                .map_err(|error| broken(&error))?;
        }
    }
    String::from_utf8(bytes).map_err(|error| broken(&error))
}
