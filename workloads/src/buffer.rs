//! An owned buffer: which bytes does an I/O operation touch?
//!
//! The buffer goes into an operation and comes back, as completion-based I/O demands. I/O touches only
//! the *window*, from the cursor to the end. Our own type, since the io_uring runtimes give `Vec` meanings
//! that contradict each other (length against capacity).

use std::io;

/// Bytes with a cursor.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    cursor: usize,
}

impl Buffer {
    /// A buffer of `length` times `byte`.
    #[must_use]
    pub fn filled(byte: u8, length: usize) -> Self {
        Self::from(vec![byte; length])
    }

    /// What an I/O operation reads from.
    #[inline]
    #[must_use]
    pub fn window(&self) -> &[u8] {
        &self.bytes[self.cursor..]
    }

    /// What an I/O operation writes to.
    #[inline]
    #[must_use]
    pub fn window_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.cursor..]
    }

    /// All bytes, wherever the cursor is.
    #[inline]
    #[must_use]
    pub fn whole(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes, to be changed before they are sent.
    #[inline]
    #[must_use]
    pub fn whole_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Moves the cursor past the bytes that an operation handled.
    ///
    /// # Errors
    /// `UnexpectedEof` for 0 bytes: the other side has ended the stream. `InvalidData` for more than the
    /// window holds, which only a faulty runtime reports.
    #[inline]
    pub fn advance(&mut self, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if bytes > self.window().len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.cursor += bytes;
        Ok(())
    }

    /// Moves the cursor behind the last byte; after a [`Buffer::resize`] the window is what was added.
    pub fn skip_to_end(&mut self) {
        self.cursor = self.bytes.len();
    }

    /// What operations have handled so far: the bytes before the window.
    #[inline]
    #[must_use]
    pub fn handled(&self) -> &[u8] {
        &self.bytes[..self.cursor]
    }

    /// Takes the first bytes of what was handled away; what follows them moves to the front, and the window
    /// grows. More than were handled: all of them.
    #[inline]
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.cursor);
        self.bytes.copy_within(bytes..self.cursor, 0);
        self.cursor -= bytes;
    }

    /// Makes it `length` bytes long, at least as long as what was handled; new bytes are 0.
    pub fn resize(&mut self, length: usize) {
        self.bytes.resize(length.max(self.cursor), 0);
    }

    /// Its bytes, wherever the cursor is.
    #[inline]
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The same bytes with the cursor at the start.
    #[inline]
    #[must_use]
    pub fn rewound(mut self) -> Self {
        self.cursor = 0;
        self
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, cursor: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_shrinks_and_comes_back() {
        let mut buffer = Buffer::from(vec![1, 2, 3]);
        buffer.advance(2).unwrap();
        assert_eq!(buffer.window(), [3]);
        assert_eq!(buffer.whole(), [1, 2, 3]);
        assert_eq!(buffer.rewound().window(), [1, 2, 3]);
    }

    #[test]
    fn what_was_handled_is_consumed_from_the_front() {
        let mut buffer = Buffer::from(vec![1, 2, 3, 0]);
        buffer.advance(3).unwrap();
        buffer.consume(2);
        assert_eq!((buffer.handled(), buffer.window().len()), (&[3][..], 3));
        buffer.resize(2);
        assert_eq!((buffer.handled(), buffer.window().len()), (&[3][..], 1));
        buffer.resize(0);
        assert_eq!(buffer.whole(), [3]);
        buffer.consume(9);
        assert!(buffer.handled().is_empty());
    }

    #[test]
    fn an_ended_stream_and_a_lying_runtime_are_errors() {
        let mut buffer = Buffer::filled(0, 4);
        assert_eq!(buffer.advance(0).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(buffer.advance(5).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
