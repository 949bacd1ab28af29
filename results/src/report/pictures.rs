//! Which charts does a report have, and what are their files called?
//!
//! A heat map over all contests, and a few charts a contest, named after it:
//! `echo-64-closed-32-separate.spectrum.svg`. Names hold nothing but letters, digits, `-`, `_` and `.`, and
//! differ. It must not know HTML. Read next: `html.rs`.

use crate::{
    Contest, Summary,
    chart::{
        Drawing, Palette, climb, cost, course, effect, heatmap, omission, price, scaling, spectrum,
    },
    parallel,
    summary::ContestSummary,
};
use std::collections::BTreeSet;

/// One chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Its file's name.
    pub file: String,
    /// The SVG document.
    pub svg: String,
    /// What it was made of, for whoever wants it as something else.
    pub drawing: Drawing,
}

impl Picture {
    fn new(file: String, drawing: Drawing) -> Self {
        Self { file, svg: drawing.svg(), drawing }
    }

    /// The name of its file as an image.
    #[must_use]
    pub fn png_file(&self) -> String {
        format!("{}.png", self.file.trim_end_matches(".svg"))
    }

    /// The image, two pixels for each unit.
    ///
    /// # Errors
    /// It is too large for an image.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        self.drawing.png()
    }
}

/// All charts of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// Over all contests; `None` without any.
    pub heatmap: Option<Picture>,
    /// By contest, in the order of the plan: spectrum, course, omission (open loads), effects (with a measured
    /// baseline), cost, prices, and with the first of those that differ in their actors alone the scaling; of a sweep
    /// the climb alone.
    pub contests: Vec<Vec<Picture>>,
}

impl Pictures {
    /// Draws everything.
    #[must_use]
    pub fn of(summary: &Summary, palette: &Palette) -> Self {
        let mut names = BTreeSet::new();
        let named: Vec<(&ContestSummary, String)> = summary
            .contests
            .iter()
            .map(|contest| (contest, unused(stem(&contest.contest), &mut names)))
            .collect();
        let contests =
            parallel::map(&named, |(contest, name)| drawn(summary, contest, palette, name));
        let mapped = summary.contests.iter().any(|contest| !contest.contest.load.is_sweep());
        let heatmap =
            mapped.then(|| Picture::new("heatmap.svg".into(), heatmap::draw(summary, palette)));
        Self { heatmap, contests }
    }

    /// All of them, in the order of the report.
    pub fn all(&self) -> impl Iterator<Item = &Picture> {
        self.heatmap.iter().chain(self.contests.iter().flatten())
    }
}

/// The charts of one contest.
fn drawn(
    summary: &Summary,
    contest: &ContestSummary,
    palette: &Palette,
    name: &str,
) -> Vec<Picture> {
    let named = |kind: &str, drawing| Picture::new(format!("{name}.{kind}.svg"), drawing);
    if contest.contest.load.is_sweep() {
        let climb = climb::draw(contest, palette);
        return climb.map(|chart| named("climb", chart)).into_iter().collect();
    }
    let mut pictures = vec![named("spectrum", spectrum::draw(contest, palette))];
    pictures.extend(course::draw(contest, palette).map(|chart| named("course", chart)));
    pictures.extend(omission::draw(contest, palette).map(|chart| named("omission", chart)));
    pictures.extend(effect::draw(contest, palette).map(|chart| named("effect", chart)));
    pictures.push(named("cost", cost::draw(contest, palette)));
    pictures.extend(price::draw(contest, palette).map(|chart| named("price", chart)));
    pictures.extend(scaling::draw(summary, contest, palette).map(|chart| named("scaling", chart)));
    pictures
}

/// A contest's name as a part of a file's name.
fn stem(contest: &Contest) -> String {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => letter,
        _ => '-',
    };
    // A file's name has at most 255 bytes; the kind and a number need some of them.
    contest.to_string().chars().map(plain).take(200).collect()
}

/// The name, with a number if it is taken: `a:b` and `a-b` are different contests. Systems that do not tell
/// `A` from `a` must not overwrite either.
fn unused(stem: String, names: &mut BTreeSet<String>) -> String {
    let mut name = stem.clone();
    let mut number = 2;
    while !names.insert(name.to_lowercase()) {
        name = format!("{stem}-{number}");
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Load, Placement};

    #[test]
    fn names_of_files_are_harmless_and_differ() {
        let contest = |workload: &str| Contest {
            workload: workload.into(),
            load: Load::Closed(32),
            placement: Placement::Separate,
        };
        assert_eq!(stem(&contest("echo:64")), "echo-64-closed-32-separate");
        assert_eq!(stem(&contest("../x\0")), "---x--closed-32-separate");
        let mut names = BTreeSet::new();
        assert_eq!(unused("a".into(), &mut names), "a");
        assert_eq!(unused("A".into(), &mut names), "A-2");
        assert_eq!(unused("a".into(), &mut names), "a-3");
    }
}
