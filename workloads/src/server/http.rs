//! What does a client want, and how is it answered? HTTP/1.1 as bytes, without any socket.
//!
//! Heads are parsed by `httparse`; what it leaves open stands here: where a body ends, what is too large, and
//! whether the connection is kept. Bodies have a `Content-Length`; chunked ones are refused with 411, which the
//! standard allows (RFC 9112, 6.3). It must not know the routes. Next: [`super::routes`].

use httparse::{EMPTY_HEADER, Error, Header};
use std::io::Write as _;

/// A head may be so long: what most servers allow.
pub const MOST_HEAD_BYTES: usize = 16 << 10;
/// A head may have so many fields.
pub const MOST_FIELDS: usize = 64;
/// A body may be so long.
pub const MOST_BODY_BYTES: usize = 1 << 20;

/// A whole request at the front of what has been received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// `GET`, `POST` and so on.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// How many bytes it takes, head and body.
    pub bytes: usize,
    /// Whether the client wants to go on with this connection.
    pub keep: bool,
    /// Whether the client must be told that the connection is kept, as in HTTP/1.0.
    pub old: bool,
}

/// What stands at the front of what has been received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front<'a> {
    /// A whole request.
    Whole(Request<'a>),
    /// The beginning of one. `expected` bytes in all, when that is known; `asks` whether the client waits to be
    /// told to send the body.
    Part {
        /// The length of head and body, once the head is whole.
        expected: Option<usize>,
        /// Whether the head is whole and says `Expect: 100-continue`.
        asks: bool,
    },
    /// Nothing that can be answered otherwise than so; what follows cannot be told apart any more.
    Refused(Status),
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was done.
    Ok,
    /// It is not HTTP, or the query is not what the route wants.
    BadRequest,
    /// No such route.
    NotFound,
    /// The route wants the other method, which is named.
    MethodNotAllowed(&'static str),
    /// A body without `Content-Length`.
    LengthRequired,
    /// The body is longer than [`MOST_BODY_BYTES`].
    TooLarge,
    /// The head is longer than [`MOST_HEAD_BYTES`], or has more than [`MOST_FIELDS`] fields.
    HeadTooLarge,
    /// Our fault: the file cannot be read.
    Broken,
    /// An HTTP that we do not speak.
    Version,
}

impl Status {
    /// The status line's number and words.
    #[must_use]
    pub fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed(_) => "405 Method Not Allowed",
            Self::LengthRequired => "411 Length Required",
            Self::TooLarge => "413 Content Too Large",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::Broken => "500 Internal Server Error",
            Self::Version => "505 HTTP Version Not Supported",
        }
    }
}

/// Reads what stands at the front.
#[must_use]
pub fn front(received: &[u8]) -> Front<'_> {
    let mut fields = [EMPTY_HEADER; MOST_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let head_bytes = match head.parse(received) {
        Ok(httparse::Status::Complete(bytes)) if bytes <= MOST_HEAD_BYTES => bytes,
        Ok(httparse::Status::Partial) if received.len() < MOST_HEAD_BYTES => {
            return Front::Part { expected: None, asks: false };
        }
        Ok(_) | Err(Error::TooManyHeaders) => return Front::Refused(Status::HeadTooLarge),
        Err(Error::Version) => return Front::Refused(Status::Version),
        Err(_) => return Front::Refused(Status::BadRequest),
    };
    let length = match body_length(head.headers) {
        Ok(length) => length,
        Err(status) => return Front::Refused(status),
    };
    let bytes = head_bytes + length;
    if received.len() < bytes {
        let asks = has_token(head.headers, "expect", "100-continue");
        return Front::Part { expected: Some(bytes), asks };
    }
    let old = head.version == Some(0);
    let keep = if old {
        has_token(head.headers, "connection", "keep-alive")
    } else {
        !has_token(head.headers, "connection", "close")
    };
    Front::Whole(Request {
        method: head.method.unwrap_or_default(),
        target: head.path.unwrap_or_default(),
        body: &received[head_bytes..bytes],
        bytes,
        keep,
        old,
    })
}

