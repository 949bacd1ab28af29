//! Does a runner program serve as the protocol says?
//!
//! Every route over one kept connection, wrong requests, and both ways to end. It must not measure. Next:
//! `runners/PROTOCOL.md`, "Being a server".

use super::{
    child::Start,
    conform::{Finding, Listener, spec},
    dialogue::Dialogue,
    inbox::{Inbox, Interrupted},
    programs::Available,
};
use crate::{
    exit::Failure,
    protocol::{Mode, Order, Reply},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sha2::{Digest, Sha256};
use simul_results::State;
use simul_workloads::Surroundings;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Far beyond what any of the requests takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// As for trials.
const SETTING_UP: Duration = Duration::from_secs(20);

/// A request, and the status and body that must come.
type Case = (&'static str, &'static [u8], u16, Option<Vec<u8>>);

/// Checks a program as a server, if it says that it is one.
///
/// # Errors
/// The listener's.
pub fn check(available: &Available, listener: &mut Listener<'_>) -> Result<(), Failure> {
    for (step, by_signal) in [("server", false), ("server, SIGTERM", true)] {
        let finding = match serve(available, by_signal) {
            Ok(finding) => finding,
            Err(Interrupted) => return Err(Failure::Broken("interrupted".into())),
        };
        let refused = matches!(finding, Finding::Refused(_));
        listener(step, finding)?;
        if refused {
            break;
        }
    }
    Ok(())
}

fn serve(available: &Available, by_signal: bool) -> Result<Finding, Interrupted> {
    let mut inbox = Inbox::default();
    let start = Start {
        id: inbox.new_child(),
        cores: &[],
        arguments: &[],
        program: Some(&available.start),
        environment: &[],
        folder: true,
        answers: true,
    };
    let mut server = match Dialogue::start(&start, &inbox) {
        Ok(server) => server,
        Err(error) => return Ok(Finding::Wrong(error.to_string())),
    };
    let surroundings = Surroundings { folder: server.folder(), ..Surroundings::default() };
    server.tell(&crate::protocol::Spec { surroundings, ..spec(available, "echo:64", Mode::Serve) });
    let finding = match server.answer::<Reply>(&mut inbox, SETTING_UP)? {
        Err((_, reason)) => Finding::Wrong(reason),
        // It was never said to be one.
        Ok(Reply::Refused { reason, .. }) if !available.program.serve => Finding::Refused(reason),
        Ok(Reply::Ready(ready)) => match ready.address {
            None => Finding::Wrong("'ready' of a server names no address".into()),
            Some(address) => match ask_all(address) {
                Err(why) => Finding::Wrong(server.silenced(State::Failed, &why).1),
                Ok(()) => end(server, ready.pid, by_signal, &mut inbox)?,
            },
        },
        Ok(other) => Finding::Wrong(format!("expected 'ready', got '{}'", other.name())),
    };
    Ok(finding)
}

/// Ends it in one of the two ways.
fn end(
    mut server: Dialogue,
    pid: i32,
    by_signal: bool,
    inbox: &mut Inbox,
) -> Result<Finding, Interrupted> {
    if by_signal {
        // It is below our own guardian, so the number cannot have been taken by another.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    } else {
        server.tell(&Order::Finish);
        match server.answer::<Reply>(inbox, PATIENCE)? {
            Ok(Reply::Finished(_)) => {}
            Ok(other) => {
                return Ok(Finding::Wrong(format!("expected 'finished', got '{}'", other.name())));
            }
            Err((_, reason)) => return Ok(Finding::Wrong(reason)),
        }
    }
    Ok(match server.await_end(PATIENCE) {
        Ok(()) => Finding::Right("every route, and a graceful end".into()),
        Err((_, reason)) => Finding::Wrong(reason),
    })
}

fn ask_all(address: SocketAddr) -> Result<(), String> {
    let mut connection = Connection::open(address).map_err(|error| error.to_string())?;
    for (request, body, status, expected) in cases() {
        let (found, content) = connection
            .ask(request, body)
            .map_err(|error| format!("'{request}' got no whole answer: {error}"))?;
        if found != status {
            return Err(format!("'{request}' got status {found}, expected {status}"));
        }
        if let Some(expected) = expected.filter(|expected| *expected != content) {
            let (found, wanted) = (content.len(), expected.len());
            return Err(format!(
                "'{request}' got other bytes than it should ({found} for {wanted})"
            ));
        }
    }
    refuses_too_much(address)
}

fn refuses_too_much(address: SocketAddr) -> Result<(), String> {
    let mut connection = Connection::open(address).map_err(|error| error.to_string())?;
    match connection.ask("POST /echo", &vec![b'x'; (1 << 20) + 1]) {
        Ok((413, _)) => Ok(()),
        Ok((found, _)) => Err(format!("'POST /echo' of 1 MiB + 1 got status {found}, not 413")),
        // It may close before all has been sent, and then the answer is lost with the connection.
        Err(_) => Ok(()),
    }
}

fn cases() -> Vec<Case> {
    let counted = |bytes: usize| (0..bytes).map(|at| (at % 251) as u8).collect::<Vec<u8>>();
    let hashed = |kib: usize| {
        let hash = Sha256::digest(counted(kib << 10));
        hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes()
    };
    let ok = || Some(b"ok".to_vec());
    let message: &[u8] = b"a message of some bytes, \x00\xff and others";
    vec![
        ("GET /health", b"", 200, ok()),
        ("POST /echo", message, 200, Some(message.to_vec())),
        ("POST /echo", b"", 200, Some(Vec::new())),
        ("GET /sleep?us=1500", b"", 200, ok()),
        ("GET /sha256?kib=4", b"", 200, Some(hashed(4))),
        ("GET /mixed?us=1500&kib=1", b"", 200, Some(hashed(1))),
        ("GET /file?bytes=5000", b"", 200, Some(counted(5000))),
        ("GET /file?bytes=1048576", b"", 200, Some(counted(1 << 20))),
        ("GET /nothing", b"", 404, None),
        ("GET /echo", b"", 405, None),
        ("GET /sleep?us=soon", b"", 400, None),
        ("GET /sha256", b"", 400, None),
        ("GET /health", b"", 200, ok()),
    ]
}

/// A kept connection.
struct Connection {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { reader: BufReader::new(stream.try_clone()?), stream })
    }

    fn ask(&mut self, request: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let length = body.len();
        let head = format!("{request} HTTP/1.1\r\nHost: simul\r\nContent-Length: {length}\r\n\r\n");
        self.stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in '{line}'")))?;
        let mut bytes = None;
        loop {
            self.line(&mut line)?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                bytes = value.trim().parse::<usize>().ok().filter(|bytes| *bytes <= 2 << 20);
            }
        }
        let bytes = bytes.ok_or_else(|| io::Error::other("no Content-Length"))?;
        let mut content = vec![0; bytes];
        self.reader.read_exact(&mut content)?;
        Ok((status, content))
    }

    /// The next line of a head, without its end.
    fn line(&mut self, line: &mut String) -> io::Result<()> {
        line.clear();
        if self.reader.by_ref().take(8 << 10).read_line(line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end().len());
        Ok(())
    }
}
