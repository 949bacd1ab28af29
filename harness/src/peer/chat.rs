//! Who are the members of a chat?
//!
//! A peer that plays all members of all rooms, on one thread. A runner's actor connects to it, says where its room
//! is, and then who shall speak; the members connect to the runner's server, speak as they are told, and listen.
//! When all members of the room have got as many bytes as were said, the peer reports what each of them heard.
//! A connection that breaks ends its room, which the actor notices. Next: [`simul_workloads::chat_room`] for
//! the words that are exchanged.

use super::{announce, connections::would_block, listener};
use mio::{
    Events, Interest, Poll, Registry, Token,
    net::{TcpListener, TcpStream},
};
use simul_workloads::chat_room::{LISTEN, Order, Report, Room, heard, write_message};
use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read, Write},
    net::{self, Ipv4Addr},
};

/// What is read at a time.
const BUFFER_BYTES: usize = 16 << 10;
/// As many members as a room may have: more is a stranger's wish.
const MOST_MEMBERS: u64 = 1000;
/// As long as what one member says at once may be.
const MOST_BYTES: u64 = 1 << 20;

const LISTENER: Token = Token(usize::MAX);

/// Serves until it is killed.
pub(super) fn serve() -> io::Result<()> {
    let mut peer = Peer { poll: Poll::new()?, rooms: HashMap::new(), places: Vec::new() };
    let mut listener = listener()?;
    peer.poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    announce(listener.local_addr()?)?;
    let mut events = Events::with_capacity(1024);
    loop {
        match peer.poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            if event.token() == LISTENER {
                peer.accept_all(&listener)?;
            } else {
                peer.turn_to(event.token());
            }
        }
    }
}

/// All rooms, and which connection belongs to which.
struct Peer {
    poll: Poll,
    rooms: HashMap<usize, Party>,
    /// By token: the room, and the member who listens there, or `None` for the actor.
    places: Vec<(usize, Option<usize>)>,
}

impl Peer {
    fn accept_all(&mut self, listener: &TcpListener) -> io::Result<()> {
        while let Some((mut stream, _)) = would_block(listener.accept())? {
            stream.set_nodelay(true)?;
            let token = Token(self.places.len());
            self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
            self.places.push((token.0, None));
            self.rooms.insert(token.0, Party::of(stream));
        }
        Ok(())
    }

    /// Does what can be done where something happened. A room that breaks is gone, with all its connections.
    fn turn_to(&mut self, token: Token) {
        let Some(&(number, member)) = self.places.get(token.0) else { return };
        let Some(party) = self.rooms.get_mut(&number) else { return };
        let (registry, places) = (self.poll.registry(), &mut self.places);
        let done = match member {
            Some(member) => party.listen(member),
            None => party.obey(|stream, member| {
                let token = Token(places.len());
                places.push((number, Some(member)));
                join(registry, stream, token)
            }),
        };
        if let Err(error) = done.and_then(|()| party.report()) {
            // An actor that has said all that it had to say hangs up.
            if error.kind() != ErrorKind::UnexpectedEof {
                eprintln!("chat: a room has ended: {error}");
            }
            self.rooms.remove(&number);
        }
    }
}

fn join(registry: &Registry, mut stream: TcpStream, token: Token) -> io::Result<TcpStream> {
    registry.register(&mut stream, token, Interest::READABLE)?;
    Ok(stream)
}

/// One room, its actor and its members.
struct Party {
    actor: TcpStream,
    /// What the actor has said and was not obeyed yet.
    inbox: Vec<u8>,
    room: Option<Room>,
    /// Blocking: what a member says at once fits into the buffers behind it.
    speakers: Vec<net::TcpStream>,
    listeners: Vec<Member>,
    /// What the actor waits for.
    awaited: Option<Awaited>,
}

/// A member's ears.
struct Member {
    stream: TcpStream,
    /// Since the last report.
    received: Vec<u8>,
    /// In all.
    bytes: u64,
    ended: bool,
}

/// When a report is due.
enum Awaited {
    /// When every member has received so many bytes.
    Bytes(usize),
    /// When every member's connection has ended.
    Ends,
}

impl Party {
    fn of(actor: TcpStream) -> Self {
        let (inbox, room, awaited) = (Vec::new(), None, None);
        Self { actor, inbox, room, speakers: Vec::new(), listeners: Vec::new(), awaited }
    }

