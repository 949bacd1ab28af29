//! How are programs started by the runtimes over async-io?
//!
//! By the `async-process` crate, which is smol's own. Its end is waited for through a descriptor of the process
//! where the kernel has such, else through SIGCHLD, by a thread of that crate. A program that nobody awaits any
//! more is killed.

use crate::child_input::written;
use async_process::{Command, Stdio};
use futures_lite::{AsyncWriteExt, future::zip};
use std::{io, path::Path, process::Output};

/// Runs a program to its end; its input is written while its output is read.
pub(crate) async fn run(program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut pipe = child.stdin.take().expect("it was asked for");
    // The pipe is closed where the block ends.
    let write = async move { pipe.write_all(&input).await };
    let (writing, output) = zip(write, child.output()).await;
    written(writing)?;
    output
}
