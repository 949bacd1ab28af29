//! Where does a body in chunks end? RFC 9112, section 7.1.

use crate::fault::Fault;

/// The longest line between chunks: a size with extensions, or a trailer.
const LONGEST_LINE: usize = 8 << 10;

/// How far a body in chunks has come.
#[derive(Debug)]
pub(crate) struct Chunks {
    place: Place,
    /// What has come of the present line.
    line: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the line with the size of the next chunk.
    Size,
    /// In a chunk that has so many bytes left.
    Data(u64),
    /// At the end of the line after a chunk.
    AfterData,
    /// In the lines after the last chunk.
    Trailers,
}

/// What was found at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes of the body.
    Data(usize),
    /// So many bytes of framing.
    Framing(usize),
    /// So many bytes of framing, and that was the end.
    End(usize),
}

impl Chunks {
    pub(crate) fn new() -> Self {
        Self { place: Place::Size, line: Vec::new() }
    }

    /// What stands at the beginning of `bytes`, which must not be empty.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Result<Piece, Fault> {
        if let Place::Data(left) = &mut self.place {
            let piece = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= piece as u64;
            if *left == 0 {
                self.place = Place::AfterData;
            }
            return Ok(Piece::Data(piece));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(bytes.len());
        if self.line.len() + taken > LONGEST_LINE {
            return Err(Fault::Oversized);
        }
        self.line.extend_from_slice(&bytes[..taken]);
        if end.is_none() {
            return Ok(Piece::Framing(taken));
        }
        let is_empty = self.line == b"\r\n";
        self.place = match self.place {
            // The parser takes a line without digits for 0.
            Place::Size if !self.line[0].is_ascii_hexdigit() => return Err(Fault::Malformed),
            Place::Size => match httparse::parse_chunk_size(&self.line) {
                Ok(httparse::Status::Complete((_, 0))) => Place::Trailers,
                Ok(httparse::Status::Complete((_, size))) => Place::Data(size),
                _ => return Err(Fault::Malformed),
            },
            Place::AfterData if is_empty => Place::Size,
            Place::Trailers if is_empty => return Ok(Piece::End(taken)),
            Place::Trailers => Place::Trailers,
            _ => return Err(Fault::Malformed),
        };
        self.line.clear();
        Ok(Piece::Framing(taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body, and what follows it, when the bytes come in pieces of this size.
    fn decode(bytes: &[u8], size: usize) -> Result<(Vec<u8>, usize), Fault> {
        let mut chunks = Chunks::new();
        let (mut body, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let end = bytes.len().min(at + size);
            match chunks.next(&bytes[at..end])? {
                Piece::Data(taken) => {
                    body.extend_from_slice(&bytes[at..at + taken]);
                    at += taken;
                }
                Piece::Framing(taken) => at += taken,
                Piece::End(taken) => return Ok((body, bytes.len() - at - taken)),
            }
        }
        Err(Fault::Truncated)
    }

    #[test]
    fn bodies_are_found_however_they_are_cut() {
        let bytes = b"4;x=y\r\nWiki\r\nA\r\npedia in\r\n\r\n0\r\nEnd: yes\r\n\r\nmore";
        for size in 1..=bytes.len() {
            assert_eq!(decode(bytes, size), Ok((b"Wikipedia in\r\n".to_vec(), 4)), "{size}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in [&b"x\r\n"[..], b"3\r\nabcd\r\n", b"-1\r\n", b"fffffffffffffffff\r\n", b"\r\n"]
        {
            assert_eq!(decode(bytes, 100), Err(Fault::Malformed));
        }
        assert_eq!(decode(&[b'1'; 10_000], 100), Err(Fault::Oversized));
        assert_eq!(decode(b"3\r\nab", 2), Err(Fault::Truncated));
    }
}
