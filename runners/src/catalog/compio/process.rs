//! How are programs started on compio?
//!
//! By `compio::process`: pipes go through the ring. A program's end is waited for by a thread of the blocking pool,
//! since Rust's stable library gives no descriptor of a process, and nothing kills a program that nobody awaits any
//! more; here nobody leaves one.

use crate::child_input::written;
use compio::{buf::BufResult, io::AsyncWriteExt, process::Command};
use futures_lite::future::zip;
use std::{
    io,
    path::Path,
    process::{Output, Stdio},
};

pub(super) async fn run(program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments);
    let _ = command.stdin(Stdio::piped());
    let _ = command.stdout(Stdio::piped());
    let _ = command.stderr(Stdio::null());
    let mut child = command.spawn()?;
    let mut pipe = child.stdin.take().expect("it was asked for");
    // The pipe is closed where the block ends.
    let write = async move {
        let BufResult(outcome, _) = pipe.write_all(input).await;
        outcome
    };
    let (writing, output) = zip(write, child.wait_with_output()).await;
    written(writing)?;
    output
}
