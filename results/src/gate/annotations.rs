//! How does GitHub take an outcome: as which workflow commands?
//!
//! Each is a line `::kind title=…::text`, which GitHub shows beside the change. It shows ten of a kind and step, so what
//! is said of all stands first. A line ends a command, and `:` and `,` end a property, so texts are escaped as GitHub's
//! own toolkit does (actions/toolkit, packages/core/src/command.ts). Next: `shown.rs`, the other forms.

use super::{
    Finding,
    outcome::Verdict,
    shown::{Told, sentence, value},
};
use crate::wording::plain;

impl Told {
    /// One command for the whole, and one for each cell that is not simply good.
    #[must_use]
    pub fn github(&self) -> String {
        let kind = match self.outcome.exit_code(self.allow_undecided) {
            0 => "notice",
            _ => "error",
        };
        let whole: Vec<String> = self.can_find().into_iter().chain([self.overall()]).collect();
        let mut lines = vec![format!("::{kind} title=simul ab::{}", data(&whole.join("; ")))];
        for pair in &self.outcome.pairs {
            let kind = match pair.verdict {
                Verdict::Worse | Verdict::Failed => "error",
                Verdict::Undecided | Verdict::NoVerdict => "warning",
                Verdict::Absent => "notice",
                Verdict::Better | Verdict::Equivalent => continue,
            };
            let title = property(&format!("simul ab: {}", plain(&pair.first.cell)));
            let mut text = sentence(pair);
            for compared in pair.first.metrics.iter().filter(|it| it.finding == Finding::Worse) {
                text.push_str(&format!("; {} {}", compared.metric.name(), value(compared)));
            }
            lines.push(format!("::{kind} title={title}::{}", data(&text)));
        }
        lines.join("\n")
    }
}

/// What stands after a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Obstacle, Pair, outcome::Outcome};

    #[test]
    fn nothing_in_a_text_ends_a_command_or_begins_another() {
        assert_eq!(data("50 %\r\n::error::x, y"), "50 %25%0D%0A::error::x, y");
        assert_eq!(property("a:b,c%3A"), "a%3Ab%2Cc%253A");
    }

    #[test]
    fn the_whole_stands_first_and_what_was_not_compared_is_a_notice() {
        let pair = |cell: &str, obstacle| Pair {
            contest: "echo:64/closed-1@one-core".into(),
            runner: "a".into(),
            cell: cell.into(),
            blocks: 0,
            obstacle: Some(obstacle),
            metrics: Vec::new(),
            null: Vec::new(),
            missing: Vec::new(),
            suspected: Vec::new(),
        };
        let pairs = vec![
            pair("echo:64/a,b/closed-1@one-core", Obstacle::Fault("100% of\nit".into())),
            pair("x", Obstacle::Absent("no core".into())),
        ];
        let told = Told {
            outcome: Outcome::of(pairs, &[], 0.03),
            base: String::new(),
            new: String::new(),
            plan: String::new(),
            spent: String::new(),
            allow_undecided: false,
        };
        let lines = [
            "::error title=simul ab::failed (exit code 1)",
            "::error title=simul ab%3A echo%3A64/a%2Cb/closed-1@one-core::failed: 100%25 of it",
            "::notice title=simul ab%3A x::not compared: no core",
        ];
        assert_eq!(told.github(), lines.join("\n"));
    }
}
