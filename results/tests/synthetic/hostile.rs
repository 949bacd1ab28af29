//! A recording in which every free text is an attack: what was recorded came from programs, machines and command
//! lines, and none of it may become anything but text.
//!
//! It walks the JSON of a recording, so that a field that is added tomorrow is attacked too. The same text always
//! becomes the same attack, so what belongs together stays together.

use serde_json::{Map, Value};
use simul_results::{RunRecord, TrialRecord, store::Recording};
use std::collections::BTreeMap;

/// What may stand in a text. How it begins matters in spreadsheets and in Markdown, so each begins otherwise.
pub(crate) const ATTACKS: [&str; 4] = [
    "<script>alert(1)</script></script><!--<script>\"'><img src=x onerror=alert(1)>]]></style></svg></td>\
     </table>-->&lt;b&gt;&#60;i&#62;",
    "=1+1|calc\none\r\n::error::two\r\n# EOF\n%0A%s%n%25 {0} ${alert(1)} {{7*7}}",
    "@SUM(A1) | a |\n|---|\n```\n[x](javascript:alert(1)) ![y](http://z.example) <http://z.example> `",
    "- \u{202e}right\u{2066}to left\u{200f}\0\u{1b}[31m\u{1b}]0;title\u{7}\u{7f}\u{85}\u{fffe} 🧵é漢字\u{300}\u{301}\u{200b}\u{feff}",
];

/// Fields whose values are words of the format, not free text: enumerations, histograms, and what is made again from
/// the others.
const WORDS: [&str; 11] = [
    "state",
    "role",
    "placement",
    "measure",
    "load",
    "saturated",
    "histogram",
    "poll_histogram",
    "cell",
    "cells",
    "marks",
];

/// Fields that hold names which the recording chooses itself.
const NAMED: [&str; 7] = ["parameters", "card", "figures", "errors", "servers", "absent", "calls"];

/// The recording, with this before and after every free text.
pub(crate) fn attacked(recording: &Recording, attack: &str) -> Recording {
    rewritten(recording, &|text| format!("{attack}{text}{attack}"))
}

/// The recording, with every free text rewritten.
pub(crate) fn rewritten(recording: &Recording, rewrite: &dyn Fn(&str) -> String) -> Recording {
    let mut cells = BTreeMap::new();
    let mut trial = |trial: &TrialRecord| {
        let mut value = serde_json::to_value(trial).expect("records are plain data");
        walk(&mut value, "", rewrite);
        let mut new: TrialRecord = serde_json::from_value(value).expect("its shape is kept");
        // Known marks decide who is ranked; an unknown one is free text.
        new.marks.push(rewrite("mark"));
        new.cell = new.identity().expect("loads are not rewritten").to_string();
        cells.insert(trial.cell.clone(), new.cell.clone());
        new
    };
    let trials = recording.trials.iter().map(&mut trial).collect();
    let audits = recording.audits.iter().map(&mut trial).collect();
    let mut value = serde_json::to_value(&recording.run).expect("records are plain data");
    walk(&mut value, "", rewrite);
    let mut run: RunRecord = serde_json::from_value(value).expect("its shape is kept");
    for cell in run.plan.contests.iter_mut().flat_map(|contest| &mut contest.cells) {
        cell.clone_from(&cells[cell]);
    }
    Recording { run, trials, audits, torn: recording.torn }
}

fn walk(value: &mut Value, field: &str, rewrite: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = rewrite(text),
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, "", rewrite)),
        Value::Object(fields) => {
            if NAMED.contains(&field) {
                let old: Map<String, Value> = std::mem::take(fields);
                fields.extend(old.into_iter().map(|(name, value)| (rewrite(&name), value)));
            }
            let free = fields.iter_mut().filter(|(name, _)| !WORDS.contains(&name.as_str()));
            free.for_each(|(name, value)| walk(value, name, rewrite));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}
