//! How does a fixed pool hold more connections than it has threads?
//!
//! One thread outside of the pool accepts and waits for all connections at once (epoll). A connection that has
//! something to read is disarmed (one-shot) and handed to the pool as one job, which reads, answers one request,
//! writes, and arms the connection again. So a silent client costs nothing, and a job never waits for a client;
//! what the work of a request waits for holds the pool's thread, as it would in any program of this model.
//!
//! It must not know what a request is: [`Conversation`] does. Next: `simul_workloads::server`.

use crate::Runner;
use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    io::Errno,
};
use simul_workloads::{
    Runtime,
    server::{Conversation, Site, Step, conversation::DISCARD_BYTES, is_of_one_client},
};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::fd::OwnedFd,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

/// The number of the listener among the events; connections have those of their places.
const LISTENER: u64 = u64::MAX;
/// How many events are taken at a time.
const EVENTS: usize = 1024;
/// How long no connection is accepted when no descriptor or memory is left: connections that end meanwhile make
/// room.
const SHORTAGE: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// What poller and jobs share.
struct Shared<R> {
    runner: Arc<R>,
    epoll: OwnedFd,
    /// Where jobs say which places have become free.
    freed: mpsc::Sender<usize>,
}

/// Where a connection is while no job has it.
struct Place<R: Runner> {
    number: usize,
    held: Mutex<Option<Held<R::Runtime>>>,
}

/// A connection, and the step that could not be finished.
struct Held<R: Runtime> {
    stream: TcpStream,
    conversation: Conversation<R>,
    unfinished: Option<Step>,
}

/// Starts the thread.
///
/// # Errors
/// No thread, no descriptor, no memory left.
pub(super) fn start<R: Runner>(
    runner: Arc<R>,
    site: Arc<Site>,
    listener: TcpListener,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let (freed, free) = mpsc::channel();
    let shared = Arc::new(Shared { runner, epoll, freed });
    let poller = Poller { shared, site, listener, places: Vec::new(), free, accepts: true };
    thread::Builder::new().name("poller".into()).spawn(move || poller.run())?;
    Ok(())
}

struct Poller<R: Runner> {
    shared: Arc<Shared<R>>,
    site: Arc<Site>,
    listener: TcpListener,
    places: Vec<Arc<Place<R>>>,
    free: mpsc::Receiver<usize>,
    /// Whether the listener is among the awaited.
    accepts: bool,
}

impl<R: Runner> Poller<R> {
    fn run(mut self) {
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
        loop {
            events.clear();
            let pause = (!self.accepts && !self.site.is_stopping()).then_some(&SHORTAGE);
            match epoll::wait(&self.shared.epoll, spare_capacity(&mut events), pause) {
                Ok(_) | Err(Errno::INTR) => {}
                // The descriptor and the memory are ours: this cannot be.
                Err(error) => return eprintln!("the poller ends: {error}"),
            }
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept_all(),
                    place => self.hand_over(place as usize),
                }
            }
            if pause.is_some() {
                self.listen(EventFlags::IN);
            }
        }
    }

    fn accept_all(&mut self) {
        loop {
            match self.listener.accept() {
                // A connection that cannot be registered is closed, like one that was never accepted.
                Ok((stream, _)) => drop(self.admit(stream)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_of_one_client(&error) => {}
                Err(_) => return self.listen(EventFlags::empty()),
            }
        }
    }

    /// Awaits connections, or does not.
    fn listen(&mut self, flags: EventFlags) {
        self.accepts = !flags.is_empty();
        // Taken out, not just disarmed: a listener that was shut down would report that for ever.
        let done = if self.accepts {
            epoll::add(&self.shared.epoll, &self.listener, EventData::new_u64(LISTENER), flags)
        } else {
            epoll::delete(&self.shared.epoll, &self.listener)
        };
        if let Err(error) = done {
            eprintln!("the listener: {error}");
        }
    }

    fn admit(&mut self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let conversation = Conversation::new(Arc::clone(&self.site));
        let held = Held { stream, conversation, unfinished: None };
        let number = self.free.try_recv().unwrap_or(self.places.len());
        if number == self.places.len() {
            self.places.push(Arc::new(Place { number, held: Mutex::new(None) }));
        }
        let place = &self.places[number];
        let mut slot = place.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = slot.insert(held);
        let data = EventData::new_u64(number as u64);
        let flags = EventFlags::IN | EventFlags::ONESHOT;
        epoll::add(&self.shared.epoll, &held.stream, data, flags).map_err(|error| {
            *slot = None;
            // The receiver is our own.
            let _ = self.shared.freed.send(number);
            error.into()
        })
    }

    fn hand_over(&self, place: usize) {
        let (place, shared) = (Arc::clone(&self.places[place]), Arc::clone(&self.shared));
        self.shared.runner.launch(place.number, job(shared, place));
    }
}

