//! How is a protocol spoken over a stream without knowing who executes it?
//!
//! A protocol sees bytes that have come and says bytes that are to go; this is what stands between it and the
//! port's [`Stream`]. It must know neither a protocol nor a runtime. Next: [`crate::http`], [`crate::tls`].

use crate::{Buffer, Stream};
use std::io;

/// A stream with an inbox.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    inbox: Buffer,
}

/// What is read at a time: the longest record of TLS with what is around it fits.
const INBOX_BYTES: usize = 20 << 10;
/// How long one indivisible piece of a protocol may be. Beyond it somebody talks nonsense.
const MOST_INBOX_BYTES: usize = 1 << 20;

impl<S: Stream> Wire<S> {
    /// An inbox for short messages.
    #[must_use]
    pub fn new(stream: S) -> Self {
        Self::with_room(stream, INBOX_BYTES)
    }

    /// An inbox of so many bytes, which is what is read at a time.
    #[must_use]
    pub fn with_room(stream: S, bytes: usize) -> Self {
        Self { stream, inbox: Buffer::filled(0, bytes) }
    }

    /// The stream, without what has come.
    #[must_use]
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// What has come and was not yet consumed.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        self.inbox.handled()
    }

    /// Takes the first bytes of what has come away.
    pub fn consume(&mut self, bytes: usize) {
        self.inbox.consume(bytes);
    }

    /// Waits until more has come.
    ///
    /// # Errors
    /// `UnexpectedEof` when the stream has ended, `InvalidData` when a megabyte has come of which nothing was
    /// consumed, else whatever the operating system says.
    pub async fn fill(&mut self) -> io::Result<()> {
        let mut inbox = std::mem::take(&mut self.inbox);
        if inbox.window().is_empty() {
            let bytes = 2 * inbox.whole().len();
            if bytes > MOST_INBOX_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            inbox.resize(bytes);
        }
        let (bytes, mut inbox) = self.stream.read(inbox).await?;
        inbox.advance(bytes)?;
        self.inbox = inbox;
        Ok(())
    }

    /// Sends the whole window; the buffer comes back.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub async fn send(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        self.stream.write_all(buffer).await
    }
}