/// How long the body is that follows these fields.
fn body_length(fields: &[Header<'_>]) -> Result<usize, Status> {
    let mut length = None;
    let mut coded = false;
    for field in fields {
        coded |= field.name.eq_ignore_ascii_case("transfer-encoding");
        if !field.name.eq_ignore_ascii_case("content-length") {
            continue;
        }
        // Two lengths that differ are how requests are smuggled past a proxy.
        let stated = Some(digits(field.value).ok_or(Status::BadRequest)?);
        if length.is_some() && length != stated {
            return Err(Status::BadRequest);
        }
        length = stated;
    }
    match (length, coded) {
        (Some(_), true) => Err(Status::BadRequest),
        (None, true) => Err(Status::LengthRequired),
        (Some(length), false) if length > MOST_BODY_BYTES as u64 => Err(Status::TooLarge),
        (length, false) => Ok(length.unwrap_or(0) as usize),
    }
}

/// A number of decimal digits alone: no sign, no blank. Beyond 64 bits it is as good as endless.
#[must_use]
pub fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let more =
        |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(text.iter().fold(0, more))
}

fn has_token(fields: &[Header<'_>], name: &str, token: &str) -> bool {
    let named = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    named
        .flat_map(|field| field.value.split(|byte| *byte == b','))
        .any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// Whether and how the connection goes on after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It is kept, as in HTTP/1.1 without a word.
    Keep,
    /// It is kept, and an HTTP/1.0 client must be told.
    KeepSaid,
    /// It ends.
    Close,
}

/// Puts the head of a reply with a body of this length behind what `reply` holds.
pub fn put_head(reply: &mut Vec<u8>, status: Status, body_bytes: usize, after: After) {
    // Writing to memory cannot fail.
    let _ = write!(reply, "HTTP/1.1 {}\r\nContent-Length: {body_bytes}\r\n", status.line());
    if let Status::MethodNotAllowed(method) = status {
        let _ = write!(reply, "Allow: {method}\r\n");
    }
    reply.extend_from_slice(match after {
        After::Keep => b"\r\n",
        After::KeepSaid => b"Connection: keep-alive\r\n\r\n",
        After::Close => b"Connection: close\r\n\r\n",
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Request<'_> {
        match front(bytes) {
            Front::Whole(request) => request,
            other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes)),
        }
    }

    #[test]
    fn a_request_is_whole_at_its_last_byte_and_not_before() {
        let request = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 0..request.len() {
            assert!(matches!(front(&request[..cut]), Front::Part { .. }), "cut at {cut}");
        }
        let mut two = request.to_vec();
        two.extend_from_slice(b"GET / HT");
        let found = whole(&two);
        assert_eq!((found.method, found.target, found.body), ("POST", "/echo", &b"abc"[..]));
        assert_eq!(found.bytes, request.len());
    }

    #[test]
    fn the_expected_length_is_known_with_the_head() {
        let head = b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
        assert_eq!(front(head), Front::Part { expected: Some(head.len() + 3), asks: true });
    }

    #[test]
    fn connections_are_kept_as_the_versions_say() {
        for (head, keep) in [
            ("GET / HTTP/1.1\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", true),
        ] {
            assert_eq!(whole(head.as_bytes()).keep, keep, "{head}");
        }
    }

    #[test]
    fn what_cannot_be_answered_is_refused_by_its_kind() {
        let long = format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(MOST_HEAD_BYTES));
        let whole_but_long = format!("{long}\r\n\r\n");
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MOST_FIELDS + 1));
        let post = |fields: &str| format!("POST /echo HTTP/1.1\r\n{fields}\r\n\r\n");
        for (head, status) in [
            ("\0\x01\x02\x03garbage\r\n\r\n".to_owned(), Status::BadRequest),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n".into(), Status::BadRequest),
            ("GET / HTTP/3.0\r\n\r\n".into(), Status::Version),
            (long, Status::HeadTooLarge),
            (whole_but_long, Status::HeadTooLarge),
            (many, Status::HeadTooLarge),
            (post("Content-Length: 1048577"), Status::TooLarge),
            (post("Content-Length: 99999999999999999999999"), Status::TooLarge),
            (post("Content-Length: -1"), Status::BadRequest),
            (post("Content-Length: +1"), Status::BadRequest),
            (post("Content-Length: 1\r\nContent-Length: 2"), Status::BadRequest),
            (post("Content-Length: 1\r\nTransfer-Encoding: chunked"), Status::BadRequest),
            (post("Transfer-Encoding: chunked"), Status::LengthRequired),
        ] {
            assert_eq!(front(head.as_bytes()), Front::Refused(status), "{head}");
        }
    }
}
