//! Which fault applies to which workload?
//!
//! Faults of operations apply to all and are not listed. Of the port's faults those are listed that a workload
//! notices by itself; some others would make it wait for ever, which only a time limit ends.

use super::switch::Fault::{
    self, AnswersEarly, DoesNothing, DoublesBytes, DoublesItem, DropsBytes, ForgetsLimits,
    SkipsItem, SkipsTask,
};
use simul_workloads::registry;
use std::fmt::Write as _;

/// Workload by workload.
pub(crate) const TABLE: &[(&str, &[Fault])] = &[
    ("echo", &[DropsBytes, DoublesBytes, AnswersEarly, DoesNothing]),
    ("unix-echo", &[DropsBytes, DoublesBytes, AnswersEarly, DoesNothing]),
    ("udp-echo", &[DropsBytes, AnswersEarly]),
    ("connect", &[DropsBytes, AnswersEarly, DoesNothing]),
    ("tls-echo", &[DropsBytes, DoublesBytes, AnswersEarly]),
    ("tls-connect", &[DropsBytes, AnswersEarly]),
    ("http-get", &[DropsBytes, AnswersEarly]),
    ("crawl", &[DropsBytes, AnswersEarly]),
    ("download", &[DropsBytes, AnswersEarly]),
    ("chat", &[DropsBytes, DoublesBytes, DoublesItem, AnswersEarly, DoesNothing]),
    ("postgres", &[AnswersEarly]),
    ("sqlite", &[]),
    ("file-read", &[DropsBytes, AnswersEarly]),
    ("file-write", &[DoesNothing]),
    ("subprocess", &[DropsBytes, DoublesBytes, DoesNothing]),
    ("mixed", &[DropsBytes, DoublesBytes, AnswersEarly, DoesNothing]),
    ("pipeline", &[SkipsItem, DoublesItem, ForgetsLimits]),
    ("sleep", &[AnswersEarly]),
    ("tick", &[AnswersEarly]),
    ("timeout", &[AnswersEarly, ForgetsLimits]),
    ("gather", &[AnswersEarly]),
    ("exhibition", &[]),
    ("failures", &[AnswersEarly, DoesNothing]),
    ("footprint", &[]),
    ("spawn", &[DoublesItem]),
    ("yield", &[DoesNothing]),
    ("ping-pong", &[DoublesItem]),
    ("mutex", &[ForgetsLimits]),
    ("semaphore", &[ForgetsLimits]),
    ("queue", &[SkipsItem]),
    ("uneven", &[AnswersEarly]),
    ("sha256", &[]),
    ("json", &[]),
    ("fib", &[SkipsTask]),
    ("sort", &[SkipsTask]),
    ("matmul", &[SkipsTask]),
    ("starve", &[AnswersEarly]),
];

/// The faults of the port that apply to a workload; `None` if nobody has thought about it.
pub(crate) fn of(workload: &str) -> Option<&'static [Fault]> {
    TABLE.iter().find(|(name, _)| *name == workload).map(|(_, faults)| *faults)
}

/// The table as the documents have it.
pub(crate) fn in_words() -> String {
    let mut text = "| workload | one that … is caught, beside those that get operations wrong |\n\
                    |---|---|\n"
        .to_owned();
    for workload in registry::ALL {
        let names: Vec<_> =
            of(workload.name).unwrap_or_default().iter().map(|fault| fault.name()).collect();
        let names = if names.is_empty() { "–".into() } else { names.join(", ") };
        let _ = writeln!(text, "| {} | {names} |", workload.name);
    }
    text
}
