//! The stalling server as a process: `stalling PERIOD_MS STALL_MS REQUESTS LOG`.
//! Prints its address, serves until its standard input ends, and then writes when each answer left it, on the
//! monotonic clock, one line a request; 0 is never.

#[expect(unreachable_pub, reason = "the tests share it")]
#[path = "../tests/support/server.rs"]
mod server;
#[expect(unreachable_pub, dead_code, reason = "the tests share it")]
#[path = "../tests/support/stalling.rs"]
mod stalling;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    net::TcpListener,
    time::Duration,
};

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| {
        let word: Option<u64> = words.get(at).and_then(|word| word.parse().ok());
        word.ok_or_else(|| io::Error::other("usage: stalling PERIOD_MS STALL_MS REQUESTS LOG"))
    };
    let (period, stall) = (Duration::from_millis(number(0)?), Duration::from_millis(number(1)?));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let log = stalling::serve(&listener, io::stdin(), period, stall, number(2)? as usize)?;
    let mut file = BufWriter::new(File::create(&words[3])?);
    for departure in log.departures_ns {
        writeln!(file, "{departure}")?;
    }
    file.flush()
}
