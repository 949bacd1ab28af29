//! The floor of `echo` and `mixed`: all connections on one thread with a bare epoll loop.
//!
//! No tasks, no wakers, no scheduler: what is left is the sockets and the wake-ups, which is what the
//! machine itself costs. A runner's overhead is what lies above it.

use super::{Site, echo_bytes};
use crate::turn::{Opener, Turn};
use mio::{Events, Interest, Poll, Token, Waker, net::TcpStream};
use simul_workloads::{
    Digest, Workload as _,
    catalog::{echo, mixed::Mixed},
};
use std::{
    io::{self, ErrorKind, Read, Write},
    sync::{Arc, mpsc},
    time::Duration,
};

/// The token of the gate; connections have the numbers of their actors.
const GATE: Token = Token(usize::MAX);

/// What is done with an answer.
enum Answering {
    /// Nothing, as in `echo`.
    Take,
    /// It is worked on, as in `mixed`, in the block.
    Work(Mixed, Vec<u8>),
}

impl Answering {
    fn of(site: &Site<'_>, workload: &str) -> io::Result<Self> {
        if workload != Mixed::PROFILE.name {
            return Ok(Self::Take);
        }
        let mixed = Mixed::new(site.parameters, site.seed).map_err(io::Error::other)?;
        let block = mixed.block();
        Ok(Self::Work(mixed, block))
    }

    fn digest(&mut self, answer: &[u8]) -> Digest {
        match self {
            Self::Take => Digest::of_bytes(answer),
            Self::Work(mixed, block) => mixed.work_on(answer, block),
        }
    }
}

/// One actor: its connection, what is still to be sent and received, and its turn while it has one.
struct Actor<T> {
    number: u32,
    connection: TcpStream,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    sent: usize,
    received: usize,
    next: u64,
    turn: Option<T>,
}

pub(super) fn start<T: Turn>(site: &Site<'_>, workload: &str) -> io::Result<Vec<Opener<T>>> {
    let bytes = echo_bytes(site)?;
    let answering = Answering::of(site, workload)?;
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), GATE)?);
    let mut actors = Vec::with_capacity(site.actors as usize);
    for number in 0..site.actors {
        let stream = std::net::TcpStream::connect(site.surroundings.peer()?)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut connection = TcpStream::from_std(stream);
        let token = Token(number as usize);
        poll.registry().register(
            &mut connection,
            token,
            Interest::READABLE | Interest::WRITABLE,
        )?;
        let (outgoing, incoming) = (vec![b'x'; bytes], vec![0; bytes]);
        let (sent, received, next) = (bytes, bytes, 0);
        actors.push(Actor {
            number,
            connection,
            outgoing,
            incoming,
            sent,
            received,
            next,
            turn: None,
        });
    }
    let (gate, turns) = mpsc::channel();
    std::thread::Builder::new()
        .name("floor-epoll".into())
        .spawn(move || run(poll, answering, actors, &turns))?;
    let opener = |number: u32| -> Opener<T> {
        let (gate, waker) = (gate.clone(), Arc::clone(&waker));
        Box::new(move |turn| gate.send((number, turn)).is_ok() && waker.wake().is_ok())
    };
    Ok((0..site.actors).map(opener).collect())
}

fn run<T: Turn>(
    mut poll: Poll,
    mut answering: Answering,
    mut actors: Vec<Actor<T>>,
    turns: &mpsc::Receiver<(u32, T)>,
) {
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // The turns are dropped in the middle, which is noticed and reported.
            Err(_) => return,
        }
        for event in &events {
            if event.token() != GATE {
                actors[event.token().0].proceed(&mut answering);
                continue;
            }
            loop {
                match turns.try_recv() {
                    Ok((number, turn)) => actors[number as usize].begin(turn, &mut answering),
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => return,
                }
            }
        }
    }
}

impl<T: Turn> Actor<T> {
    fn begin(&mut self, turn: T, answering: &mut Answering) {
        self.turn = Some(turn);
        if self.start_operation() {
            self.proceed(answering);
        }
    }

    /// Whether there is another operation to do; its message is ready then.
    fn start_operation(&mut self) -> bool {
        if !self.turn.as_mut().is_some_and(Turn::next) {
            self.turn = None;
            return false;
        }
        echo::stamp(&mut self.outgoing, self.number, self.next);
        self.next += 1;
        (self.sent, self.received) = (0, 0);
        true
    }

    /// Goes on as far as the socket allows.
    fn proceed(&mut self, answering: &mut Answering) {
        if self.turn.is_none() {
            return;
        }
        loop {
            match self.transfer() {
                Ok(()) => {
                    let digest = answering.digest(&self.incoming);
                    if let Some(turn) = &mut self.turn {
                        turn.done(digest, Duration::ZERO);
                    }
                    if !self.start_operation() {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    if let Some(turn) = self.turn.take() {
                        turn.failed(error);
                    }
                    return;
                }
            }
        }
    }

    /// Sends and receives; `Ok` when the whole message has come back.
    fn transfer(&mut self) -> io::Result<()> {
        while self.sent < self.outgoing.len() {
            match self.connection.write(&self.outgoing[self.sent..]) {
                Ok(bytes) => self.sent += bytes,
                // A long message comes back while its end is not sent yet.
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        while self.received < self.incoming.len() {
            match self.connection.read(&mut self.incoming[self.received..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                bytes => self.received += bytes,
            }
        }
        Ok(())
    }
}
