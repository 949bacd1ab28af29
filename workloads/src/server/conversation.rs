//! What is to be done next on one connection?
//!
//! A conversation is told what came in and what went out, and says whether to read or to write next; between
//! the two it does the work itself. So whoever owns the socket, a task or a poller's job, does what it says and
//! decides nothing. It must not know sockets. Next: [`super::http`] for the bytes, [`super::routes`] for the work.

use super::{
    Route, Site,
    http::{self, After, Front, MOST_HEAD_BYTES, Status},
};
use crate::{Buffer, Runtime};
use std::{
    io,
    sync::{Arc, atomic::Ordering::SeqCst},
};

/// What is to be done next.
#[derive(Debug)]
pub enum Step {
    /// Read into the window, then tell [`Conversation::received`].
    Read(Buffer),
    /// Write all of it, then tell [`Conversation::sent`].
    Write(Buffer),
    /// Say that no more will be written, and go on: the client may still be sending.
    End,
    /// Read up to [`DISCARD_BYTES`] somewhere, then tell [`Conversation::discarded`] how many.
    Discard,
}

/// One client's requests.
pub struct Conversation<R: Runtime> {
    site: Arc<Site>,
    /// What has been received and not answered; handled bytes are the received ones.
    inbox: Buffer,
    /// Memory for replies.
    reply: Vec<u8>,
    file: Option<R::File>,
    phase: Phase,
    /// Whether it is counted among the site's busy ones.
    busy: bool,
    /// Whether the client has been told to send the body of the request that is coming in.
    asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Requests are answered.
    Open,
    /// The last reply is on its way.
    Last,
    /// The last reply is sent; what comes in, so many bytes of it, is thrown away.
    Over(usize),
}

/// What is read at first: more than the head of a usual request.
const INBOX_BYTES: usize = 4 << 10;
/// An inbox that has grown for one long body is given back from here on.
const KEPT_BYTES: usize = 64 << 10;
/// How much is thrown away at a time.
pub const DISCARD_BYTES: usize = 16 << 10;
/// How much a client may send behind its last reply before the connection is cut.
const PATIENCE_BYTES: usize = 8 << 20;

impl<R: Runtime> Conversation<R> {
    /// A conversation in which nothing has been said.
    #[must_use]
    pub fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            inbox: Buffer::filled(0, INBOX_BYTES),
            reply: Vec::new(),
            file: None,
            phase: Phase::Open,
            busy: false,
            asked: false,
        }
    }

    /// Does the work of the next request, if there is a whole one, and says what is to be done.
    pub async fn step(&mut self, runtime: R) -> Step {
        match self.phase {
            Phase::Open => {}
            Phase::Last => {
                self.phase = Phase::Over(PATIENCE_BYTES);
                self.rest();
                return Step::End;
            }
            Phase::Over(_) => return Step::Discard,
        }
        let mut reply = std::mem::take(&mut self.reply);
        reply.clear();
        let after = match http::front(self.inbox.handled()) {
            Front::Part { expected, asks } => {
                if asks && !self.asked {
                    self.asked = true;
                    reply.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                    return Step::Write(reply.into());
                }
                self.reply = reply;
                return Step::Read(self.room(expected));
            }
            Front::Refused(status) => {
                http::put_head(&mut reply, status, 0, After::Close);
                After::Close
            }
            Front::Whole(request) => {
                // A server that stops still answers what has arrived already.
                let ends = self.site.is_stopping() && request.bytes == self.inbox.handled().len();
                let after = match (request.keep && !ends, request.old) {
                    (true, false) => After::Keep,
                    (true, true) => After::KeepSaid,
                    (false, _) => After::Close,
                };
                let route = Route::find(request.method, request.target, self.site.root);
                let (file, bytes) = (&mut self.file, request.bytes);
                reply = match route {
                    Ok(route) => {
                        let length = route.answer_bytes(request.body.len());
                        http::put_head(&mut reply, Status::Ok, length, after);
                        let answer =
                            route.answer(runtime, &self.site, file, request.body, reply).await;
                        answer.unwrap_or_else(|_| head(Status::Broken, after))
                    }
                    Err(status) => {
                        http::put_head(&mut reply, status, 0, after);
                        reply
                    }
                };
                self.inbox.consume(bytes);
                self.asked = false;
                after
            }
        };
        if after == After::Close {
            self.phase = Phase::Last;
        }
        Step::Write(reply.into())
    }

    /// Takes what was read into the buffer of [`Step::Read`]; `false` when the client has ended the connection,
    /// and it can be closed.
    ///
    /// # Errors
    /// More bytes than the window had: the runtime is faulty.
    pub fn received(&mut self, bytes: usize, buffer: Buffer) -> io::Result<bool> {
        self.inbox = buffer;
        if bytes == 0 {
            return Ok(false);
        }
        if !self.busy {
            self.busy = true;
            self.site.busy.fetch_add(1, SeqCst);
        }
        self.inbox.advance(bytes)?;
        Ok(true)
    }

    /// Takes back the buffer of [`Step::Write`], all of which was sent.
    pub fn sent(&mut self, buffer: Buffer) {
        if self.inbox.handled().is_empty() && self.phase == Phase::Open {
            self.rest();
        }
        self.reply = buffer.into_bytes();
        if self.reply.capacity() > KEPT_BYTES {
            self.reply = Vec::new();
        }
    }

    /// Notes that so many bytes were thrown away; `false` when the connection can be closed.
    pub fn discarded(&mut self, bytes: usize) -> bool {
        let Phase::Over(left) = &mut self.phase else { return false };
        *left = left.saturating_sub(bytes);
        bytes > 0 && *left > 0
    }

    /// Whether something was received that is not answered yet.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.inbox.handled().is_empty()
    }

    /// Whether the last reply has been made: the connection is to be ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase != Phase::Open
    }

    /// The inbox with room for more: for the rest of the request where its length is known, and never for more
    /// than one head beyond that.
    fn room(&mut self, expected: Option<usize>) -> Buffer {
        let mut inbox = std::mem::take(&mut self.inbox);
        let (held, length) = (inbox.handled().len(), inbox.whole().len());
        let wanted = match expected {
            Some(expected) => expected,
            None if held == 0 && length > KEPT_BYTES => return Buffer::filled(0, INBOX_BYTES),
            // It doubles until the longest head has room, which is refused when it fills that.
            None if held == length => (2 * length).min(MOST_HEAD_BYTES),
            None => length,
        };
        if wanted > length {
            inbox.resize(wanted);
        }
        inbox
    }

    fn rest(&mut self) {
        if std::mem::take(&mut self.busy) {
            self.site.busy.fetch_sub(1, SeqCst);
        }
    }
}

impl<R: Runtime> Drop for Conversation<R> {
    fn drop(&mut self) {
        self.rest();
    }
}

fn head(status: Status, after: After) -> Vec<u8> {
    let mut reply = Vec::new();
    http::put_head(&mut reply, status, 0, after);
    reply
}
