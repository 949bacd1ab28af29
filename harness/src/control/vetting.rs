//! Can these numbers be true?
//!
//! A program that measures itself may be wrong, or worse. What it says of a slice must agree with itself, with
//! the order, and with the controller's own clock; otherwise it is refused, with the reason, and the trial has
//! failed. Percentiles are computed here from what was counted, in one way for all runners. It must not know
//! who sent the numbers. Next: `recording.rs` writes them down.

use crate::protocol::{MOST_VALUES, Slice};
use hdrhistogram::Histogram;
use simul_results::histogram;

/// Histograms tell times to one part in a thousand; a sum of them is as exact.
const SUM_TOLERANCE: f64 = 0.01;
/// No operation of anything is shorter on one core, and so many digests must be verified in the end.
const SHORTEST_OPERATION_NS: u64 = 5;
/// CPU clocks are read a little before and after what they are read for.
const CPU_SLACK_NS: u64 = 50_000_000;

/// What was ordered, and what was seen of it from outside.
#[derive(Clone, Copy, Debug)]
pub struct Ordered {
    /// The length of the slice.
    pub duration_ns: u64,
    /// The first part, which does not count.
    pub drop_ns: u64,
    /// When it was ordered.
    pub told_ns: u64,
    /// When the answer was there.
    pub heard_ns: u64,
    /// CPU time of all its processes in between, if it was looked at.
    pub cpu_ns: Option<u64>,
    /// Cores of the machine.
    pub cores: u64,
}

/// Numbers that can be true.
#[derive(Clone, Debug)]
pub struct Vetted {
    /// As it was sent, with every number that was left out; the histogram stands in `histogram`.
    pub slice: Slice,
    /// The sum of the recorded times.
    pub sum_ns: u64,
    /// The median, the 90th and the 99th percentile, the largest value.
    pub quantiles_ns: [u64; 4],
    /// CPU time inside the window.
    pub cpu_ns: u64,
    /// Base64 of the HdrHistogram V2 format.
    pub histogram: String,
}

/// Checks a slice that went to its end.
///
/// # Errors
/// Why the numbers cannot be true.
pub fn vet(slice: Slice, ordered: &Ordered) -> Result<Vetted, String> {
    check_times(&slice, ordered)?;
    check_whole(&slice, ordered)?;
    vet_broken(slice, ordered)
}

/// Checks a slice that may have been cut short.
///
/// # Errors
/// Why the numbers cannot be true.
pub fn vet_broken(slice: Slice, ordered: &Ordered) -> Result<Vetted, String> {
    check_times(&slice, ordered)?;
    check_numbers(&slice, ordered)?;
    check_figures(&slice)?;
    let (histogram, counted_ns) = counted(&slice)?;
    let wanted = slice.recorded - slice.unrecorded;
    if histogram.len() != wanted {
        let found = histogram.len();
        return Err(format!("its counts add up to {found}, but {wanted} operations were recorded"));
    }
    let span_ns = slice.ended_ns - slice.started_ns;
    // The largest value of a bucket may be a thousandth beyond what was recorded there.
    if wanted > 0 && histogram.max() > span_ns + span_ns / 500 + 1 {
        let max = histogram.max();
        return Err(format!("an operation took {max} ns in a slice that took {span_ns} ns"));
    }
    check_percentiles(&slice)?;
    let sum_ns = match slice.sum_ns {
        None => {
            u64::try_from(counted_ns).map_err(|_| "its times add up to no number".to_owned())?
        }
        Some(sum_ns) => {
            let off = (sum_ns as f64 - counted_ns as f64).abs();
            if slice.unrecorded == 0 && off > SUM_TOLERANCE * counted_ns as f64 + wanted as f64 {
                return Err(format!("sum_ns is {sum_ns}, but its counts add up to {counted_ns}"));
            }
            sum_ns
        }
    };
    let cpu_ns = match slice.cpu_ns {
        Some(cpu_ns) => cpu_ns,
        None => spread(ordered.cpu_ns.unwrap_or(0), slice.completed, slice.operations),
    };
    let quantile = |quantile| histogram.value_at_quantile(quantile);
    let quantiles_ns = [quantile(0.5), quantile(0.9), quantile(0.99), histogram.max()];
    let text = match &slice.histogram {
        // Ours already: the same bounds and digits.
        Some(text) if slice.counts.is_none() && is_ours(text) => text.clone(),
        _ => histogram::encode(&histogram),
    };
    Ok(Vetted { slice, sum_ns, quantiles_ns, cpu_ns, histogram: text })
}

