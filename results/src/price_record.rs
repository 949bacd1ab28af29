//! What did a slice, and a trial, cost besides time? The shapes that `trials.jsonl` has for it.
//!
//! All of it is read from the kernel, from outside, between slices: so programs in all languages are read alike and no
//! window pays for it. What cannot be read is `null`, never 0. Of a program with several processes it is the sum over
//! all of them. It must not know how it was read. Read next: [`crate::record`].

use serde::{Deserialize, Serialize};

/// The price of one slice, drop and drain included: from just before its order until all was quiet again. CPU time
/// stands in the slice itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SlicePriceRecord {
    /// Times that a living thread gave up the CPU. `null` also where threads that have ended took more than a
    /// hundredth of the CPU time with them: what they did is lost.
    pub voluntary_switches: Option<u64>,
    /// Times that the CPU was taken from a living thread; `null` likewise.
    pub involuntary_switches: Option<u64>,
    /// How long its living threads were ready to run and had no core, all added up; `null` likewise, and in kernels
    /// without scheduler statistics.
    pub run_queue_wait_ns: Option<u64>,
    /// Page faults that needed no disk.
    pub minor_faults: Option<u64>,
    /// Page faults that did.
    pub major_faults: Option<u64>,
    /// Bytes that came in through the calls of the `read` family, the trial's own orders (some 60 bytes) among them. What comes through `recv`, a ring or a memory map is
    /// in none of them, so that two runners may be told apart by nothing but the call that they use.
    pub read_call_bytes: Option<u64>,
    /// Bytes that went out through the calls of the `write` family; likewise, with the answer (1 KiB and more).
    pub write_call_bytes: Option<u64>,
    /// Bytes through the loopback interface meanwhile, with all headers: requests, answers and acknowledgements of
    /// whoever used it, which is normally this trial and its peer alone.
    pub loopback_bytes: Option<u64>,
    /// Threads after the slice.
    pub threads: Option<u32>,
    /// The resident set after the slice, recorder included.
    pub rss_bytes: Option<u64>,
}

/// What is known of a whole trial, besides its `costs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TrialPriceRecord {
    /// Processes of the trial after its last slice.
    pub processes: Option<u32>,
    /// The most threads that were seen between slices. Those that came and went within one are not seen.
    pub threads_peak: Option<u32>,
    /// The resident set when everything was set up and nothing had been done, recorder included.
    pub rss_ready_bytes: Option<u64>,
    /// The resident set after the last slice, idle, recorder included.
    pub rss_idle_bytes: Option<u64>,
    /// By how much resident memory that is no file's (heap and stacks) grew while the actors were started, connected and
    /// brought to their gate: what so many live actors keep, and what the runtime takes with its first ones. `null` of
    /// programs that do not tell.
    pub actors_anonymous_bytes: Option<u64>,
    /// How many actors that were.
    pub actors: u32,
    /// How long the trial waited while others worked, all waits added up.
    pub rested_ns: u64,
    /// Whether the switches in `costs` count threads that have ended too: so it is where the trial tells them itself.
    pub whole_switches: bool,
    /// Whether it was stopped while others worked, for it had burnt CPU then.
    pub parked: bool,
}
