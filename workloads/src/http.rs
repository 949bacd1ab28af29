//! How is an HTTP/1.1 answer read, over a stream of the port?
//!
//! Heads and chunk sizes are parsed by `httparse`; what it leaves open, where a body ends, stands here. The
//! body is handed on in the pieces in which it came, so nothing is longer in memory than the inbox. It is as
//! much of a client as the workloads need: GET, one request at a time, over a kept connection. The server's
//! side is in [`crate::server`]; they share nothing.

use crate::{Buffer, Stream, wire::Wire};
use httparse::Status;
use std::{fmt::Display, io};

/// Fields that an answer may have.
const MOST_FIELDS: usize = 32;

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// After so many bytes.
    Length(u64),
    /// After the chunk of no length.
    Chunked,
}

/// Asks for a path, and hands over the body piece by piece.
///
/// # Errors
/// `InvalidData` for what is not HTTP/1.1, has no end that can be told, or is not `200 OK`; else whatever the
/// operating system says.
pub async fn get<S: Stream>(
    wire: &mut Wire<S>,
    path: impl Display,
    mut body: impl FnMut(&[u8]) + Send,
) -> io::Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wire.send(Buffer::from(request.into_bytes())).await?;
    let framing = loop {
        if let Some((bytes, framing)) = head(wire.received())? {
            wire.consume(bytes);
            break framing;
        }
        wire.fill().await?;
    };
    match framing {
        Framing::Length(bytes) => exactly(wire, bytes, &mut body).await,
        Framing::Chunked => chunks(wire, &mut body).await,
    }
}

/// The length of the head and what it says about the body; `None` when it has not come whole.
fn head(received: &[u8]) -> io::Result<Option<(usize, Framing)>> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let Status::Complete(bytes) = head.parse(received).map_err(invalid)? else { return Ok(None) };
    if head.code != Some(200) {
        return Err(invalid(format!("the answer is {:?} and not 200", head.code)));
    }
    let value = |name| {
        let field = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(field.value).ok()
    };
    let framing = match (value("transfer-encoding"), value("content-length")) {
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Framing::Chunked,
        (None, Some(length)) => Framing::Length(length.parse().map_err(invalid)?),
        _ => return Err(invalid("nothing tells where the body ends")),
    };
    Ok(Some((bytes, framing)))
}

/// Hands over so many bytes.
async fn exactly<S: Stream>(
    wire: &mut Wire<S>,
    mut bytes: u64,
    body: &mut (impl FnMut(&[u8]) + Send),
) -> io::Result<()> {
    while bytes > 0 {
        if wire.received().is_empty() {
            wire.fill().await?;
        }
        let piece = wire.received();
        let piece = &piece[..piece.len().min(usize::try_from(bytes).unwrap_or(usize::MAX))];
        body(piece);
        let taken = piece.len();
        wire.consume(taken);
        bytes -= taken as u64;
    }
    Ok(())
}

/// Hands over chunk after chunk, and passes by the trailer.
async fn chunks<S: Stream>(
    wire: &mut Wire<S>,
    body: &mut (impl FnMut(&[u8]) + Send),
) -> io::Result<()> {
    loop {
        let size = match httparse::parse_chunk_size(wire.received()) {
            Ok(Status::Complete((bytes, size))) => {
                wire.consume(bytes);
                size
            }
            Ok(Status::Partial) => {
                wire.fill().await?;
                continue;
            }
            Err(_) => return Err(invalid("a chunk without a size")),
        };
        if size == 0 {
            while line(wire).await? > 0 {}
            return Ok(());
        }
        exactly(wire, size, body).await?;
        if line(wire).await? > 0 {
            return Err(invalid("a chunk is longer than its size"));
        }
    }
}

/// Passes by one line, and tells how long it was without its end.
async fn line<S: Stream>(wire: &mut Wire<S>) -> io::Result<usize> {
    loop {
        if let Some(bytes) = wire.received().windows(2).position(|pair| pair == b"\r\n") {
            wire.consume(bytes + 2);
            return Ok(bytes);
        }
        wire.fill().await?;
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    /// Says what it was given, `step` bytes at a time, and then no more.
    struct Said {
        bytes: Vec<u8>,
        step: usize,
    }

    impl Stream for Said {
        async fn read(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
            let bytes = self.step.min(self.bytes.len()).min(buffer.window().len());
            buffer.window_mut()[..bytes].copy_from_slice(&self.bytes[..bytes]);
            self.bytes.drain(..bytes);
            Ok((bytes, buffer))
        }

        async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
            Ok((buffer.window().len(), buffer))
        }

        async fn end(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The body that is read out of this, and what is left of it.
    fn read(said: &str, step: usize) -> io::Result<(String, usize)> {
        let mut wire = Wire::new(Said { bytes: said.as_bytes().to_vec(), step });
        let mut body = Vec::new();
        let got = pin!(get(&mut wire, "/", |piece| body.extend_from_slice(piece)))
            .poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(got) = got else { panic!("nothing here waits") };
        got?;
        Ok((
            String::from_utf8(body).unwrap(),
            wire.received().len() + wire.into_stream().bytes.len(),
        ))
    }

    const NEXT: &str = "HTTP/1.1 200 OK\r\n";

    #[test]
    fn bodies_are_whole_however_they_come_and_the_next_answer_is_left() {
        for said in [
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nB\r\nhello world\r\n0\r\nA: b\r\n\r\n",
        ] {
            for step in [1, 2, 3, 7, 1000] {
                let read = read(&format!("{said}{NEXT}"), step).unwrap();
                assert_eq!(read, ("hello world".to_owned(), NEXT.len()), "{said} by {step}");
            }
        }
        let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(read(empty, 1000).unwrap(), (String::new(), 0));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for (said, kind) in [
            ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", io::ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\n\r\n", io::ErrorKind::InvalidData),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", io::ErrorKind::InvalidData),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                io::ErrorKind::InvalidData,
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", io::ErrorKind::UnexpectedEof),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n",
                io::ErrorKind::InvalidData,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                io::ErrorKind::UnexpectedEof,
            ),
            ("nonsense", io::ErrorKind::InvalidData),
        ] {
            assert_eq!(read(said, 3).unwrap_err().kind(), kind, "{said}");
        }
    }
}
