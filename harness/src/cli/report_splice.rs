//! Write a run's results between the markers of a README.
//!
//! The new document is written beside the old one and takes its name when it is whole, so that nobody ever sees half of
//! it, and it is left alone where nothing changes. It must not know what the block says. Read next:
//! `results/src/export/readme.rs`.

use super::say;
use crate::exit::Failure;
use simul_results::{
    Summary,
    chart::Palette,
    export::readme,
    report::{CHARTS_FOLDER, Pictures},
};
use std::{
    fs,
    io::Write,
    path::{Component, Path, PathBuf},
    process::ExitCode,
};

/// Writes the results of the run into the document. Of several runs the block would state a wrong origin: it has one
/// command, one day and one folder.
///
/// # Errors
/// No such document, one without markers, or one that cannot be written.
pub(super) fn splice(document: &Path, run: &Path, summary: &Summary) -> Result<ExitCode, Failure> {
    let shown = document.display();
    let unread = |error: std::io::Error| {
        Failure::BadInput(format!(
            "cannot read '{shown}': {error}; name the file that has the markers"
        ))
    };
    // A link stays a link: what it points to is written.
    let path = fs::canonicalize(document).map_err(unread)?;
    let text = fs::read_to_string(&path).map_err(unread)?;
    let home = path.parent().unwrap_or(Path::new("/"));
    let seen = from(home, &fs::canonicalize(run).map_err(super::broken)?);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let command = format!("simul report {seen} --splice {name}");
    let block = readme::block(summary, &seen, &command, &pictures(run, summary));
    let spliced = readme::splice(&text, &block)
        .map_err(|error| Failure::BadInput(format!("'{shown}' {error}")))?;
    if spliced == text {
        say(&format!("{shown}: nothing has changed"))?;
    } else {
        replace(&path, &spliced)?;
        say(&format!("{shown}: the results are those of {seen}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The heat map, and the effects of the first contest, where these files are there.
fn pictures(run: &Path, summary: &Summary) -> Vec<String> {
    let pictures = Pictures::of(summary, &Palette::of(summary));
    let effect = pictures.contests.first().into_iter().flatten();
    let effect = effect.filter(|picture| picture.file.ends_with(".effect.svg"));
    let files = pictures.heatmap.iter().chain(effect).map(|picture| &picture.file);
    let files = files.map(|file| format!("{CHARTS_FOLDER}/{file}"));
    files.filter(|file| run.join(file).is_file()).collect()
}

/// The way from a folder to another path, both without links in them.
fn from(home: &Path, target: &Path) -> String {
    let common = home.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let up = home.components().skip(common).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(target.components().skip(common)).collect();
    if way.as_os_str().is_empty() { ".".into() } else { way.to_string_lossy().into_owned() }
}

/// Puts a text in the place of a file, whole or not at all, with the same rights.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let broken = |error: std::io::Error| {
        Failure::Broken(format!("cannot write '{}': {error}; it is as it was", path.display()))
    };
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(broken)?;
    file.write_all(text.as_bytes()).map_err(broken)?;
    let rights = fs::metadata(path).map_err(broken)?.permissions();
    file.as_file().set_permissions(rights).map_err(broken)?;
    file.as_file().sync_all().map_err(broken)?;
    file.persist(path).map_err(|error| broken(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_go_up_and_down() {
        let from = |home: &str, target: &str| super::from(Path::new(home), Path::new(target));
        assert_eq!(from("/a/b", "/a/b/results/x"), "results/x");
        assert_eq!(from("/a/b/c", "/a/x"), "../../x");
        assert_eq!(from("/a", "/a"), ".");
    }
}
