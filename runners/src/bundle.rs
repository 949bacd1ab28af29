//! Which runner programs does simul bring along?
//!
//! The files of `runners/python`, `runners/go` and `runners/node`, built into the binary, so that it works wherever it
//! is run. Every `*.toml` among them is a declaration. They are read by the build script: to add a program,
//! put its files there. It must not start anything. Next: [`crate::program`].

use crate::program::{DeclarationError, Program, parse};
use std::{fs, io, path::Path};

include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// Writes all files below a folder, which must exist.
///
/// # Errors
/// Whatever the operating system says.
pub fn unpack(folder: &Path) -> io::Result<()> {
    for (name, content) in FILES {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

/// The declared programs, as if unpacked below this folder.
///
/// # Errors
/// A declaration that is malformed, which a test of this crate forbids.
pub fn programs(folder: &Path) -> Result<Vec<Program>, DeclarationError> {
    let mut programs = Vec::new();
    for (name, content) in FILES.iter().filter(|(name, _)| name.ends_with(".toml")) {
        programs.extend(parse(&String::from_utf8_lossy(content), &folder.join(name))?);
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_brought_along_is_well_declared_and_unpacks() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path()).unwrap();
        for program in programs(folder.path()).unwrap() {
            assert!(program.folder.is_dir(), "{}", program.name);
            assert!(crate::registry::find(&program.name).is_none(), "{} is taken", program.name);
        }
        for (name, content) in FILES {
            assert_eq!(&*fs::read(folder.path().join(name)).unwrap(), *content, "{name}");
        }
    }
}
