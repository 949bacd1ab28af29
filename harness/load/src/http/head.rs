//! How long is an answer? Read from its head, by the rules of RFC 9112, section 6.3.

use crate::fault::Fault;
use httparse::{Header, ParserConfig, Response, Status};
use std::mem::MaybeUninit;

/// A head with more headers is refused.
const MOST_HEADERS: usize = 100;

/// A longer head is not remembered.
const LONGEST_REMEMBERED: usize = 1024;

/// Where the body of an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// Where the connection ends.
    UntilClose,
}

/// What a head says that concerns us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) framing: Framing,
    /// The server keeps the connection.
    pub(crate) keep: bool,
}

/// Reads heads. A head that is the same as the last one, byte by byte, is not parsed again: servers send the
/// same one for a second at least.
#[derive(Default)]
pub(crate) struct HeadReader {
    /// Answers have no body, since the method is `HEAD`.
    bodiless: bool,
    last: Option<Head>,
    last_bytes: Vec<u8>,
}

impl HeadReader {
    pub(crate) fn new(method: &str) -> Self {
        Self {
            bodiless: method == "HEAD",
            last: None,
            last_bytes: Vec::with_capacity(LONGEST_REMEMBERED),
        }
    }

    /// The head at the beginning of `bytes` and its length; `None` when its end has not come yet.
    #[inline]
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<Option<(Head, usize)>, Fault> {
        if let Some(head) = self.last
            && bytes.starts_with(&self.last_bytes)
        {
            return Ok(Some((head, self.last_bytes.len())));
        }
        self.parse(bytes)
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<Option<(Head, usize)>, Fault> {
        let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; MOST_HEADERS];
        let mut response = Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            bytes,
            &mut headers,
        );
        let length = match parsed {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => return Err(Fault::Malformed),
        };
        let head = self.interpret(&response)?;
        self.last = (length <= LONGEST_REMEMBERED).then_some(head);
        self.last_bytes.clear();
        if self.last.is_some() {
            self.last_bytes.extend_from_slice(&bytes[..length]);
        }
        Ok(Some((head, length)))
    }

    fn interpret(&self, response: &Response<'_, '_>) -> Result<Head, Fault> {
        let status = response.code.ok_or(Fault::Malformed)?;
        let mut keep = response.version == Some(1);
        let (mut length, mut coded, mut chunked) = (None, false, false);
        for Header { name, value } in &*response.headers {
            if name.eq_ignore_ascii_case("content-length") {
                let this = decimal(value).ok_or(Fault::Malformed)?;
                if length.is_some_and(|other| other != this) {
                    return Err(Fault::Malformed);
                }
                length = Some(this);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                coded = true;
                chunked = words(value).last().is_some_and(|last| is_word(last, "chunked"));
            } else if name.eq_ignore_ascii_case("connection") {
                for word in words(value) {
                    keep = (keep || is_word(word, "keep-alive")) && !is_word(word, "close");
                }
            }
        }
        let framing = match length {
            _ if self.bodiless || status < 200 || matches!(status, 204 | 304) => Framing::Length(0),
            // Both are a sign of smuggling, and to be refused.
            Some(_) if coded => return Err(Fault::Malformed),
            _ if chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        };
        Ok(Head { status, framing, keep: keep && framing != Framing::UntilClose })
    }
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn is_word(text: &[u8], word: &str) -> bool {
    text.eq_ignore_ascii_case(word.as_bytes())
}

fn decimal(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    // `parse` would take a sign.
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<Option<(Head, usize)>, Fault> {
        HeadReader::new("GET").read(head.as_bytes())
    }

    #[test]
    fn the_end_of_the_body_is_found() {
        for (head, framing, keep) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Framing::Length(5), true),
            ("HTTP/1.1 204 No\r\n\r\n", Framing::Length(0), true),
            ("HTTP/1.1 304 No\r\ncontent-length: 5\r\n\r\n", Framing::Length(0), true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", Framing::Chunked, true),
            ("HTTP/1.1 200 OK\r\n\r\n", Framing::UntilClose, false),
            ("HTTP/1.1 200 \r\nTransfer-Encoding: gzip\r\n\r\n", Framing::UntilClose, false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", Framing::Length(5), false),
            (
                "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\n",
                Framing::Length(5),
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 5\r\n\r\n",
                Framing::Length(5),
                false,
            ),
        ] {
            let (found, length) = read(head).unwrap().unwrap();
            assert_eq!((found.framing, found.keep, length), (framing, keep, head.len()), "{head}");
        }
        let mut reader = HeadReader::new("HEAD");
        let (head, _) =
            reader.read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").unwrap().unwrap();
        assert_eq!(head.framing, Framing::Length(0));
    }

    #[test]
    fn heads_that_lie_are_refused() {
        for head in [
            "garbage\r\n\r\n",
            "HTTP/2 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(read(head), Err(Fault::Malformed), "{head}");
        }
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Le"), Ok(None));
    }

    #[test]
    fn a_remembered_head_is_only_used_for_the_same_bytes() {
        let mut reader = HeadReader::new("GET");
        let first = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        let second = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n";
        for (bytes, length) in [(first, 5), (first, 5), (second, 6), (first, 5)] {
            let (head, _) = reader.read(bytes).unwrap().unwrap();
            assert_eq!(head.framing, Framing::Length(length));
            assert_eq!(reader.read(&bytes[..bytes.len() - 1]), Ok(None));
        }
    }
}
