//! A server whose response times are known: it sleeps `stall` out of every `period`, otherwise it answers at
//! once, and it writes down when each answer left it.
//!
//! The stalls lie in the middle of the periods, which begin with the first request: a slice of whole periods
//! has whole stalls only.

use super::server;
use simul_load::clock::now_ns;
use std::{
    io,
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixStream,
    thread::{self, JoinHandle},
    time::Duration,
};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The number of a request, which is its path.
fn number(head: &[u8]) -> Option<usize> {
    std::str::from_utf8(head.get(5..15)?).ok()?.parse().ok()
}

/// When answers left: by the number of the request, on the monotonic clock; 0 is never.
pub struct Log {
    pub departures_ns: Vec<u64>,
    /// How many requests came within a stall.
    pub stalls: u64,
}

/// Serves until `stop` ends.
pub fn serve(
    listener: &TcpListener,
    stop: impl rustix::fd::AsFd,
    period: Duration,
    stall: Duration,
    most: usize,
) -> io::Result<Log> {
    let (period_ns, stall_ns) = (period.as_nanos() as u64, stall.as_nanos() as u64);
    let mut log = Log { departures_ns: vec![0; most], stalls: 0 };
    let mut first_ns = None;
    server::serve(listener, stop, |head| {
        let now = now_ns();
        let first = *first_ns.get_or_insert(now);
        let place = (now - first) % period_ns;
        let begin = (period_ns - stall_ns) / 2;
        if (begin..begin + stall_ns).contains(&place) {
            log.stalls += 1;
            thread::sleep(Duration::from_nanos(begin + stall_ns - place));
        }
        if let Some(departure) = number(head).and_then(|number| log.departures_ns.get_mut(number)) {
            *departure = now_ns();
        }
        ANSWER
    })?;
    Ok(log)
}

/// The server on a thread of its own.
pub struct Stalling {
    pub address: SocketAddr,
    stop: UnixStream,
    thread: JoinHandle<io::Result<Log>>,
}

impl Stalling {
    pub fn start(period: Duration, stall: Duration, most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = UnixStream::pair().unwrap();
        let thread = thread::spawn(move || serve(&listener, &stopped, period, stall, most));
        Self { address, stop, thread }
    }

    pub fn finish(self) -> Log {
        drop(self.stop);
        self.thread.join().unwrap().unwrap()
    }
}
