//! Did it stand still, again and again, while the machine did not?
//!
//! A runner that freezes for a tenth of a second has a good median and a good p99, and a worst time that stands
//! alone. In a closed load the worst time of a slice then is tens of milliseconds, and many times what is usual
//! for the cell. One such time proves nothing: a hypervisor takes whole slices too. So it must happen in
//! several slices, in which no other process was at work, and more often than to the other runners of the
//! contest; or, beside somebody else, in most of them and hardly ever to the others. The numbers are right: the
//! freezes belong to the runner, and are said. Read next: `growth.rs`.

use super::{
    Evidence, Finding,
    evidence::{is_disturbed, part},
};
use crate::{SliceRecord, TrialRecord, quantity::time, statistics::median};

/// Shorter worst times are what schedulers do: a share of one core's time slices among some threads.
const LEAST_NS: u64 = 50_000_000;

/// A stall takes so many times as long as p99 usually does.
const LEAST_TIMES: f64 = 20.0;

/// p99 is usually not more than this multiple of the median. Where stalls fill the hundredth, p99 is theirs.
const MOST_TAIL: f64 = 20.0;

/// Once may be the machine.
const LEAST_SLICES: usize = 2;

/// So many times as often as to the others.
const MORE_OFTEN: f64 = 4.0;

/// Where somebody else was always at work, it must be this part of the own slices: a busy machine holds everybody up
/// now and then.
const MOSTLY: f64 = 0.5;

/// And so many slices of others, as disturbed, must show that they were not held up.
const LEAST_OTHERS: usize = 4;

/// A machine that was away for so long around the block explains long times of its slices.
const LONG_HICCUP_NS: u64 = LEAST_NS / 2;

/// The slices of trials around which the machine was not away for long.
fn unexplained<'a>(
    trials: impl Iterator<Item = &'a TrialRecord>,
) -> impl Iterator<Item = &'a SliceRecord> {
    let longest = |trial: &TrialRecord| trial.hiccups.as_ref().map_or(0, |probe| probe.max_ns);
    trials.filter(move |trial| longest(trial) < LONG_HICCUP_NS).flat_map(TrialRecord::counted)
}

/// The worst times of slices in which it stood still, and out of how many.
struct Stalls {
    worst_ns: Vec<f64>,
    slices: usize,
}

impl Stalls {
    /// Those with a worst time from this on.
    fn among<'a>(slices: impl Iterator<Item = &'a SliceRecord>, least_ns: f64) -> Self {
        let worst: Vec<f64> = slices.map(|slice| slice.max_ns as f64).collect();
        let slices = worst.len();
        Self { worst_ns: worst.into_iter().filter(|ns| *ns >= least_ns).collect(), slices }
    }

    fn share(&self) -> f64 {
        self.worst_ns.len() as f64 / self.slices.max(1) as f64
    }

    /// Whether it happened several times, and much more often than to the others.
    fn exceed(&self, others: &Self) -> bool {
        self.worst_ns.len() >= LEAST_SLICES && self.share() >= MORE_OFTEN * others.share()
    }
}

/// `stall`: in several slices the worst time stands alone.
pub(super) fn stall(evidence: &Evidence<'_>) -> Option<Finding> {
    if !evidence.is_closed() {
        return None;
    }
    let of = |ns: fn(&SliceRecord) -> u64| -> Vec<f64> {
        evidence.slices().filter(|slice| slice.recorded > 0).map(|slice| ns(slice) as f64).collect()
    };
    let mut tails = of(|slice| slice.p99_ns);
    tails.sort_by(f64::total_cmp);
    // Of the slices without a stall, hence not the median of all.
    let usual_ns = *tails.get(tails.len() / 4)?;
    let usual_ns = usual_ns.min(MOST_TAIL * median(&of(|slice| slice.p50_ns))?);
    let least_ns = (LEAST_TIMES * usual_ns).max(LEAST_NS as f64);
    if Stalls::among(evidence.slices(), least_ns).worst_ns.len() < LEAST_SLICES {
        return None;
    }
    let quiet = |slice: &&SliceRecord| !is_disturbed(slice);
    let own = Stalls::among(unexplained(evidence.measured()).filter(quiet), least_ns);
    let others = unexplained(evidence.trials_of_others());
    let others = Stalls::among(others.filter(quiet), least_ns);
    if own.exceed(&others) {
        return Some(finding(&own, usual_ns, "no other process was at work"));
    }
    let disturbed = |slice: &&SliceRecord| is_disturbed(slice);
    let own = Stalls::among(unexplained(evidence.measured()).filter(disturbed), least_ns);
    let others = unexplained(evidence.trials_of_others());
    let others = Stalls::among(others.filter(disturbed), least_ns);
    let mostly = own.share() >= MOSTLY && others.slices >= LEAST_OTHERS;
    (mostly && own.exceed(&others))
        .then(|| finding(&own, usual_ns, "others beside the same company went on"))
}

