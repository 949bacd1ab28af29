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
    fn an_ended_stream_and_a_lying_runtime_are_errors() {
        let mut buffer = Buffer::filled(0, 4);
        assert_eq!(buffer.advance(0).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(buffer.advance(5).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
