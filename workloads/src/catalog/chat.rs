//! How fast does a chat server hand one member's messages to all members of a room?
//!
//! A session, in which the runner is the server: each actor keeps a room, and the neutral peer plays its
//! `members`. A member has two connections, one to speak and one to listen, since a stream of the port has one
//! owner. A task for each speaker reads its messages and puts each into the outboxes of all members, bounded
//! queues of the runner; a task for each listener empties its outbox into its connection. One operation: the
//! peer is told who shall speak, that member sends `messages` messages one behind the other, and the peer answers
//! when all members have got them. The load is closed.
//!
//! The peer digests what each listener received, byte by byte, and counts to the end of the connections: every
//! member must have got every message once, and in order. Its answer takes one round trip, which is part of the
//! operation.
//!
//! It cannot tell how messages wait while others are sent on a schedule (an open load: its times belong to a
//! generator, and the peer has no clock), nor how two speakers in one room get in each other's way.

use crate::{
    Buffer, Class, Digest, Erased, Listener, Measure, Needs, ParameterError, Parameters, Peer,
    Profile, Receiver, Runtime, Sender, Shape, Stream, Surroundings, Workload,
    chat_room::{
        HEADER_BYTES, HELLO_BYTES, LISTEN, Order, Report, Room, heard, words, write_message,
    },
    draw,
};
use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Chat {
    members: u64,
    bytes: u64,
    messages: u64,
    seed: u64,
}

/// One room: the way to the peer, and the tasks of its members.
#[derive(Debug)]
pub struct State<S, J> {
    control: S,
    /// Each tells how many messages it has passed on.
    tasks: Vec<J>,
    actor: u32,
    next: u64,
}

/// Messages that wait for one listener before the speakers must.
const OUTBOX: usize = 16;

type Message = Arc<[u8]>;

impl Workload for Chat {
    type State<R: Runtime> = State<R::Tcp, R::Join<io::Result<u64>>>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "chat",
        question: "How fast does a chat server hand one member's messages to all members of a room?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("members", "8"), ("bytes", "64"), ("messages", "2")],
        actors: 4,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        Ok(Self {
            // All connections of a room wait to be accepted at once: two a member, and 128 can.
            members: parameters.number("members", 1, 60)?,
            // What one operation sends to one member fits into the buffers of its socket.
            bytes: parameters.number("bytes", HEADER_BYTES as u64, 1024)?,
            // Two and more can be out of order.
            messages: parameters.number("messages", 1, 16)?,
            seed,
        })
    }

    fn needs(&self, actors: u32) -> Needs {
        let tasks = 2 * self.members * u64::from(actors);
        Needs {
            // Speakers wait for listeners, and all of them for the peer.
            waiting_tasks: u32::try_from(tasks).unwrap_or(u32::MAX).saturating_add(actors),
            peer: Some(Peer::Chat),
            live_tasks: tasks,
            descriptors: tasks + 2 * u64::from(actors),
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        // A listener of its own for each room: where each worker has its own sockets, the room's tasks are those
        // of the worker that the actor was dealt to.
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = door.local_addr()?.port().into();
        let mut door = runtime.listen(door).await?;
        let room = Room { port, room: actor.into(), members: self.members, bytes: self.bytes };
        let mut control = runtime.connect(surroundings.peer()?).await?;
        control.write_all(room.to_bytes().to_vec().into()).await?;
        let (speakers, listeners) = self.admit::<R>(&mut door).await?;
        let mut outboxes = Vec::new();
        let mut tasks = Vec::new();
        for listener in listeners {
            let (outbox, messages) = runtime.channel(OUTBOX);
            outboxes.push(outbox);
            tasks.push(runtime.spawn(deliver(messages, listener, self.bytes as usize)));
        }
        for speaker in speakers {
            tasks.push(runtime.spawn(hear(speaker, outboxes.clone(), self.bytes as usize)));
        }
        Ok(State { control, tasks, actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let order = self.order(state.actor, state.next);
        state.next += 1;
        let report = ask(&mut state.control, order).await?;
        let due = state.next * self.messages * self.bytes * self.members;
        if report.bytes != due {
            let what = format!("the members have {} bytes instead of {due}", report.bytes);
            return Err(io::Error::other(what));
        }
        Ok(Digest(report.digest))
    }

    async fn close<R: Runtime>(&self, _runtime: R, mut state: Self::State<R>) -> io::Result<()> {
        let end = Order { speaker: Order::END, first: 0, messages: 0 };
        let report = ask(&mut state.control, end).await?;
        let messages = state.next * self.messages;
        let mut passed = 0;
        for task in state.tasks {
            passed += task.await?;
        }
        // Each was heard once, and delivered to every member.
        let wanted = messages * (1 + self.members);
        if report.bytes != messages * self.bytes * self.members || passed != wanted {
            let what = format!("{passed} messages passed instead of {wanted}");
            return Err(io::Error::other(format!("{what}; members got {} bytes", report.bytes)));
        }
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let order = self.order(actor, index);
        let mut said = Vec::new();
        for number in order.first..order.first + order.messages {
            let mut message = vec![0; self.bytes as usize];
            write_message(&mut message, actor.into(), order.speaker, number);
            said.extend_from_slice(&message);
        }
        let of_member = |member| heard(member, &said);
        Digest((0..self.members).map(of_member).fold(0, u64::wrapping_add))
    }
}

impl Chat {
    fn order(&self, actor: u32, index: u64) -> Order {
        let speaker = draw::below(self.members, self.seed, actor, index);
        Order { speaker, first: index * self.messages, messages: self.messages }
    }

    /// Lets all members in: their connections to speak, and those to listen, each in the members' order.
    async fn admit<R: Runtime>(
        &self,
        door: &mut R::Listener,
    ) -> io::Result<(Vec<R::Tcp>, Vec<R::Tcp>)> {
        let nobody = || (0..self.members).map(|_| None).collect::<Vec<_>>();
        let (mut speakers, mut listeners) = (nobody(), nobody());
        for _ in 0..2 * self.members {
            let mut stream = door.accept().await?;
            let hello = stream.read_exact(Buffer::filled(0, HELLO_BYTES)).await?;
            let [hello] = words(hello.whole()).ok_or_else(stranger)?;
            let (member, places) = match hello.checked_sub(LISTEN) {
                Some(member) => (member, &mut listeners),
                None => (hello, &mut speakers),
            };
            let place = places.get_mut(member as usize).filter(|place| place.is_none());
            *place.ok_or_else(stranger)? = Some(stream);
        }
        let present = |places: Vec<Option<R::Tcp>>| places.into_iter().flatten().collect();
        Ok((present(speakers), present(listeners)))
    }
}

/// Tells the peer what to do, and waits until it is done.
async fn ask<S: Stream>(control: &mut S, order: Order) -> io::Result<Report> {
    control.write_all(order.to_bytes().to_vec().into()).await?;
    let answer = control.read_exact(Buffer::filled(0, Report::BYTES)).await?;
    Report::from_bytes(answer.whole()).ok_or_else(stranger)
}

/// A speaker: puts every message into all outboxes, and counts them.
async fn hear<S: Stream, O: Sender<Message>>(
    mut speaker: S,
    mut outboxes: Vec<O>,
    bytes: usize,
) -> io::Result<u64> {
    let mut buffer = Buffer::filled(0, bytes);
    let mut passed = 0;
    loop {
        let (count, back) = speaker.read(buffer).await?;
        buffer = back;
        if count == 0 && buffer.handled().is_empty() {
            return Ok(passed);
        }
        buffer.advance(count)?;
        if !buffer.window().is_empty() {
            continue;
        }
        let message = Message::from(buffer.whole());
        buffer = buffer.rewound();
        for outbox in &mut outboxes {
            if !outbox.send(Arc::clone(&message)).await {
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "a listener has gone"));
            }
        }
        passed += 1;
    }
}

