//! Was the machine ours, and its clock fine enough?
//!
//! Other processes take CPU time, which moves medians of identical code; and a time that is not much longer
//! than the reading of the clock is the time of the reading. It cannot tell what a hypervisor takes: a mark does,
//! where it was looked for. Read next: `slope.rs`.

use super::{
    Evidence, Finding,
    evidence::{foreign_cores, is_disturbed, part},
};
use crate::{
    quantity::{digits, time},
    statistics::median,
    summary::Measure,
};

/// Up to this part of a cell's slices may be disturbed without a word. A quiet machine has bursts of a tenth of a core
/// too, in 5 % of slices: if one sufficed, nearly every cell would be marked, and the mark would say nothing. And a
/// block's value is a median over its slices: a tenth of them moves it by five percentiles of their spread at most.
const UNSAID: f64 = 0.1;

/// Whether the recording tells what others did during the slices.
pub(super) fn can_be_checked(evidence: &Evidence<'_>) -> bool {
    evidence.slices().any(|slice| foreign_cores(slice).is_some())
}

/// `contaminated`: others used the processor during many of the slices that were kept.
pub(super) fn contaminated(evidence: &Evidence<'_>) -> Option<Finding> {
    let all = evidence.slices().filter(|slice| foreign_cores(slice).is_some()).count();
    let disturbed = evidence.slices().filter(|slice| is_disturbed(slice));
    let over: Vec<f64> = disturbed.filter_map(foreign_cores).collect();
    if over.len() as f64 <= UNSAID * all as f64 {
        return None;
    }
    // Not the most: on a crowded machine the looks at others lie further apart than the ends of the slice.
    let typical = median(&over)?;
    let slices = part(over.len(), all);
    let reason = format!(
        "other processes used more than a tenth of a core in {slices}, typically {}",
        digits(typical)
    );
    Some(Finding::marked("contaminated", reason))
}

/// What an operation that does nothing takes on the trial's path: one chained clock reading and its recording.
/// 26 ns with the time stamp counter; `harness/METHODOLOGY.md`, *What a sample costs*.
const READING_NS: f64 = 26.0;

/// Clocks of devices, with the length of their ticks: the ACPI timer runs at 3.579545 MHz (ACPI specification
/// 6.5, §4.8.2.1), an HPET at 10 MHz or more (IA-PC HPET specification 1.0a, §2.2), jiffies at 100 Hz or more.
const TICKS_NS: [(&str, f64); 3] = [("acpi_pm", 280.0), ("hpet", 100.0), ("jiffies", 10_000_000.0)];

/// From this multiple on, reading and resolution are a tenth of the time at most.
const ENOUGH: f64 = 10.0;
/// Below this, they are half of it.
const TOO_FEW: f64 = 2.0;

/// `timer`: the median is near to what the measuring itself takes.
pub(super) fn timer(evidence: &Evidence<'_>) -> Option<Finding> {
    // How late something was may well be nothing.
    if evidence.measure == Measure::Lateness {
        return None;
    }
    let medians: Vec<f64> =
        evidence.slices().filter_map(|slice| Some(slice.median_ns()? as f64)).collect();
    let p50_ns = median(&medians)?;
    let tick_ns = TICKS_NS.iter().find(|(name, _)| *name == evidence.clock);
    let own_ns = tick_ns.map_or(READING_NS, |(_, ns)| READING_NS.max(*ns));
    let reason = || {
        format!(
            "the median is {} and one reading of the clock ({}) is worth {}: ratios between runners are \
             larger than shown, and percentiles stand in steps",
            time(p50_ns),
            evidence.clock,
            time(own_ns)
        )
    };
    match p50_ns / own_ns {
        times if times < TOO_FEW => Some(Finding::not_ranked("timer", reason())),
        times if times < ENOUGH => Some(Finding::marked("timer", reason())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::auditor::Severity;

    #[test]
    fn foreign_cpu_is_told_with_its_size() {
        let mut recording = clean();
        assert_eq!(checked(&recording, contaminated, 0), None);
        each_slice(&mut recording, |block, slice| {
            let length_ns = slice.ended_ns - slice.started_ns;
            slice.foreign_cpu_ns = match block {
                0 => Some(length_ns / 4),
                1 => Some(length_ns / 11),
                2 => None,
                _ => Some(0),
            };
        });
        let found = checked(&recording, contaminated, 0).unwrap().reason;
        assert!(found.ends_with("in 8 of 40 slices, typically 0.250"), "{found}");
    }

    #[test]
    fn few_disturbed_slices_are_what_a_quiet_machine_has() {
        let mut recording = clean();
        let mut disturb = |count: usize| {
            let mut at = 0;
            each_slice(&mut recording, |_, slice| {
                let length_ns = slice.ended_ns - slice.started_ns;
                slice.foreign_cpu_ns = Some(if at < count { length_ns } else { 0 });
                at += 1;
            });
            checked(&recording, contaminated, 0).map(|finding| finding.reason)
        };
        assert_eq!(disturb(4), None, "4 of 48");
        assert!(disturb(5).is_some_and(|reason| reason.contains("in 5 of 48 slices")));
    }

    #[test]
    fn times_near_the_clocks_own_are_told() {
        let mut recording = clean();
        let severity = |recording: &_| checked(recording, timer, 0).map(|found| found.severity);
        assert_eq!(severity(&recording), None);
        each_slice(&mut recording, |_, slice| slice.p50_ns = 353);
        assert_eq!(severity(&recording), None, "a ping-pong in user space");
        recording.run.host.clock = "hpet".into();
        assert_eq!(severity(&recording), Some(Severity::Marked));
        recording.run.host.clock = "tsc".into();
        each_slice(&mut recording, |_, slice| slice.p50_ns = 130);
        assert_eq!(severity(&recording), Some(Severity::Marked));
        each_slice(&mut recording, |_, slice| slice.p50_ns = 40);
        assert_eq!(severity(&recording), Some(Severity::NotRanked));
        recording.run.plan.contests[0].measure = "lateness".into();
        assert_eq!(severity(&recording), None);
    }
}
