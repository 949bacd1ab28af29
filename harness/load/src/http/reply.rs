//! Is the answer whole, and is it right?
//!
//! Bytes go in as they come from the socket, cut anywhere. Bodies are compared or skipped on the way, never
//! gathered. Nothing is allocated while answers come in one piece.

use super::{
    chunks::{Chunks, Piece},
    head::{Framing, Head, HeadReader},
};
use crate::fault::Fault;

/// A longer head is refused.
const LONGEST_HEAD: usize = 64 << 10;

/// What is the same for all answers of a load.
pub(crate) struct Reader {
    heads: HeadReader,
    expected: Option<Vec<u8>>,
}

impl Reader {
    pub(crate) fn new(method: &str, expected: Option<Vec<u8>>) -> Self {
        Self { heads: HeadReader::new(method), expected }
    }
}

/// How far one answer has come.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    phase: Phase,
    /// A head that has come in part.
    stash: Vec<u8>,
    head: Option<Head>,
    /// How much of the expected body has come, and as expected.
    matched: usize,
    wrong: bool,
    /// Any byte of it has come.
    begun: bool,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Head,
    Length(u64),
    Chunks(Chunks),
    UntilClose,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More is to come.
    More,
    /// It is whole. The connection can be used again if it is to be kept.
    Whole { fault: Option<Fault>, keep: bool },
    /// It cannot be understood further.
    Broken(Fault),
}

impl Reply {
    /// Forgets everything, for the next answer.
    #[inline]
    pub(crate) fn reset(&mut self) {
        self.phase = Phase::Head;
        self.stash.clear();
        self.head = None;
        (self.matched, self.wrong, self.begun) = (0, false, false);
    }

    /// Takes what has come next.
    #[inline]
    pub(crate) fn feed(&mut self, bytes: &[u8], reader: &mut Reader) -> Progress {
        self.begun = true;
        match self.take(bytes, reader) {
            Ok(progress) => progress,
            Err(fault) => Progress::Broken(fault),
        }
    }

    fn take(&mut self, bytes: &[u8], reader: &mut Reader) -> Result<Progress, Fault> {
        if !matches!(self.phase, Phase::Head) {
            return self.take_body(bytes, reader);
        }
        if self.stash.is_empty() {
            return self.take_head(bytes, reader);
        }
        self.stash.extend_from_slice(bytes);
        let whole = std::mem::take(&mut self.stash);
        let progress = self.take_head(&whole, reader);
        if self.stash.is_empty() {
            // Its memory serves the next answer.
            self.stash = whole;
            self.stash.clear();
        }
        progress
    }

    fn take_head(&mut self, mut bytes: &[u8], reader: &mut Reader) -> Result<Progress, Fault> {
        loop {
            let Some((head, length)) = reader.heads.read(bytes)? else {
                if bytes.len() > LONGEST_HEAD {
                    return Err(Fault::Oversized);
                }
                self.stash.extend_from_slice(bytes);
                return Ok(Progress::More);
            };
            bytes = &bytes[length..];
            match head.status {
                // We asked for no other protocol.
                101 => return Err(Fault::Malformed),
                // Only a word beforehand: the answer follows.
                100..200 => continue,
                _ => {}
            }
            self.head = Some(head);
            self.phase = match head.framing {
                Framing::Length(length) => Phase::Length(length),
                Framing::Chunked => Phase::Chunks(Chunks::new()),
                Framing::UntilClose => Phase::UntilClose,
            };
            return self.take_body(bytes, reader);
        }
    }

    fn take_body(&mut self, mut bytes: &[u8], reader: &Reader) -> Result<Progress, Fault> {
        loop {
            match &mut self.phase {
                Phase::Head => return Err(Fault::Malformed),
                Phase::Length(left) => {
                    let piece = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= piece as u64;
                    let is_whole = *left == 0;
                    self.compare(&bytes[..piece], reader);
                    return Ok(match is_whole {
                        true => self.whole(bytes.len() - piece, reader),
                        false => Progress::More,
                    });
                }
                Phase::UntilClose => {
                    self.compare(bytes, reader);
                    return Ok(Progress::More);
                }
                Phase::Chunks(_) if bytes.is_empty() => return Ok(Progress::More),
                Phase::Chunks(chunks) => {
                    let taken = match chunks.next(bytes)? {
                        Piece::Data(taken) => {
                            self.compare(&bytes[..taken], reader);
                            taken
                        }
                        Piece::Framing(taken) => taken,
                        Piece::End(taken) => return Ok(self.whole(bytes.len() - taken, reader)),
                    };
                    bytes = &bytes[taken..];
                }
            }
        }
    }