/// The CPU time of a whole slice, spread over its operations, for those that ended inside the window.
fn spread(cpu_ns: u64, completed: u64, operations: u64) -> u64 {
    let part = u128::from(cpu_ns) * u128::from(completed) / u128::from(operations.max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}

fn check_times(slice: &Slice, ordered: &Ordered) -> Result<(), String> {
    let Slice { started_ns, ended_ns, .. } = *slice;
    let Ordered { told_ns, heard_ns, .. } = *ordered;
    if started_ns > ended_ns {
        return Err(format!("it ended at {ended_ns}, before it had started at {started_ns}"));
    }
    let clock = "its clock is not CLOCK_MONOTONIC in nanoseconds";
    if started_ns < told_ns {
        return Err(format!("it started at {started_ns}, but was ordered at {told_ns}: {clock}"));
    }
    if ended_ns > heard_ns {
        return Err(format!("it ended at {ended_ns}, but had told so at {heard_ns}: {clock}"));
    }
    Ok(())
}

/// What holds of a slice that went to its end.
fn check_whole(slice: &Slice, ordered: &Ordered) -> Result<(), String> {
    let Slice { started_ns, ended_ns, window_ns, unfinished, .. } = *slice;
    let Ordered { duration_ns, drop_ns, .. } = *ordered;
    let wanted_ns = duration_ns.saturating_sub(drop_ns).max(1);
    if window_ns != wanted_ns {
        return Err(format!("window_ns is {window_ns}, but {wanted_ns} were ordered"));
    }
    let span_ns = ended_ns.saturating_sub(started_ns);
    if span_ns < window_ns && ended_ns >= started_ns {
        return Err(format!("it took {span_ns} ns, less than its window of {window_ns} ns"));
    }
    if unfinished > 0 {
        return Err(format!(
            "{unfinished} operations are unfinished, which is for 'failed' to say"
        ));
    }
    Ok(())
}

fn check_numbers(slice: &Slice, ordered: &Ordered) -> Result<(), String> {
    let Slice { operations, completed, recorded, unrecorded, .. } = *slice;
    for (name, number, most) in [
        ("completed", completed, operations),
        ("recorded", recorded, operations),
        ("unrecorded", unrecorded, recorded),
    ] {
        if number > most {
            return Err(format!("{name} is {number}, more than the {most} that there were"));
        }
    }
    let span_ns = slice.ended_ns - slice.started_ns;
    let most = (span_ns / SHORTEST_OPERATION_NS).saturating_mul(ordered.cores);
    if operations > most {
        return Err(format!("{operations} operations in {span_ns} ns are more than cores can do"));
    }
    let most_ns = span_ns.saturating_mul(ordered.cores).saturating_add(CPU_SLACK_NS);
    match slice.cpu_ns {
        Some(cpu_ns) if cpu_ns > most_ns => {
            Err(format!("cpu_ns is {cpu_ns}, more than all cores have in {span_ns} ns"))
        }
        _ => Ok(()),
    }
}

fn check_figures(slice: &Slice) -> Result<(), String> {
    for (name, values) in &slice.figures {
        let count = values.len();
        if count > MOST_VALUES {
            return Err(format!(
                "figure '{name}' has {count} values, more than {MOST_VALUES} in one slice"
            ));
        }
        // Decimal fractions beyond the largest number are read as infinite.
        if values.iter().any(|value| !value.is_finite()) {
            return Err(format!("figure '{name}' has a value that is no number"));
        }
    }
    Ok(())
}

fn check_percentiles(slice: &Slice) -> Result<(), String> {
    let given = [
        ("p50_ns", slice.p50_ns),
        ("p90_ns", slice.p90_ns),
        ("p99_ns", slice.p99_ns),
        ("max_ns", slice.max_ns),
    ];
    let given: Vec<(&str, u64)> =
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    match given.windows(2).find(|pair| pair[0].1 > pair[1].1) {
        None => Ok(()),
        Some(pair) => {
            let [(low, more), (high, less)] = [pair[0], pair[1]];
            Err(format!("{low} is {more}, but {high} is only {less}"))
        }
    }
}

/// The distribution, and the sum of its times.
fn counted(slice: &Slice) -> Result<(Histogram<u64>, u128), String> {
    let mut histogram = histogram::empty();
    let mut sum_ns = 0;
    let mut add = |time_ns: u64, count: u64| {
        // Shorter than the clock can tell: 1 ns is as true.
        histogram.saturating_record_n(time_ns.max(1), count);
        sum_ns += u128::from(time_ns) * u128::from(count);
    };
    match (&slice.counts, &slice.histogram) {
        (Some(_), Some(_)) => return Err("it has both 'counts' and 'histogram'".into()),
        (None, None) => return Err("it has neither 'counts' nor 'histogram'".into()),
        (Some(counts), None) => {
            let total: u128 = counts.iter().map(|(_, count)| u128::from(*count)).sum();
            let wanted = slice.recorded - slice.unrecorded;
            if total != u128::from(wanted) {
                return Err(format!(
                    "its counts add up to {total}, but {wanted} operations were recorded"
                ));
            }
            counts.iter().for_each(|(time_ns, count)| add(*time_ns, *count));
        }
        (None, Some(text)) => {
            let sent = histogram::decode(text)?;
            sent.iter_recorded().for_each(|value| {
                add(value.value_iterated_to(), value.count_at_value());
            });
        }
    }
    Ok((histogram, sum_ns))
}

/// Whether a histogram has the bounds and digits of all that we keep.
fn is_ours(text: &str) -> bool {
    let empty = histogram::empty();
    histogram::decode(text).is_ok_and(|sent| {
        (sent.low(), sent.high(), sent.sigfig()) == (empty.low(), empty.high(), empty.sigfig())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERED: Ordered = Ordered {
        duration_ns: 50_000_000,
        drop_ns: 5_000_000,
        told_ns: 1_000_000_000,
        heard_ns: 1_060_000_000,
        cpu_ns: Some(8_000_000),
        cores: 2,
    };

    fn sound() -> Slice {
        Slice {
            started_ns: 1_000_100_000,
            ended_ns: 1_051_000_000,
            window_ns: 45_000_000,
            operations: 8,
            completed: 6,
            recorded: 5,
            sum_ns: None,
            p50_ns: None,
            p90_ns: None,
            p99_ns: None,
            max_ns: None,
            cpu_ns: None,
            unrecorded: 0,
            unfinished: 0,
            oldest_unfinished_ns: 0,
            histogram: None,
            counts: Some(vec![(10_000_000, 2), (5_000_000, 3)]),
            figures: Default::default(),
            audit: None,
        }
    }

    #[test]
    fn what_is_left_out_is_computed() {
        let vetted = vet(sound(), &ORDERED).unwrap();
        assert_eq!((vetted.sum_ns, vetted.cpu_ns), (35_000_000, 6_000_000));
        let near = |value: u64, wanted: u64| value.abs_diff(wanted) <= wanted / 1000;
        assert!(
            near(vetted.quantiles_ns[0], 5_000_000) && near(vetted.quantiles_ns[3], 10_000_000)
        );
        assert_eq!(histogram::decode(&vetted.histogram).unwrap().len(), 5);
    }

    #[test]
    fn pairs_and_histograms_say_the_same() {
        let pairs = vet(sound(), &ORDERED).unwrap();
        let slice = Slice { counts: None, histogram: Some(pairs.histogram.clone()), ..sound() };
        let told = Slice { sum_ns: Some(35_000_000), cpu_ns: Some(7), ..slice };
        let vetted = vet(told, &ORDERED).unwrap();
        assert_eq!((vetted.sum_ns, vetted.cpu_ns), (35_000_000, 7));
        assert_eq!((vetted.quantiles_ns, vetted.histogram), (pairs.quantiles_ns, pairs.histogram));
        let mut coarse = Histogram::<u64>::new_with_bounds(1, 1 << 40, 2).unwrap();
        coarse.record_n(5_000_000, 5).unwrap();
        let slice = Slice { counts: None, histogram: Some(histogram::encode(&coarse)), ..sound() };
        assert!(is_ours(&vet(slice, &ORDERED).unwrap().histogram), "kept in our own form");
    }

    #[test]
    fn impossible_numbers_are_refused_with_the_reason() {
        let whole = sound;
        let full = 1_u64 << 63;
        let figure = |values| [("bytes".to_owned(), values)].into();
        for (slice, reason) in [
            (Slice { counts: Some(vec![(1, 4)]), ..whole() }, "add up to 4, but 5"),
            (
                Slice { counts: Some(vec![(1, full), (2, full), (3, 5)]), ..whole() },
                "add up to 1844",
            ),
            (Slice { counts: None, ..whole() }, "neither"),
            (Slice { histogram: Some("AAAA".into()), ..whole() }, "both"),
            (Slice { histogram: Some("AAAA".into()), counts: None, ..whole() }, "not in the V2"),
            (Slice { counts: Some(vec![(60_000_000, 5)]), ..whole() }, "in a slice that took"),
            (Slice { counts: Some(vec![(u64::MAX, 5)]), ..whole() }, "in a slice that took"),
            (Slice { sum_ns: Some(36_000_000), ..whole() }, "sum_ns is 36000000"),
            (Slice { p50_ns: Some(9), p99_ns: Some(8), ..whole() }, "p50_ns is 9, but p99_ns"),
            (Slice { p99_ns: Some(9), max_ns: Some(8), ..whole() }, "p99_ns is 9, but max_ns"),
            (Slice { started_ns: 999_999_999, ..whole() }, "CLOCK_MONOTONIC"),
            (Slice { ended_ns: 1_060_000_001, ..whole() }, "CLOCK_MONOTONIC"),
            (Slice { ended_ns: 1, ..whole() }, "before it had started"),
            (Slice { ended_ns: 1_045_000_000, ..whole() }, "less than its window"),
            (Slice { window_ns: 50_000_000, ..whole() }, "but 45000000 were ordered"),
            (Slice { completed: 9, ..whole() }, "completed is 9, more than the 8"),
            (Slice { recorded: 9, ..whole() }, "recorded is 9, more than the 8"),
            (Slice { unrecorded: 6, ..whole() }, "unrecorded is 6, more than the 5"),
            (Slice { operations: u64::MAX, ..whole() }, "more than cores can do"),
            (Slice { cpu_ns: Some(10_000_000_000), ..whole() }, "more than all cores"),
            (Slice { unfinished: 1, ..whole() }, "unfinished"),
            (Slice { figures: figure(vec![f64::INFINITY]), ..whole() }, "no number"),
            (Slice { figures: figure(vec![0.0; MOST_VALUES + 1]), ..whole() }, "has 1001 values"),
        ] {
            let error = vet(slice.clone(), &ORDERED).unwrap_err();
            assert!(error.contains(reason), "{error} for {slice:?}");
        }
    }
}
