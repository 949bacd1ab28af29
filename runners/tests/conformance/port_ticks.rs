//! Does a runner tick at a fixed rate, never early, and does it count what it skips?
//!
//! How late a tick comes is measured elsewhere: here a machine that stands still for a while fails nothing.

use crate::port::{Check, ONE_TASK, Site};
use simul_workloads::{Needs, Runtime, Ticker as _};
use std::{
    thread,
    time::{Duration, Instant},
};

const PERIOD: Duration = Duration::from_millis(4);

pub(crate) fn all<R: Runtime>() -> Vec<(&'static str, &'static [Needs], Check<R>)> {
    vec![
        ("ticks are never early", ONE_TASK, |rt, site| Box::pin(never_early(rt, site))),
        ("skipped ticks are counted", ONE_TASK, |rt, site| Box::pin(counted(rt, site))),
    ]
}

async fn never_early<R: Runtime>(runtime: R, _: Site) {
    let start = Instant::now();
    let mut ticker = runtime.ticker(PERIOD);
    let mut number = 0;
    for _ in 0..12 {
        number += 1 + ticker.tick().await;
        let passed = start.elapsed();
        let due = PERIOD * u32::try_from(number).unwrap();
        assert!(passed >= due, "tick {number} is due after {due:?} and came after {passed:?}");
    }
}

/// The task holds its thread for some periods: what was due meanwhile is given once and counted, or given late, but
/// after that no tick may be missing from the count for good.
async fn counted<R: Runtime>(runtime: R, _: Site) {
    let before = Instant::now();
    let mut ticker = runtime.ticker(PERIOD);
    let after = Instant::now();
    let mut number = 1 + ticker.tick().await;
    thread::sleep(PERIOD * 10);
    let mut skipped = 0;
    // What came late is told by the tick after the next at the latest.
    for _ in 0..3 {
        let missed = ticker.tick().await;
        skipped += missed;
        number += 1 + missed;
    }
    assert!(skipped >= 7, "{skipped} of 10 were skipped");
    let most = before.elapsed().as_nanos() / PERIOD.as_nanos();
    assert!(u128::from(number) <= most, "{number} ticks in {most} periods");
    // None is lost: unless the thread stood still between the tick and this line, it is the latest of all.
    let least = after.elapsed().as_nanos() / PERIOD.as_nanos();
    if u128::from(number) < least {
        // Then the next one makes up for it.
        number += 1 + ticker.tick().await + 1 + ticker.tick().await;
        assert!(u128::from(number) >= least, "{number} ticks in {least} periods");
    }
}
