//! What do the marks of a recording mean?
//!
//! Marks were set while measuring, where more could be seen than a recording holds. Each becomes a finding, by
//! this table; one that this version does not know is said by its name. A check that looks at the same recorded
//! facts has the better reason, with figures, and keeps it. Read next: [`crate::wording`].

use super::{Evidence, Finding, Severity, evidence::sum, little, machine};
use crate::{
    SliceRecord, TrialRecord, record::mark, statistics::median, summary::state::marks,
    wording::plain,
};

/// The checks that look at what a mark says, under their own names.
const CHECKS: [(&str, &str); 2] =
    [(mark::OTHER_BACKEND, "backend"), (mark::GENERATOR_LIMITED, "generator")];

/// What each finding means, without figures, by the name of its check or mark.
const WORDS: [(&str, &str); 30] = [
    (mark::STARVED, "some actor did less than half of the mean: the numbers are the others'"),
    (mark::PEER_BOUND, "the peer was busy for at least 95 %: the numbers describe the peer"),
    (mark::CONTAMINATED, "other processes used more than a tenth of a core meanwhile"),
    (mark::LITTLE, "in flight and throughput × mean differ by over 10 %: something is missing"),
    (mark::ONE_WORKER, "has one worker by design and was given several cores"),
    (mark::FEW_OPERATIONS, "slices held fewer than 20 operations"),
    (mark::RECORDER_FULL, "more operations than the recorder holds: some latencies are missing"),
    (mark::OTHER_BACKEND, "it waited with something else than its name says"),
    (
        mark::GENERATOR_LIMITED,
        "the generator was late by a tenth of what it measured: the numbers describe it",
    ),
    (mark::SATURATED, "the server could not keep up: waiting grew until the slice ended"),
    (mark::ERRORS, "requests failed or never ended, and rank above every completed one"),
    (mark::RECONNECTED, "the server closed connections, which were opened again"),
    (mark::FEW_ARRIVALS, "open slices held fewer arrivals than their percentiles need"),
    (mark::NOT_OURS, "the server was running already: its cores and CPU time are unknown"),
    (
        mark::PARKED,
        "burnt more than 1 % of a core while others worked, and was stopped meanwhile from then on",
    ),
    (mark::BURNS_IDLE, "burnt more than 1 % of a core while others worked, and was not stopped"),
    (mark::HICCUPS, "the machine itself lost more than 3 % of the time around the block"),
    (mark::FOREIGN_ESTIMATED, "others came and went unseen: estimated from all that was run"),
    ("order", "its percentiles, mean, largest value or counts contradict each other"),
    ("offered", "requests were not sent at the rate asked for, or not answered at that rate"),
    ("unfinished", "operations never ended and are in no percentile"),
    ("slope", "it became slower or faster in every trial: it warms, leaks or fills"),
    ("bimodal", "its blocks fall into two groups: the median is one of two states"),
    ("below-floor", "it cost far less CPU time than such work does without any runtime"),
    ("generator", "the generator was late by a tenth of what it measured: the numbers describe it"),
    ("timer", "its times are not much longer than a reading of the clock"),
    ("backend", "it waited with something else than its name says"),
    ("stall", "it stood still for tens of milliseconds, again and again"),
    ("grows-memory", "its memory grew with its operations in every trial"),
    ("grows-threads", "its threads grew with its operations in every trial"),
];

/// What a finding means: `stall: it stood still …`. One that this version does not know is said as it is.
#[must_use]
pub fn words(check: &str) -> String {
    let known = WORDS.iter().find(|(name, _)| *name == check);
    known.map_or_else(|| plain(check), |(name, words)| format!("{name}: {words}"))
}

/// Adds the marks of the cell to what the checks have found.
pub(super) fn add(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    for mark in marks(evidence.trials) {
        if is_for_its_check(evidence, findings, &mark) {
            continue;
        }
        let severity = match bars(evidence, &mark) {
            true => Severity::NotRanked,
            false => Severity::Marked,
        };
        let check = CHECKS.iter().find(|(name, _)| *name == mark).map_or(&*mark, |(_, own)| own);
        match findings.iter_mut().find(|finding| finding.check == check) {
            Some(finding) => finding.severity = finding.severity.max(severity),
            None => {
                let reason = reason(evidence, &mark);
                findings.push(Finding { check: check.into(), severity, reason });
            }
        }
    }
}

/// Whether a check has seen more than the mark says, and decides.
fn is_for_its_check(evidence: &Evidence<'_>, findings: &[Finding], mark: &str) -> bool {
    let is_found = |check: &str| findings.iter().any(|finding| finding.check == check);
    match mark {
        // Up to schema 3 the mark was also set for one stall in one slice.
        mark::LITTLE => little::can_be_checked(evidence),
        // One slice in a trial suffices for these marks.
        mark::CONTAMINATED => machine::can_be_checked(evidence),
        mark::FOREIGN_ESTIMATED => {
            machine::can_be_checked(evidence) && !is_found(mark::CONTAMINATED)
        }
        _ => false,
    }
}

/// Whether a mark bars the cell from every ranking.
fn bars(evidence: &Evidence<'_>, mark: &str) -> bool {
    let has = |trial: &&&TrialRecord| trial.marks.iter().any(|own| own == mark);
    let (marked, all) = (evidence.trials.values().filter(has).count(), evidence.trials.len());
    // What comes and goes with the machine's moods must hold in half of the blocks: the numbers are of all of them.
    let often = !mark::OF_MOMENTS.contains(&mark) || 2 * marked >= all;
    mark::NOT_RANKED.contains(&mark) && often
}