    /// Reads what the actor wants, and does it.
    fn obey(
        &mut self,
        mut join: impl FnMut(TcpStream, usize) -> io::Result<TcpStream>,
    ) -> io::Result<()> {
        if receive(&mut self.actor, &mut self.inbox)? {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some(room) = self.room else {
            if self.inbox.len() < Room::BYTES {
                return Ok(());
            }
            let room: Vec<u8> = self.inbox.drain(..Room::BYTES).collect();
            return self.gather(Room::from_bytes(&room).ok_or(ErrorKind::InvalidData)?, &mut join);
        };
        if self.awaited.is_some() || self.inbox.len() < Order::BYTES {
            return Ok(());
        }
        let order: Vec<u8> = self.inbox.drain(..Order::BYTES).collect();
        self.speak(room, Order::from_bytes(&order).ok_or(ErrorKind::InvalidData)?)
    }

    /// All members go to the server.
    fn gather(
        &mut self,
        room: Room,
        join: &mut impl FnMut(TcpStream, usize) -> io::Result<TcpStream>,
    ) -> io::Result<()> {
        let port = u16::try_from(room.port).map_err(|_| ErrorKind::InvalidData)?;
        if room.members > MOST_MEMBERS || room.bytes > MOST_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        for member in 0..room.members {
            self.speakers.push(enter(port, member)?);
            let listener = enter(port, member + LISTEN)?;
            listener.set_nonblocking(true)?;
            let stream = join(TcpStream::from_std(listener), member as usize)?;
            self.listeners.push(Member { stream, received: Vec::new(), bytes: 0, ended: false });
        }
        self.room = Some(room);
        Ok(())
    }

    /// One member says what it was told; or all leave.
    fn speak(&mut self, room: Room, order: Order) -> io::Result<()> {
        if order.speaker == Order::END {
            for speaker in &self.speakers {
                speaker.shutdown(net::Shutdown::Write)?;
            }
            self.awaited = Some(Awaited::Ends);
            return Ok(());
        }
        let speaker = usize::try_from(order.speaker).ok();
        let speaker = speaker.and_then(|speaker| self.speakers.get_mut(speaker));
        let speaker = speaker.ok_or(ErrorKind::InvalidData)?;
        let length = room.bytes.checked_mul(order.messages).filter(|bytes| *bytes <= MOST_BYTES);
        let mut said = vec![0; length.ok_or(ErrorKind::InvalidData)? as usize];
        for (number, message) in (order.first..).zip(said.chunks_mut(room.bytes as usize)) {
            write_message(message, room.room, order.speaker, number);
        }
        speaker.write_all(&said)?;
        self.awaited = Some(Awaited::Bytes(said.len()));
        Ok(())
    }

    /// One member takes in what has arrived.
    fn listen(&mut self, member: usize) -> io::Result<()> {
        let member = self.listeners.get_mut(member).ok_or(ErrorKind::InvalidData)?;
        let before = member.received.len();
        member.ended |= receive(&mut member.stream, &mut member.received)?;
        member.bytes += (member.received.len() - before) as u64;
        Ok(())
    }

    /// Reports to the actor, if that is due.
    fn report(&mut self) -> io::Result<()> {
        let all = |due: &dyn Fn(&Member) -> bool| self.listeners.iter().all(due);
        let due = match self.awaited {
            None => false,
            Some(Awaited::Ends) => all(&|member| member.ended),
            Some(Awaited::Bytes(bytes)) => {
                if self.listeners.iter().any(|member| member.ended) {
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                all(&|member| member.received.len() >= bytes)
            }
        };
        if !due {
            return Ok(());
        }
        self.awaited = None;
        let mut report = Report { digest: 0, bytes: 0 };
        for (number, member) in (0..).zip(&mut self.listeners) {
            report.digest = report.digest.wrapping_add(heard(number, &member.received));
            report.bytes += member.bytes;
            member.received.clear();
        }
        // The actor has read every report before this one, so there is room.
        self.actor.write_all(&report.to_bytes())
    }
}

/// A member's connection to the server, on which it has said who it is.
fn enter(port: u16, hello: u64) -> io::Result<net::TcpStream> {
    let mut stream = net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.write_all(&hello.to_le_bytes())?;
    Ok(stream)
}

/// Reads all that there is; whether the stream has ended.
fn receive(stream: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; BUFFER_BYTES];
    while let Some(bytes) = would_block(stream.read(&mut buffer))? {
        if bytes == 0 {
            return Ok(true);
        }
        // On after a short read too: the end may have come with these bytes, and brings no event of its own then.
        into.extend_from_slice(&buffer[..bytes]);
    }
    Ok(false)
}
