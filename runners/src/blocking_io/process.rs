//! How are programs started by blocking calls?
//!
//! With the standard library; the thread waits. Input that may not fit into the pipe is written by a thread of its
//! own, as the library's documentation teaches, since the program may wait meanwhile until its output is read.

use crate::child_input::written;
use std::{
    io::{self, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Output, Stdio},
    thread,
};

/// What fits into any pipe at once: the least that the kernel gives one, a page.
const LEAST_PIPE_BYTES: usize = 4096;

/// A program that does not outlive its owner.
struct Owned(Option<Child>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs a program to its end.
pub(crate) fn run(program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let pipe = child.stdin.take().expect("it was asked for");
    let mut owned = Owned(Some(child));
    let writing = if input.len() <= LEAST_PIPE_BYTES {
        write(pipe, &input)?;
        None
    } else {
        Some(thread::Builder::new().spawn(move || write(pipe, &input))?)
    };
    let child = owned.0.take().expect("nobody has taken it");
    let output = child.wait_with_output()?;
    if let Some(writing) = writing {
        writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(output)
}

/// Writes all and closes the pipe.
fn write(mut pipe: ChildStdin, input: &[u8]) -> io::Result<()> {
    written(pipe.write_all(input))
}
