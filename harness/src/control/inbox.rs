//! What has arrived, and from whom?
//!
//! All children and the signals write into one channel, so that the controller waits in one place, with a
//! time limit, and hears an interruption wherever it is. It must not know what the lines mean.

use super::child::{ChildId, Message};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::mpsc,
    time::Instant,
};

/// The user, or the system, wants us to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// What came of waiting for a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It wrote a line.
    Line(String),
    /// It closed its output: it has ended, or will.
    Closed,
    /// The time is over.
    Nothing,
}

/// So many lines of a child are kept unread. One at a time is asked for.
const MOST_UNREAD: usize = 16;

/// The controller's inbox.
#[derive(Debug)]
pub struct Inbox {
    sender: mpsc::Sender<Message>,
    receiver: mpsc::Receiver<Message>,
    waiting: HashMap<ChildId, VecDeque<Heard>>,
    next: u64,
}

impl Inbox {
    /// An inbox that also hears SIGINT, SIGTERM and SIGHUP. A second signal ends the process at once; its
    /// children's guardians do the rest.
    ///
    /// # Errors
    /// Signals cannot be caught.
    pub fn with_signals() -> io::Result<Self> {
        let inbox = Self::default();
        let sender = inbox.sender.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            let mut before = false;
            for _ in signals.forever() {
                if before || sender.send(Message::Interrupted).is_err() {
                    std::process::exit(crate::exit::INTERRUPTED.into());
                }
                before = true;
            }
        })?;
        Ok(inbox)
    }

    /// Where children write.
    #[must_use]
    pub fn sender(&self) -> &mpsc::Sender<Message> {
        &self.sender
    }

    /// A number for a new child.
    pub fn new_child(&mut self) -> ChildId {
        self.next += 1;
        ChildId(self.next)
    }

    /// Waits for the next news of one child, until the deadline. News of others is kept.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn wait_for(&mut self, child: ChildId, deadline: Instant) -> Result<Heard, Interrupted> {
        loop {
            if let Some(heard) = self.waiting.get_mut(&child).and_then(VecDeque::pop_front) {
                return Ok(heard);
            }
            let patience = deadline.saturating_duration_since(Instant::now());
            match self.receiver.recv_timeout(patience) {
                Ok(Message::Line { from, text }) => self.keep(from, Heard::Line(text)),
                Ok(Message::Closed { from }) => self.keep(from, Heard::Closed),
                Ok(Message::Interrupted) => return Err(Interrupted),
                // Our own sender lives, so this is the time-out.
                Err(_) => return Ok(Heard::Nothing),
            }
        }
    }

    /// Whether an interruption is waiting.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn check(&mut self) -> Result<(), Interrupted> {
        while let Ok(message) = self.receiver.try_recv() {
            match message {
                Message::Line { from, text } => self.keep(from, Heard::Line(text)),
                Message::Closed { from } => self.keep(from, Heard::Closed),
                Message::Interrupted => return Err(Interrupted),
            }
        }
        Ok(())
    }

    /// A line that a child has written without being asked, if any has arrived.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn unasked(&mut self, child: ChildId) -> Result<Option<String>, Interrupted> {
        self.check()?;
        Ok(match self.waiting.get(&child).and_then(VecDeque::front) {
            Some(Heard::Line(text)) => Some(text.clone()),
            _ => None,
        })
    }

    /// Forgets a child that has ended.
    pub fn forget(&mut self, child: ChildId) {
        self.waiting.remove(&child);
    }

    fn keep(&mut self, child: ChildId, heard: Heard) {
        let waiting = self.waiting.entry(child).or_default();
        // A child that chatters must not fill our memory; the first lines tell enough.
        if waiting.len() < MOST_UNREAD || heard == Heard::Closed {
            waiting.push_back(heard);
        }
    }
}

impl Default for Inbox {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver, waiting: HashMap::new(), next: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_others_is_kept_and_an_interruption_is_heard() {
        let mut inbox = Inbox::default();
        let [a, b] = [inbox.new_child(), inbox.new_child()];
        let sender = inbox.sender().clone();
        let line =
            |from, text: &str| sender.send(Message::Line { from, text: text.into() }).unwrap();
        line(b, "from b");
        line(a, "from a");
        sender.send(Message::Closed { from: a }).unwrap();
        let now = Instant::now();
        assert_eq!(inbox.wait_for(a, now), Ok(Heard::Line("from a".into())));
        assert_eq!(inbox.wait_for(a, now), Ok(Heard::Closed));
        assert_eq!(inbox.wait_for(b, now), Ok(Heard::Line("from b".into())));
        assert_eq!(inbox.wait_for(b, now), Ok(Heard::Nothing));
        sender.send(Message::Interrupted).unwrap();
        assert_eq!(inbox.wait_for(b, now), Err(Interrupted));
    }
}