/// A listener: sends what is in the outbox, and counts it.
async fn deliver<S: Stream, I: Receiver<Message>>(
    mut outbox: I,
    mut listener: S,
    bytes: usize,
) -> io::Result<u64> {
    let mut buffer = Buffer::filled(0, bytes);
    let mut passed = 0;
    while let Some(message) = outbox.receive().await {
        buffer.whole_mut().copy_from_slice(&message);
        buffer = listener.write_all(buffer).await?;
        passed += 1;
    }
    listener.end().await?;
    Ok(passed)
}

fn stranger() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "somebody else than the peer has come")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(text: &str) -> Result<Chat, ParameterError> {
        Chat::new(&Parameters::parse(&Chat::PROFILE, text.split(':'))?, 1)
    }

    #[test]
    fn parameters_have_edges() {
        for (text, fits) in [
            ("members=1:bytes=24:messages=1", true),
            ("members=0", false),
            ("members=61", false),
            ("bytes=23", false),
            ("messages=0", false),
            ("messages=17", false),
        ] {
            assert_eq!(chat(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn a_message_lost_doubled_or_out_of_order_changes_what_was_heard() {
        let chat = chat("members=2:bytes=32:messages=2").unwrap();
        let order = chat.order(5, 3);
        let message = |number: u64| {
            let words = [5, order.speaker, number, u64::from_le_bytes([number as u8; 8])];
            words.map(u64::to_le_bytes).concat()
        };
        let (first, second) = (message(6), message(7));
        let of = |both: [&[Vec<u8>]; 2]| {
            let [a, b] = both.map(<[Vec<u8>]>::concat);
            Digest(heard(0, &a).wrapping_add(heard(1, &b)))
        };
        let right = [first.clone(), second.clone()];
        assert_eq!(chat.expected(5, 3), of([&right, &right]));
        let wrong: [&[Vec<u8>]; 4] = [
            &[second.clone(), first.clone()],
            std::slice::from_ref(&first),
            &[first.clone(), first.clone(), second.clone()],
            &[first.clone(), first.clone()],
        ];
        for wrong in wrong {
            assert_ne!(chat.expected(5, 3), of([&right, wrong]));
            assert_ne!(chat.expected(5, 3), of([wrong, wrong]));
        }
    }
}