fn finding(own: &Stalls, usual_ns: f64, meanwhile: &str) -> Finding {
    let worst_ns = median(&own.worst_ns).unwrap_or(0.0);
    let slices = part(own.worst_ns.len(), own.slices);
    let (longest, usual) = (time(worst_ns), time(usual_ns));
    Finding::marked(
        "stall",
        format!(
            "it stood still in {slices}: the worst times there are {longest}, where p99 is usually {usual} at \
             most, and {meanwhile}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{checked, clean, each_slice};
    use super::*;
    use crate::{record::HiccupRecord, store::Recording};

    /// The first cell freezes for 100 ms in each third round.
    fn freezing() -> Recording {
        let mut recording = clean();
        each_slice(&mut recording, |_, slice| {
            if slice.round % 3 == 1 {
                slice.max_ns = 100_000_000;
            }
        });
        recording
    }

    #[test]
    fn freezes_are_noticed_in_a_good_p99() {
        assert_eq!(checked(&clean(), stall, 0), None);
        let found = checked(&freezing(), stall, 0).unwrap().reason;
        assert!(found.starts_with("it stood still in 18 of 48 slices: "), "{found}");
        assert!(found.contains("100 ms"), "{found}");
    }

    #[test]
    fn freezes_that_fill_the_tail_are_noticed_too() {
        let mut recording = clean();
        each_slice(&mut recording, |_, slice| {
            (slice.p99_ns, slice.max_ns) = (100_000_000, 100_000_000);
        });
        assert!(checked(&recording, stall, 0).is_some());
    }

    #[test]
    fn what_the_machine_explains_is_not_the_runners() {
        let mut recording = freezing();
        each_slice(&mut recording, |_, slice| slice.foreign_cpu_ns = Some(40_000_000));
        assert_eq!(checked(&recording, stall, 0), None, "others were at work");
        each_slice(&mut recording, |_, slice| slice.max_ns = 100_000_000);
        assert_eq!(checked(&recording, stall, 0), None, "and beside nobody else");
        let mut recording = freezing();
        let hiccups = |max_ns| Some(HiccupRecord { max_ns, ..HiccupRecord::default() });
        recording.trials.iter_mut().for_each(|trial| trial.hiccups = hiccups(4_000_000));
        assert!(checked(&recording, stall, 0).is_some(), "short ones explain nothing");
        recording.trials.iter_mut().for_each(|trial| trial.hiccups = hiccups(60_000_000));
        assert_eq!(checked(&recording, stall, 0), None, "the machine was away");
        let mut recording = freezing();
        for trial in &mut recording.trials {
            for slice in trial.slices.iter_mut().filter(|slice| slice.round % 3 == 1) {
                slice.max_ns = 100_000_000;
            }
        }
        assert_eq!(checked(&recording, stall, 0), None, "all cells stood still");
        let mut recording = clean();
        recording.trials[0].slices[0].max_ns = 500_000_000;
        assert_eq!(checked(&recording, stall, 0), None, "once may be the machine");
    }

    #[test]
    fn what_stands_still_while_others_go_on_is_noticed_on_a_busy_machine() {
        let mut recording = freezing();
        for slice in recording.trials.iter_mut().flat_map(|trial| &mut trial.slices) {
            slice.foreign_cpu_ns = Some(40_000_000);
        }
        assert_eq!(checked(&recording, stall, 0), None, "in a third of its slices");
        each_slice(&mut recording, |_, slice| {
            if slice.round % 3 > 0 {
                slice.max_ns = 100_000_000;
            }
        });
        let found = checked(&recording, stall, 0).unwrap().reason;
        assert!(found.contains("others beside the same company went on"), "{found}");
    }

    #[test]
    fn a_wide_tail_is_no_stall() {
        let mut recording = clean();
        each_slice(&mut recording, |_, slice| {
            (slice.p99_ns, slice.max_ns) = (31_000_000, 189_000_000);
            slice.p50_ns = 8_000_000;
        });
        assert_eq!(
            checked(&recording, stall, 0),
            None,
            "a thousand connections on a thousand threads"
        );
    }
}
