//! What does the machine itself take?
//!
//! A hypervisor that stops a core tells its guest nothing: `steal` may read 0 while more than a hundredth of the time is
//! lost. So threads spin for a moment, one pinned to each core, and look at the clock: a gap is time in which they did
//! not run. Where another task ran in it, which the kernel counts, it is not the machine's. Never during a slice;
//! before and after a block that is 40 ms in all. It cannot tell interrupts from the host. Next: who prints it,
//! [`crate::doctor::machine`] and `simul_results::summary`.

use crate::clock::now_ns;
use nix::{
    sched::{CpuSet, sched_setaffinity},
    sys::resource::{UsageWho, getrusage},
    unistd::Pid,
};
use simul_results::record::HiccupRecord;
use std::{thread, time::Duration};

/// How long each core is looked at before a block, and again after it: about 20 gaps where a hundredth is lost.
pub const LOOK: Duration = Duration::from_millis(20);

/// Two readings of the clock lie 20 to 60 ns apart.
const GAP_NS: u64 = 1_000;

/// What was found, before it is summed up.
#[derive(Clone, Debug, Default)]
pub struct Hiccups {
    span_ns: u64,
    switched_ns: u64,
    gaps_ns: Vec<u64>,
}

/// Looks at these cores, all at the same time.
#[must_use]
pub fn probe(cores: &[u32], length: Duration) -> Hiccups {
    let length_ns = crate::clock::to_ns(length);
    let mut all = Hiccups::default();
    thread::scope(|scope| {
        let threads: Vec<_> = cores
            .iter()
            .map(|core| {
                let name = "hiccups".to_owned();
                thread::Builder::new()
                    .name(name)
                    .spawn_scoped(scope, move || spin(*core, length_ns))
            })
            .collect();
        for found in threads.into_iter().filter_map(|thread| thread.ok()?.join().ok()?) {
            all.add(found);
        }
    });
    all
}

/// Looks at one core; `None` where it cannot be had.
fn spin(core: u32, length_ns: u64) -> Option<Hiccups> {
    let mut set = CpuSet::new();
    set.set(core as usize).ok()?;
    sched_setaffinity(Pid::from_raw(0), &set).ok()?;
    // Room for a gap every 5 µs: nothing is allocated while it spins.
    let mut found =
        Hiccups { gaps_ns: vec![0; (length_ns / 5_000) as usize], ..Hiccups::default() };
    found.gaps_ns.clear();
    let mut switches = switches()?;
    let start_ns = now_ns();
    let mut last_ns = start_ns;
    while last_ns < start_ns + length_ns {
        let now = now_ns();
        let gap_ns = now - last_ns;
        last_ns = now;
        if gap_ns > GAP_NS {
            let by_now = self::switches()?;
            match by_now == switches {
                true => found.gaps_ns.push(gap_ns),
                false => found.switched_ns += gap_ns,
            }
            switches = by_now;
            // What asking took is no gap.
            last_ns = now_ns();
        }
    }
    found.span_ns = last_ns - start_ns;
    Some(found)
}

/// How often another task has taken this thread's core.
fn switches() -> Option<i64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).ok()?;
    Some(usage.involuntary_context_switches() + usage.voluntary_context_switches())
}

impl Hiccups {
    /// Takes in what was found elsewhere, or at another time.
    pub fn add(&mut self, other: Self) {
        self.span_ns += other.span_ns;
        self.switched_ns += other.switched_ns;
        self.gaps_ns.extend(other.gaps_ns);
    }

    /// The sum of it; `None` where nothing could be looked at.
    #[must_use]
    pub fn record(mut self) -> Option<HiccupRecord> {
        self.gaps_ns.sort_unstable();
        let count = self.gaps_ns.len();
        let at = |part: f64| {
            let place = ((count as f64 * part).ceil() as usize).saturating_sub(1);
            self.gaps_ns.get(place).copied().unwrap_or(0)
        };
        (self.span_ns > 0).then(|| HiccupRecord {
            span_ns: self.span_ns,
            lost_ns: self.gaps_ns.iter().sum(),
            switched_ns: self.switched_ns,
            gaps: count as u64,
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            max_ns: at(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::placement;

    #[test]
    fn every_core_is_looked_at() {
        let cores = placement::available();
        let length = Duration::from_millis(5);
        let found = probe(&cores, length).record().unwrap();
        assert!(found.span_ns >= crate::clock::to_ns(length) * cores.len() as u64);
        assert!(found.lost_ns + found.switched_ns <= found.span_ns);
        assert!(found.gaps == 0 || found.p50_ns > GAP_NS);
        assert!(found.p50_ns <= found.p99_ns && found.p99_ns <= found.max_ns);
        assert_eq!(probe(&[], length).record(), None);
        assert_eq!(probe(&[u32::MAX], length).record(), None, "there is no such core");
    }

    #[test]
    fn who_shares_a_core_is_no_hiccup() {
        let core = placement::available()[0];
        // Two that spin on one core: each sees the other for half of the time, as a task.
        let found = probe(&[core, core], Duration::from_millis(60)).record().unwrap();
        assert!(found.switched_ns > 0, "{found:?}");
    }

    #[test]
    fn gaps_are_summed_up() {
        let mut found = Hiccups { span_ns: 1_000, switched_ns: 5, gaps_ns: vec![30, 10] };
        found.add(Hiccups { span_ns: 1_000, switched_ns: 0, gaps_ns: vec![20] });
        let record = found.record().unwrap();
        assert_eq!((record.span_ns, record.lost_ns, record.switched_ns), (2_000, 60, 5));
        assert_eq!((record.gaps, record.p50_ns, record.p99_ns, record.max_ns), (3, 20, 30, 30));
    }
}
