//! Runs a command that may not use io_uring: `cargo run --example without_io_uring -- simul run -w echo`.
//!
//! For tests, and for whoever wants to see what a container without io_uring makes of a run.

#[path = "../tests/support/confined.rs"]
mod confined;

use std::{
    env,
    process::{Command, ExitCode},
};

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let Some(program) = words.next() else {
        eprintln!("usage: without_io_uring PROGRAM [ARGUMENT…]");
        return ExitCode::from(2);
    };
    let error = confined::without_io_uring(Command::new(program).args(words));
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
