//! How many rounds of computing last as long as a workload wants?
//!
//! Measured once for a plan, before anything else runs, and then the same number for every runner: it becomes a
//! parameter, is told to each trial and recorded with it. Loops that look at the clock would do less work the more
//! they are disturbed. It must not know what is computed. Next: [`super::contest`], which puts the number in place.

use crate::clock;
use simul_workloads::workload::Calibration;
use std::{cell::RefCell, time::Duration};

/// How long one look at the speed is: short beside a time slice of the kernel, so that most are undisturbed.
const LOOK: Duration = Duration::from_micros(500);
/// How many looks; the median of them counts, which disturbances move only if they take half of the time. All of
/// them last some 50 ms, long enough for a clock that has been lowered to come up.
const LOOKS: usize = 101;

/// What is timed: so many rounds.
type Work = fn(u64);

/// What has been measured in this plan.
#[derive(Debug, Default)]
pub(super) struct Calibrator {
    /// By the work that was timed.
    ns_per_round: RefCell<Vec<(Work, f64)>>,
}

impl Calibrator {
    /// The number of rounds that last nearest to what is wanted; at least 1.
    pub(super) fn rounds(&self, calibration: &Calibration) -> u64 {
        let known =
            self.ns_per_round.borrow().iter().find_map(|(work, ns)| {
                std::ptr::fn_addr_eq(*work, calibration.work).then_some(*ns)
            });
        let ns = known.unwrap_or_else(|| {
            let ns = ns_per_round(calibration.work);
            self.ns_per_round.borrow_mut().push((calibration.work, ns));
            ns
        });
        ((calibration.lasts.as_nanos() as f64 / ns).round() as u64).max(1)
    }
}

fn ns_per_round(work: Work) -> f64 {
    let time = |rounds| {
        let start_ns = clock::now_ns();
        work(rounds);
        clock::now_ns() - start_ns
    };
    let mut rounds = 1;
    while time(rounds) < clock::to_ns(LOOK) {
        rounds *= 2;
    }
    let mut looks: Vec<u64> = (0..LOOKS).map(|_| time(rounds)).collect();
    looks.sort_unstable();
    looks[LOOKS / 2] as f64 / rounds as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    static CALLS: AtomicU64 = AtomicU64::new(0);

    fn work(rounds: u64) {
        CALLS.fetch_add(1, Relaxed);
        for round in 0..rounds * 1000 {
            std::hint::black_box(round);
        }
    }

    #[test]
    fn work_is_timed_once_and_rounds_are_in_proportion() {
        let calibrator = Calibrator::default();
        let rounds = |ms| {
            let lasts = Duration::from_millis(ms);
            calibrator.rounds(&Calibration { parameter: "rounds", work, lasts })
        };
        let (one, calls) = (rounds(10), CALLS.load(Relaxed));
        let ten = rounds(100);
        assert_eq!(CALLS.load(Relaxed), calls);
        assert!(one > 0 && ten.abs_diff(10 * one) <= 10, "{one} and {ten}");
        assert_eq!(rounds(0), 1);
    }
}
