//! What do controller and trial say to each other?
//!
//! Line-delimited JSON: the controller writes one [`Spec`] and then [`Order`]s to the trial's standard
//! input; the trial answers each with one [`Reply`] on its standard output. The first answer is `ready` or
//! `refused`. The end of standard input ends the trial. Nothing here knows how either side works, so a
//! program in any language can be a trial: `runners/PROTOCOL.md` is written for authors of such programs, and a
//! test reads its examples with these types. What such a program cannot know is optional.

use nix::sys::{
    prctl,
    signal::{SigSet, Signal},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use simul_results::State;
use simul_workloads::{Digest, Surroundings};
use std::collections::BTreeMap;

/// The version of these shapes. 2: a trial may be a server, and may send plain counts in place of a
/// histogram. 3: a slice may tell figures of the workload's own.
pub const PROTOCOL: u32 = 3;

/// Seeds of trials are below this, so that a language whose only number is the 64-bit float reads them as they
/// are.
pub const SEEDS: u64 = 1 << 53;

/// So many values of one figure a slice may tell. An operation of 50 µs in a slice of 50 ms has that many, and
/// recordings stay small.
pub const MOST_VALUES: usize = 1000;

/// The environment variable in which a guardian tells its child who it is.
pub const GUARDIAN_VARIABLE: &str = "SIMUL_GUARDIAN";

/// Takes leave of what a guardian needs for itself, and has the kernel kill this process when it is gone; ends it at once when that is so already.
/// Without a guardian, as when it was started by hand, nothing happens.
pub fn follow_guardian() {
    let Some(guardian) = std::env::var(GUARDIAN_VARIABLE).ok() else { return };
    // The guardian blocks the signals that it waits for, and what it starts inherits that.
    let _ = SigSet::empty().thread_set_mask();
    let follows = prctl::set_pdeathsig(Signal::SIGKILL).is_ok();
    // It may have been killed before the kernel was asked.
    if follows && guardian.parse() != Ok(nix::unistd::getppid().as_raw()) {
        std::process::exit(1);
    }
}

/// What a trial is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// [`PROTOCOL`] of the controller.
    pub protocol: u32,
    /// The workload with its parameters: `echo:64`.
    pub workload: String,
    /// The runner, or the bare loop, that does the work.
    pub runner: String,
    /// Who brings the work.
    #[serde(default)]
    pub mode: Mode,
    /// How many actors work at the same time; of a server, how many connections it must hold.
    pub actors: u32,
    /// Threads that may run tasks.
    pub workers: u32,
    /// Decides everything that is random; below [`SEEDS`].
    pub seed: u64,
    /// Peer and folder.
    pub surroundings: Surroundings,
    /// The usual length of a slice, for which the recorder is sized. Longer ones are ordered only where
    /// operations are so slow that few of them fit.
    pub usual_slice_ns: u64,
    /// How long operations in flight are awaited when a slice has ended.
    pub drain_ns: u64,
    /// Whether it is audited: its times are not used, and its slices tell [`AuditCounts`] if they can.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub audit: bool,
}

/// Who brings the work to a trial?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Its own actors, back to back, in the slices that are ordered.
    #[default]
    Closed,
    /// The generator, over HTTP: the trial is a server, says where, and is ordered nothing but to finish.
    Serve,
}

/// What the controller wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "order")]
pub enum Order {
    /// Work, and forget the numbers except for the pace.
    WarmUp {
        /// For so long.
        duration_ns: u64,
    },
    /// Work, and tell.
    Slice {
        /// For so long, the dropped part included.
        duration_ns: u64,
        /// The first part, which does not count.
        drop_ns: u64,
    },
    /// Close everything, tell what the trial cost, and end.
    Finish,
}

/// What the trial answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reply")]
pub enum Reply {
    /// It is set up: connections open, files written, actors waiting at the gate.
    Ready(Ready),
    /// It cannot be, and why: `unavailable`, `not-applicable` or `failed`.
    Refused {
        /// Which of them.
        state: State,
        /// Why, in one line.
        reason: String,
    },
    /// The warm-up is over.
    Warm(Slice),
    /// The slice is over and all actors are quiet.
    Slice(Slice),
    /// It is over.
    Finished(Finished),
    /// It cannot go on, and why.
    Failed {
        /// In one line.
        reason: String,
        /// The slice in which it happened, as far as it went.
        slice: Option<Slice>,
        /// Whether operations simply did not end in time.
        timed_out: bool,
    },
}