    /// The connection has ended.
    pub(crate) fn end(&mut self, reader: &Reader) -> Progress {
        match self.phase {
            Phase::UntilClose => self.whole(0, reader),
            _ if self.begun => Progress::Broken(Fault::Truncated),
            _ => Progress::Broken(Fault::Closed),
        }
    }

    #[inline]
    fn compare(&mut self, bytes: &[u8], reader: &Reader) {
        if let Some(expected) = &reader.expected {
            let here = expected.get(self.matched..).unwrap_or_default();
            self.wrong |= !here.starts_with(bytes);
            self.matched += bytes.len();
        }
    }

    fn whole(&self, surplus: usize, reader: &Reader) -> Progress {
        let Some(head) = self.head else { return Progress::Broken(Fault::Malformed) };
        let is_short = reader.expected.as_ref().is_some_and(|all| all.len() != self.matched);
        let fault = match head.status {
            status if !(200..300).contains(&status) => Some(Fault::Status(status)),
            _ if surplus > 0 => Some(Fault::Surplus),
            _ if self.wrong || is_short => Some(Fault::WrongBody),
            _ => None,
        };
        Progress::Whole { fault, keep: head.keep && surplus == 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of these bytes in pieces of this size, and then of the end of the connection.
    fn outcome(bytes: &str, expected: Option<&str>, size: usize) -> Progress {
        let mut reader = Reader::new("GET", expected.map(|text| text.as_bytes().to_vec()));
        let mut reply = Reply::default();
        // An earlier answer leaves nothing behind.
        reply.feed(b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nxyz", &mut reader);
        reply.reset();
        for (number, piece) in bytes.as_bytes().chunks(size).enumerate() {
            match reply.feed(piece, &mut reader) {
                Progress::More => {}
                // What comes later is found when it comes; here only what came with the end counts.
                other if (number + 1) * size >= bytes.len() => return other,
                Progress::Broken(fault) => return Progress::Broken(fault),
                Progress::Whole { .. } => return Progress::Broken(Fault::Surplus),
            }
        }
        reply.end(&reader)
    }

    #[test]
    fn answers_are_judged_however_they_are_cut() {
        let right = Progress::Whole { fault: None, keep: true };
        let with = |fault| Progress::Whole { fault: Some(fault), keep: true };
        for (bytes, expected, outcome_wanted) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some("ok"), right),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", None, right),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nko", Some("ok"), with(Fault::WrongBody)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some("oki"), with(Fault::WrongBody)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noki", Some("ok"), with(Fault::WrongBody)),
            (
                "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nok",
                Some("ok"),
                with(Fault::Status(500)),
            ),
            ("HTTP/1.1 204 OK\r\n\r\n", None, right),
            ("HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", None, right),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
                Some("ok"),
                right,
            ),
            (
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                Some("ok"),
                Progress::Whole { fault: None, keep: false },
            ),
            ("HTTP/1.1 200 OK\r\n\r\nok", Some("ok"), Progress::Whole { fault: None, keep: false }),
            ("", None, Progress::Broken(Fault::Closed)),
            ("HTTP/1.1 200 O", None, Progress::Broken(Fault::Truncated)),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
                None,
                Progress::Broken(Fault::Truncated),
            ),
            ("ICY 200 OK\r\n\r\n", None, Progress::Broken(Fault::Malformed)),
            ("HTTP/1.1 101 Up\r\n\r\n", None, Progress::Broken(Fault::Malformed)),
        ] {
            for size in 1..=bytes.len().max(1) {
                assert_eq!(outcome(bytes, expected, size), outcome_wanted, "{bytes} by {size}");
            }
        }
    }

    #[test]
    fn more_than_was_announced_is_a_fault() {
        let bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\noki";
        let surplus = Progress::Whole { fault: Some(Fault::Surplus), keep: false };
        assert_eq!(outcome(bytes, None, 1000), surplus);
    }

    #[test]
    fn an_endless_head_is_refused() {
        let mut reader = Reader::new("GET", None);
        let mut reply = Reply::default();
        assert_eq!(reply.feed(b"HTTP/1.1 200 OK\r\n", &mut reader), Progress::More);
        let line = format!("x: {}\r\n", "y".repeat(1000));
        let mut lines = (0..70).map(|_| reply.feed(line.as_bytes(), &mut reader));
        let end = lines.find(|progress| *progress != Progress::More);
        assert_eq!(end, Some(Progress::Broken(Fault::Oversized)));
    }
}
