//! What stands in a README, and how is it kept up to date?
//!
//! Between two markers, each on a line of its own, stands a block that a command writes again: the first contest's
//! table, pictures, and the commands that measured and wrote it. All outside of the markers stays as it is, letter by
//! letter. It must not know files. Read next: `markdown.rs`.

use super::markdown::{draw, escaped};
use crate::{RunRecord, Summary, grid, wording};

/// The line above the block.
pub const BEGIN: &str = "<!-- simul:results -->";
/// The line below it.
pub const END: &str = "<!-- /simul:results -->";

/// Why a document cannot take a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// Not exactly one of each, in this order.
    #[error(
        "needs one line '{BEGIN}' and below it one line '{END}', between which the results go; put them in"
    )]
    Markers,
}

/// The document with the block between its markers.
///
/// # Errors
/// There is not exactly one of each marker, or they are the wrong way round.
pub fn splice(document: &str, block: &str) -> Result<String, SpliceError> {
    let mut at = 0;
    let (mut begins, mut ends) = (Vec::new(), Vec::new());
    for line in document.split_inclusive('\n') {
        match line.trim_end() {
            BEGIN => begins.push(at + line.len()),
            END => ends.push(at),
            _ => {}
        }
        at += line.len();
    }
    match (begins.as_slice(), ends.as_slice()) {
        ([begin], [end]) if begin <= end => {
            Ok(format!("{}\n{}\n\n{}", &document[..*begin], block.trim(), &document[*end..]))
        }
        _ => Err(SpliceError::Markers),
    }
}

/// The block of a run; `folder` is where it lies as the README sees it, `pictures` are files in it.
#[must_use]
pub fn block(summary: &Summary, folder: &str, command: &str, pictures: &[String]) -> String {
    let run = &summary.run;
    let day = run.started.split('T').next().unwrap_or_default();
    let mut text = String::new();
    if let Some(contest) = summary.contests.first() {
        let folder = link(folder);
        text.push_str(&format!(
            "**{}**, {}: *{}* Measured by {} on {}, {}, {} cores, {}; all tables: [summary]({folder}/summary.md).\n\n",
            escaped(&contest.contest.workload),
            escaped(&wording::conditions(contest)),
            escaped(&contest.question),
            code(&command_of(run)),
            escaped(&run.host.processor),
            escaped(&run.host.system),
            run.host.cores.len(),
            escaped(day),
        ));
        draw(&mut text, &grid::numbers(contest));
        for picture in pictures {
            let name = escaped(picture.trim_start_matches("charts/").trim_end_matches(".svg"));
            text.push_str(&format!("![{name}]({folder}/{})\n\n", link(picture)));
        }
    }
    text.push_str(&format!("This block is written by {}.\n", code(command)));
    text
}

/// The command line without the folder of its program, which is nobody's business.
fn command_of(run: &RunRecord) -> String {
    let (program, rest) = run.command.split_first().map_or(("", &[][..]), |(first, rest)| {
        (first.rsplit(['/', '\\']).next().unwrap_or_default(), rest)
    });
    let words = [program].into_iter().chain(rest.iter().map(String::as_str));
    words.collect::<Vec<_>>().join(" ")
}

/// Recorded text as code, which cannot end the code.
fn code(text: &str) -> String {
    format!("`{}`", wording::plain(text).replace('`', "'"))
}

/// A path as an address.
fn link(path: &str) -> String {
    let mut address = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'~' => {
                address.push(char::from(byte));
            }
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_of_the_markers_stays() {
        let document = format!("# a\r\n{BEGIN}\r\nold\n{END}  \ntail `{BEGIN}` without end");
        let once = splice(&document, "\nnew\n\n").unwrap();
        assert_eq!(once, format!("# a\r\n{BEGIN}\r\n\nnew\n\n{END}  \ntail `{BEGIN}` without end"));
        assert_eq!(splice(&once, "new").unwrap(), once, "once more changes nothing");
    }

    #[test]
    fn documents_without_one_pair_are_refused() {
        for document in [
            String::new(),
            BEGIN.into(),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{BEGIN}\n{END}\n"),
            format!("{BEGIN}\n{END}\n{END}\n"),
        ] {
            assert_eq!(splice(&document, "x"), Err(SpliceError::Markers), "{document}");
        }
    }

    #[test]
    fn recorded_text_cannot_leave_its_place() {
        assert_eq!(code("a`b\nc"), "`a'b c`");
        assert_eq!(link("a b/(c).svg"), "a%20b/%28c%29.svg");
    }
}
