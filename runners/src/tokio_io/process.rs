//! How are programs started on tokio?
//!
//! By `tokio::process`, which waits for their end through a descriptor of the process where the kernel has such,
//! else through SIGCHLD. A task of its own writes the input, as the documentation teaches, so that neither pipe
//! can be full for ever. A program that nobody awaits any more is killed.

use super::passed_on;
use crate::child_input::written;
use std::{
    future::Future,
    io,
    path::Path,
    pin::Pin,
    process::{Output, Stdio},
};
use tokio::{io::AsyncWriteExt, process::Command, task::JoinHandle};

/// What writes a program's input.
pub(crate) type Writing = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

pub(crate) async fn run(
    spawn: impl FnOnce(Writing) -> JoinHandle<io::Result<()>>,
    program: &Path,
    arguments: &[&str],
    input: Vec<u8>,
) -> io::Result<Output> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut pipe = child.stdin.take().expect("it was asked for");
    // The pipe is closed where the task ends.
    let writing = spawn(Box::pin(async move { pipe.write_all(&input).await }));
    let output = child.wait_with_output().await?;
    written(writing.await.unwrap_or_else(passed_on))?;
    Ok(output)
}
