//! How are the terms of a recording said in words?
//!
//! States, placements and grades each have one sentence, the same in tables, charts and reports; findings have
//! theirs in [`crate::auditor::words`]; how a run ended is told in [`crate::ending`]. And recorded text is made
//! harmless here before it reaches a terminal. It
//! must not know numbers. Read next: `grid.rs`.

use crate::{
    Contest, Placement, Summary,
    auditor::Grade,
    ending, quantity,
    record::State,
    summary::{CellSummary, ContestSummary, Hiccups, Surroundings},
};

/// A state in words.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Measured => "measured",
        State::Failed => "failed",
        State::TimedOut => "timed out",
        State::Unavailable => "unavailable",
        State::NotApplicable => "not applicable",
        State::Discarded => "discarded",
    }
}

/// How many cells have which grade, and what that means.
#[must_use]
pub fn grades(summary: &Summary) -> String {
    let count = |grade| summary.cells().filter(|(_, cell)| cell.grade() == Some(grade)).count();
    let [a, b, f] = [Grade::A, Grade::B, Grade::F].map(count);
    match a + b + f {
        0 => "grades: nothing was measured".into(),
        all => format!(
            "of {all} measured cells {a} have grade A (nothing was found), {b} B (something is to be read with them), {f} F \
             (not ranked)"
        ),
    }
}

/// A state in at most five letters, for narrow places.
#[must_use]
pub fn short_state(state: State) -> &'static str {
    match state {
        State::Measured => "",
        State::Failed => "fail",
        State::TimedOut => "time",
        State::Unavailable => "unav.",
        State::NotApplicable => "n/a",
        State::Discarded => "wrong",
    }
}

/// A placement in words.
#[must_use]
pub fn placement(placement: Placement) -> &'static str {
    match placement {
        Placement::Separate => "runner and peer on separate cores",
        Placement::OneCore => "all on one core",
        Placement::AllCores => "all cores",
        Placement::Unpinned => "unpinned",
    }
}

/// What every table and chart of a contest says of it: load, placement, blocks and measure.
#[must_use]
pub fn conditions(contest: &ContestSummary) -> String {
    let Contest { load, placement: place, .. } = &contest.contest;
    let mut parts = vec![load.to_string()];
    if let Some(arrivals) = load.arrivals() {
        parts.push(format!("open load, arrivals {}", arrivals.title()));
    }
    parts.extend(contest.open.as_ref().map(|open| format!("{} connections", open.connections)));
    parts.push(match (load.is_open(), place) {
        (true, Placement::Separate) => "server and generator on separate cores".into(),
        _ => placement(*place).to_owned(),
    });
    parts.push(blocks(contest.blocks()));
    parts.push(contest.measure.title().into());
    parts.join(" · ")
}

/// What the spread of estimates over so many blocks is.
#[must_use]
pub fn spread(blocks: u32) -> &'static str {
    match blocks {
        0 => "nothing was measured",
        1 => "one block shows no spread: do not compare these numbers",
        2..=5 => "±: to the furthest block (fewer than six blocks carry no 95 % interval)",
        _ => "±: to the further end of the 95 % interval of the median over blocks",
    }
}

/// All that must be said of a summary that is not whole.
#[must_use]
pub fn warnings(summary: &Summary) -> Vec<String> {
    [ending::unfinished(summary), torn(summary)].into_iter().flatten().collect()
}

/// Said of a recording whose last line was torn; `None` of a whole one.
#[must_use]
pub fn torn(summary: &Summary) -> Option<String> {
    summary.torn.then(|| "the last line of the recording was torn and has been left out".into())
}

/// What went on around the measurement, line by line: strangers, the machine itself, and what could not be seen. None
/// of recordings that do not know.
#[must_use]
pub fn surroundings(summary: &Summary) -> Vec<String> {
    let Surroundings { slices, set_aside, watched, foreign_cores, estimated_cores, hiccups } =
        summary.surroundings;
    let mut lines = Vec::new();
    if watched > 0 {
        let unwatched = match slices - watched {
            0 => String::new(),
            count => format!("; {count} of {slices} slices could not be watched"),
        };
        lines.push(format!(
            "strangers used {foreign_cores:.3} cores ({estimated_cores:.3} of them estimated); {set_aside} of \
             {slices} slices were set aside for them and run again{unwatched}"
        ));
    }
    if let Some(Hiccups { median_share, most_share, longest_ns, blocks }) = hiccups {
        let longest = quantity::time(longest_ns as f64);
        lines.push(format!(
            "the machine itself took {:.2} % of the time (median of {}; at most {:.2} %), {longest} at a time at most",
            100.0 * median_share,
            self::blocks(blocks as u32),
            100.0 * most_share,
        ));
    }
    let watch = summary.run.watch.iter();
    lines.extend(
        watch.flat_map(|watch| &watch.unseen).map(|text| format!("not seen: {}", plain(text))),
    );
    lines
}

/// A number of blocks.
#[must_use]
pub fn blocks(count: u32) -> String {
    if count == 1 { "1 block".into() } else { format!("{count} blocks") }
}

/// Why a cell has no numbers: `unavailable: the kernel has no io_uring`.
#[must_use]
pub fn absence(cell: &CellSummary) -> String {
    let why = cell.reason.as_deref().map_or_else(String::new, |why| format!(": {}", plain(why)));
    format!("{}{why}", state(cell.state))
}

/// Recorded text without characters that command a terminal or reorder a line; line ends become spaces.
#[must_use]
pub fn plain(text: &str) -> String {
    let harmless = |letter: char| match letter {
        '\n' | '\r' | '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
        _ => letter,
    };
    text.chars().map(harmless).collect()
}

/// A word as a shell reads it.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@+%~".contains(letter);
    if !word.is_empty() && !word.starts_with('~') && word.chars().all(harmless) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_a_terminal_are_taken_out() {
        assert_eq!(plain("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb c");
        assert_eq!(plain("\u{202e}x"), "\u{fffd}x");
        assert_eq!(plain("µs é"), "µs é");
    }

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        assert_eq!(shell_word("--runners=a,b"), "--runners=a,b");
        assert_eq!(shell_word("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!([shell_word(""), shell_word("~me")], ["''", "'~me'"]);
    }
}
