//! What of this machine cannot be seen from here?
//!
//! Processes of other namespaces, and those of others where `/proc` hides them. Said once for each run and by the
//! doctor; of other guests of the same host only the hiccup probe can tell. Next: [`super::totals`].

use super::totals::Total;
use simul_results::record::WatchRecord;
use std::{fs, sync::OnceLock};

/// The first pid namespace's number, `PROC_PID_INIT_INO` of the kernel's `include/linux/proc_ns.h`.
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";
/// The first namespace of control groups, `PROC_CGROUP_INIT_INO`.
const FIRST_GROUP_NAMESPACE: &str = "cgroup:[4026531835]";

/// Whether control groups are seen from the root of the machine.
pub(super) fn is_whole_machine() -> bool {
    namespace("pid") == FIRST_PID_NAMESPACE && namespace("cgroup") == FIRST_GROUP_NAMESPACE
}

/// Whether every process of the machine is seen.
pub(super) fn sees_all() -> bool {
    static SEES_ALL: OnceLock<bool> = OnceLock::new();
    *SEES_ALL.get_or_init(|| namespace("pid") == FIRST_PID_NAMESPACE && !is_hidden())
}

/// How foreign CPU is watched here, and what is not seen.
#[must_use]
pub fn record() -> WatchRecord {
    let total = Total::detect();
    let mut unseen = Vec::new();
    let mut note = |is_so: bool, text: &str| {
        if is_so {
            unseen.push(text.to_owned());
        }
    };
    note(
        namespace("pid") != FIRST_PID_NAMESPACE,
        "processes outside of this container (pid namespace), except in the ticks of all processors",
    );
    note(is_hidden(), "processes of other users, which /proc hides (hidepid)");
    note(
        total.is_sampled(),
        "short-lived processes, unless they use half a core: the only total is sampled at ticks",
    );
    WatchRecord { total: total.name().into(), unseen }
}

/// Whether `/proc` shows us only what is ours: then the first process is not there, or cannot be read.
fn is_hidden() -> bool {
    fs::read_to_string("/proc/1/stat").is_err()
}

fn namespace(kind: &str) -> String {
    let link = fs::read_link(format!("/proc/self/ns/{kind}"));
    link.map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_agrees_with_what_is_used() {
        let record = record();
        let sampled = Total::detect().is_sampled();
        assert_eq!(record.total == "ticks", sampled);
        assert_eq!(record.unseen.iter().any(|text| text.contains("ticks")), sampled);
        assert!(sees_all() || !record.unseen.is_empty());
        assert!(namespace("pid").starts_with("pid:["));
        assert_eq!(namespace("nonsense"), "");
    }
}
