//! What if a program ends without reading all that was written to it?
//!
//! That is its right: a pipe without a reader is no error of whoever writes, and what the program has put out
//! tells whether it did its work.

use std::io;

/// The outcome of writing to a program, where its early end is none.
///
/// # Errors
/// Any other error.
pub(crate) fn written(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}
