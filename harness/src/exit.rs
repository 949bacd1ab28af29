//! How does a run end, as a number? The exit codes, which are part of the interface.

use std::process::ExitCode;

/// All cells are measured, unavailable or not applicable.
pub const OK: u8 = 0;
/// Some cells failed, timed out or were discarded; or the run could not go on.
pub const FAILED: u8 = 1;
/// The input was wrong; nothing was written.
pub const BAD_INPUT: u8 = 2;
/// Interrupted by a signal; every finished block is kept.
pub const INTERRUPTED: u8 = 130;

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The user asked for something that cannot be; one line and the next step.
    #[error("{0}")]
    BadInput(String),
    /// Something broke on the way.
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    /// Its exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        match self {
            Self::BadInput(_) => BAD_INPUT.into(),
            Self::Broken(_) => FAILED.into(),
        }
    }
}
