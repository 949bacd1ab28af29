//! What do the words of a report mean?
//!
//! The fewest that a reader needs who has never heard of us, each in a sentence; the method says the rest. It must not
//! know what was measured. Read next: `method.rs`.

use maud::{Markup, html};

const WORDS: [(&str, &str); 11] = [
    (
        "runner",
        "A way of running things at once: threads, a pool, an asynchronous runtime, a program in another language.",
    ),
    (
        "workload",
        "What is done, with its size behind the colon: echo:64 sends messages of 64 bytes there and back.",
    ),
    (
        "contest, cell",
        "A contest is a workload under a load and on certain cores, which all runners do in the same rounds; a cell is \
         one runner in it.",
    ),
    (
        "load",
        "closed-32: 32 actors, each of which waits for an answer before it asks again. open-1000: 1,000 requests a second, \
         whatever the server does.",
    ),
    (
        "cores",
        "separate: the runner has one core, and whom it talks to another; one-core: everything shares one; all-cores: \
         the runner has them all.",
    ),
    (
        "median, p99",
        "Half of the operations took no longer than the median (p50), and all but one in a hundred no longer than p99.",
    ),
    (
        "what is timed",
        "Service time: from the end of an actor's last operation to the end of its next one, so every queue counts. \
         Lateness: how much later than wanted. Makespan: from the first start to the last end. Response time (open loads \
         only): from when a request was due to its answer.",
    ),
    (
        "null arm",
        "One runner a second time, with ~null behind its name: what the two differ by is noise, since they are the same.",
    ),
    ("floor", "The same work without any runtime: what the machine itself costs."),
    (
        "tie, undecided",
        "A tie: shown to differ by less than 3 %. Undecided: these blocks cannot tell, and more might.",
    ),
    (
        "grade",
        "A: nothing was found in the numbers. B: something is to be read with them. F: they describe something else than \
         the runner, and are not ranked.",
    ),
];

/// The words, folded away.
pub(super) fn words() -> Markup {
    html! {
        details {
            summary { "Words used here" }
            dl.lines { @for (word, meaning) in WORDS { dt { (word) } dd { (meaning) } } }
        }
    }
}