/// One job: at most one request.
async fn job<R: Runner>(shared: Arc<Shared<R>>, place: Arc<Place<R>>) {
    let taken = place.held.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut held) = taken else { return };
    let wanted = held.go_on(shared.runner.runtime()).await;
    if let Ok(Some(flags)) = wanted {
        // Under the lock: the next event may come, and its job look here, before this one has ended.
        let mut slot = place.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = slot.insert(held);
        let data = EventData::new_u64(place.number as u64);
        if epoll::modify(&shared.epoll, &held.stream, data, flags | EventFlags::ONESHOT).is_ok() {
            return;
        }
        *slot = None;
    } else {
        // Closed before its place is given away.
        drop(held);
    }
    // The poller lives as long as the process.
    let _ = shared.freed.send(place.number);
}

impl<R: Runtime> Held<R> {
    /// Goes on until one request is answered or the socket has no more for us; what to wait for then, or `None`
    /// when the connection has ended.
    async fn go_on(&mut self, runtime: R) -> io::Result<Option<EventFlags>> {
        let mut answered = false;
        loop {
            let step = match self.unfinished.take() {
                Some(step) => step,
                // One job, one request. Writable is what a socket is most of the time, so the rest is back at the
                // tail of the queue at once.
                None if answered && self.conversation.has_more() => {
                    return Ok(Some(EventFlags::IN | EventFlags::OUT));
                }
                None if answered => return Ok(Some(EventFlags::IN)),
                None => self.conversation.step(runtime).await,
            };
            match step {
                Step::Read(mut room) => match ready(self.stream.read(room.window_mut()))? {
                    None => return Ok(self.later(Step::Read(room), EventFlags::IN)),
                    Some(bytes) if self.conversation.received(bytes, room)? => {}
                    Some(_) => return Ok(None),
                },
                Step::Write(mut reply) => match ready(self.stream.write(reply.window()))? {
                    None => return Ok(self.later(Step::Write(reply), EventFlags::OUT)),
                    Some(bytes) => {
                        reply.advance(bytes)?;
                        if reply.window().is_empty() {
                            self.conversation.sent(reply.rewound());
                            answered = !self.conversation.is_over();
                        } else {
                            self.unfinished = Some(Step::Write(reply));
                        }
                    }
                },
                Step::End => self.stream.shutdown(Shutdown::Write)?,
                Step::Discard => match ready(self.stream.read(&mut [0; DISCARD_BYTES]))? {
                    None => return Ok(self.later(Step::Discard, EventFlags::IN)),
                    Some(bytes) if self.conversation.discarded(bytes) => {}
                    Some(_) => return Ok(None),
                },
            }
        }
    }

    fn later(&mut self, step: Step, wait_for: EventFlags) -> Option<EventFlags> {
        self.unfinished = Some(step);
        Some(wait_for)
    }
}

/// `None` where the socket has nothing, or no room, for us now.
fn ready(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(None)
        }
        other => other.map(Some),
    }
}