impl Reply {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::Refused { .. } => "refused",
            Self::Warm(_) => "warm",
            Self::Slice(_) => "slice",
            Self::Finished(_) => "finished",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A trial that waits for orders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ready {
    /// The process that works, for its CPU clock.
    pub pid: i32,
    /// Package, version, and where the version was read; the controller asks a declared program's version
    /// itself, and what stands here must agree with it.
    #[serde(default)]
    pub receipt: Option<(String, String, String)>,
    /// How it does things.
    #[serde(default)]
    pub card: BTreeMap<String, String>,
    /// Whether it has one worker by design.
    #[serde(default)]
    pub one_worker: bool,
    /// Where it listens, in [`Mode::Serve`].
    #[serde(default)]
    pub address: Option<std::net::SocketAddr>,
    /// By how much memory that is no file's (`RssAnon`) grew while the actors were started and brought to their gate.
    #[serde(default)]
    pub actors_anonymous_bytes: Option<u64>,
}

/// What one slice gave. Times are nanoseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slice {
    /// When the gate opened, on the host's monotonic clock.
    pub started_ns: u64,
    /// When the last actor was quiet.
    pub ended_ns: u64,
    /// The length of the window in which operations count.
    pub window_ns: u64,
    /// All operations of the slice, inside the window or not.
    pub operations: u64,
    /// Operations that ended inside the window.
    pub completed: u64,
    /// Operations that started inside the window.
    pub recorded: u64,
    /// Sum of the recorded times.
    #[serde(default)]
    pub sum_ns: Option<u64>,
    /// The median.
    #[serde(default)]
    pub p50_ns: Option<u64>,
    /// The 90th percentile.
    #[serde(default)]
    pub p90_ns: Option<u64>,
    /// The 99th percentile.
    #[serde(default)]
    pub p99_ns: Option<u64>,
    /// The largest value.
    #[serde(default)]
    pub max_ns: Option<u64>,
    /// CPU time of the whole program inside the window.
    #[serde(default)]
    pub cpu_ns: Option<u64>,
    /// Operations that the recorder had no room for.
    #[serde(default)]
    pub unrecorded: u64,
    /// Operations that did not end in time.
    #[serde(default)]
    pub unfinished: u32,
    /// The age of the oldest of them.
    #[serde(default)]
    pub oldest_unfinished_ns: u64,
    /// Base64 of the HdrHistogram V2 format; or else:
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
    /// Pairs of a time and how often it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Vec<(u64, u64)>>,
    /// Values of the workload's own figures, by their names; of each at most [`MOST_VALUES`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, Vec<f64>>,
    /// What an audit counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditCounts>,
}

/// What an audited trial counted in one slice, from the opening of the gate until all were quiet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCounts {
    /// How often memory was asked for.
    #[serde(default)]
    pub allocations: Option<u64>,
    /// How much.
    #[serde(default)]
    pub allocated_bytes: Option<u64>,
    /// Polls of tasks.
    #[serde(default)]
    pub polls: Option<PollCounts>,
    /// Why there are none.
    #[serde(default)]
    pub without_polls: Option<String>,
}

/// Polls of the actors' tasks and of the jobs that they spawned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollCounts {
    /// How many.
    pub polls: u64,
    /// Of these, on another thread than the same task's last one.
    pub migrations: u64,
    /// How long each held its worker: base64 of the HdrHistogram V2 format.
    pub histogram: String,
}

/// What a trial did and cost. Costs that are left out are read by the controller, from outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// For each actor: how many operations it did, and the sum of their digests.
    #[serde(deserialize_with = "actors")]
    pub actors: Vec<(u64, Digest)>,
    /// Operations that ended before the time that they had asked to wait.
    #[serde(default)]
    pub early: u64,
    /// What it really waited with: `blocking`, `epoll`, `io_uring`.
    #[serde(default)]
    pub backend: Option<String>,
    /// What it cost.
    #[serde(flatten, default)]
    pub costs: Option<Costs>,
}

/// What the kernel says of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// User CPU time.
    pub user_ns: u64,
    /// System CPU time.
    pub system_ns: u64,
    /// Times that a thread gave up the CPU.
    pub voluntary_switches: u64,
    /// Times that the CPU was taken from a thread.
    pub involuntary_switches: u64,
    /// The largest resident set.
    pub peak_rss_bytes: u64,
    /// What the recorder keeps resident.
    pub recorder_bytes: u64,
    /// Threads after the last slice.
    pub threads: u32,
}

/// A digest is a number, or 16 hexadecimal digits where a language's numbers end at 2⁵³.
fn actors<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<(u64, Digest)>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    let written: Vec<(u64, Written)> = Vec::deserialize(source)?;
    let read = |(operations, digest)| match digest {
        Written::Number(digest) => Ok((operations, Digest(digest))),
        Written::Text(text) => u64::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 16)
            .map(|digest| (operations, Digest(digest)))
            .ok_or_else(|| D::Error::custom(format!("'{text}' is not 16 hexadecimal digits"))),
    };
    written.into_iter().map(read).collect()
}

/// The variable that tells a child its temporary folder, if it has one.
pub const FOLDER: &str = "SIMUL_FOLDER";

/// What a peer says when it listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PeerReady {
    /// Where, if that is an address.
    pub address: Option<std::net::SocketAddr>,
    /// Where, if that is a Unix socket.
    pub socket: Option<std::path::PathBuf>,
    /// The process, for its CPU clock.
    pub pid: i32,
}
