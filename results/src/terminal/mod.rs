//! How does a stored run look in a terminal, with small charts?
//!
//! All contests as tables with a sparkline of each runner's percentiles, or one cell with its spectrum and its course.
//! Tables are comfy-table's. The charts are letters: a sparkline is a line of eighths of blocks, and the crates that
//! draw terminal charts (textplots, rasciigraph) draw curves of dots for which a table has no room. Widths are
//! asked of the caller, as are colours: the text may go to a file. It must not compute estimates. Read next: `spark.rs`.

mod cell;
mod overview;
mod spark;

pub use cell::cell;
pub use overview::overview;

/// What the place can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns.
    pub width: usize,
    /// Whether letters may be bold or faint.
    pub styled: bool,
}

impl Screen {
    /// Narrower places get lines that are cut off by whoever shows them.
    pub const LEAST_WIDTH: usize = 40;

    fn heading(self, text: &str) -> String {
        self.in_style("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.in_style("2", text)
    }

    /// The text, with a code of ECMA-48 before and the end of all codes behind it.
    fn in_style(self, code: &str, text: &str) -> String {
        if self.styled { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A long line as several, broken between words; what stands below the first is indented.
    fn wrapped(self, text: &str) -> String {
        if text.chars().count() <= self.width {
            return text.to_owned();
        }
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ') {
            let length = line.chars().count() + 1 + word.chars().count();
            if !line.trim().is_empty() && length > self.width {
                lines.push(std::mem::replace(&mut line, "  ".into()));
            }
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_the_place() {
        let screen = Screen { width: 12, styled: false };
        assert_eq!(screen.wrapped("one two three four"), "one two\n  three four");
        assert_eq!(screen.wrapped("aaaaaaaaaaaaaaaaaa b"), "aaaaaaaaaaaaaaaaaa\n  b");
        assert_eq!(screen.wrapped("  a   b"), "  a   b", "what fits stays as it is");
        assert_eq!(screen.heading("a"), "a");
        assert_eq!(Screen { styled: true, ..screen }.heading("a"), "\u{1b}[1ma\u{1b}[0m");
    }
}
