//! A server for the strength of the generator: answers every request with two bytes, on a bare epoll loop.
//! Prints its address, and serves until its standard input ends.

#[expect(unreachable_pub, reason = "the tests share it")]
#[path = "../tests/support/server.rs"]
mod server;

use std::{io, net::TcpListener};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    server::serve(&listener, io::stdin(), |_| ANSWER)
}