/// A mark's words, with figures where a recording has them, and in how many blocks it stands.
fn reason(evidence: &Evidence<'_>, mark: &str) -> String {
    let has = |trial: &&TrialRecord| trial.marks.iter().any(|own| own == mark);
    let trials: Vec<&TrialRecord> = evidence.trials.values().copied().filter(has).collect();
    let blocks = format!("{} of {} blocks", trials.len(), evidence.trials.len());
    let words = WORDS.iter().find(|(name, _)| *name == mark).map(|(_, words)| *words);
    let Some(words) = words else { return format!("{} in {blocks}", plain(mark)) };
    let figures: Vec<f64> = trials.iter().filter_map(|trial| figure(trial, mark)).collect();
    let figures = median(&figures).map_or_else(String::new, |part| {
        let percent = part * 100.0;
        match mark {
            mark::PEER_BOUND => format!("; it was busy for {percent:.0} %"),
            _ => format!("; the least did {percent:.0} % of the mean"),
        }
    });
    format!("{words} (in {blocks}{figures})")
}

/// What a mark of a trial is about, as a part: where that is recorded.
fn figure(trial: &TrialRecord, mark: &str) -> Option<f64> {
    match mark {
        mark::PEER_BOUND => {
            let busy_ns = sum(trial.counted().filter_map(|slice| slice.peer_cpu_ns));
            let length = |slice: &SliceRecord| slice.ended_ns.saturating_sub(slice.started_ns);
            let length_ns = sum(trial.counted().map(length));
            (length_ns > 0).then(|| busy_ns as f64 / length_ns as f64)
        }
        mark::STARVED => {
            let actors = trial.actors.as_ref().filter(|actors| actors.total > 0)?;
            Some(actors.least as f64 * f64::from(actors.count) / actors.total as f64)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::evidence::samples::{clean, each_slice};
    use super::*;
    use crate::auditor::Audit;

    /// What is found where the given blocks of the first cell have a mark.
    fn marked(mark: &str, blocks: std::ops::Range<usize>) -> Audit {
        let mut recording = clean();
        let first = recording.trials[0].cell.clone();
        let own = recording.trials.iter_mut().filter(|trial| trial.cell == first);
        for (_, trial) in own.enumerate().filter(|(at, _)| blocks.contains(at)) {
            trial.marks = vec![mark.into()];
        }
        crate::judged::contests(&recording).unwrap()[0].cells[0].audit.clone()
    }

    #[test]
    fn every_known_mark_has_words() {
        for name in mark::NOT_RANKED {
            assert!(words(name).starts_with(&format!("{name}: ")));
        }
        assert_eq!((words("new"), words("\u{1b}")), ("new".into(), "\u{fffd}".into()));
        let mut names: Vec<&str> = WORDS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), WORDS.len(), "none twice");
    }

    #[test]
    fn a_mark_is_a_finding_with_its_blocks() {
        let found = marked(mark::SATURATED, 0..2);
        let reason = &found.findings[0].reason;
        assert!(
            reason.starts_with("the server could not") && reason.ends_with("(in 2 of 6 blocks)")
        );
        assert!(!found.may_be_ranked());
        let found = marked("parked", 0..6);
        assert!(
            found.may_be_ranked() && found.findings[0].reason.contains("was stopped meanwhile")
        );
        let found = marked("from-the-future", 1..2);
        assert_eq!(found.findings[0].reason, "from-the-future in 1 of 6 blocks");
    }

    #[test]
    fn figures_are_told_where_they_are_recorded() {
        let starved = marked(mark::STARVED, 0..6);
        assert!(starved.findings[0].reason.ends_with("; the least did 80 % of the mean)"));
        let bound = marked(mark::PEER_BOUND, 0..6);
        assert!(bound.findings[0].reason.contains("; it was busy for "), "{bound:?}");
    }

    #[test]
    fn what_a_busy_moment_does_bars_in_half_of_the_blocks_only() {
        for mark in mark::OF_MOMENTS {
            assert!(marked(mark, 1..3).may_be_ranked(), "{mark} in 2 of 6 blocks");
            assert_eq!(marked(mark, 1..3).grade, crate::auditor::Grade::B);
            assert!(!marked(mark, 0..3).may_be_ranked(), "{mark} in 3 of 6 blocks");
        }
        assert!(!marked(mark::ERRORS, 5..6).may_be_ranked());
    }

    #[test]
    fn where_slices_tell_of_others_a_mark_does_not() {
        let mut recording = clean();
        for trial in &mut recording.trials {
            trial.marks = vec![mark::CONTAMINATED.into(), mark::FOREIGN_ESTIMATED.into()];
        }
        each_slice(&mut recording, |_, slice| slice.foreign_cpu_ns = None);
        let found = |recording: &crate::store::Recording| {
            let contests = crate::judged::contests(recording).unwrap();
            contests[0].cells[0].audit.findings.len()
        };
        assert_eq!(found(&recording), 2, "nothing else is known");
        each_slice(&mut recording, |_, slice| slice.foreign_cpu_ns = Some(0));
        assert_eq!(found(&recording), 0);
    }

    #[test]
    fn where_slices_keep_littles_law_a_mark_does_not_say_otherwise() {
        assert_eq!(marked(mark::LITTLE, 0..1), Audit::default());
        let mut recording = clean();
        for trial in &mut recording.trials {
            (trial.actors, trial.marks) = (None, vec![mark::LITTLE.into()]);
        }
        let contests = crate::judged::contests(&recording).unwrap();
        assert!(!contests[0].cells[0].audit.may_be_ranked(), "nothing else is known");
    }

    #[test]
    fn marks_of_what_a_check_looks_at_have_its_name() {
        assert_eq!(marked(mark::OTHER_BACKEND, 0..1).findings[0].check, "backend");
        assert_eq!(marked(mark::GENERATOR_LIMITED, 0..1).findings[0].check, "generator");
    }
}
