//! How long must the slices of a closed load be?
//!
//! As long as was asked, if enough operations fit in, and longer than the slow ones: else the slow ones would be in
//! no window. Each trial has its own length, by its pace in the warm-up. It must not know who works. Read next:
//! [`super::closed`], which orders them.

use super::{selection::Request, suites::Suite, vetting::Vetted};
use crate::{clock, protocol::Slice};
use std::time::Duration;

/// Slices hold at least so many operations, unless a suite is content with less, or they would be too long.
pub(super) const LEAST_OPERATIONS: u64 = 20;
/// No slice is longer, unless it was asked for, or a single operation is: a contest of ten would take minutes.
const LONGEST_SLICE_NS: u64 = 2_000_000_000;

/// Slices are so many times longer than the 99th percentile. An operation that begins before a window and
/// ends after it is in none: with windows as long as the tail, Little's law missed half of the operations
/// of a runner that lets some of a thousand connections wait for 40 ms.
const TAILS: u64 = 3;

/// What is dropped at the beginning of a slice, of short ones a tenth: caches and the scheduler come back from another
/// process.
const DROP_NS: u64 = 5_000_000;

/// What is asked of a closed contest's slices, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// Slices at least this long.
    pub slice_ns: u64,
    /// The first part, which does not count.
    pub drop_ns: u64,
    /// Warm-up.
    pub warm_up_ns: u64,
    /// Operations that a slice is to hold.
    pub least_operations: u64,
    /// Whether slices have exactly this length, however few operations fit, unless not a single one would.
    pub exact: bool,
    /// Whether all trials of a block have slices of the same length, as long as the longest of them needs. Where the
    /// same work by two builds is compared, a warm-up that was disturbed must not give one of them longer slices: of
    /// timers, a block whose slices took 12 ms in one trial and 7.6 in the others showed 9 and 13 % more CPU time per
    /// operation there, for the same code.
    pub alike: bool,
}

impl Lengths {
    /// As a suite says, unless the request does.
    #[must_use]
    pub fn of(suite: &Suite, request: &Request) -> Self {
        let lengths = Self {
            slice_ns: 0,
            drop_ns: 0,
            warm_up_ns: clock::to_ns(suite.warm_up),
            least_operations: suite.least_operations,
            exact: request.slice.is_some(),
            alike: false,
        };
        lengths.with_slice(request.slice.unwrap_or(suite.slice))
    }

    /// The same with other slices.
    #[must_use]
    pub fn with_slice(self, slice: Duration) -> Self {
        let slice_ns = clock::to_ns(slice);
        Self { slice_ns, drop_ns: DROP_NS.min(slice_ns / 10), ..self }
    }
}

/// How long a trial's slices must be, by its pace in the warm-up: at least as long as asked, enough for the
/// operations that are wanted, and, where these are more than one, longer than slow ones by [`TAILS`]. Each actor's
/// first operation begins at the gate, before the window: so that one begins inside, a slice is always longer than
/// an operation.
pub(super) fn length_ns(pace: &Vetted, asked: &Lengths) -> u64 {
    let Slice { started_ns, ended_ns, window_ns, operations, completed, recorded, .. } = pace.slice;
    let [_, _, p99_ns, _] = pace.quantiles_ns;
    let span_ns = ended_ns - started_ns;
    // Where no operation began inside the window, all took longer than that, and the slowest as long as the slice.
    let longest_ns = if recorded == 0 { span_ns } else { p99_ns };
    let per_operation_ns = match completed {
        0 => span_ns / operations.max(1),
        _ => window_ns / completed,
    };
    let tails = if asked.least_operations > 1 { TAILS } else { 1 };
    // Half as many again, since the pace varies.
    let enough_ns = per_operation_ns.saturating_mul(asked.least_operations) / 2 * 3;
    let wanted_ns = enough_ns.max(tails.saturating_mul(longest_ns)) + asked.drop_ns;
    // Twice: one may be slower than in the warm-up by that much, and still ends and begins in the window.
    let single_ns = longest_ns.saturating_mul(2).saturating_add(asked.drop_ns);
    if asked.exact {
        let fits = longest_ns.saturating_add(asked.drop_ns) < asked.slice_ns;
        return if fits { asked.slice_ns } else { single_ns };
    }
    asked.slice_ns.max(wanted_ns.min(LONGEST_SLICE_NS)).max(single_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn asked(least_operations: u64) -> Lengths {
        Lengths {
            slice_ns: 25 * MS,
            drop_ns: 2 * MS,
            warm_up_ns: 25 * MS,
            least_operations,
            exact: false,
            alike: false,
        }
    }

    /// A warm-up of 25 ms that took so long, with operations, those completed and those recorded, and their p99.
    fn pace(span_ms: u64, [operations, completed, recorded]: [u64; 3], p99_ms: u64) -> Vetted {
        let slice = serde_json::json!({
            "started_ns": 0, "ended_ns": span_ms * MS, "window_ns": 25 * MS,
            "operations": operations, "completed": completed, "recorded": recorded,
        });
        Vetted {
            slice: serde_json::from_value(slice).unwrap(),
            sum_ns: 0,
            quantiles_ns: [p99_ms * MS; 4],
            cpu_ns: 0,
            histogram: String::new(),
        }
    }

    #[test]
    fn quick_operations_leave_the_length_as_it_is() {
        assert_eq!(length_ns(&pace(25, [5000, 4900, 4900], 1), &asked(20)), 25 * MS);
        assert_eq!(length_ns(&pace(25, [5000, 4900, 4900], 1), &asked(1)), 25 * MS);
    }

    #[test]
    fn slices_hold_as_many_operations_as_wanted() {
        let each_5_ms = pace(27, [5, 5, 5], 5);
        assert_eq!(length_ns(&each_5_ms, &asked(20)), 152 * MS);
        assert_eq!(length_ns(&each_5_ms, &asked(1)), 25 * MS);
    }

    #[test]
    fn an_exact_length_gives_way_only_where_no_operation_would_fit() {
        let exactly = Lengths { exact: true, ..asked(20) };
        assert_eq!(length_ns(&pace(27, [5, 5, 5], 5), &exactly), 25 * MS);
        assert_eq!(length_ns(&pace(300, [1, 0, 0], 0), &exactly), 602 * MS);
    }

    #[test]
    fn an_operation_that_is_longer_than_the_warm_up_fits() {
        // One of 300 ms, which began before the window and ended after it.
        let long = pace(300, [1, 0, 0], 0);
        assert_eq!(length_ns(&long, &asked(1)), 602 * MS);
        assert_eq!(length_ns(&long, &asked(20)), LONGEST_SLICE_NS);
        let longer = pace(3000, [1, 0, 0], 0);
        assert_eq!(length_ns(&longer, &asked(20)), 6002 * MS);
        // Of 32 actors, each of whose operations takes a second, all have one in the slice.
        let many = pace(1000, [32, 0, 0], 0);
        assert_eq!(length_ns(&many, &asked(1)), 2002 * MS);
    }
}
