//! Do the numbers of a slice contradict each other?
//!
//! Percentiles ascend and none exceeds the largest value; a mean lies below the largest value, and is at least what
//! the upper percentiles alone make of it (Markov's inequality: a hundredth of all operations took p99 or
//! longer, so the mean is at least p99 ÷ 100). Published comparisons hold numbers that fail this. That a
//! histogram holds as many operations as its slice says is
//! checked where it is decoded, and a recording that miscounts is refused as a whole. Read next: `rates.rs`.

use super::{Evidence, Finding};
use crate::{
    SliceRecord,
    quantity::time,
    record::{OpenRecord, QuantileRecord},
};

/// Histograms keep three digits, and a percentile is the upper edge of its bucket: twice 0.1 %.
const ROUNDING: f64 = 1.002;

/// A percentile with the part of all operations that took at least as long.
type Quantile = (&'static str, f64, Option<u64>);

/// What is wrong with percentiles, a largest value and a mean, all in ns; the mean where there is one.
fn contradiction(quantiles: &[Quantile], max_ns: u64, mean_ns: Option<f64>) -> Option<String> {
    let known: Vec<(&str, f64, u64)> =
        quantiles.iter().filter_map(|(name, above, ns)| Some((*name, *above, (*ns)?))).collect();
    let limit = |ns: u64| ns as f64 * ROUNDING;
    let shown = |ns: f64| time(ns);
    for pair in known.windows(2) {
        let ((lower, _, low_ns), (upper, _, high_ns)) = (pair[0], pair[1]);
        if low_ns as f64 > limit(high_ns) {
            let (low, high) = (shown(low_ns as f64), shown(high_ns as f64));
            return Some(format!("{lower} is {low} and {upper} only {high}"));
        }
    }
    let max = shown(max_ns as f64);
    if let Some((name, _, ns)) = known.last().filter(|(_, _, ns)| *ns as f64 > limit(max_ns)) {
        return Some(format!("{name} is {} and the largest value only {max}", shown(*ns as f64)));
    }
    let mean_ns = mean_ns?;
    let mean = shown(mean_ns);
    if mean_ns > limit(max_ns) {
        return Some(format!("the mean is {mean} and the largest value only {max}"));
    }
    let heavy = known.iter().find(|(_, above, ns)| *ns as f64 * above > mean_ns * ROUNDING);
    heavy.map(|(name, _, ns)| {
        format!("the mean is {mean}, less than {name}, {}, makes it at least", shown(*ns as f64))
    })
}

fn of_closed(slice: &SliceRecord) -> Option<String> {
    if slice.operations < slice.completed.max(slice.recorded) {
        let counted = slice.completed.max(slice.recorded);
        return Some(format!("{counted} operations are counted of {}", slice.operations));
    }
    let quantiles: [Quantile; 3] = [
        ("p50", 0.5, Some(slice.p50_ns)),
        ("p90", 0.1, Some(slice.p90_ns)),
        ("p99", 0.01, Some(slice.p99_ns)),
    ];
    let mean_ns = slice.sum_ns as f64 / slice.recorded as f64;
    (slice.recorded > 0).then(|| contradiction(&quantiles, slice.max_ns, Some(mean_ns)))?
}

/// An open slice has quantiles over all drawn requests, and means of none of its times.
fn of_open(slice: &SliceRecord, open: &OpenRecord) -> Option<String> {
    let part = |what: &str, quantiles: &QuantileRecord, max_ns: u64| {
        let all = [
            ("p50", 0.5, quantiles.p50_ns),
            ("p90", 0.1, quantiles.p90_ns),
            ("p95", 0.05, quantiles.p95_ns),
            ("p99", 0.01, quantiles.p99_ns),
            ("p99.9", 0.001, quantiles.p999_ns),
        ];
        contradiction(&all, max_ns, None).map(|problem| format!("{what} time: {problem}"))
    };
    if slice.recorded == 0 {
        return None;
    }
    part("response", &open.response, slice.max_ns)
        .or_else(|| part("service", &open.service.quantiles, open.service.max_ns))
}

/// `order`: some slice contradicts itself.
pub(super) fn order(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence.measured().find_map(|trial| {
        let of_slice = |slice: &SliceRecord| {
            let problem = match &slice.open {
                Some(open) => of_open(slice, open),
                None => of_closed(slice),
            };
            let block = trial.block;
            problem.map(|problem| format!("block {block}, round {}: {problem}", slice.round))
        };
        trial.counted().find_map(of_slice).map(|reason| Finding::not_ranked("order", reason))
    })
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::synthetic_open;

    /// The reason that is found after a change to one slice.
    fn after(change: impl Fn(&mut SliceRecord)) -> Option<String> {
        let mut recording = clean();
        each_slice(&mut recording, |block, slice| {
            if (block, slice.round) == (4, 2) {
                change(slice);
            }
        });
        checked(&recording, order, 0).map(|finding| finding.reason)
    }

    #[test]
    fn each_contradiction_is_told_with_its_figures() {
        assert_eq!(after(|_| {}), None);
        let told = |change: fn(&mut SliceRecord), what: &str| {
            let reason = after(change).unwrap_or_default();
            assert!(reason.starts_with("block 4, round 2: ") && reason.contains(what), "{reason}");
        };
        told(|slice| slice.p50_ns = 2 * slice.p90_ns, "and p90 only");
        told(|slice| slice.max_ns = slice.p99_ns / 2, "the largest value only");
        told(|slice| slice.sum_ns = slice.max_ns * slice.recorded * 2, "the mean is");
        told(|slice| slice.sum_ns = slice.p50_ns * slice.recorded / 3, "makes it at least");
        told(|slice| slice.completed = slice.operations + 1, "are counted of");
    }

    #[test]
    fn rounding_is_forgiven() {
        assert_eq!(after(|slice| slice.p99_ns = slice.max_ns + slice.max_ns / 1000), None);
        assert_eq!(after(|slice| (slice.recorded, slice.max_ns) = (0, 0)), None, "none recorded");
    }

    #[test]
    fn open_slices_are_read_by_their_own_quantiles() {
        let mut recording = synthetic_open::stalling(2);
        for at in 0..4 {
            assert_eq!(checked(&recording, order, at), None, "failed requests hide quantiles");
        }
        let open = recording.trials[0].slices[0].open.as_mut().unwrap();
        open.service.quantiles.p50_ns = Some(u64::MAX / 2);
        let found = checked(&recording, order, 0).unwrap();
        assert!(found.reason.contains("service time: p50 is"), "{found:?}");
    }
}
