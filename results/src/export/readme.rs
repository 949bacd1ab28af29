//! What stands in a README, and how is it kept up to date?
//!
//! Between two markers, each on a line of its own, stands a block that a command writes again: what the run says in
//! words, contest by contest, pictures, the first contest's table, and the commands that measured and wrote it. All outside of the markers stays as it is, letter by
//! letter. It must not know files. Read next: `markdown.rs`.

use super::markdown::{draw, escaped};
use crate::{
    RunRecord, Summary, ending, glance,
    grid::{self, Grid, Row},
    summary::ContestSummary,
    wording,
};

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
    let kind = if run.host.virtual_machine { " of a virtual machine" } else { "" };
    let mut text = String::new();
    if let Some(first) = summary.contests.first() {
        let folder = link(folder);
        text.push_str(&format!(
            "Measured by {} on {}, {}, {} cores{kind}, {}, in {}.",
            code(&command_of(run)),
            escaped(&run.host.processor),
            escaped(&run.host.system),
            run.host.cores.len(),
            escaped(day),
            ending::planned(run),
        ));
        for sentence in glance::overall(summary) {
            text.push_str(&format!(" {}", escaped(&sentence)));
        }
        text.push_str("\n\n");
        for contest in &summary.contests {
            text.push_str(&line(contest));
        }
        text.push('\n');
        for picture in pictures {
            let alternative = escaped(&alternative(summary, first, picture));
            text.push_str(&format!("![{alternative}]({folder}/{})\n\n", link(picture)));
        }
        text.push_str(&format!(
            "<details><summary>The first of them in numbers</summary>\n\n**{}**, {}. All tables: \
             [summary]({folder}/summary.md).\n\n",
            escaped(&first.contest.workload),
            escaped(&wording::conditions(first)),
        ));
        draw(&mut text, &narrowed(grid::numbers(first)));
        text.push_str("</details>\n\n");
    }
    text.push_str(&format!("This block is written by {}.\n", code(command)));
    text
}

/// A contest in one point of a list: what it is, what it asks, and what it says.
fn line(contest: &ContestSummary) -> String {
    let clauses = glance::clauses(contest);
    let (first, rest) = clauses.split_first().map_or(("", &[][..]), |(a, b)| (a.as_str(), b));
    let rest: String = rest.iter().map(|clause| format!("; {clause}")).collect();
    format!(
        "- **{}** ({}, {}), *{}* **{}**{}.\n",
        escaped(&contest.contest.workload),
        escaped(&contest.contest.load.to_string()),
        wording::placement(contest.contest.placement),
        escaped(&contest.question),
        escaped(first),
        escaped(&rest)
    )
}

/// What a picture shows and what there is to see in it, for whoever does not see it.
fn alternative(summary: &Summary, first: &ContestSummary, picture: &str) -> String {
    if picture.ends_with("heatmap.svg") {
        let found = summary.contests.iter().map(|contest| {
            let clauses = glance::clauses(contest);
            format!("{}: {}", contest.contest.workload, clauses[0])
        });
        let found: Vec<String> = found.collect();
        return format!(
            "Heat map of every runner's median against the best of each workload. {}.",
            found.join("; ")
        );
    }
    let clauses = glance::clauses(first);
    let most = clauses.len().min(2);
    format!(
        "Chart of {}: median, CPU per operation and throughput of every runner as ratios to {}, with 99.5 % intervals. {}.",
        first.contest.workload,
        first.baseline.as_deref().unwrap_or("the baseline"),
        clauses[..most].join("; ")
    )
}

/// Columns that a first look does without, by how their titles begin.
const LEFT_OUT: [&str; 5] = ["p90 ", "p99.9 ", "service p99 ", "peer ", "generator "];

/// The table without what stands in the summary anyway, and without notes on what is then not there.
fn narrowed(grid: Grid) -> Grid {
    let is_kept = |at: usize| !LEFT_OUT.iter().any(|title| grid.header[at].starts_with(title));
    let kept: Vec<usize> = (0..grid.header.len()).filter(|at| is_kept(*at)).collect();
    let of = |texts: &[String]| kept.iter().map(|at| texts[*at].clone()).collect::<Vec<String>>();
    let rows: Vec<Row> =
        grid.rows.iter().map(|row| Row { texts: of(&row.texts), ..row.clone() }).collect();
    let has_dash = rows.iter().any(|row| row.texts.iter().any(|text| text == grid::TOO_FEW));
    let is_of_dash = |note: &String| note.starts_with(&format!("{}:", grid::TOO_FEW));
    let notes = grid.notes.iter().filter(|note| has_dash || !is_of_dash(note)).cloned().collect();
    Grid { header: of(&grid.header), rows, notes }
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
    use crate::synthetic;

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

    fn summary() -> Summary {
        Summary::of(&synthetic::recording(&["tokio", "smol"], 6, 2, 600)).unwrap()
    }

    #[test]
    fn pictures_say_what_they_show() {
        let pictures = ["charts/heatmap.svg".into(), "charts/echo.effect.svg".into()];
        let text = block(&summary(), "runs/one", "simul report", &pictures);
        let images: Vec<&str> = text.lines().filter(|line| line.starts_with("![")).collect();
        assert_eq!(images.len(), 2, "{text}");
        assert!(images[0].starts_with("![Heat map of every runner's median"), "{}", images[0]);
        assert!(images[0].contains("echo:64: tokio is fastest"), "{}", images[0]);
        assert!(images[0].ends_with(".](runs/one/charts/heatmap.svg)"), "{}", images[0]);
        assert!(
            images[1].contains(
                "as ratios to tokio, with 99.5 % intervals. tokio is fastest; behind: smol"
            )
        );
        assert!(
            text.contains(
                "\n- **echo:64** (closed-32, runner and peer on separate cores), *How fast"
            ),
            "{text}"
        );
        assert!(text.contains("* **tokio is fastest**; behind: smol +1"), "{text}");
    }

    #[test]
    fn the_table_has_few_columns_and_no_note_on_others() {
        let text = block(&summary(), "run", "simul report", &[]);
        let header = text.lines().find(|line| line.starts_with("| runner")).unwrap();
        assert_eq!(header, "| runner | ops/s | p50 µs | p99 µs | CPU µs/op |");
        assert!(!text.contains("fewer than ten operations"), "{text}");
        assert!(text.contains("\n- ±: to the further end"), "{text}");
        // A table within details needs empty lines around it.
        assert!(text.contains("\n\n| runner") && text.contains("\n\n</details>"), "{text}");
    }

    #[test]
    fn recorded_text_cannot_leave_its_place() {
        assert_eq!(code("a`b\nc"), "`a'b c`");
        assert_eq!(link("a b/(c).svg"), "a%20b/%28c%29.svg");
    }
}
